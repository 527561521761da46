//! One snapshot of every error message of this crate, so that all can be read in one place.

use std::fmt::Display;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use zoho_oauth::store::{MemoryStore, StoreError, TokenStore};
use zoho_oauth::{
    Authenticator, Callback, CertificateProblem, DataCenter, Environment, Error, LoginReason, NetworkFailure,
    OAuthClient, OAuthErrorCode, OAuthRequest, OAuthToken, Persistence,
};

/// Writes the messages of one type under its name.
#[derive(Default)]
struct Messages(String);

impl Messages {
    fn add(&mut self, name: &str, messages: impl IntoIterator<Item = impl Display>) {
        self.0 += &format!("\n{name}\n");
        for message in messages {
            self.0 += &format!("  {message}\n");
        }
    }
}

#[tokio::test]
async fn every_error_message_matches_the_snapshot() {
    let mut messages = Messages::default();
    messages.add("Error", errors());
    messages.add("Error::LoginRequired", login_reasons().map(login_required));
    messages.add("Error::Rejected", rejections());
    messages.add("Error::Unreachable", network_failures());
    messages.add("Error::Config", config_errors().await);
    messages.add("Persistence", persistences());
    insta::assert_snapshot!(messages.0);
}

fn errors() -> Vec<Error> {
    let (user, host) = ("ada@example.com:60000001".to_owned(), "accounts.zoho.eu".to_owned());
    vec![
        Error::Store(store_error()),
        Error::NotFound { id: "5".to_owned() },
        Error::InvalidResponse { host, evidence: "HTTP 200, text/html, 5120 bytes".to_owned() },
        Error::Throttled { retry_at: UNIX_EPOCH + Duration::from_secs(43_471) },
        Error::SharedFailure { evidence: network_failures()[0].to_string() },
        Error::EnvironmentMismatch {
            user: user.clone(),
            api_domain: "https://sandbox.zohoapis.eu".to_owned(),
            environment: DataCenter::Eu.production().to_string(),
            fitting: Some(DataCenter::Eu.sandbox().to_string()),
        },
        Error::EnvironmentMismatch {
            user,
            api_domain: "https://www.zohoapis.kr".to_owned(),
            environment: DataCenter::Eu.production().to_string(),
            fitting: None,
        },
        Error::StateMismatch,
        Error::Interrupted,
    ]
}

fn store_error() -> StoreError {
    StoreError::new("the example store", "save a token", "the cause").evidence("the disk is full")
}

fn login_required(reason: LoginReason) -> Error {
    Error::LoginRequired { user: "ada@example.com:60000001".to_owned(), reason }
}

fn login_reasons() -> impl Iterator<Item = LoginReason> {
    let code = OAuthErrorCode::InvalidCode;
    [
        LoginReason::NotStored,
        LoginReason::NoToken,
        LoginReason::NoRefreshToken,
        LoginReason::RefreshTokenRejected { host: "accounts.zoho.eu".to_owned(), code },
        LoginReason::Deleted,
    ]
    .into_iter()
}

fn rejections() -> Vec<Error> {
    let requests = [OAuthRequest::Exchange, OAuthRequest::Refresh, OAuthRequest::Login];
    let codes = [
        OAuthErrorCode::InvalidCode,
        OAuthErrorCode::InvalidClient,
        OAuthErrorCode::InvalidClientSecret,
        OAuthErrorCode::InvalidRedirectUri,
        OAuthErrorCode::AccessDenied,
        OAuthErrorCode::Other("missing_org_info".to_owned()),
    ];
    let rejected = |(code, request)| Error::Rejected { host: "accounts.zoho.eu".to_owned(), request, code };
    codes.into_iter().zip(requests.into_iter().cycle()).map(rejected).collect()
}

fn network_failures() -> Vec<Error> {
    let certificates = [
        CertificateProblem::UnknownAuthority,
        CertificateProblem::Expired,
        CertificateProblem::NotYetValid,
        CertificateProblem::WrongHost,
        CertificateProblem::Other,
    ];
    let failures = [
        NetworkFailure::Connect,
        NetworkFailure::Timeout,
        NetworkFailure::Closed,
        NetworkFailure::ProxyCredentials,
    ];
    let failures = failures.into_iter().chain(certificates.map(NetworkFailure::Certificate));
    let host = "accounts.zoho.eu".to_owned();
    failures.map(|failure| Error::Unreachable { host: host.clone(), failure, source: None }).collect()
}

fn persistences() -> [Persistence; 4] {
    let spool_error = Arc::new(std::io::Error::other("permission denied"));
    [
        Persistence::Stored,
        Persistence::Spooled { path: "/srv/tokens.db.spool/1.json".into(), error: store_error() },
        Persistence::InMemory { error: store_error(), spool_error },
        Persistence::NotManaged,
    ]
}

/// Each is provoked, because their kinds are private. Two cannot be: an access token from Zoho that no header can carry,
/// and a system that allows no HTTP client.
async fn config_errors() -> Vec<Error> {
    let (environment, state) = (DataCenter::Eu.production(), "state".into());
    let without_client = Authenticator::builder(environment.clone()).build().unwrap();
    let client = OAuthClient::new("1000.CLIENT", "secret");
    let with_client = Authenticator::builder(environment.clone()).client(client).build().unwrap();
    let incomplete = Authenticator::builder(environment.clone()).client(OAuthClient::new("", ""));
    let store = MemoryStore::new();
    store.save_token(&OAuthToken::new().with_user("ada").with_refresh_token("r")).await.unwrap();
    let of_row = Authenticator::builder(environment).store(store).build().unwrap();
    let access_token_alone = OAuthToken::new().with_access_token("1000.a");
    let callback = |query| without_client.grant(Callback::parse(query), &state);

    let errors = vec![
        without_client.authorize(["scope"]).unwrap_err(),
        incomplete.build().unwrap_err(),
        of_row.access_token(&"ada".into()).await.unwrap_err(),
        with_client.authorize(["scope"]).unwrap_err(),
        with_client.refresh_for(&access_token_alone).await.unwrap_err(),
        with_client.access_token_for(&OAuthToken::new()).await.unwrap_err(),
        "eu-prod".parse::<Environment>().unwrap_err(),
        Environment::local("accounts.zoho.eu").unwrap_err(),
        callback("state=state&code=c&accounts-server=https://evil.example").unwrap_err(),
        callback("state=state&code=c&location=sg").unwrap_err(),
        callback("state=state").unwrap_err(),
    ];
    assert!(errors.iter().all(|error| matches!(error, Error::Config(_))), "{errors:?}");
    errors
}

#[tokio::test]
async fn every_config_error_matches_one_predicate() {
    for error in config_errors().await {
        let Error::Config(config) = &error else { panic!("{error:?}") };
        let matches = [
            config.is_missing_client(),
            config.is_missing_redirect_url(),
            config.is_unusable_token(),
            config.is_invalid_environment(),
            config.is_invalid_callback(),
            config.is_http_client(),
        ];
        assert_eq!(matches.into_iter().filter(|is_match| *is_match).count(), 1, "{error}");
    }
}

//! A code becomes a stored token, once.

use std::time::Duration;

use zoho_emulator::Emulator;
use zoho_oauth::store::{MemoryStore, TokenStore};
use zoho_oauth::{
    Callback, Error, ExposeSecret, Grant, OAuthClient, OAuthErrorCode, OAuthToken, Persistence,
};

use super::server_store::ServerStore;
use super::support::*;

#[tokio::test]
async fn a_login_is_stored_under_the_name_that_official_sdks_give_it() {
    let zoho = Emulator::start().await;
    let store = MemoryStore::new();
    let token = logged_in(&zoho, &authenticator(&zoho, store.clone())).await;
    assert_eq!(token.user_signature(), Some(&ada(&zoho)));
    assert_eq!(token.api_domain(), Some(zoho.base_url().as_str()));
    assert!(token.id().is_some() && token.refresh_token().is_some() && token.grant_token().is_some());
    assert_eq!(store.get_tokens().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_second_login_of_the_same_user_replaces_the_first() {
    let zoho = Emulator::start().await;
    let store = MemoryStore::new();
    let authenticator = authenticator(&zoho, store.clone());
    let first = logged_in(&zoho, &authenticator).await;
    let second = logged_in(&zoho, &authenticator).await;
    assert_eq!(first.id(), second.id());
    let secret = |token: &OAuthToken| token.refresh_token().unwrap().expose_secret().to_owned();
    assert_ne!(secret(&first), secret(&second));
    let served = authenticator.access_token(&ada(&zoho)).await.unwrap();
    assert_eq!(served.expose_secret(), second.access_token().unwrap().expose_secret());
    assert_eq!(store.get_tokens().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_login_whose_save_seemed_to_fail_does_not_replace_what_was_renewed_since() {
    let zoho = Emulator::start().await;
    let store = ServerStore::with_version();
    let [one, other] = [(); 2].map(|()| authenticator(&zoho, store.clone()));
    store.lose_response_to_next_save(Duration::from_secs(1));
    let code = zoho.self_client_code("ada@example.com");
    let (login, renewed) = tokio::join!(one.exchange(Grant::from_self_client(code)), async {
        until("the login is stored", async || !store.get_tokens().await.unwrap().is_empty()).await;
        other.refresh(&ada(&zoho)).await.unwrap()
    });
    let row = store.get_tokens().await.unwrap().remove(0);
    assert_eq!(row.access_token().unwrap().expose_secret(), renewed.expose_secret());
    assert!(matches!(login.unwrap().persistence(), Persistence::Stored));
}

#[tokio::test]
async fn a_login_in_a_browser_ends_in_a_stored_token() {
    let zoho = Emulator::start().await;
    let app = zoho.default_client();
    let client = OAuthClient::new(app.id(), app.secret()).with_redirect_url(app.first_redirect_url());
    let authenticator = builder(&zoho, MemoryStore::new()).client(client).build().unwrap();
    let scopes = ["ZohoCRM.modules.ALL", "ZohoCRM.users.READ", "ZohoCRM.org.READ"];
    let authorization = authenticator.authorize(scopes).unwrap();
    let callback = zoho.log_in(&authorization.url, "ada@example.com").unwrap();
    let grant = authenticator.grant(Callback::parse(&callback), &authorization.state).unwrap();
    let login = authenticator.exchange(grant).await.unwrap();
    assert_eq!(login.token().user_signature(), Some(&ada(&zoho)));
    assert_eq!(login.token().redirect_url(), Some(app.first_redirect_url()));
    assert!(login.token().refresh_token().is_some());
}

#[tokio::test]
async fn the_result_of_a_stored_grant_token_is_stored_in_its_users_row() {
    let zoho = Emulator::start().await;
    let store = MemoryStore::new();
    let app = zoho.default_client();
    let row = OAuthToken::new()
        .with_user("my own name")
        .with_client(app.id(), app.secret())
        .with_grant_token(zoho.self_client_code("ada@example.com"));
    let stored = store.save_token(&row).await.unwrap();
    for _ in 0..2 {
        let served = authenticator(&zoho, store.clone()).access_token(&"my own name".into()).await.unwrap();
        assert_eq!(served.id(), stored.id());
    }
    let rows = store.get_tokens().await.unwrap();
    assert_eq!(rows.len(), 1);
    assert!(rows[0].refresh_token().is_some());
    assert_eq!(token_requests(&zoho), 1);
}

#[tokio::test]
async fn the_expired_token_of_an_exchanged_code_is_renewed() {
    let zoho = Emulator::start().await;
    let store = MemoryStore::new();
    let app = zoho.default_client();
    let code = zoho.self_client_code("ada@example.com");
    let token = OAuthToken::new().with_client(app.id(), app.secret()).with_grant_token(code);
    authenticator(&zoho, store.clone()).access_token_for(&token).await.unwrap();
    let row = store.get_tokens().await.unwrap().remove(0);
    let ended = std::time::SystemTime::now() - Duration::from_secs(60);
    store.save_token(&row.with_access_token("1000.expired").with_expires_at(ended)).await.unwrap();
    let served = authenticator(&zoho, store).access_token_for(&token).await.unwrap();
    assert!(zoho.is_access_token_valid(served.expose_secret()));
}

#[tokio::test]
async fn a_grant_token_in_a_program_is_exchanged_once_and_its_row_found_at_the_next_start() {
    let zoho = Emulator::start().await;
    let store = MemoryStore::new();
    let app = zoho.default_client();
    let code = zoho.self_client_code("ada@example.com");
    let token = OAuthToken::new().with_client(app.id(), app.secret()).with_grant_token(code);
    let first = authenticator(&zoho, store.clone()).access_token_for(&token).await.unwrap();
    let restarted = authenticator(&zoho, store.clone()).access_token_for(&token).await.unwrap();
    assert_eq!(first.expose_secret(), restarted.expose_secret());
    assert_eq!(token_requests(&zoho), 1);
    assert_eq!(store.get_tokens().await.unwrap().len(), 1);
}

#[tokio::test]
async fn without_the_users_scopes_the_token_is_stored_without_a_name() {
    let zoho = Emulator::start().await;
    let store = MemoryStore::new();
    let app = zoho.default_client();
    let code = zoho.self_client_code_with_scopes(app.id(), "ada@example.com", "ZohoCRM.modules.ALL");
    let login = authenticator(&zoho, store.clone()).exchange(Grant::from_self_client(code)).await.unwrap();
    assert_eq!(login.token().user_signature(), None);
    let found = store.find_token_by_id(login.token().id().unwrap()).await.unwrap().unwrap();
    assert!(found.access_token().is_some());
}

#[tokio::test]
async fn the_users_name_is_not_requested_when_that_is_turned_off() {
    let zoho = Emulator::start().await;
    let authenticator = builder(&zoho, MemoryStore::new()).find_user(false).build().unwrap();
    let code = zoho.self_client_code("ada@example.com");
    let login = authenticator.exchange(Grant::from_self_client(code)).await.unwrap();
    assert_eq!(login.token().user_signature(), None);
    assert_eq!(zoho.journal().entries().len(), 1);
}

#[tokio::test]
async fn every_rejection_of_a_code_says_what_to_do() {
    let zoho = Emulator::start().await;
    let authenticator = authenticator(&zoho, MemoryStore::new());
    let code = zoho.self_client_code("ada@example.com");
    authenticator.exchange(Grant::from_self_client(code)).await.unwrap();
    let rejected = |error: Error| match error {
        Error::Rejected { code, .. } => code,
        other => panic!("{other}"),
    };
    let unknown = authenticator.exchange(Grant::from_self_client("1000.unknown")).await.unwrap_err();
    assert!(unknown.needs_login());
    assert_eq!(rejected(unknown), OAuthErrorCode::InvalidCode);

    let wrong_secret = OAuthClient::new(zoho.default_client().id(), "wrong");
    let wrong_client = OAuthClient::new("1000.UNKNOWN", "wrong");
    for (client, expected) in
        [(wrong_secret, OAuthErrorCode::InvalidClientSecret), (wrong_client, OAuthErrorCode::InvalidClient)]
    {
        let authenticator = builder(&zoho, MemoryStore::new()).client(client).build().unwrap();
        let code = zoho.self_client_code("ada@example.com");
        let error = authenticator.exchange(Grant::from_self_client(code)).await.unwrap_err();
        assert!(!error.is_transient(), "{error}");
        assert_eq!(rejected(error), expected);
    }
}

#[tokio::test]
async fn legacy_units_of_the_expiry_are_read() {
    let zoho = Emulator::builder().legacy_expiry_units(true).start().await;
    let token = logged_in(&zoho, &authenticator(&zoho, MemoryStore::new())).await;
    let left = token.expires_at().unwrap().duration_since(std::time::SystemTime::now()).unwrap();
    assert!(left > Duration::from_secs(3_500) && left <= Duration::from_secs(3_600), "{left:?}");
}

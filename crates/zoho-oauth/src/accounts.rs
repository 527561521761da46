//! The accounts server: what is asked of it, and what its answers mean. It never touches a store.

use std::time::{Duration, SystemTime};

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::Value;

use crate::environment::Environment;
use crate::error::{Error, OAuthErrorCode, OAuthRequest};
use crate::http::{Answer, Http, Lost, host_of};
use crate::token::UserSignature;

/// A client app, as the API console shows it.
#[derive(Clone, Debug)]
pub struct OAuthClient {
    pub(crate) id: String,
    pub(crate) secret: SecretString,
    pub(crate) redirect_url: Option<String>,
}

impl OAuthClient {
    /// A client app by its id and secret.
    #[must_use]
    pub fn new(id: impl Into<String>, secret: impl Into<SecretString>) -> Self {
        Self { id: id.into(), secret: secret.into(), redirect_url: None }
    }

    /// Sets the redirect URL that the client app is registered with. A Self Client has none.
    #[must_use]
    pub fn with_redirect_url(mut self, url: impl Into<String>) -> Self {
        self.redirect_url = Some(url.into());
        self
    }

    /// The client id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }
}

/// What a request for a token brought.
pub(crate) struct Issued {
    pub(crate) access_token: SecretString,
    /// Only an exchange brings one; a refresh keeps the one that is there.
    pub(crate) refresh_token: Option<SecretString>,
    pub(crate) expires_at: SystemTime,
    pub(crate) api_domain: Option<String>,
}

/// Why a request brought no token.
pub(crate) enum Denied {
    /// The answer was no.
    Rejected(Box<Error>),
    /// Too many tokens were asked for.
    Throttled,
    /// No usable answer: a later attempt may do better. The server may have acted or not.
    Failed { error: Box<Error>, may_have_acted: bool },
}

/// The accounts server's requests.
#[derive(Debug)]
pub(crate) struct Accounts {
    http: Http,
}

impl Accounts {
    pub(crate) fn new(timeout: Duration) -> Self {
        Self { http: Http::new(timeout) }
    }

    /// Spends a grant token.
    pub(crate) async fn exchange(
        &self,
        environment: &Environment,
        client: &OAuthClient,
        grant: &SecretString,
    ) -> Result<Issued, Denied> {
        let mut fields = vec![
            ("grant_type", "authorization_code"),
            ("client_id", client.id.as_str()),
            ("client_secret", client.secret.expose_secret()),
            ("code", grant.expose_secret()),
        ];
        if let Some(url) = &client.redirect_url {
            fields.push(("redirect_uri", url));
        }
        self.token(environment, OAuthRequest::Exchange, &fields).await
    }

    /// Asks for a new access token.
    pub(crate) async fn refresh(
        &self,
        environment: &Environment,
        client: &OAuthClient,
        refresh_token: &SecretString,
    ) -> Result<Issued, Denied> {
        let fields = [
            ("grant_type", "refresh_token"),
            ("client_id", client.id.as_str()),
            ("client_secret", client.secret.expose_secret()),
            ("refresh_token", refresh_token.expose_secret()),
        ];
        self.token(environment, OAuthRequest::Refresh, &fields).await
    }

    /// Revokes a refresh token with all its access tokens, or one access token. A token that Zoho does not know
    /// any more is as good as revoked.
    ///
    /// The form without client credentials, which every official SDK uses; the token stands in the body.
    pub(crate) async fn revoke(&self, environment: &Environment, token: &SecretString) -> Result<(), Error> {
        let url = format!("{}/oauth/v2/token/revoke", environment.accounts_url());
        let answer = self
            .http
            .post_form(&url, &[("token", token.expose_secret())])
            .await
            .map_err(|lost| lost.error)?;
        let is_good = (200..300).contains(&answer.status);
        let body = match serde_json::from_str::<TokenAnswer>(&answer.body) {
            Ok(body) => body,
            Err(_) if is_good && answer.body.trim().is_empty() => return Ok(()),
            Err(_) => return Err(unusable(&url, &answer)),
        };
        match body.error.as_ref().and_then(Value::as_str) {
            None if is_good => Ok(()),
            Some("invalid_code" | "invalid_token" | "invalid_grant") => Ok(()),
            _ => Err(unusable(&url, &answer)),
        }
    }

    /// The name that the official SDKs give a row: `email:zgid`. It takes two calls and two scopes
    /// (`ZohoCRM.users.READ`, `ZohoCRM.org.READ`); without either there is no name.
    pub(crate) async fn user_name(
        &self,
        environment: &Environment,
        access_token: &SecretString,
    ) -> Result<UserSignature, Error> {
        let users = self.ask(environment, "/crm/v8/users?type=CurrentUser", access_token).await?;
        let organizations = self.ask(environment, "/crm/v8/org", access_token).await?;
        let email = users.pointer("/users/0/email").and_then(Value::as_str);
        let zgid = organizations.pointer("/org/0/zgid").and_then(|zgid| match zgid {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        });
        match (email, zgid) {
            (Some(email), Some(zgid)) if !email.is_empty() => {
                Ok(UserSignature::new(format!("{email}:{zgid}")))
            }
            _ => Err(Error::InvalidResponse {
                host: host_of(environment.api_url()),
                evidence: "the current user or the organisation lacks e-mail or zgid".to_owned(),
            }),
        }
    }

    async fn ask(&self, environment: &Environment, path: &str, token: &SecretString) -> Result<Value, Error> {
        let url = format!("{}{path}", environment.api_url());
        let answer = self.http.get(&url, token).await.map_err(|lost| lost.error)?;
        let body = serde_json::from_str(&answer.body).ok();
        body.filter(|_| answer.status == 200).ok_or_else(|| unusable(&url, &answer))
    }

    async fn token(
        &self,
        environment: &Environment,
        request: OAuthRequest,
        fields: &[(&str, &str)],
    ) -> Result<Issued, Denied> {
        let url = format!("{}/oauth/v2/token", environment.accounts_url());
        let asked_at = SystemTime::now();
        match self.http.post_form(&url, fields).await {
            Ok(answer) => understand(&url, request, asked_at, &answer),
            Err(Lost { error, may_have_acted }) => {
                Err(Denied::Failed { error: Box::new(error), may_have_acted })
            }
        }
    }
}

/// Every key that an answer to a token request may have. Units and types vary.
#[derive(Deserialize)]
struct TokenAnswer {
    access_token: Option<SecretString>,
    refresh_token: Option<SecretString>,
    api_domain: Option<String>,
    expires_in: Option<Value>,
    expires_in_sec: Option<Value>,
    error: Option<Value>,
    error_description: Option<Value>,
    status: Option<Value>,
}

/// Goes by the body, not by the status: Zoho refuses with HTTP 200.
fn understand(
    url: &str,
    request: OAuthRequest,
    asked_at: SystemTime,
    answer: &Answer,
) -> Result<Issued, Denied> {
    let failed = || Denied::Failed { error: Box::new(unusable(url, answer)), may_have_acted: true };
    if answer.status == 429 {
        return Err(Denied::Throttled);
    }
    let Ok(body) = serde_json::from_str::<TokenAnswer>(&answer.body) else { return Err(failed()) };
    if let Some(access_token) = body.access_token.as_ref().filter(|token| !token.expose_secret().is_empty()) {
        return Ok(Issued {
            access_token: access_token.clone(),
            expires_at: asked_at + life(&body),
            refresh_token: body.refresh_token.filter(|token| !token.expose_secret().is_empty()),
            api_domain: body.api_domain.filter(|domain| !domain.is_empty()),
        });
    }
    let Some(word) = body.error.as_ref().and_then(Value::as_str) else { return Err(failed()) };
    let code = OAuthErrorCode::parse(word);
    let unknown = matches!(code, OAuthErrorCode::Other(_));
    // The sentence is translated ("拒绝访问" for "Access Denied"), so the shape is what tells a throttle.
    let says_failure = body.status.as_ref().and_then(Value::as_str) == Some("failure");
    if unknown && (answer.status == 400 || (says_failure && body.error_description.is_some())) {
        return Err(Denied::Throttled);
    }
    if answer.status >= 500 || word == "general_error" {
        return Err(failed());
    }
    Err(Denied::Rejected(Box::new(Error::Rejected { host: host_of(url), request, code })))
}

/// How long the new token lives. `expires_in` is in seconds, unless `expires_in_sec` stands beside it: then that
/// is in seconds, and `expires_in` in milliseconds. An hour where nothing is said.
fn life(body: &TokenAnswer) -> Duration {
    let number = |value: &Option<Value>| match value {
        Some(Value::Number(number)) => number.as_u64(),
        Some(Value::String(text)) => text.trim().parse().ok(),
        _ => None,
    };
    const LONGEST: u64 = 10 * 365 * 24 * 60 * 60;
    let seconds = number(&body.expires_in_sec).or_else(|| number(&body.expires_in)).unwrap_or(3_600);
    Duration::from_secs(seconds.min(LONGEST))
}

fn unusable(url: &str, answer: &Answer) -> Error {
    let evidence = format!("HTTP {}, {}, {} bytes", answer.status, answer.content_type, answer.body.len());
    Error::InvalidResponse { host: host_of(url), evidence }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Result<Issued, Denied> {
        let answer = Answer { status, content_type: "application/json".into(), body: body.into() };
        understand(
            "https://accounts.zoho.eu/oauth/v2/token",
            OAuthRequest::Refresh,
            SystemTime::UNIX_EPOCH,
            &answer,
        )
    }

    fn seconds(body: &str) -> u64 {
        let issued = answer(200, body).ok().expect("a token");
        issued.expires_at.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs()
    }

    #[test]
    fn both_units_of_the_expiry_are_understood() {
        assert_eq!(seconds(r#"{"access_token":"a","expires_in":3600}"#), 3_600);
        assert_eq!(seconds(r#"{"access_token":"a","expires_in":3600000,"expires_in_sec":3600}"#), 3_600);
        assert_eq!(seconds(r#"{"access_token":"a","expires_in":"3600"}"#), 3_600);
        assert_eq!(seconds(r#"{"access_token":"a"}"#), 3_600);
    }

    #[test]
    fn a_refusal_with_http_200_is_a_refusal() {
        let refused = |body, expected| match answer(200, body) {
            Err(Denied::Rejected(error)) => {
                assert!(!error.is_transient());
                assert!(matches!(*error, Error::Rejected { code, .. } if code == expected));
            }
            _ => panic!("{body} is a refusal"),
        };
        refused(r#"{"error":"invalid_code"}"#, OAuthErrorCode::InvalidCode);
        refused(r#"{"error":"invalid_grant"}"#, OAuthErrorCode::InvalidCode);
        refused(r#"{"error":"invalid_client"}"#, OAuthErrorCode::InvalidClient);
        refused(r#"{"error":"access_denied"}"#, OAuthErrorCode::AccessDenied);
        refused(r#"{"error":"missing_org_info"}"#, OAuthErrorCode::Other("missing_org_info".into()));
    }

    #[test]
    fn a_throttle_is_known_by_its_shape_in_every_language() {
        for (status, body) in [
            (
                400,
                r#"{"error_description":"You have made too many requests continuously.","error":"Access Denied","status":"failure"}"#,
            ),
            (
                200,
                r#"{"error_description":"You have made too many requests continuously.","error":"Access Denied","status":"failure"}"#,
            ),
            (400, r#"{"error_description":"您的请求过于频繁","error":"拒绝访问","status":"failure"}"#),
            (400, r#"{"error":"拒绝访问"}"#),
            (429, ""),
        ] {
            assert!(matches!(answer(status, body), Err(Denied::Throttled)), "{status} {body}");
        }
    }

    #[test]
    fn a_page_a_server_error_and_an_empty_token_are_failures_that_may_pass() {
        for (status, body) in [
            (200, "<html></html>"),
            (500, "{}"),
            (200, r#"{"access_token":""}"#),
            (502, r#"{"error":"x"}"#),
            (200, "[]"),
        ] {
            match answer(status, body) {
                Err(Denied::Failed { error, .. }) => assert!(error.is_transient()),
                _ => panic!("{status} {body} is a failure"),
            }
        }
    }
}

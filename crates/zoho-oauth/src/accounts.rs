//! Requests to the accounts server, and what its responses mean. No store is involved.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::Value;

use crate::environment::Environment;
use crate::error::{Error, OAuthErrorCode, OAuthRequest};
use crate::machine::{Content, Failed, Machine, Request, Response};

/// A client app, as it is registered in Zoho's API console.
#[derive(Clone, Debug)]
pub struct OAuthClient {
    pub(crate) id: String,
    pub(crate) secret: SecretString,
    pub(crate) redirect_url: Option<String>,
}

impl OAuthClient {
    /// A client app with this id and secret.
    #[must_use]
    pub fn new(id: impl Into<String>, secret: impl Into<SecretString>) -> Self {
        Self { id: id.into(), secret: secret.into(), redirect_url: None }
    }

    /// Sets the redirect URL that the client app is registered with. Default: none, as for a Self Client.
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

/// The response to a token request.
pub(crate) struct Issued {
    pub(crate) access_token: SecretString,
    /// Only an exchange brings one.
    pub(crate) refresh_token: Option<SecretString>,
    pub(crate) expires_at: SystemTime,
    pub(crate) api_domain: Option<String>,
}

/// Why a token request failed.
pub(crate) enum Denied {
    /// The accounts server sent an error response.
    Rejected(Box<Error>),
    /// Too many tokens were requested.
    Throttled,
    /// The request did not leave this machine.
    NotSent(Box<Error>),
    /// No usable response came, and a later attempt may succeed. The server may have carried the request out.
    Failed(Box<Error>),
}

/// The accounts servers.
#[derive(Debug)]
pub(crate) struct Accounts {
    machine: Arc<dyn Machine>,
}

impl Accounts {
    pub(crate) fn new(machine: Arc<dyn Machine>) -> Self {
        Self { machine }
    }

    /// Spends a grant token.
    pub(crate) async fn exchange(
        &self,
        environment: &Environment,
        client: &OAuthClient,
        grant: &SecretString,
    ) -> Result<Issued, Denied> {
        let mut fields = vec![
            ("grant_type", "authorization_code".into()),
            ("client_id", client.id.as_str().into()),
            ("client_secret", client.secret.clone()),
            ("code", grant.clone()),
        ];
        if let Some(url) = &client.redirect_url {
            fields.push(("redirect_uri", url.as_str().into()));
        }
        self.token(environment, OAuthRequest::Exchange, fields).await
    }

    /// Requests a new access token.
    pub(crate) async fn refresh(
        &self,
        environment: &Environment,
        client: &OAuthClient,
        refresh_token: &SecretString,
    ) -> Result<Issued, Denied> {
        let fields = vec![
            ("grant_type", "refresh_token".into()),
            ("client_id", client.id.as_str().into()),
            ("client_secret", client.secret.clone()),
            ("refresh_token", refresh_token.clone()),
        ];
        self.token(environment, OAuthRequest::Refresh, fields).await
    }

    /// Revokes a refresh token with all its access tokens, or one access token. A token that Zoho no longer knows
    /// counts as revoked.
    ///
    /// The request has no client credentials, as in every official SDK, and the token is in its body.
    pub(crate) async fn revoke(&self, environment: &Environment, token: &SecretString) -> Result<(), Error> {
        let url = format!("{}/oauth/v2/token/revoke", environment.accounts_url());
        let request = Request { url, content: Content::Form(vec![("token", token.clone())]) };
        let response = self.machine.send(request).await.map_err(|failed| failed.error)?;
        let is_success = (200..300).contains(&response.status);
        let body = match serde_json::from_str::<TokenBody>(&response.body) {
            Ok(body) => body,
            Err(_) if is_success && response.body.trim().is_empty() => return Ok(()),
            Err(_) => return Err(response.invalid()),
        };
        match body.error.as_ref().and_then(Value::as_str) {
            None if is_success => Ok(()),
            Some("invalid_code" | "invalid_token" | "invalid_grant") => Ok(()),
            _ => Err(response.invalid()),
        }
    }

    async fn token(
        &self,
        environment: &Environment,
        request: OAuthRequest,
        fields: Vec<(&'static str, SecretString)>,
    ) -> Result<Issued, Denied> {
        let url = format!("{}/oauth/v2/token", environment.accounts_url());
        let sent_at = self.machine.now();
        match self.machine.send(Request { url, content: Content::Form(fields) }).await {
            Ok(response) => interpret(request, sent_at, &response),
            Err(Failed { error, may_have_acted: true }) => Err(Denied::Failed(Box::new(error))),
            Err(Failed { error, may_have_acted: false }) => Err(Denied::NotSent(Box::new(error))),
        }
    }
}

/// Every key that the response to a token request may have. Units and types vary.
#[derive(Deserialize)]
struct TokenBody {
    access_token: Option<SecretString>,
    refresh_token: Option<SecretString>,
    api_domain: Option<String>,
    expires_in: Option<Value>,
    expires_in_sec: Option<Value>,
    error: Option<Value>,
    error_description: Option<Value>,
    status: Option<Value>,
}

/// Goes by the body rather than the status: Zoho sends error responses with HTTP 200.
fn interpret(request: OAuthRequest, sent_at: SystemTime, response: &Response) -> Result<Issued, Denied> {
    let failed = || Denied::Failed(Box::new(response.invalid()));
    if response.status == 429 {
        return Err(Denied::Throttled);
    }
    let Ok(body) = serde_json::from_str::<TokenBody>(&response.body) else { return Err(failed()) };
    if let Some(access_token) = body.access_token.as_ref().filter(|token| !token.expose_secret().is_empty()) {
        return Ok(Issued {
            access_token: access_token.clone(),
            expires_at: sent_at + life(&body),
            refresh_token: body.refresh_token.filter(|token| !token.expose_secret().is_empty()),
            api_domain: body.api_domain.filter(|domain| !domain.is_empty()),
        });
    }
    let Some(text) = body.error.as_ref().and_then(Value::as_str) else { return Err(failed()) };
    let code = OAuthErrorCode::parse(text);
    let unknown = matches!(code, OAuthErrorCode::Other(_));
    // The text is translated ("拒绝访问" for "Access Denied"), so a throttle is recognized by its shape.
    let says_failure = body.status.as_ref().and_then(Value::as_str) == Some("failure");
    if unknown && (response.status == 400 || (says_failure && body.error_description.is_some())) {
        return Err(Denied::Throttled);
    }
    if response.status >= 500 || text == "general_error" {
        return Err(failed());
    }
    Err(Denied::Rejected(Box::new(Error::Rejected { host: response.host.clone(), request, code })))
}

/// The lifetime of the new token. If there is an `expires_in_sec`, it is in seconds and `expires_in` in milliseconds;
/// otherwise `expires_in` is in seconds. Default: an hour.
fn life(body: &TokenBody) -> Duration {
    let number = |value: &Option<Value>| match value {
        Some(Value::Number(number)) => number.as_u64(),
        Some(Value::String(text)) => text.trim().parse().ok(),
        _ => None,
    };
    const MAX: u64 = 10 * 365 * 24 * 60 * 60;
    let seconds = number(&body.expires_in_sec).or_else(|| number(&body.expires_in)).unwrap_or(3_600);
    Duration::from_secs(seconds.min(MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(status: u16, body: &str) -> Result<Issued, Denied> {
        let (host, content_type) = ("accounts.zoho.eu".into(), "application/json".into());
        let response = Response { host, status, content_type, body: body.into() };
        interpret(OAuthRequest::Refresh, SystemTime::UNIX_EPOCH, &response)
    }

    fn seconds(body: &str) -> u64 {
        let issued = response(200, body).ok().expect("a token");
        issued.expires_at.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs()
    }

    #[test]
    fn both_units_of_the_expiry_are_read() {
        assert_eq!(seconds(r#"{"access_token":"a","expires_in":3600}"#), 3_600);
        assert_eq!(seconds(r#"{"access_token":"a","expires_in":3600000,"expires_in_sec":3600}"#), 3_600);
        assert_eq!(seconds(r#"{"access_token":"a","expires_in":"3600"}"#), 3_600);
        assert_eq!(seconds(r#"{"access_token":"a"}"#), 3_600);
    }

    #[test]
    fn an_error_response_with_http_200_is_a_rejection() {
        let rejected = |body, expected| match response(200, body) {
            Err(Denied::Rejected(error)) => {
                assert!(!error.is_transient());
                assert!(matches!(*error, Error::Rejected { code, .. } if code == expected));
            }
            _ => panic!("{body} is not taken for a rejection"),
        };
        rejected(r#"{"error":"invalid_code"}"#, OAuthErrorCode::InvalidCode);
        rejected(r#"{"error":"invalid_grant"}"#, OAuthErrorCode::InvalidCode);
        rejected(r#"{"error":"invalid_client"}"#, OAuthErrorCode::InvalidClient);
        rejected(r#"{"error":"access_denied"}"#, OAuthErrorCode::AccessDenied);
        rejected(r#"{"error":"missing_org_info"}"#, OAuthErrorCode::Other("missing_org_info".into()));
    }

    #[test]
    fn a_throttle_is_recognized_by_its_shape_in_every_language() {
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
            assert!(matches!(response(status, body), Err(Denied::Throttled)), "{status} {body}");
        }
    }

    #[test]
    fn an_error_page_a_server_error_and_an_empty_token_are_temporary_failures() {
        for (status, body) in [
            (200, "<html></html>"),
            (500, "{}"),
            (200, r#"{"access_token":""}"#),
            (502, r#"{"error":"x"}"#),
            (200, "[]"),
        ] {
            match response(status, body) {
                Err(Denied::Failed(error)) => assert!(error.is_transient()),
                _ => panic!("{status} {body} is not taken for a failure"),
            }
        }
    }
}

//! Requests to the accounts server, and what its responses mean. No store is involved.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::Value;

use crate::environment::Environment;
use crate::error::{Error, OAuthErrorCode, OAuthRequest};
use crate::machine::{Content, Failed, Machine, Request, Response};
use crate::token::OAuthToken;

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
    /// When the request was sent, by this machine's uptime. The token has lived since then at most.
    pub(crate) requested_at: Duration,
    /// How long the access token lives.
    pub(crate) life: Duration,
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
        let requested_at = self.machine.uptime();
        match self.machine.send(Request { url, content: Content::Form(fields) }).await {
            Ok(response) => interpret(request, requested_at, &response),
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

impl OAuthToken {
    /// Creates a token from the body of Zoho's response to a token request that another program sent. Returns `None` if the
    /// body contains no access token.
    ///
    /// The response names neither the user nor the client app, so the token has neither.
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    /// use zoho_oauth::OAuthToken;
    ///
    /// let now = SystemTime::now();
    /// let body = r#"{"access_token":"1000.a","api_domain":"https://www.zohoapis.eu","expires_in":3600}"#;
    /// let token = OAuthToken::of_response(body, now).expect("an access token");
    /// assert_eq!(token.expires_at(), Some(now + Duration::from_secs(3_600)));
    /// ```
    #[must_use]
    pub fn of_response(body: &str, received_at: SystemTime) -> Option<Self> {
        let body: TokenBody = serde_json::from_str(body).ok()?;
        let token = Self {
            access_token: Some(filled(&body.access_token)?),
            refresh_token: filled(&body.refresh_token),
            expires_at: Some(received_at + body.life()),
            ..Self::new()
        };
        Some(match body.api_domain() {
            Some(domain) => token.with_api_domain(domain),
            None => token,
        })
    }
}

/// Goes by the body rather than the status: Zoho sends error responses with HTTP 200.
fn interpret(request: OAuthRequest, requested_at: Duration, response: &Response) -> Result<Issued, Denied> {
    let failed = || Denied::Failed(Box::new(response.invalid()));
    if response.status == 429 {
        return Err(Denied::Throttled);
    }
    let Ok(body) = serde_json::from_str::<TokenBody>(&response.body) else { return Err(failed()) };
    if let Some(access_token) = filled(&body.access_token) {
        let (refresh_token, api_domain) = (filled(&body.refresh_token), body.api_domain());
        return Ok(Issued { access_token, refresh_token, requested_at, life: body.life(), api_domain });
    }
    let text = body.error.as_ref().and_then(Value::as_str).filter(|text| !text.trim().is_empty());
    let Some(text) = text else { return Err(failed()) };
    let code = OAuthErrorCode::parse(text);
    // The text is translated ("拒绝访问" for "Access Denied"), so a throttle is recognized by its shape.
    let says_failure = body.status.as_ref().and_then(Value::as_str) == Some("failure");
    if !is_code(text) && (response.status == 400 || (says_failure && body.error_description.is_some())) {
        return Err(Denied::Throttled);
    }
    if response.status >= 500 || TEMPORARY.contains(&text) {
        return Err(failed());
    }
    Err(Denied::Rejected(Box::new(Error::Rejected { host: response.host.clone(), request, code })))
}

/// Codes of a server in trouble: Zoho's, and those of RFC 6749.
const TEMPORARY: [&str; 3] = ["general_error", "server_error", "temporarily_unavailable"];

/// Whether an `error` is a code for programs, such as `unsupported_grant_type`, rather than a sentence for people.
fn is_code(error: &str) -> bool {
    let is_of_code = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    let is_capitalized = error.starts_with(|first: char| first.is_ascii_uppercase());
    error.bytes().all(is_of_code) && (!is_capitalized || error == error.to_ascii_uppercase())
}

impl TokenBody {
    fn api_domain(&self) -> Option<String> {
        self.api_domain.clone().filter(|domain| !domain.is_empty())
    }

    /// The lifetime of the new token. If there is an `expires_in_sec`, it is in seconds and `expires_in` in milliseconds.
    /// Otherwise `expires_in` is in seconds, unless that would be more than a day: access tokens live for an hour. Default:
    /// an hour.
    fn life(&self) -> Duration {
        let number = |value: &Option<Value>| match value {
            Some(Value::Number(number)) => number.as_u64(),
            Some(Value::String(text)) => text.trim().parse().ok(),
            _ => None,
        };
        const MAX: u64 = 10 * 365 * 24 * 60 * 60;
        const DAY: u64 = 24 * 60 * 60;
        let alone =
            || number(&self.expires_in).map(|number| if number > DAY { number / 1_000 } else { number });
        let seconds = number(&self.expires_in_sec).or_else(alone).unwrap_or(3_600);
        Duration::from_secs(seconds.min(MAX))
    }
}

fn filled(token: &Option<SecretString>) -> Option<SecretString> {
    token.clone().filter(|token| !token.expose_secret().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(status: u16, body: &str) -> Result<Issued, Denied> {
        let (host, content_type) = ("accounts.zoho.eu".into(), "application/json".into());
        let response = Response { host, status, content_type, body: body.into() };
        interpret(OAuthRequest::Refresh, Duration::ZERO, &response)
    }

    fn seconds(body: &str) -> u64 {
        response(200, body).ok().expect("a token").life.as_secs()
    }

    #[test]
    fn both_units_of_the_expiry_are_read() {
        assert_eq!(seconds(r#"{"access_token":"a","expires_in":3600}"#), 3_600);
        assert_eq!(seconds(r#"{"access_token":"a","expires_in":3600000,"expires_in_sec":3600}"#), 3_600);
        assert_eq!(seconds(r#"{"access_token":"a","expires_in":"3600"}"#), 3_600);
        assert_eq!(seconds(r#"{"access_token":"a"}"#), 3_600);
        assert_eq!(seconds(r#"{"access_token":"a","expires_in":3600000}"#), 3_600);
        assert_eq!(seconds(r#"{"access_token":"a","expires_in":"3600000"}"#), 3_600);
        assert_eq!(seconds(r#"{"access_token":"a","expires_in":86400}"#), 86_400);
        assert_eq!(seconds(r#"{"access_token":"a","expires_in":600000}"#), 600);
        assert_eq!(seconds(r#"{"access_token":"a","expires_in_sec":604800}"#), 604_800);
    }

    fn rejection(status: u16, body: &str) -> OAuthErrorCode {
        match response(status, body) {
            Err(Denied::Rejected(error)) => match *error {
                Error::Rejected { code, .. } => code,
                other => panic!("{other}"),
            },
            _ => panic!("{status} {body} is not taken for a rejection"),
        }
    }

    #[test]
    fn an_error_code_that_is_not_known_is_a_rejection_and_no_throttle() {
        for code in
            ["unsupported_grant_type", "invalid_scope", "unauthorized_client", "INVALID_TOKEN", "inactive"]
        {
            let expected = OAuthErrorCode::Other(code.to_owned());
            let described = format!(
                r#"{{"error":"{code}","error_description":"the grant type is not supported","status":"failure"}}"#
            );
            for status in [200, 400, 401] {
                assert_eq!(rejection(status, &format!(r#"{{"error":"{code}"}}"#)), expected);
                assert_eq!(rejection(status, &described), expected);
            }
        }
    }

    #[test]
    fn an_error_response_with_http_200_is_a_rejection() {
        let rejected = |body, expected| assert_eq!(rejection(200, body), expected);
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
            (400, r#"{"error":"Access Denied"}"#),
            (400, r#"{"error":"Verweigert"}"#),
            (400, r#"{"error":"acceso denegado"}"#),
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
            (400, r#"{"error":"general_error"}"#),
            (400, r#"{"error":"temporarily_unavailable"}"#),
            (200, r#"{"error":"server_error"}"#),
            (200, "[]"),
            (400, r#"{"error":""}"#),
        ] {
            match response(status, body) {
                Err(Denied::Failed(error)) => assert!(error.is_transient()),
                _ => panic!("{status} {body} is not taken for a failure"),
            }
        }
    }
}

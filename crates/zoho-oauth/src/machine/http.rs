//! The HTTP client, which only this file of the crate names. It follows no redirects, and every request has a timeout.

#![expect(clippy::disallowed_types, reason = "this file sends the requests to the accounts server")]

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};

use crate::error::{Error, Invalid, NetworkFailure};
use crate::origin::host_of;
use crate::tls::{connect_failure, tls_backend};

use super::message::{Content, Failed, Request, Response};

/// How long a connection may take. It is shorter than the timeout of the request, so that a request that got no connection
/// is told from one whose response is late.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// An HTTP client that is built when it is first used: many programs only read a stored token.
#[derive(Debug)]
pub(super) struct Http {
    client: OnceLock<Result<Client, Error>>,
    timeout: Duration,
}

#[derive(Debug)]
struct Client {
    client: reqwest::Client,
    /// Why only plain HTTP works, if that is so.
    without_https: Option<Error>,
}

impl Http {
    pub(super) fn new(timeout: Duration) -> Self {
        Self { client: OnceLock::new(), timeout }
    }

    pub(super) async fn send(&self, request: Request) -> Result<Response, Failed> {
        let Request { url, content } = request;
        let client = self.client_for(&url)?;
        let request = match content {
            Content::Form(fields) => {
                let fields: Vec<_> =
                    fields.iter().map(|(name, value)| (*name, value.expose_secret())).collect();
                // Zoho translates its messages; the English ones are documented.
                client.post(&url).header("Accept-Language", "en").form(&fields)
            }
            Content::AccessToken(token) => {
                client.get(&url).header(reqwest::header::AUTHORIZATION, authorization(&token)?)
            }
        };
        receive(&url, request).await
    }

    fn client_for(&self, url: &str) -> Result<&reqwest::Client, Failed> {
        let not_sent = |error: &Error| Failed { error: error.clone(), may_have_acted: false };
        let client = self.client.get_or_init(|| Client::build(self.timeout)).as_ref().map_err(not_sent)?;
        match &client.without_https {
            Some(error) if url.starts_with("https:") => Err(not_sent(error)),
            _ => Ok(&client.client),
        }
    }
}

impl Client {
    fn build(timeout: Duration) -> Result<Self, Error> {
        let (tls, failure) = tls_backend();
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .redirect(reqwest::redirect::Policy::none())
            .timeout(timeout)
            .connect_timeout(CONNECT_TIMEOUT.min(timeout * 3 / 4))
            .user_agent(concat!("zoho-oauth/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| Invalid::HttpClient { evidence: error.to_string() })?;
        let without_https = failure.map(|evidence| Invalid::NoTrustedCertificates { evidence }.into());
        Ok(Self { client, without_https })
    }
}

fn authorization(access_token: &SecretString) -> Result<reqwest::header::HeaderValue, Failed> {
    let value = format!("Zoho-oauthtoken {}", access_token.expose_secret());
    let mut header = reqwest::header::HeaderValue::from_str(&value)
        .map_err(|_| Failed { error: Invalid::UnsendableAccessToken.into(), may_have_acted: false })?;
    header.set_sensitive(true);
    Ok(header)
}

async fn receive(url: &str, request: reqwest::RequestBuilder) -> Result<Response, Failed> {
    const MAX_BODY: usize = 1 << 20;
    let host = host_of(url);
    let failed = |error| failed(&host, error);
    let mut response = request.send().await.map_err(failed)?;
    let status = response.status().as_u16();
    let content_type = response.headers().get("content-type").and_then(|value| value.to_str().ok());
    let content_type = content_type.unwrap_or("no content type").to_owned();
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(failed)? {
        body.extend_from_slice(&chunk);
        if body.len() > MAX_BODY {
            let evidence = format!("HTTP {status}, {content_type}, more than {MAX_BODY} bytes");
            return Err(Failed { error: Error::InvalidResponse { host, evidence }, may_have_acted: true });
        }
    }
    Ok(Response { status, content_type, body: String::from_utf8_lossy(&body).into_owned(), host })
}

fn failed(host: &str, error: reqwest::Error) -> Failed {
    // A connection that took too long is no connection.
    let failure = if error.is_connect() || error.is_builder() {
        connect_failure(&error)
    } else if error.is_timeout() {
        NetworkFailure::Timeout
    } else {
        NetworkFailure::Closed
    };
    let may_have_acted = failure.may_have_sent();
    // URLs can contain personal data, so they are never part of an error.
    let source: Arc<dyn std::error::Error + Send + Sync> = Arc::new(error.without_url());
    Failed {
        error: Error::Unreachable { host: host.to_owned(), failure, source: Some(source) },
        may_have_acted,
    }
}

//! The way out: the only file of this crate that names the HTTP client. No redirects, a time-out on everything.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use rustls_platform_verifier::BuilderVerifierExt;
use serde_json::Value;
use url::Url;
use zoho_oauth::AccessToken;

use crate::error::Error;
use crate::request::{Method, Response};

/// An HTTP client that is made when it is first needed.
#[derive(Debug)]
pub(crate) struct Transport {
    client: OnceLock<Result<reqwest::Client, Error>>,
}

/// A request that is ready to leave: its URL is on one of the token's own hosts.
pub(crate) struct Outgoing<'a> {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) body: Option<&'a Value>,
    pub(crate) token: &'a AccessToken,
}

impl Transport {
    pub(crate) fn new() -> Self {
        Self { client: OnceLock::new() }
    }

    /// Sends the request once and reads the whole answer, whatever its status.
    pub(crate) async fn send(&self, outgoing: Outgoing<'_>) -> Result<Response, Error> {
        let Outgoing { method, url, body, token } = outgoing;
        let host = host_of(&url);
        let method = match method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
            Method::Put => reqwest::Method::PUT,
            Method::Patch => reqwest::Method::PATCH,
            Method::Delete => reqwest::Method::DELETE,
        };
        let mut request = self.client()?.request(method, url).header(AUTHORIZATION, authorization(token)?);
        if let Some(body) = body {
            request = request.json(body);
        }
        let lost = |error| lost(host.clone(), error);
        let answer = request.send().await.map_err(lost)?;
        let status = answer.status().as_u16();
        let content_type = text(answer.headers(), CONTENT_TYPE.as_str()).map(str::to_owned);
        let credits_remaining =
            text(answer.headers(), "x-api-credits-remaining").and_then(|credits| credits.parse().ok());
        let body = answer.bytes().await.map_err(lost)?.into();
        Ok(Response { status, content_type, credits_remaining, body })
    }

    fn client(&self) -> Result<&reqwest::Client, Error> {
        let client = self.client.get_or_init(|| {
            reqwest::Client::builder()
                .tls_backend_preconfigured(tls())
                // A redirect would take the token to a host that nobody has checked.
                .redirect(reqwest::redirect::Policy::none())
                .connect_timeout(Duration::from_secs(10))
                .timeout(Duration::from_secs(60))
                .user_agent(concat!("zohocrm/", env!("CARGO_PKG_VERSION")))
                .build()
                .map_err(|error| Error::Request(format!("the HTTP client cannot be made: {error}")))
        });
        client.as_ref().map_err(Error::clone)
    }
}

fn authorization(token: &AccessToken) -> Result<HeaderValue, Error> {
    let mut value = HeaderValue::from_str(&format!("Zoho-oauthtoken {}", token.expose_secret()))
        .map_err(|_| Error::Request("the access token has characters that no header can carry".to_owned()))?;
    value.set_sensitive(true);
    Ok(value)
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn lost(host: String, error: reqwest::Error) -> Error {
    let evidence = if error.is_timeout() {
        "it took too long"
    } else if error.is_connect() {
        "no connection"
    } else {
        "the connection broke before the answer was complete"
    };
    // A query holds what is nobody's business.
    Error::Unreachable { host, evidence, source: Arc::new(error.without_url()) }
}

fn host_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// TLS with the certificates that this system trusts. Where it has none, only plain HTTP to this machine works.
fn tls() -> rustls::ClientConfig {
    let builder = || {
        rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("ring supports the protocol versions that rustls calls safe")
    };
    match builder().with_platform_verifier() {
        Ok(verified) => verified.with_no_client_auth(),
        Err(error) => {
            tracing::warn!(%error, "this system has no trusted certificates: https will not work; install ca-certificates");
            builder().with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth()
        }
    }
}

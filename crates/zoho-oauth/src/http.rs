//! The way out: the only file of this crate that names the HTTP client. No redirects, a time-out on everything.

#![expect(clippy::disallowed_types, reason = "this file sends the requests to the accounts server")]

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use rustls_platform_verifier::BuilderVerifierExt;
use secrecy::{ExposeSecret, SecretString};

use crate::error::{Error, Invalid, NetworkFailure};

/// An HTTP client that is made when it is first needed: many programs only ever read a stored token.
#[derive(Debug)]
pub(crate) struct Http {
    client: OnceLock<Result<reqwest::Client, Error>>,
    timeout: Duration,
}

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) content_type: String,
    pub(crate) body: String,
}

/// What was not got across, and whether the other side may have acted all the same.
pub(crate) struct Lost {
    pub(crate) error: Error,
    pub(crate) may_have_acted: bool,
}

impl Http {
    pub(crate) fn new(timeout: Duration) -> Self {
        Self { client: OnceLock::new(), timeout }
    }

    /// Posts a form. The fields stand in the body: a query would end in logs.
    pub(crate) async fn post_form(&self, url: &str, fields: &[(&str, &str)]) -> Result<Answer, Lost> {
        // Zoho translates its messages; the English ones are documented.
        let request = self.client()?.post(url).header("Accept-Language", "en").form(fields);
        exchange(url, request).await
    }

    /// Asks the API with an access token.
    pub(crate) async fn get(&self, url: &str, access_token: &SecretString) -> Result<Answer, Lost> {
        let value = format!("Zoho-oauthtoken {}", access_token.expose_secret());
        let mut header = reqwest::header::HeaderValue::from_str(&value)
            .map_err(|_| Lost { error: Invalid::UnsendableAccessToken.into(), may_have_acted: false })?;
        header.set_sensitive(true);
        exchange(url, self.client()?.get(url).header(reqwest::header::AUTHORIZATION, header)).await
    }

    fn client(&self) -> Result<&reqwest::Client, Lost> {
        let client = self.client.get_or_init(|| {
            reqwest::Client::builder()
                .tls_backend_preconfigured(tls())
                .redirect(reqwest::redirect::Policy::none())
                .timeout(self.timeout)
                .user_agent(concat!("zoho-oauth/", env!("CARGO_PKG_VERSION")))
                .build()
                .map_err(|error| Invalid::HttpClient { evidence: error.to_string() }.into())
        });
        client.as_ref().map_err(|error| Lost { error: error.clone(), may_have_acted: false })
    }
}

async fn exchange(url: &str, request: reqwest::RequestBuilder) -> Result<Answer, Lost> {
    const LARGEST_BODY: usize = 1 << 20;
    let mut response = request.send().await.map_err(|error| lost(url, error))?;
    let status = response.status().as_u16();
    let content_type = response.headers().get("content-type").and_then(|value| value.to_str().ok());
    let content_type = content_type.unwrap_or("no content type").to_owned();
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| lost(url, error))? {
        body.extend_from_slice(&chunk);
        if body.len() > LARGEST_BODY {
            let evidence = format!("HTTP {status}, {content_type}, more than {LARGEST_BODY} bytes");
            return Err(Lost {
                error: Error::InvalidResponse { host: host_of(url), evidence },
                may_have_acted: true,
            });
        }
    }
    Ok(Answer { status, content_type, body: String::from_utf8_lossy(&body).into_owned() })
}

fn lost(url: &str, error: reqwest::Error) -> Lost {
    let may_have_acted = !error.is_connect();
    let failure = if error.is_timeout() {
        NetworkFailure::Timeout
    } else if error.is_connect() {
        NetworkFailure::Connect
    } else {
        NetworkFailure::Closed
    };
    // A URL may hold what is nobody's business.
    let source: Arc<dyn std::error::Error + Send + Sync> = Arc::new(error.without_url());
    let error = Error::Unreachable { host: host_of(url), failure, source: Some(source) };
    Lost { error, may_have_acted }
}

/// The host of a URL, with its port where it has one: what messages say.
pub(crate) fn host_of(url: &str) -> String {
    let parsed = url::Url::parse(url).ok();
    let host = parsed.as_ref().and_then(|url| Some((url.host_str()?.to_owned(), url.port())));
    match host {
        Some((host, Some(port))) => format!("{host}:{port}"),
        Some((host, None)) => host,
        None => "the host".to_owned(),
    }
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

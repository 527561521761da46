//! The only file of this crate that names the HTTP client. It follows no redirects and sets a timeout on everything.

#![expect(clippy::disallowed_types, reason = "this file sends the requests to the CRM")]

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures_util::{Stream, stream};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::multipart::{Form, Part as FormPart};
use secrecy::ExposeSecret;
use tokio::fs::File;
use tokio::io::AsyncReadExt;
use url::Url;
use zoho_oauth::internal::{connect_failure, host_of, tls_backend};
use zoho_oauth::{AccessToken, NetworkFailure};

use crate::error::{ConnectionFailure, Error, Invalid};
use crate::message::{Body, Headers, Method, Part, Source, Upload};

use super::{Incoming, Outgoing, Settings};

/// The minimum speed of an upload, in bytes per second. The timeout of a large file grows accordingly.
const MIN_UPLOAD_SPEED: u64 = 64 * 1024;
/// The maximum size of a piece of a file that is uploaded.
const MAX_PIECE: u64 = 64 * 1024;

/// The HTTP client, created on first use.
#[derive(Debug)]
pub(super) struct Http {
    settings: Settings,
    client: OnceLock<Result<Client, Error>>,
}

#[derive(Debug)]
struct Client {
    client: reqwest::Client,
    /// Why only plain HTTP works, if that is so.
    without_https: Option<Error>,
}

impl Http {
    pub(super) fn new(settings: Settings) -> Self {
        Self { settings, client: OnceLock::new() }
    }

    /// Sends the request once and returns when the response begins.
    pub(super) async fn send(&self, outgoing: &Outgoing<'_>) -> Result<Incoming, Error> {
        let host = host_of(outgoing.url.as_str());
        let method = match outgoing.method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
            Method::Put => reqwest::Method::PUT,
            Method::Patch => reqwest::Method::PATCH,
            Method::Delete => reqwest::Method::DELETE,
        };
        let mut request = self.client_for(&outgoing.url)?.request(method, outgoing.url.clone());
        request = request.header(AUTHORIZATION, authorization(outgoing.token)?);
        for (name, value) in outgoing.headers {
            request = request.header(name, value);
        }
        let mut to_upload = Duration::ZERO;
        request = match outgoing.body {
            Body::None => request,
            Body::Json(text) => request.header(CONTENT_TYPE, "application/json").body(text.to_vec()),
            Body::Form(parts) => {
                let (form, length) = form(parts).await?;
                to_upload = Duration::from_secs(length / MIN_UPLOAD_SPEED);
                request.multipart(form)
            }
        };
        let timeout = outgoing.timeout.unwrap_or(self.settings.timeout);
        // The timeout applies until the response begins and to each gap in it, so a large file may take longer in total.
        let response = match tokio::time::timeout(timeout.saturating_add(to_upload), request.send()).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => return Err(lost(host, error)),
            Err(_) => return Err(Error::late(host)),
        };
        let (status, headers) = (response.status().as_u16(), headers(response.headers()));
        Ok(Incoming::new(status, headers, Rest { response, host, timeout }, self.settings.max_bytes))
    }

    fn client_for(&self, url: &Url) -> Result<&reqwest::Client, Error> {
        let client =
            self.client.get_or_init(|| Client::build(&self.settings)).as_ref().map_err(Error::clone)?;
        match &client.without_https {
            Some(error) if url.scheme() == "https" => Err(error.clone()),
            _ => Ok(&client.client),
        }
    }
}

impl Client {
    fn build(settings: &Settings) -> Result<Self, Error> {
        let (tls, failure) = tls_backend();
        let mut builder = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            // A redirect would send the token to an unchecked host.
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(settings.connect_timeout)
            .user_agent(concat!("zohocrm/", env!("CARGO_PKG_VERSION")));
        if let Some(proxy) = &settings.proxy {
            // The URL can contain a password, and so can the error.
            let proxy = reqwest::Proxy::all(proxy.expose_secret()).map_err(|_| Invalid::Proxy)?;
            builder = builder.proxy(proxy);
        }
        let client = builder.build().map_err(|error| Invalid::HttpClient { evidence: error.to_string() })?;
        let without_https = failure.map(|evidence| Invalid::NoTrustedCertificates { evidence }.into());
        Ok(Self { client, without_https })
    }
}

/// The part of a body that has not been received yet.
pub(super) struct Rest {
    response: reqwest::Response,
    host: String,
    timeout: Duration,
}

impl Rest {
    /// Returns the next piece; `None` at the end.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<u8>>, Error> {
        match tokio::time::timeout(self.timeout, self.response.chunk()).await {
            Ok(Ok(piece)) => Ok(piece.map(Vec::from)),
            Ok(Err(error)) => Err(lost(self.host.clone(), error)),
            Err(_) => Err(Error::late(self.host.clone())),
        }
    }

    /// Appends the next piece without an intermediate copy; returns whether there was one.
    pub(super) async fn append_next(&mut self, all: &mut Vec<u8>) -> Result<bool, Error> {
        match tokio::time::timeout(self.timeout, self.response.chunk()).await {
            Ok(Ok(piece)) => Ok(piece.inspect(|piece| all.extend_from_slice(piece)).is_some()),
            Ok(Err(error)) => Err(lost(self.host.clone(), error)),
            Err(_) => Err(Error::late(self.host.clone())),
        }
    }
}

impl fmt::Debug for Rest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Rest(from {})", self.host)
    }
}

/// Builds a form; returns it with the total size of its files in bytes.
async fn form(parts: &[(String, Part)]) -> Result<(Form, u64), Error> {
    let (mut form, mut bytes) = (Form::new(), 0);
    for (name, part) in parts {
        form = match part {
            Part::Text(text) => form.text(name.clone(), text.clone()),
            Part::File(upload) => {
                let (part, length) = file_part(upload).await?;
                bytes += length;
                form.part(name.clone(), part)
            }
        };
    }
    Ok((form, bytes))
}

/// Opens a file as part of a form. Each attempt reads it from the beginning.
async fn file_part(upload: &Upload) -> Result<(FormPart, u64), Error> {
    // The HTTP client writes the name as it is, and a line break would begin another header.
    if upload.name.contains(char::is_control) {
        return Err(Invalid::FileName(upload.name.clone()).into());
    }
    let (part, length) = match &upload.source {
        Source::Bytes(content) => (FormPart::bytes(content.to_vec()), content.len() as u64),
        Source::Path(path) => {
            let (file, length) = open(path).await?;
            let content = reqwest::Body::wrap_stream(beginning(file, length, path));
            (FormPart::stream_with_length(content, length), length)
        }
    };
    Ok((part.file_name(upload.name.clone()), length))
}

/// Opens a file whose length can be announced before its content is sent; returns it with that length.
async fn open(path: &Path) -> Result<(File, u64), Error> {
    let failed = |error: io::Error| Error::file(path, &error);
    // Opening a pipe waits for its writer.
    let kind = tokio::fs::metadata(path).await.map_err(failed)?.file_type();
    if kind.is_dir() {
        return Err(failed(io::Error::new(io::ErrorKind::IsADirectory, "it is a folder; name a file in it")));
    }
    if !kind.is_file() {
        let evidence =
            "it is a pipe or a device, which has no length; upload its content with `Upload::from_bytes`";
        return Err(failed(io::Error::new(io::ErrorKind::InvalidInput, evidence)));
    }
    let file = File::open(path).await.map_err(failed)?;
    let length = file.metadata().await.map_err(failed)?.len();
    Ok((file, length))
}

/// Streams the first `length` bytes of a file. What is appended to the file meanwhile is not sent.
fn beginning(file: File, length: u64, path: &Path) -> impl Stream<Item = Result<Vec<u8>, Error>> + use<> {
    let path: Arc<Path> = path.into();
    stream::try_unfold((file, length), move |(mut file, left)| {
        let path = path.clone();
        async move {
            let mut piece = Vec::new();
            let read = (&mut file).take(left.min(MAX_PIECE)).read_to_end(&mut piece).await;
            let failed = |error| Error::file(&path, &error);
            match read.map_err(failed)? as u64 {
                0 if left == 0 => Ok(None),
                0 => {
                    let evidence =
                        format!("it ended {left} bytes early: it has become shorter since its upload began");
                    Err(failed(io::Error::new(io::ErrorKind::UnexpectedEof, evidence)))
                }
                read => Ok(Some((piece, (file, left - read)))),
            }
        }
    })
}

fn authorization(token: &AccessToken) -> Result<HeaderValue, Error> {
    let mut value = HeaderValue::from_str(&format!("Zoho-oauthtoken {}", token.expose_secret()))
        .map_err(|_| Invalid::AccessToken)?;
    value.set_sensitive(true);
    Ok(value)
}

fn headers(map: &HeaderMap) -> Headers {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    Headers { fields: map.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect() }
}

fn lost(host: String, error: reqwest::Error) -> Error {
    if error.is_builder() {
        return Invalid::Unsendable { evidence: error.without_url().to_string() }.into();
    }
    if let Some(unreadable) = failed_upload(&error) {
        return unreadable;
    }
    let failure = match () {
        () if error.is_connect() => match connect_failure(&error) {
            NetworkFailure::Certificate(problem) => ConnectionFailure::Certificate(problem),
            NetworkFailure::ProxyCredentials => ConnectionFailure::ProxyCredentials,
            _ => ConnectionFailure::NotConnected,
        },
        () if error.is_timeout() => ConnectionFailure::TimedOut,
        () if error.is_decode() => ConnectionFailure::Undecodable,
        () => ConnectionFailure::Interrupted,
    };
    let sent = failure.may_have_sent();
    // Query strings can contain personal data, so they are never logged.
    Error::Unreachable { host, failure, sent, source: Arc::new(error.without_url()) }
}

/// The error of a file that could not be read to the length that was announced, if that is why a request ended.
fn failed_upload(error: &reqwest::Error) -> Option<Error> {
    let mut causes = std::iter::successors(error.source(), |&cause| cause.source());
    causes.find_map(|cause| cause.downcast_ref::<Error>().cloned())
}

#[cfg(test)]
mod tests {
    use futures_util::TryStreamExt;

    use super::*;

    /// What is streamed of a file of 100,000 bytes that was announced with this length.
    async fn streamed(length: u64) -> Result<Vec<u8>, Error> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.bin");
        std::fs::write(&path, vec![7; 100_000]).unwrap();
        beginning(File::open(&path).await.unwrap(), length, &path).try_concat().await
    }

    #[tokio::test]
    async fn exactly_the_announced_length_of_a_file_is_streamed() {
        for length in [0, 1, MAX_PIECE - 1, MAX_PIECE, MAX_PIECE + 1, 99_999, 100_000] {
            assert_eq!(streamed(length).await.unwrap().len() as u64, length);
        }
    }

    #[tokio::test]
    async fn a_file_that_became_shorter_is_an_error_that_names_it() {
        let error = streamed(100_001).await.unwrap_err();
        let Error::File { path, kind, evidence } = &error else { panic!("{error:?}") };
        assert!(path.ends_with("a.bin") && *kind == io::ErrorKind::UnexpectedEof, "{error:?}");
        assert!(evidence.contains("1 bytes early"), "{evidence}");
    }
}

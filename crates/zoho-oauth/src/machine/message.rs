//! A request and a response as plain data.

use secrecy::SecretString;

use crate::error::Error;

/// A request. Its secrets are in the body or in a header, because URLs are logged on their way.
#[derive(Debug)]
pub struct Request {
    /// Where it is sent.
    pub url: String,
    /// What is sent.
    pub content: Content,
}

/// What a [`Request`] sends.
#[derive(Debug)]
#[non_exhaustive]
pub enum Content {
    /// A form, by POST.
    Form(Vec<(&'static str, SecretString)>),
    /// Nothing but an access token, by GET.
    AccessToken(SecretString),
}

/// A complete response.
#[derive(Debug)]
pub struct Response {
    /// The host that sent it.
    pub host: String,
    /// The HTTP status.
    pub status: u16,
    /// The `Content-Type`, or a description if there is none.
    pub content_type: String,
    /// The body.
    pub body: String,
}

/// A request that got no complete response.
#[derive(Debug)]
pub struct Failed {
    /// What happened.
    pub error: Error,
    /// Whether the server may have acted on the request.
    pub may_have_acted: bool,
}

impl Response {
    /// The error for a response that is not what was requested.
    pub(crate) fn invalid(&self) -> Error {
        let Self { host, status, content_type, body } = self;
        let evidence = format!("HTTP {status}, {content_type}, {} bytes", body.len());
        Error::InvalidResponse { host: host.clone(), evidence }
    }
}

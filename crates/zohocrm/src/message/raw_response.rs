//! `RawResponse`: a response as it was received.

use std::fmt;

use super::{Head, Headers};

/// A response as it was received, with its whole body.
#[derive(Clone)]
pub struct RawResponse {
    pub(crate) status: u16,
    pub(crate) headers: Headers,
    pub(crate) body: Vec<u8>,
}

impl RawResponse {
    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The headers.
    #[must_use]
    pub fn headers(&self) -> &Headers {
        &self.headers
    }

    /// The `Content-Type`.
    #[must_use]
    pub fn content_type(&self) -> Option<&str> {
        self.headers.get("content-type")
    }

    /// The number of API credits that the organization has left today. Zoho sends it only after half of the day's credits
    /// have been used.
    #[must_use]
    pub fn credits_remaining(&self) -> Option<u64> {
        self.headers.credits_remaining()
    }

    /// Zoho's id of this request, for its support.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.headers.request_id()
    }

    /// The body as it was received; empty for 204.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// Whether nothing has changed since the time that the request named (304).
    #[must_use]
    pub fn is_not_modified(&self) -> bool {
        self.status == 304
    }

    pub(crate) fn head(&self) -> Head {
        Head { status: self.status, headers: self.headers.clone() }
    }
}

impl fmt::Debug for RawResponse {
    /// Omits the body, which can contain personal data.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("RawResponse");
        shown.field("status", &self.status).field("content_type", &self.content_type());
        shown.field("bytes", &self.body.len()).finish_non_exhaustive()
    }
}

//! `Incoming`: an answer whose body is still on its way.

use std::fmt;

use crate::error::Error;
use crate::request::{Headers, RawResponse};
use crate::transport::gate::Pass;
use crate::transport::http::Pieces;

/// An answer whose body is still on its way.
pub(crate) struct Incoming {
    pub(crate) status: u16,
    pub(crate) headers: Headers,
    body: Pieces,
    /// What was read of the body to see what it is.
    ahead: Vec<u8>,
    max_bytes: usize,
    /// The place among the calls at once, until the body has been read.
    pass: Option<Pass>,
}

/// The most bytes of a refusal.
const MAX_REJECTION_BYTES: usize = 16 * 1024;

impl Incoming {
    pub(super) fn new(status: u16, headers: Headers, body: Pieces, max_bytes: usize) -> Self {
        Self { status, headers, body, ahead: Vec::new(), max_bytes, pass: None }
    }

    /// An answer that has been read already.
    pub(super) fn of_bytes(status: u16, headers: Headers, body: Vec<u8>) -> Self {
        Self::new(status, headers, Pieces::Read(body), usize::MAX)
    }

    pub(super) fn holding(self, pass: Pass) -> Self {
        Self { pass: Some(pass), ..self }
    }

    /// Whether it is JSON of the size of a refusal. A compressed body has no length that is known beforehand, so it is
    /// read that far.
    pub(crate) async fn is_short_json(&mut self) -> Result<bool, Error> {
        if !self.headers.get("content-type").is_some_and(|kind| kind.contains("json")) {
            return Ok(false);
        }
        if let Pieces::Read(body) = &self.body {
            return Ok(body.len() < MAX_REJECTION_BYTES);
        }
        while self.ahead.len() < MAX_REJECTION_BYTES {
            if !self.body.append_next(&mut self.ahead).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The next piece of the body; `None` at its end.
    pub(crate) async fn chunk(&mut self) -> Result<Option<Vec<u8>>, Error> {
        if !self.ahead.is_empty() {
            return Ok(Some(std::mem::take(&mut self.ahead)));
        }
        let piece = self.body.next().await;
        if !matches!(piece, Ok(Some(_))) {
            // Who keeps the answer for its headers does not keep others out.
            self.pass = None;
        }
        piece
    }

    /// Reads the whole body, as far as there is room for it.
    pub(crate) async fn read(mut self) -> Result<RawResponse, Error> {
        let length = self.headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
        let body = match &mut self.body {
            Pieces::Read(body) => std::mem::take(body),
            Pieces::Coming { .. } => {
                let mut all = self.ahead;
                all.reserve(usize::min(length, self.max_bytes).saturating_sub(all.len()));
                while self.body.append_next(&mut all).await? {
                    if all.len() > self.max_bytes {
                        return Err(Error::TooLarge { status: self.status, max_bytes: self.max_bytes });
                    }
                }
                all
            }
        };
        Ok(RawResponse { status: self.status, headers: self.headers, body })
    }
}

impl fmt::Debug for Incoming {
    /// The body is left out: it may be anybody's data.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("Incoming");
        shown.field("status", &self.status).field("headers", &self.headers).field("body", &self.body);
        shown.finish_non_exhaustive()
    }
}

impl From<RawResponse> for Incoming {
    fn from(response: RawResponse) -> Self {
        Self::of_bytes(response.status, response.headers, response.body)
    }
}

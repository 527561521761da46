//! `Incoming`: a response whose body has not been received yet, or not completely.

use std::fmt;

use crate::error::Error;
use crate::message::{Headers, RawResponse};

use super::gate::Pass;
use super::http::Rest;

/// The size below which a JSON body can be a rejection.
const MAX_REJECTION_BYTES: usize = 16 * 1024;

/// A response whose body may still be on its way.
pub(crate) struct Incoming {
    pub(crate) status: u16,
    pub(crate) headers: Headers,
    rest: Rest,
    /// What has been read of the body and not yet been handed over.
    ahead: Vec<u8>,
    is_complete: bool,
    max_bytes: usize,
    /// The slot among the concurrent calls, until the body has been received.
    pass: Option<Pass>,
}

impl Incoming {
    pub(super) fn new(status: u16, headers: Headers, rest: Rest, max_bytes: usize) -> Self {
        Self { status, headers, rest, ahead: Vec::new(), is_complete: false, max_bytes, pass: None }
    }

    pub(super) fn holding(self, pass: Pass) -> Self {
        Self { pass: (!self.is_complete).then_some(pass), ..self }
    }

    /// Whether the body is JSON and short enough for a rejection. The length of a compressed body is not known in advance,
    /// so the body is read up to the limit.
    pub(crate) async fn is_short_json(&mut self) -> Result<bool, Error> {
        if !self.headers.is_json() {
            return Ok(false);
        }
        while self.ahead.len() < MAX_REJECTION_BYTES {
            if !self.append_next().await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Returns the next piece of the body; `None` at its end.
    pub(crate) async fn chunk(&mut self) -> Result<Option<Vec<u8>>, Error> {
        if !self.ahead.is_empty() {
            return Ok(Some(std::mem::take(&mut self.ahead)));
        }
        if self.is_complete {
            return Ok(None);
        }
        let piece = self.rest.next().await;
        match &piece {
            Ok(Some(_)) => {}
            Ok(None) => self.complete(),
            Err(_) => self.pass = None,
        }
        piece
    }

    /// Receives the whole body, up to the maximum size, and keeps it for [`read`](Self::read) or [`chunk`](Self::chunk).
    pub(crate) async fn read_ahead(&mut self) -> Result<(), Error> {
        let length = self.headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
        if !self.is_complete {
            self.ahead.reserve(usize::min(length, self.max_bytes).saturating_sub(self.ahead.len()));
        }
        while self.append_next().await? {
            if self.ahead.len() > self.max_bytes {
                return Err(Error::TooLarge { status: self.status, max_bytes: self.max_bytes });
            }
        }
        Ok(())
    }

    /// What [`read_ahead`](Self::read_ahead) has received.
    pub(crate) fn ahead(&self) -> &[u8] {
        &self.ahead
    }

    /// Receives the whole body, up to the maximum size.
    pub(crate) async fn read(mut self) -> Result<RawResponse, Error> {
        self.read_ahead().await?;
        Ok(RawResponse { status: self.status, headers: self.headers, body: self.ahead })
    }

    /// Receives the next piece; returns whether there was one.
    async fn append_next(&mut self) -> Result<bool, Error> {
        if self.is_complete {
            return Ok(false);
        }
        let there_was_one = self.rest.append_next(&mut self.ahead).await?;
        if !there_was_one {
            self.complete();
        }
        Ok(there_was_one)
    }

    /// Gives up the slot: a caller that keeps the response for its headers must not block other calls.
    fn complete(&mut self) {
        self.is_complete = true;
        self.pass = None;
    }
}

impl fmt::Debug for Incoming {
    /// Omits the body, which can contain personal data.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("Incoming");
        shown.field("status", &self.status).field("headers", &self.headers).field("rest", &self.rest);
        shown.finish_non_exhaustive()
    }
}

//! `Incoming`: an answer whose body is still on its way.

use crate::error::Error;
use crate::request::{Headers, Response};
use crate::transport::gate::Pass;
use crate::transport::http::Pieces;

/// An answer whose body is still on its way.
#[derive(Debug)]
pub(crate) struct Incoming {
    pub(crate) status: u16,
    pub(crate) headers: Headers,
    body: Pieces,
    most_bytes: usize,
    /// The place among the calls at once, until the body has been read.
    _pass: Option<Pass>,
}

impl Incoming {
    pub(super) fn new(status: u16, headers: Headers, body: Pieces, most_bytes: usize) -> Self {
        Self { status, headers, body, most_bytes, _pass: None }
    }

    /// An answer that has been read already.
    pub(super) fn of_bytes(status: u16, headers: Headers, body: Vec<u8>) -> Self {
        Self::new(status, headers, Pieces::Read(body), usize::MAX)
    }

    pub(super) fn holding(self, pass: Pass) -> Self {
        Self { _pass: Some(pass), ..self }
    }

    /// Whether it is JSON of the size of an error.
    pub(crate) fn is_short_json(&self) -> bool {
        let is_json = self.headers.get("content-type").is_some_and(|kind| kind.contains("json"));
        let length = self.headers.get("content-length").and_then(|length| length.parse::<usize>().ok());
        is_json && length.is_some_and(|length| length < 16 * 1024)
    }

    /// The next piece of the body; `None` at its end.
    pub(crate) async fn chunk(&mut self) -> Result<Option<Vec<u8>>, Error> {
        self.body.next().await
    }

    /// Reads the whole body, as far as there is room for it.
    pub(crate) async fn read(mut self) -> Result<Response, Error> {
        let length = self.headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
        let body = match &mut self.body {
            Pieces::Read(body) => std::mem::take(body),
            Pieces::Coming { .. } => {
                let mut all = Vec::with_capacity(usize::min(length, self.most_bytes));
                while self.body.append_next(&mut all).await? {
                    if all.len() > self.most_bytes {
                        return Err(Error::TooLarge { status: self.status, most_bytes: self.most_bytes });
                    }
                }
                all
            }
        };
        Ok(Response { status: self.status, headers: self.headers, body })
    }
}

impl From<Response> for Incoming {
    fn from(response: Response) -> Self {
        Self::of_bytes(response.status, response.headers, response.body)
    }
}

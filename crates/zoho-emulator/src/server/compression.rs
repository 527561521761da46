//! Gzip, for clients that ask for it.

use std::io::Write as _;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::http::{Answer, Call};

/// Shorter bodies leave as they are.
const WORTHWHILE: usize = 1024;

/// The answer compressed, if the client accepts gzip and it is a text of some length.
pub(crate) fn negotiate(answer: Answer, call: &Call) -> Answer {
    let accepted = call.header("accept-encoding").unwrap_or_default();
    let accepts = accepted.split(',').any(|coding| coding.trim().split(';').next() == Some("gzip"));
    let content_type = answer.header("content-type").unwrap_or_default();
    let is_text = content_type.starts_with("application/json") || content_type.starts_with("text/");
    let is_plain = answer.header("content-encoding").is_none();
    if accepts && is_text && is_plain && answer.body.len() >= WORTHWHILE { gzip(answer) } else { answer }
}

/// The answer compressed.
pub(crate) fn gzip(answer: Answer) -> Answer {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    match encoder.write_all(&answer.body).and_then(|()| encoder.finish()) {
        Ok(body) => {
            let compressed = Answer { body: Bytes::from(body), ..answer };
            compressed.with_header("content-encoding", "gzip").with_header("vary", "accept-encoding")
        }
        Err(_) => answer,
    }
}

/// The answer compressed, without the second half of the compressed bytes.
pub(crate) fn half_of_gzip(answer: Answer) -> Answer {
    let mut compressed = gzip(answer);
    compressed.body.truncate(compressed.body.len() / 2);
    compressed
}

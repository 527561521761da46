//! Gzip, for clients that accept it.

use std::io::Write as _;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::http::{Call, Response};

/// Shorter bodies are sent uncompressed.
const MIN_SIZE: usize = 1024;

/// Compresses a text response that is long enough, if the client accepts gzip.
pub(crate) fn negotiate(response: Response, call: &Call) -> Response {
    let accepted = call.header("accept-encoding").unwrap_or_default();
    let accepts = accepted.split(',').any(|coding| coding.trim().split(';').next() == Some("gzip"));
    let content_type = response.header("content-type").unwrap_or_default();
    let is_text = content_type.starts_with("application/json") || content_type.starts_with("text/");
    let is_plain = response.header("content-encoding").is_none();
    if accepts && is_text && is_plain && response.body.len() >= MIN_SIZE { gzip(response) } else { response }
}

/// Compresses a response.
pub(crate) fn gzip(response: Response) -> Response {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    match encoder.write_all(&response.body).and_then(|()| encoder.finish()) {
        Ok(body) => {
            let compressed = Response { body: Bytes::from(body), ..response };
            compressed.with_header("content-encoding", "gzip").with_header("vary", "accept-encoding")
        }
        Err(_) => response,
    }
}

/// Compresses a response and drops the second half of the compressed bytes.
pub(crate) fn half_of_gzip(response: Response) -> Response {
    let mut compressed = gzip(response);
    compressed.body.truncate(compressed.body.len() / 2);
    compressed
}

//! What a fault does to a request.

use std::time::Duration;

use serde_json::json;

use crate::bodies::error;
use crate::http::Answer;

/// What happens instead of, or around, the real answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Nothing is done and nothing is answered; after the time, if there is one, the connection is closed.
    Hang(Option<Duration>),
    /// The request is carried out at once, the answer leaves late.
    Delay(Duration),
    /// The connection is closed; nothing was done.
    DropBefore,
    /// The request is carried out, then the connection is closed without an answer.
    DropAfter,
    /// Nothing is done; this is the answer.
    Answer(Answer),
    /// Nothing is done; the answer is the throttle of the server that was asked.
    Throttle { localised: bool },
    /// The request is carried out; the answer says that it is of another content type.
    Relabel(String),
    /// The request is carried out; the answer is compressed, and half of the compressed bytes are missing.
    CutGzip,
    /// The request is carried out; the connection is closed in the middle of the body.
    CutBody,
    /// The request is carried out; the head of the answer leaves byte by byte, with a pause after each.
    SlowHead(Duration),
    /// The request is carried out; the body of the answer leaves byte by byte, with a pause after each.
    SlowBody(Duration),
    /// Nothing is done; the answer is a list of records that has this many bytes, or has no end.
    Flood(Option<u64>),
}

/// The CRM's error body with any status.
pub(super) fn crm_error(status: u16, code: &str, message: &str) -> Effect {
    Effect::Answer(error(status, code, &json!({}), message))
}

/// Any body, with the content type that fits it.
pub(super) fn answer(status: u16, body: String) -> Effect {
    let content_type = match body.trim_start().chars().next() {
        Some('{' | '[') => "application/json;charset=UTF-8",
        Some('<') => "text/html;charset=UTF-8",
        _ => "text/plain;charset=UTF-8",
    };
    Effect::Answer(Answer::text(status, content_type, body))
}

/// A page as a server in front of Zoho's sends it.
pub(super) fn page(status: u16, heading: &str) -> Effect {
    let page = format!(
        "<!DOCTYPE html>\n<html><head><title>Zoho</title></head><body><h1>{heading}</h1></body></html>\n"
    );
    answer(status, page)
}

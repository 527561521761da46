//! What a fault does with a request.

use std::time::Duration;

use serde_json::json;

use crate::bodies::error;
use crate::http::Response;

/// What happens instead of, or in addition to, the normal response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// The request is not processed and gets no response. After the time, if any, the connection is closed.
    Hang(Option<Duration>),
    /// The request is processed immediately; the response is sent later.
    Delay(Duration),
    /// The request is processed immediately; the response is sent once the faults are cleared.
    Hold,
    /// The connection is closed before the request is processed.
    DropBefore,
    /// The request is processed, then the connection is closed without a response.
    DropAfter,
    /// The request is not processed; the response is this one.
    Respond(Response),
    /// The request is not processed; the response is the throttle of the accounts server or the CRM.
    Throttle { localized: bool },
    /// The request is processed; the response declares this content type.
    ContentType(String),
    /// The request is processed; the response is compressed, and half of the compressed bytes are missing.
    TruncateGzip,
    /// The request is processed; the connection is closed in the middle of the body.
    TruncateBody,
    /// The request is processed; status and headers are sent byte by byte, with a delay after each.
    SlowHead(Duration),
    /// The request is processed; the body is sent byte by byte, with a delay after each.
    SlowBody(Duration),
    /// The request is not processed; the response is a list of records of this many bytes, or an endless one.
    Flood(Option<u64>),
}

/// The CRM's error body with any status.
pub(super) fn crm_error(status: u16, code: &str, message: &str) -> Effect {
    Effect::Respond(error(status, code, &json!({}), message))
}

/// A body with the content type that its first character suggests.
pub(super) fn respond(status: u16, body: String) -> Effect {
    let content_type = match body.trim_start().chars().next() {
        Some('{' | '[') => "application/json;charset=UTF-8",
        Some('<') => "text/html;charset=UTF-8",
        _ => "text/plain;charset=UTF-8",
    };
    Effect::Respond(Response::text(status, content_type, body))
}

/// An HTML page, as a proxy in front of Zoho sends it.
pub(super) fn page(status: u16, heading: &str) -> Effect {
    let page = format!(
        "<!DOCTYPE html>\n<html><head><title>Zoho</title></head><body><h1>{heading}</h1></body></html>\n"
    );
    respond(status, page)
}

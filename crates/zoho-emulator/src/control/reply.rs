//! Bodies of control requests and their responses.

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::http::Call;

/// Why a control request failed.
pub(super) struct Complaint {
    pub(super) status: u16,
    pub(super) text: String,
}

impl Complaint {
    pub(super) fn new(status: u16, text: impl Into<String>) -> Self {
        Self { status, text: text.into() }
    }
}

/// Parses the JSON body. A missing body counts as an empty object.
pub(super) fn body<T: DeserializeOwned>(call: &Call) -> Result<T, Complaint> {
    let text = if call.text().trim().is_empty() { "{}" } else { call.text() };
    serde_json::from_str(text).map_err(|error| Complaint::new(400, format!("invalid body: {error}")))
}

pub(super) fn done() -> Value {
    json!({ "status": "done" })
}

//! How control requests are read and answered.

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::http::Call;

/// What is wrong with a control request.
pub(super) struct Complaint {
    pub(super) status: u16,
    pub(super) text: String,
}

impl Complaint {
    pub(super) fn new(status: u16, text: impl Into<String>) -> Self {
        Self { status, text: text.into() }
    }
}

/// Reads the JSON body; an absent one is an empty object.
pub(super) fn body<T: DeserializeOwned>(call: &Call) -> Result<T, Complaint> {
    let text = if call.text().trim().is_empty() { "{}" } else { call.text() };
    serde_json::from_str(text)
        .map_err(|error| Complaint::new(400, format!("the body cannot be read: {error}")))
}

pub(super) fn done() -> Value {
    json!({ "status": "done" })
}

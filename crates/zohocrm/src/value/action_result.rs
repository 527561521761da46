//! `ActionResult`: the result for one item of a call.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Extra, Nullable};

/// The result for one item of a call: `{"code", "details", "message", "status"}`. Zoho can accept some items of a call and
/// reject the others, so check each result.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct ActionResult {
    /// Zoho's code, such as `SUCCESS` or `DUPLICATE_DATA`.
    #[serde(skip_serializing_if = "Nullable::is_absent")]
    pub code: Nullable<String>,
    /// Details of the result, such as the new id or the rejected field.
    #[serde(skip_serializing_if = "Nullable::is_absent")]
    pub details: Nullable<Value>,
    /// Zoho's message.
    #[serde(skip_serializing_if = "Nullable::is_absent")]
    pub message: Nullable<String>,
    /// `success` or `error`.
    #[serde(skip_serializing_if = "Nullable::is_absent")]
    pub status: Nullable<String>,
    /// Fields without a named member.
    #[serde(flatten)]
    pub extra: Extra,
}

impl ActionResult {
    /// Whether Zoho carried out the action, or accepted it for later.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.status.as_deref().is_some_and(|status| status.eq_ignore_ascii_case("success"))
    }

    /// The id in the details: that of the created, updated or deleted item.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.details.get()?.get("id")?.as_str()
    }
}

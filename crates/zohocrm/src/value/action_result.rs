//! `ActionResult`: what became of one thing that an operation was asked to do.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Extra, Nullable};

/// What became of one thing that an operation was asked to do: `{"code", "details", "message", "status"}`. One call may
/// do some of what it was asked and refuse the rest, so look at each.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct ActionResult {
    /// Zoho's code, such as `SUCCESS` or `DUPLICATE_DATA`.
    #[serde(skip_serializing_if = "Nullable::is_absent")]
    pub code: Nullable<String>,
    /// What it is about: the new id, or the field that was refused.
    #[serde(skip_serializing_if = "Nullable::is_absent")]
    pub details: Nullable<Value>,
    /// Zoho's own words.
    #[serde(skip_serializing_if = "Nullable::is_absent")]
    pub message: Nullable<String>,
    /// `success` or `error`.
    #[serde(skip_serializing_if = "Nullable::is_absent")]
    pub status: Nullable<String>,
    /// What else was there.
    #[serde(flatten)]
    pub extra: Extra,
}

impl ActionResult {
    /// Whether Zoho says that it was done, or will be.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.status.as_deref().is_some_and(|status| status.eq_ignore_ascii_case("success"))
    }

    /// The id in the details: of what was made, changed or deleted.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.details.get()?.get("id")?.as_str()
    }
}

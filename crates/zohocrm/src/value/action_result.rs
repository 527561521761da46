//! `ActionResult`: the result for one item of a call.

use super::described::described;
use super::{Nullable, Value};

described! {
    /// The result for one item of a call: `{"code", "details", "message", "status"}`. Zoho can accept some items of a call and
    /// reject the others, so check each result.
    pub struct ActionResult {
        /// Zoho's code, such as `SUCCESS` or `DUPLICATE_DATA`.
        pub code: Nullable<String> = "code",
        /// Details of the result, such as the new id or the rejected field.
        pub details: Nullable<Value> = "details",
        /// Zoho's message.
        pub message: Nullable<String> = "message",
        /// `success` or `error`.
        pub status: Nullable<String> = "status" or_number,
    }
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

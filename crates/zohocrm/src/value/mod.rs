//! The values that bodies and answers are made of. Nothing here does I/O.

mod action_result;
mod date_time;
mod nullable;
pub(crate) mod open_enum;

pub use action_result::ActionResult;
pub use date_time::{Date, DateTime, NotADate};
pub use nullable::Nullable;

/// A member that may be missing or null, and has an empty value for both: a list, a flag.
pub(crate) fn or_default<'de, D: serde::Deserializer<'de>, T: serde::Deserialize<'de> + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(<Option<T> as serde::Deserialize>::deserialize(deserializer)?.unwrap_or_default())
}

/// What an answer held beside the members that a type names: whatever Zoho added since. It is written back as it came.
pub type Extra = serde_json::Map<String, serde_json::Value>;

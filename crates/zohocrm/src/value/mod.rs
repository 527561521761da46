//! Values in bodies and responses. No I/O.

mod action_result;
mod date_time;
mod job_state;
mod nullable;
pub(crate) mod open_enum;

pub use action_result::ActionResult;
pub use date_time::{Date, DateTime, InvalidDate};
pub use job_state::JobState;
pub use nullable::Nullable;

/// Decodes an absent or null member as the default value: an empty list, `false`.
pub(crate) fn or_default<'de, D: serde::Deserializer<'de>, T: serde::Deserialize<'de> + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(<Option<T> as serde::Deserialize>::deserialize(deserializer)?.unwrap_or_default())
}

/// Members of a response that a type has no field for, such as those that Zoho added later. Encoding keeps them.
pub type Extra = serde_json::Map<String, serde_json::Value>;

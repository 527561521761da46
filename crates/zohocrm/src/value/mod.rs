//! Values in bodies and responses. No I/O.

mod action_result;
mod date_time;
pub(crate) mod described;
mod exact;
mod finite;
mod job_state;
mod json;
mod map;
mod nullable;
mod number;
pub(crate) mod open_enum;

pub use action_result::ActionResult;
pub use date_time::{Date, DateTime, InvalidDate};
pub use described::{Described, Misfit};
pub(crate) use exact::is_name_of_number;
#[cfg(feature = "bulk")]
pub(crate) use exact::is_request_for_text;
pub(crate) use finite::to_json;
pub use job_state::JobState;
pub use json::Value;
pub use map::Map;
pub(crate) use map::object;
pub use nullable::Nullable;
pub use number::{InvalidNumber, Number};

/// Decodes an absent or null member as the default value: an empty list, `false`.
pub(crate) fn or_default<'de, D: serde::Deserializer<'de>, T: serde::Deserialize<'de> + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(<Option<T> as serde::Deserialize>::deserialize(deserializer)?.unwrap_or_default())
}

/// Decodes a text that can come as a number, or a list of such texts. Null is the default value.
pub(crate) fn or_number<'de, D: serde::Deserializer<'de>, T: described::Decode + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    let value = <Value as serde::Deserialize>::deserialize(deserializer)?;
    let mut text = T::default();
    match described::read_or_number(&mut text, &value) {
        true => Ok(text),
        false => Err(serde::de::Error::custom("expected a text or a number")),
    }
}

/// Members of a response that a type has no field for, such as those that Zoho added later, and members whose value is of another
/// kind than their field: see [`Described`]. Encoding keeps them.
pub type Extra = Map;

/// Describes an error without its position, which would be that in a part of a body.
pub(crate) fn without_position(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.rsplit_once(" at line ").map_or(text.as_str(), |(message, _)| message).to_owned()
}

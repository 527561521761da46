//! The values that bodies and answers are made of. Nothing here does I/O.

mod action_result;
mod date_time;
mod nullable;
pub(crate) mod open_enum;

pub use action_result::ActionResult;
pub use date_time::{Date, DateTime, NotADate};
pub use nullable::Nullable;

/// What an answer held beside the members that a type names: whatever Zoho added since. It is written back as it came.
pub type Extra = serde_json::Map<String, serde_json::Value>;

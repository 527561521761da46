//! Bodies of control requests and their responses.

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::digits;
use crate::http::Call;
use crate::model::identity::User;
use crate::world::World;

/// Why a control request failed.
pub(super) struct ControlError {
    pub(super) status: u16,
    pub(super) message: String,
}

impl ControlError {
    pub(super) fn new(status: u16, message: impl Into<String>) -> Self {
        Self { status, message: message.into() }
    }
}

/// Parses the JSON body. A missing body counts as an empty object.
pub(super) fn body<T: DeserializeOwned>(call: &Call) -> Result<T, ControlError> {
    let text = if call.text().trim().is_empty() { "{}" } else { call.text() };
    digits::parse(text).map_err(|error| ControlError::new(400, format!("invalid body: {error}")))
}

/// A user by email address. Default: the first user.
pub(super) fn user<'w>(world: &'w World, email: Option<&str>) -> Result<&'w User, ControlError> {
    match email {
        Some(email) => {
            world.user(email).ok_or_else(|| ControlError::new(404, format!("unknown user `{email}`")))
        }
        None => Ok(&world.settings.users[0]),
    }
}

pub(super) fn done() -> Value {
    json!({ "status": "done" })
}

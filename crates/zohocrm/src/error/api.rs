//! `ApiError`: Zoho's rejection of a call; `RecordError`: its rejection of one record of a call.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use super::kind::ErrorKind;
use super::rejection::Rejection;
use crate::message::{Head, Headers, OperationName};

/// Zoho's rejection of a call: `{"code": …, "message": …, "details": …, "status": "error"}`.
#[derive(Clone, Debug)]
pub struct ApiError {
    operation: String,
    status: u16,
    rejection: Rejection,
    scopes: &'static [&'static str],
    request_id: Option<String>,
}

impl ApiError {
    /// Reads the rejection in a response, if it is one. The body decides before the status does: Zoho sends errors with
    /// status 200, too.
    pub(crate) fn in_response(
        status: u16,
        headers: &Headers,
        body: &[u8],
        operation: OperationName<'_>,
        scopes: &'static [&'static str],
    ) -> Option<Self> {
        let rejection = match status {
            200..=299 | 304 => Rejection::in_success(body)?,
            _ => Rejection::in_failure(body).unwrap_or_default(),
        };
        let request_id = headers.request_id().map(str::to_owned);
        Some(Self { operation: operation.to_string(), status, rejection, scopes, request_id })
    }

    /// What the error means for the caller.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.rejection.kind(Some(self.status))
    }

    /// The HTTP status. Zoho does not always send the documented one, so prefer the code.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// Zoho's code, such as `INVALID_DATA`; empty if the response had none.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.rejection.code
    }

    /// Zoho's message.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.rejection.message
    }

    /// Zoho's details: the field, the limit or the missing permission. `Null` if the response had none.
    #[must_use]
    pub fn details(&self) -> &Value {
        &self.rejection.details
    }

    /// Zoho's id of the request, for its support.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }

    /// How sure it is that another access token would be accepted.
    pub(crate) fn blames_the_token(&self) -> Blame {
        match self.status {
            // Zoho documents INVALID_TOKEN with all of these.
            200 | 400 | 401 | 403 if self.rejection.rejects_the_token() => Blame::Certain,
            200 | 400 | 401 | 403 if self.kind() == ErrorKind::LoginRequired => Blame::Possible,
            _ => Blame::None,
        }
    }

    pub(super) fn rejection(&self) -> &Rejection {
        &self.rejection
    }

    pub(super) fn scopes(&self) -> &'static [&'static str] {
        match self.kind() {
            ErrorKind::ScopeMissing => self.scopes,
            _ => &[],
        }
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Zoho rejected {}: HTTP {}", self.operation, self.status)?;
        match self.rejection.to_string().as_str() {
            "" => formatter.write_str(" with no Zoho error body; a proxy may have responded")?,
            rejection => write!(formatter, ", {rejection}")?,
        }
        if self.details().as_object().is_some_and(|details| !details.is_empty()) {
            write!(formatter, " {}", self.details())?;
        }
        match self.rejection.next_step(Some(self.status)) {
            Some(next_step) => write!(formatter, "; {next_step}")?,
            None => return Ok(()),
        }
        match self.scopes() {
            [] => Ok(()),
            scopes => write!(formatter, ": {}", scopes.join(" or ")),
        }
    }
}

impl StdError for ApiError {}

/// Whether a rejection is the access token's fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Blame {
    /// Zoho says so.
    Certain,
    /// `AUTHENTICATION_FAILURE`, or HTTP 401 without a code, such as the page of a gateway.
    Possible,
    /// It has another cause, such as a missing scope, which a new token would lack too.
    None,
}

/// Zoho's rejection of one record. Other records of the same call may have been written.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordError {
    rejection: Rejection,
    head: Arc<Head>,
}

impl RecordError {
    pub(crate) fn new(code: String, message: String, details: Value, head: Arc<Head>) -> Self {
        Self { rejection: Rejection { code, message, details }, head }
    }

    /// What the error means for the caller.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.rejection.kind(None)
    }

    /// Zoho's code, such as `MANDATORY_NOT_FOUND`.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.rejection.code
    }

    /// Zoho's message.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.rejection.message
    }

    /// Zoho's details, for example `api_name` and `json_path` of the field.
    #[must_use]
    pub fn details(&self) -> &Value {
        &self.rejection.details
    }

    /// The rejected field: its path in the body if Zoho names it, otherwise its API name.
    #[must_use]
    pub fn field(&self) -> Option<&str> {
        self.rejection.field()
    }

    /// Returns the same error for a record that is `places` positions further on. The details contain paths such as
    /// `$.data[20].Last_Name`, which count within one call, while a long list is written with many calls.
    #[must_use]
    pub fn moved_by(&self, places: usize) -> Self {
        let mut moved = self.clone();
        move_paths(&mut moved.rejection.details, places);
        moved
    }

    /// The id of the existing record that the rejected one duplicates.
    #[must_use]
    pub fn duplicate_of(&self) -> Option<&str> {
        self.rejection.duplicate_of()
    }

    /// Everything that is wrong with the record, if Zoho found several errors; otherwise only this error.
    #[must_use]
    pub fn all(&self) -> Vec<Self> {
        match self.rejection.parts() {
            parts if parts.is_empty() => vec![self.clone()],
            parts => {
                parts.into_iter().map(|rejection| Self { rejection, head: Arc::clone(&self.head) }).collect()
            }
        }
    }

    /// The HTTP status of the response, which can be 200, 202 or 207.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.head.status
    }

    /// Zoho's id of the request, for its support.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.head.headers.request_id()
    }

    pub(super) fn rejection(&self) -> &Rejection {
        &self.rejection
    }
}

/// Shifts every `json_path` to a later record, at any depth.
fn move_paths(details: &mut Value, places: usize) {
    match details {
        Value::Object(members) => {
            for (name, member) in members.iter_mut() {
                match member.as_str().filter(|_| name == "json_path") {
                    Some(path) => {
                        if let Some(moved) = moved(path, places) {
                            *member = moved.into();
                        }
                    }
                    None => move_paths(member, places),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| move_paths(item, places)),
        _ => {}
    }
}

/// Shifts a path to a later record; `None` if the path is not that of a record.
fn moved(path: &str, places: usize) -> Option<String> {
    let (index, rest) = path.strip_prefix("$.data[")?.split_once(']')?;
    Some(format!("$.data[{}]{rest}", index.parse::<usize>().ok()?.checked_add(places)?))
}

impl fmt::Display for RecordError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Zoho rejected the record: {}", self.rejection)?;
        match self.field() {
            Some(field) => write!(formatter, "; correct the field `{}`", field.escape_debug()),
            None => Ok(()),
        }
    }
}

impl StdError for RecordError {}

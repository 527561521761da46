//! `ApiError`: Zoho's rejection of a whole call; `RecordError`: of one record of a call.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use super::{ErrorKind, rejection::Rejection};
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

    /// What it means for the caller.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.rejection.kind(Some(self.status))
    }

    /// The HTTP status. Zoho's documentation and Zoho do not always agree on it: go by the code first.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// Zoho's code, such as `INVALID_DATA`; empty when the answer had none.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.rejection.code
    }

    /// Zoho's own words.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.rejection.message
    }

    /// What it is about: the field, the limit, the missing permission. `Null` when the answer had none.
    #[must_use]
    pub fn details(&self) -> &Value {
        &self.rejection.details
    }

    /// What Zoho calls the request, for its support.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }

    pub(crate) fn rejects_the_token(&self) -> bool {
        self.rejection.rejects_the_token()
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
        write!(formatter, "Zoho refused {}: HTTP {}", self.operation, self.status)?;
        match self.rejection.to_string().as_str() {
            "" => formatter.write_str(", without a word of Zoho's: it may be from a proxy on the way")?,
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

/// A record that was not written, and why. The others of the same call may have been.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordError {
    rejection: Rejection,
    head: Arc<Head>,
}

impl RecordError {
    pub(crate) fn new(code: String, message: String, details: Value, head: Arc<Head>) -> Self {
        Self { rejection: Rejection { code, message, details }, head }
    }

    /// What it means for the caller.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.rejection.kind(None)
    }

    /// Zoho's code, such as `MANDATORY_NOT_FOUND`.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.rejection.code
    }

    /// Zoho's own words.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.rejection.message
    }

    /// What it is about: `api_name` and `json_path` of the field, for example.
    #[must_use]
    pub fn details(&self) -> &Value {
        &self.rejection.details
    }

    /// The field that it is about: where in the body if Zoho says so, or its API name.
    #[must_use]
    pub fn field(&self) -> Option<&str> {
        self.rejection.field()
    }

    /// The same error of a record that stands so many places further on: paths in its details, such as
    /// `$.data[20].Last_Name`, are those of a call, and a long list is written by many.
    #[must_use]
    pub fn moved_by(&self, places: usize) -> Self {
        let mut moved = self.clone();
        move_paths(&mut moved.rejection.details, places);
        moved
    }

    /// The id of the record that was there before.
    #[must_use]
    pub fn duplicate_of(&self) -> Option<&str> {
        self.rejection.duplicate_of()
    }

    /// All that is wrong with the record, where Zoho found more than one thing; else just this error.
    #[must_use]
    pub fn all(&self) -> Vec<Self> {
        match self.rejection.parts() {
            parts if parts.is_empty() => vec![self.clone()],
            parts => {
                parts.into_iter().map(|rejection| Self { rejection, head: Arc::clone(&self.head) }).collect()
            }
        }
    }

    /// The HTTP status of the answer that says so: 200, 202 and 207 too.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.head.status
    }

    /// What Zoho calls the request, for its support.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.head.headers.request_id()
    }

    pub(super) fn rejection(&self) -> &Rejection {
        &self.rejection
    }
}

/// Moves every `json_path` to a later record, however deep it is.
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

/// A path into a later record; `None` if it leads into no record.
fn moved(path: &str, places: usize) -> Option<String> {
    let (index, rest) = path.strip_prefix("$.data[")?.split_once(']')?;
    Some(format!("$.data[{}]{rest}", index.parse::<usize>().ok()?.checked_add(places)?))
}

impl fmt::Display for RecordError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "the record was refused: {}", self.rejection)?;
        match self.field() {
            Some(field) => write!(formatter, "; correct the field {}", field.escape_debug()),
            None => Ok(()),
        }
    }
}

impl StdError for RecordError {}

//! `ApiError`: Zoho's rejection of a call; `RecordError`: its rejection of one record of a call.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use super::envelope;
use super::kind::ErrorKind;
use super::rejection::{self, Rejection};
use crate::message::{Head, Headers, OperationName};
use crate::value::Value;

/// Zoho's rejection of a call: `{"code": …, "message": …, "details": …, "status": "error"}`.
///
/// If the call was to write several items, there is one for each that Zoho rejected: see [`all`](Self::all). The other
/// methods are about the first one.
#[derive(Clone, Debug)]
pub struct ApiError {
    operation: String,
    status: u16,
    rejection: Rejection,
    others: Vec<Rejection>,
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
        let mut rejections = match status {
            200..=299 | 304 => vec![envelope::in_success(body)?],
            _ => envelope::in_failure(body),
        }
        .into_iter();
        Some(Self {
            operation: operation.to_string(),
            status,
            rejection: rejections.next().unwrap_or_default(),
            others: rejections.collect(),
            scopes,
            request_id: headers.request_id().map(str::to_owned),
        })
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
        self.rejection.code()
    }

    /// Zoho's message.
    #[must_use]
    pub fn message(&self) -> &str {
        self.rejection.message()
    }

    /// Zoho's details: the field, the limit or the missing permission. `Null` if the response had none.
    #[must_use]
    pub fn details(&self) -> &Value {
        self.rejection.details()
    }

    /// Every error that Zoho reported for the call, in Zoho's order: one for each item that it rejected, and several for an
    /// item with several errors. Only this error if there are no others.
    ///
    /// ```
    /// # fn print(error: &zohocrm::Error) {
    /// for error in error.api().map(|error| error.all()).unwrap_or_default() {
    ///     println!("{} {:?}", error.code(), error.fields());
    /// }
    /// # }
    /// ```
    #[must_use]
    pub fn all(&self) -> Vec<Self> {
        let single = |rejection: &Rejection| Self {
            rejection: rejection.clone(),
            others: Vec::new(),
            operation: self.operation.clone(),
            request_id: self.request_id.clone(),
            ..*self
        };
        self.rejections().flat_map(Rejection::each).map(single).collect()
    }

    /// The fields and parameters that Zoho names, for all errors: paths in the body if Zoho names them, otherwise API names.
    #[must_use]
    pub fn fields(&self) -> Vec<&str> {
        self.rejections().flat_map(Rejection::fields).collect()
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

    /// The first rejection, and those of other items.
    pub(super) fn rejections(&self) -> impl Iterator<Item = &Rejection> {
        std::iter::once(&self.rejection).chain(&self.others)
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
        let status = Some(self.status);
        match self.others.len() {
            0 if self.rejection.is_empty() => {
                formatter.write_str(" with no Zoho error body; a proxy may have responded")?;
                if let Some(next_step) = self.rejection.next_step(status) {
                    write!(formatter, "; {next_step}")?;
                }
            }
            0 => write!(formatter, ", {}", self.rejection.in_words(status, true))?,
            others => {
                let all: Vec<&Rejection> = self.rejections().collect();
                write!(formatter, ", {} errors: {}", others + 1, rejection::numbered(&all, status, true))?;
            }
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
        Self { rejection: Rejection::new(code, message, details), head }
    }

    /// What the error means for the caller.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.rejection.kind(self.status_of_error())
    }

    /// Zoho's code, such as `MANDATORY_NOT_FOUND`.
    #[must_use]
    pub fn code(&self) -> &str {
        self.rejection.code()
    }

    /// Zoho's message.
    #[must_use]
    pub fn message(&self) -> &str {
        self.rejection.message()
    }

    /// Zoho's details, for example `api_name` and `json_path` of the field.
    #[must_use]
    pub fn details(&self) -> &Value {
        self.rejection.details()
    }

    /// The rejected field: its path in the body if Zoho names it, otherwise its API name.
    #[must_use]
    pub fn field(&self) -> Option<&str> {
        self.fields().first().copied()
    }

    /// The fields that Zoho names: the rejected one, then those that limit or contradict it, or that it expects instead.
    #[must_use]
    pub fn fields(&self) -> Vec<&str> {
        self.rejection.fields()
    }

    /// Returns the same error for a record that is `places` positions further on. The details contain paths such as
    /// `$.data[20].Last_Name`, which count within one call, while a long list is written with many calls.
    #[must_use]
    pub fn moved_by(&self, places: usize) -> Self {
        let mut details = self.details().clone();
        move_paths(&mut details, places);
        Self::new(self.code().to_owned(), self.message().to_owned(), details, Arc::clone(&self.head))
    }

    /// The id of the existing record that the rejected one duplicates.
    #[must_use]
    pub fn duplicate_of(&self) -> Option<&str> {
        self.rejection.duplicate_of()
    }

    /// Everything that is wrong with the record, if Zoho found several errors; otherwise only this error.
    #[must_use]
    pub fn all(&self) -> Vec<Self> {
        let single =
            |rejection: &Rejection| Self { rejection: rejection.clone(), head: Arc::clone(&self.head) };
        self.rejection.each().iter().map(single).collect()
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

    /// The status, unless it is that of a call of which a part succeeded.
    fn status_of_error(&self) -> Option<u16> {
        Some(self.head.status).filter(|status| *status >= 300)
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
        let why = self.rejection.in_words(self.status_of_error(), false);
        write!(formatter, "Zoho rejected the record: {why}")
    }
}

impl StdError for RecordError {}

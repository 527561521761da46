//! `Written`: a record that was written; and how what became of each record is read.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::error::{Error, RecordError};
use crate::request::{Request, Response};

/// A record that was created, updated or deleted.
#[derive(Clone, Debug, PartialEq)]
pub struct Written {
    code: String,
    message: String,
    details: Map<String, Value>,
    action: Option<String>,
    duplicate_field: Option<String>,
}

impl Written {
    /// The record's id.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.details.get("id")?.as_str()
    }

    /// Zoho's code, such as `SUCCESS`.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.code
    }

    /// Zoho's own words, such as `record added`.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What Zoho filled in: id, times, and who did it.
    #[must_use]
    pub fn details(&self) -> &Map<String, Value> {
        &self.details
    }

    /// What an upsert did: `insert` or `update`.
    #[must_use]
    pub fn action(&self) -> Option<&str> {
        self.action.as_deref()
    }

    /// By which field an upsert found the record that it updated.
    #[must_use]
    pub fn duplicate_field(&self) -> Option<&str> {
        self.duplicate_field.as_deref()
    }
}

/// Sends a write of `count` records and reads what became of each.
///
/// The body decides, not the status: a refused record may come with 200, 202, 207 or 400.
pub(crate) async fn outcomes(request: &Request, count: usize) -> Result<Vec<Result<Written, Error>>, Error> {
    let response = request.perform().await?;
    let body: Option<WriteBody> = serde_json::from_slice(response.body()).ok();
    let Some(WriteBody { data }) = body else {
        let response = request.accept(response)?;
        return Err(Error::unusable(&response, "it does not say what became of the records"));
    };
    if data.len() != count {
        return Err(miscounted(request, response, data.len(), count));
    }
    Ok(data.into_iter().map(Into::into).collect())
}

/// Some refusals of a call as a whole have the shape of a single record's.
fn miscounted(request: &Request, response: Response, told: usize, sent: usize) -> Error {
    match request.accept(response) {
        Err(refusal) => refusal,
        Ok(response) => {
            Error::unusable(&response, format!("it speaks of {told} records where {sent} were sent"))
        }
    }
}

/// The answer to a write, as Zoho writes it.
#[derive(Debug, Deserialize)]
struct WriteBody {
    data: Vec<Outcome>,
}

/// One entry of it.
#[derive(Debug, Deserialize)]
struct Outcome {
    status: String,
    code: String,
    #[serde(default)]
    message: Option<String>,
    #[serde(default)]
    details: Value,
    #[serde(default)]
    action: Option<String>,
    #[serde(default)]
    duplicate_field: Option<String>,
}

impl From<Outcome> for Result<Written, Error> {
    fn from(outcome: Outcome) -> Self {
        let Outcome { status, code, message, details, action, duplicate_field } = outcome;
        let message = message.unwrap_or_default();
        if !status.eq_ignore_ascii_case("success") {
            return Err(RecordError::new(code, message, details).into());
        }
        let details = match details {
            Value::Object(details) => details,
            _ => Map::new(),
        };
        Ok(Written { code, message, details, action, duplicate_field })
    }
}

//! `WrittenRecord`: a record that was written; and how what became of each record is read.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::error::{Error, RecordError};
use crate::request::{Head, Headers, RawResponse, Request};

/// A record, or a thing beside records such as a tag, that was created, updated or deleted.
#[derive(Clone, Debug, PartialEq)]
pub struct WrittenRecord {
    code: String,
    message: String,
    details: Map<String, Value>,
    action: Option<String>,
    duplicate_field: Option<String>,
    head: Arc<Head>,
}

impl WrittenRecord {
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

    /// The answer lacks what it should say.
    pub(crate) fn unusable(&self, evidence: &str) -> Error {
        let Head { status, headers } = self.head.as_ref().clone();
        Error::unusable(&RawResponse { status, headers, body: Vec::new() }, evidence)
    }

    /// The HTTP status of the answer that says so.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.head.status
    }

    /// The headers of that answer.
    #[must_use]
    pub fn headers(&self) -> &Headers {
        &self.head.headers
    }

    /// How many API credits the organisation has left today. Zoho says so only when half of them are used up.
    #[must_use]
    pub fn credits_remaining(&self) -> Option<u64> {
        self.head.headers.credits_remaining()
    }

    /// What Zoho calls the request, for its support.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.head.headers.request_id()
    }
}

/// Sends a write of `count` records and reads what became of each.
///
/// The body decides, not the status: a refused record may come with 200, 202, 207 or 400.
pub(crate) async fn outcomes(
    request: &Request,
    count: usize,
) -> Result<Vec<Result<WrittenRecord, Error>>, Error> {
    let (response, data) = told(request).await?;
    if data.len() != count {
        return Err(miscounted(request, response, data.len(), count));
    }
    Ok(read(&response, data))
}

/// Sends a write and reads what became of whatever it was about.
pub(crate) async fn outcomes_of_any_number(
    request: &Request,
) -> Result<Vec<Result<WrittenRecord, Error>>, Error> {
    let (response, data) = told(request).await?;
    Ok(read(&response, data))
}

fn read(response: &RawResponse, data: Vec<Outcome>) -> Vec<Result<WrittenRecord, Error>> {
    let head = Arc::new(Head::from(response));
    data.into_iter().map(|outcome| outcome.read(&head)).collect()
}

async fn told(request: &Request) -> Result<(RawResponse, Vec<Outcome>), Error> {
    let response = request.perform().await?;
    match serde_json::from_slice(response.body()) {
        Ok(WriteBody { data }) => Ok((response, data)),
        Err(_) => {
            let response = request.accept(response)?;
            Err(Error::unusable(&response, "it does not say what became of the records"))
        }
    }
}

/// Sends a write of one thing and reads what became of it. Some calls answer with a list of one, some with the one alone.
pub(crate) async fn outcome(request: &Request) -> Result<WrittenRecord, Error> {
    let response = request.perform().await?;
    match serde_json::from_slice(response.body()) {
        Ok(OneBody::List(WriteBody { mut data })) => match (data.pop(), data.len()) {
            (Some(outcome), 0) => outcome.read(&Arc::new(Head::from(&response))),
            (last, others) => Err(miscounted(request, response, others + usize::from(last.is_some()), 1)),
        },
        Ok(OneBody::Member { data }) => data.read(&Arc::new(Head::from(&response))),
        // A refusal of the call as a whole looks the same.
        Ok(OneBody::Alone(outcome)) => {
            let response = request.accept(response)?;
            outcome.read(&Arc::new(Head::from(&response)))
        }
        Err(_) => {
            let response = request.accept(response)?;
            Err(Error::unusable(&response, "it does not say what became of the write"))
        }
    }
}

/// Some refusals of a call as a whole have the shape of a single record's.
fn miscounted(request: &Request, response: RawResponse, told: usize, sent: usize) -> Error {
    match request.accept(response) {
        Err(refusal) => refusal,
        Ok(response) => {
            Error::unusable(&response, format!("it speaks of {told} records where {sent} were sent"))
        }
    }
}

/// The answer to a write, as Zoho writes it. What is not about records is named after what it is about.
#[derive(Debug, Deserialize)]
struct WriteBody {
    #[serde(alias = "tags", alias = "watch")]
    data: Vec<Outcome>,
}

/// The answer to a write of one thing.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum OneBody {
    List(WriteBody),
    Member {
        #[serde(alias = "tags")]
        data: Outcome,
    },
    Alone(Outcome),
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

impl Outcome {
    fn read(self, head: &Arc<Head>) -> Result<WrittenRecord, Error> {
        let Self { status, code, message, details, action, duplicate_field } = self;
        let message = message.unwrap_or_default();
        if !status.eq_ignore_ascii_case("success") {
            return Err(RecordError::new(code, message, details, Arc::clone(head)).into());
        }
        let details = match details {
            Value::Object(details) => details,
            _ => Map::new(),
        };
        Ok(WrittenRecord { code, message, details, action, duplicate_field, head: Arc::clone(head) })
    }
}

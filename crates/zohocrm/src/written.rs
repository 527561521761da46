//! `WrittenRecord`: the result for a record that was written; and how the results of a write are read.

use std::sync::Arc;

use serde::Deserialize;

use crate::error::{Error, RecordError, ResponseProblem};
use crate::message::{Head, Headers, RawResponse};
use crate::request::{Judged, Request};
use crate::value::{Map, Value, or_number};

/// The result for a record, or for a tag, a file or a channel, that was created, updated or deleted.
#[derive(Clone, Debug, PartialEq)]
pub struct WrittenRecord {
    code: String,
    message: String,
    details: Map,
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

    /// Zoho's message, such as `record added`.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The fields that Zoho set: the id, the times, and the users who created and modified the record.
    #[must_use]
    pub fn details(&self) -> &Map {
        &self.details
    }

    /// What an upsert did: `insert` or `update`.
    #[must_use]
    pub fn action(&self) -> Option<&str> {
        self.action.as_deref()
    }

    /// The field by which an upsert found the record that it updated.
    #[must_use]
    pub fn duplicate_field(&self) -> Option<&str> {
        self.duplicate_field.as_deref()
    }

    /// The HTTP status of the response.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.head.status
    }

    /// The headers of the response.
    #[must_use]
    pub fn headers(&self) -> &Headers {
        &self.head.headers
    }

    /// The number of API credits that the organization has left today. Zoho sends it only after half of the day's credits
    /// have been used.
    #[must_use]
    pub fn credits_remaining(&self) -> Option<u64> {
        self.head.headers.credits_remaining()
    }

    /// Zoho's id of the request, for its support.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.head.headers.request_id()
    }
}

/// Sends a write of `count` records and reads the result for each.
///
/// The body decides, not the status: a rejected record may come with 200, 202, 207 or 400.
pub(crate) async fn outcomes(
    request: &Request,
    count: usize,
) -> Result<Vec<Result<WrittenRecord, Error>>, Error> {
    outcomes_as(request, count, |written, _| Ok(written)).await
}

/// Sends a write of `count` items and reads the result for each, as something that `read` makes of it.
pub(crate) async fn outcomes_as<T>(
    request: &Request,
    count: usize,
    read: impl Fn(WrittenRecord, &RawResponse) -> Result<T, Error>,
) -> Result<Vec<Result<T, Error>>, Error> {
    let (judged, entries) = send(request).await?;
    if entries.len() != count {
        return Err(miscounted(judged, entries.len(), count));
    }
    let response = judged.response();
    let written = read_all(response, entries).into_iter();
    Ok(written.map(|written| read(written?, response)).collect())
}

/// Sends a write of one record, as a list of one, and reads its result.
pub(crate) async fn only_outcome(request: &Request) -> Result<WrittenRecord, Error> {
    let (judged, entries) = send(request).await?;
    match <[Entry; 1]>::try_from(entries) {
        Ok([entry]) => entry.read(&Arc::new(judged.response().head())),
        Err(entries) => Err(miscounted(judged, entries.len(), 1)),
    }
}

/// Sends a write and reads all results, however many there are.
pub(crate) async fn outcomes_of_any_number(
    request: &Request,
) -> Result<Vec<Result<WrittenRecord, Error>>, Error> {
    let (judged, entries) = send(request).await?;
    Ok(read_all(judged.response(), entries))
}

fn read_all(response: &RawResponse, entries: Vec<Entry>) -> Vec<Result<WrittenRecord, Error>> {
    let head = Arc::new(response.head());
    entries.into_iter().map(|entry| entry.read(&head)).collect()
}

async fn send(request: &Request) -> Result<(Judged, Vec<Entry>), Error> {
    let judged = request.send_judged().await?;
    match serde_json::from_slice(judged.response().body()) {
        Ok(ManyBody { data }) => Ok((judged, data)),
        Err(_) => Err(Error::unusable(
            &judged.accepted()?,
            ResponseProblem::Unconfirmed,
            "it has no results for the records",
        )),
    }
}

/// Sends a write of one thing and reads its result. Some responses are a list of one entry, others the entry alone.
pub(crate) async fn outcome(request: &Request) -> Result<WrittenRecord, Error> {
    let judged = request.send_judged().await?;
    let head = Arc::new(judged.response().head());
    match serde_json::from_slice(judged.response().body()) {
        Ok(OneBody::List(ManyBody { data })) => match <[Entry; 1]>::try_from(data) {
            Ok([entry]) => entry.read(&head),
            Err(data) => Err(miscounted(judged, data.len(), 1)),
        },
        Ok(OneBody::Member { data }) => data.read(&head),
        // A rejection of the whole call looks the same.
        Ok(OneBody::Alone(entry)) => judged.accepted().and_then(|_| entry.read(&head)),
        Err(_) => Err(Error::unusable(
            &judged.accepted()?,
            ResponseProblem::Unconfirmed,
            "it has no result for the write",
        )),
    }
}

/// Some rejections of a whole call look like the result for a single record.
fn miscounted(judged: Judged, received: usize, sent: usize) -> Error {
    match judged.accepted() {
        Err(rejection) => rejection,
        Ok(response) => Error::unusable(
            &response,
            ResponseProblem::Unconfirmed,
            format!("it has {received} results for {sent} records"),
        ),
    }
}

/// The response to a write, as Zoho writes it. Items other than records are in a list with their own name.
#[derive(Debug, Deserialize)]
struct ManyBody {
    #[serde(alias = "tags", alias = "watch")]
    data: Vec<Entry>,
}

/// The response to a write of one thing.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum OneBody {
    List(ManyBody),
    Member {
        #[serde(alias = "tags")]
        data: Entry,
    },
    Alone(Entry),
}

/// The result for one record, as Zoho writes it.
#[derive(Debug, Deserialize)]
struct Entry {
    status: String,
    #[serde(deserialize_with = "or_number")]
    code: String,
    #[serde(default)]
    message: Value,
    #[serde(default)]
    details: Value,
    #[serde(default)]
    action: Value,
    #[serde(default)]
    duplicate_field: Value,
}

impl Entry {
    fn read(self, head: &Arc<Head>) -> Result<WrittenRecord, Error> {
        let Self { status, code, message, details, action, duplicate_field } = self;
        // The outcome of the write must not be lost because of a word beside it.
        let text = |value: Value| value.as_str().map(str::to_owned);
        let message = text(message).unwrap_or_default();
        if !status.eq_ignore_ascii_case("success") {
            return Err(RecordError::new(code, message, details, Arc::clone(head)).into());
        }
        let mut details = match details {
            Value::Object(details) => details,
            _ => Map::new(),
        };
        if let Some(Value::Number(id)) = details.get("id") {
            let id = id.to_string();
            details.insert("id", id);
        }
        let (action, duplicate_field) = (text(action), text(duplicate_field));
        Ok(WrittenRecord { code, message, details, action, duplicate_field, head: Arc::clone(head) })
    }
}

//! Writing records: create, update, upsert, delete, in as many calls as it takes.

use std::collections::HashMap;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde_json::{Map, Value};

use super::Records;
use crate::error::{Error, ErrorKind};
use crate::message::Method;
use crate::request::{IF_UNMODIFIED_SINCE, Request};
use crate::value::DateTime;
use crate::written::{WrittenRecord, outcome, outcomes};

const DUPLICATE_CHECK_FIELDS: &str = "duplicate_check_fields";

impl Records {
    /// Creates records.
    pub fn create(&self, records: impl IntoIterator<Item = impl Serialize>) -> WriteRecords {
        WriteRecords::new(self.request(Method::Post), records)
    }

    /// Creates one record.
    pub fn create_one(&self, record: impl Serialize) -> WriteRecord {
        WriteRecord::of(self.create([record]))
    }

    /// Updates records; each has its `id` among its fields. Fields that are not given stay as they are; a null empties
    /// one.
    pub fn update(&self, records: impl IntoIterator<Item = impl Serialize>) -> WriteRecords {
        WriteRecords::new(self.request(Method::Put), records)
    }

    /// Updates one record. Fields that are not given stay as they are; a null empties one.
    pub fn update_one(&self, id: impl AsRef<str>, record: impl Serialize) -> WriteRecord {
        WriteRecord::of(WriteRecords::new(self.request_below(Method::Put, id.as_ref()), [record]))
    }

    /// Creates records, or updates those that are there already: see [`WriteRecords::duplicate_check_fields`].
    pub fn upsert(&self, records: impl IntoIterator<Item = impl Serialize>) -> WriteRecords {
        let write = WriteRecords::new(self.request_below(Method::Post, "upsert"), records);
        WriteRecords { again: Again::WhereFound, ..write }
    }

    /// Creates a copy of a record.
    ///
    /// # Errors
    /// When the call fails, or Zoho refuses the copy.
    pub async fn clone_one(&self, id: impl AsRef<str>) -> Result<WrittenRecord, Error> {
        outcome(&self.request_about(Method::Post, id.as_ref(), "/crm/v8/{module}/{id}/actions/clone")).await
    }

    /// Deletes records: they go to the recycle bin.
    pub fn delete(&self, ids: impl IntoIterator<Item = impl Into<String>>) -> DeleteRecords {
        DeleteRecords::new(self.request(Method::Delete), ids)
    }
}

/// Records that have not been written; from [`Records::create`], [`Records::update`] or [`Records::upsert`].
///
/// They are written a hundred at a time, one call after the other. Each has its own result, in the order in which they
/// were given: some may be written and others not. Await it, or call [`send`](Self::send).
#[derive(Clone, Debug)]
#[must_use = "nothing is written until it is sent"]
pub struct WriteRecords {
    request: Request,
    records: Result<Vec<Value>, Error>,
    options: Map<String, Value>,
    again: Again,
}

/// When a write may be sent again whose answer was lost.
#[derive(Clone, Copy, Debug)]
enum Again {
    /// Creating twice makes two.
    Never,
    /// Changing twice is changing once.
    Always,
    /// An upsert that finds what it made.
    WhereFound,
}

impl WriteRecords {
    pub(super) fn new(request: Request, records: impl IntoIterator<Item = impl Serialize>) -> Self {
        let written = |record| {
            serde_json::to_value(record)
                .map_err(|error| Error::Request(format!("a record cannot be written as JSON ({error})")))
        };
        let again = if request.method() == Method::Put { Again::Always } else { Again::Never };
        Self { request, records: records.into_iter().map(written).collect(), options: Map::new(), again }
    }

    /// By which fields an upsert finds the record that is there already; by the module's unique fields, if Zoho is not
    /// told.
    pub fn duplicate_check_fields(self, fields: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.option(DUPLICATE_CHECK_FIELDS, texts(fields))
    }

    /// What the write sets off: `workflow`, `approval`, `blueprint`. All, if Zoho is not told; none, for an empty list.
    pub fn trigger(self, what: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.option("trigger", texts(what))
    }

    /// Any other member of the body beside the records: `lar_id`, `apply_feature_execution` and more.
    pub fn option(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.options.insert(name.into(), value.into());
        self
    }

    /// Only writes what was not changed since a moment: else the error is a
    /// [`Conflict`](crate::ErrorKind::Conflict).
    pub fn if_unmodified_since(self, moment: impl Into<DateTime>) -> Self {
        self.header(IF_UNMODIFIED_SINCE, moment.into().to_string())
    }

    /// Sets a header, such as `X-EXTERNAL`: see [`Request::header`].
    pub fn header(self, name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { request: self.request.header(name, value), ..self }
    }

    /// Sets how long one attempt may take: see [`Request::timeout`].
    pub fn timeout(self, timeout: Duration) -> Self {
        Self { request: self.request.timeout(timeout), ..self }
    }

    /// Writes the records and says what became of each, in the order in which they were given.
    ///
    /// A record that Zoho refused is [`Error::Record`]. When a call fails after others went through, its records have
    /// its error; if the next one would fail, too, the rest is [`Error::NotSent`].
    ///
    /// # Errors
    /// When the first call fails as a whole: nothing is known to be written. A call without an answer may have written
    /// its records: look before you repeat it.
    pub async fn send(&self) -> Result<Vec<Result<WrittenRecord, Error>>, Error> {
        let records = self.records.as_ref().map_err(Error::clone)?;
        in_chunks(records, |chunk| {
            let mut body = self.options.clone();
            body.insert("data".to_owned(), Value::Array(chunk.to_vec()));
            self.request.clone().repeatable(self.is_repeatable(chunk)).body(&body)
        })
        .await
    }

    /// Whether writing these records twice is the same as writing them once.
    fn is_repeatable(&self, records: &[Value]) -> bool {
        let twice_is_once = match self.again {
            Again::Never => false,
            Again::Always => true,
            Again::WhereFound => records.iter().all(|record| self.finds(record)),
        };
        twice_is_once && !self.request.has_header(IF_UNMODIFIED_SINCE) && !records.iter().any(adds_rows)
    }

    /// Whether an upsert finds the record by a value that it has itself.
    fn finds(&self, record: &Value) -> bool {
        let fields = self.options.get(DUPLICATE_CHECK_FIELDS).and_then(Value::as_array);
        let has_value = |field: &Value| {
            let value = field.as_str().and_then(|field| record.get(field));
            value.is_some_and(|value| !value.is_null() && value != "")
        };
        fields.is_some_and(|fields| fields.iter().any(has_value))
    }
}

/// Whether a record has rows of a subform that are not there yet: Zoho adds them each time.
/// <https://www.zoho.com/crm/developer/docs/api/v8/subforms.html>
fn adds_rows(record: &Value) -> bool {
    let is_new = |row: &Value| row.is_object() && row.get("id").is_none_or(Value::is_null);
    let mut lists = record.as_object().into_iter().flat_map(Map::values).filter_map(Value::as_array);
    lists.any(|rows| rows.iter().any(is_new))
}

impl IntoFuture for WriteRecords {
    type Output = Result<Vec<Result<WrittenRecord, Error>>, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move { self.send().await })
    }
}

/// One record that has not been written; from [`Records::create_one`] or [`Records::update_one`]. Await it, or call
/// [`send`](Self::send).
#[derive(Clone, Debug)]
#[must_use = "nothing is written until it is sent"]
pub struct WriteRecord {
    write: WriteRecords,
}

impl WriteRecord {
    pub(super) fn of(write: WriteRecords) -> Self {
        Self { write }
    }

    /// What the write sets off: see [`WriteRecords::trigger`].
    pub fn trigger(self, what: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { write: self.write.trigger(what) }
    }

    /// Any other member of the body: see [`WriteRecords::option`].
    pub fn option(self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        Self { write: self.write.option(name, value) }
    }

    /// Only writes if the record was not changed since a moment: see [`WriteRecords::if_unmodified_since`].
    pub fn if_unmodified_since(self, moment: impl Into<DateTime>) -> Self {
        Self { write: self.write.if_unmodified_since(moment) }
    }

    /// Sets a header, such as `X-EXTERNAL`: see [`Request::header`].
    pub fn header(self, name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { write: self.write.header(name, value) }
    }

    /// Sets how long one attempt may take: see [`Request::timeout`].
    pub fn timeout(self, timeout: Duration) -> Self {
        Self { write: self.write.timeout(timeout) }
    }

    /// Writes the record.
    ///
    /// # Errors
    /// When the call fails, or Zoho refuses the record.
    pub async fn send(&self) -> Result<WrittenRecord, Error> {
        // One record has one result: `outcomes` makes sure of it.
        self.write.send().await?.pop().unwrap_or_else(|| Err(Error::Request("there is no record".to_owned())))
    }
}

impl IntoFuture for WriteRecord {
    type Output = Result<WrittenRecord, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move { self.send().await })
    }
}

/// Records that have not been deleted; from [`Records::delete`]. They are deleted a hundred at a time. Await it, or call
/// [`send`](Self::send).
#[derive(Clone, Debug)]
#[must_use = "nothing is deleted until it is sent"]
pub struct DeleteRecords {
    request: Request,
    ids: Vec<String>,
}

impl DeleteRecords {
    pub(super) fn new(request: Request, ids: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { request, ids: ids.into_iter().map(Into::into).collect() }
    }

    /// Whether workflows are set off; they are, if Zoho is not told.
    pub fn workflow_trigger(self, trigger: bool) -> Self {
        Self { request: self.request.replace_query("wf_trigger", trigger.to_string()), ..self }
    }

    /// Sets a header, such as `X-EXTERNAL`: see [`Request::header`].
    pub fn header(self, name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { request: self.request.header(name, value), ..self }
    }

    /// Sets how long one attempt may take: see [`Request::timeout`].
    pub fn timeout(self, timeout: Duration) -> Self {
        Self { request: self.request.timeout(timeout), ..self }
    }

    /// Deletes the records and says what became of each, in the order in which they were given: see
    /// [`WriteRecords::send`].
    ///
    /// # Errors
    /// When the first call fails as a whole.
    pub async fn send(&self) -> Result<Vec<Result<WrittenRecord, Error>>, Error> {
        if let Some(id) = self.ids.iter().find(|id| id.is_empty() || id.contains(',')) {
            return Err(Error::Request(format!("`{id}` is not the id of a record")));
        }
        // Zoho may take an id that is there twice for one, and results are told apart by their place alone.
        let mut places = HashMap::new();
        let mut once = Vec::new();
        for id in &self.ids {
            places.entry(id.as_str()).or_insert_with(|| {
                once.push(id.as_str());
                once.len() - 1
            });
        }
        let results =
            in_chunks(&once, |chunk| self.request.clone().replace_query("ids", chunk.join(","))).await?;
        Ok(self.ids.iter().filter_map(|id| results.get(places[id.as_str()])).cloned().collect())
    }
}

impl IntoFuture for DeleteRecords {
    type Output = Result<Vec<Result<WrittenRecord, Error>>, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move { self.send().await })
    }
}

/// Writes as many at a time as Zoho takes, and puts the results together.
pub(super) async fn in_chunks<T>(
    items: &[T],
    request: impl Fn(&[T]) -> Request,
) -> Result<Vec<Result<WrittenRecord, Error>>, Error> {
    let mut results = Vec::with_capacity(items.len());
    for chunk in items.chunks(Records::MAX_PER_WRITE) {
        match outcomes(&request(chunk), chunk.len()).await {
            Ok(outcomes) => {
                let first = results.len();
                results
                    .extend(outcomes.into_iter().map(|outcome| outcome.map_err(|error| moved(error, first))));
            }
            Err(error) if results.is_empty() => return Err(error),
            Err(error) => {
                let goes_on = concerns_only_this_call(&error);
                results.extend(chunk.iter().map(|_| Err(error.clone())));
                if !goes_on {
                    let unsent = Error::NotSent(Arc::new(error));
                    results.resize_with(items.len(), || Err(unsent.clone()));
                    break;
                }
            }
        }
    }
    Ok(results)
}

/// What is wrong with a record, where it stands among all of them: Zoho knows only those of its call.
fn moved(error: Error, places: usize) -> Error {
    match error {
        Error::Record(error) if places > 0 => error.moved_by(places).into(),
        error => error,
    }
}

/// Whether the next call may well go through: this one was refused for what was in it.
fn concerns_only_this_call(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::InvalidData
            | ErrorKind::Duplicate
            | ErrorKind::Conflict
            | ErrorKind::LimitExceeded
            | ErrorKind::Other
    )
}

fn texts(texts: impl IntoIterator<Item = impl Into<String>>) -> Value {
    texts.into_iter().map(|text| Value::String(text.into())).collect()
}

//! Creates, updates, upserts and deletes records, in as many calls as needed.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use super::Records;
use crate::error::{Error, ErrorKind, Invalid};
use crate::message::Method;
use crate::request::{IF_UNMODIFIED_SINCE, Request, awaited};
use crate::value::{DateTime, Map, Value};
use crate::written::{WrittenRecord, only_outcome, outcome, outcomes};

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

    /// Updates records. Each must have its `id` among its fields. A missing field stays unchanged; null empties it.
    pub fn update(&self, records: impl IntoIterator<Item = impl Serialize>) -> WriteRecords {
        WriteRecords::new(self.request(Method::Put), records)
    }

    /// Updates one record. A missing field stays unchanged; null empties it.
    pub fn update_one(&self, id: impl AsRef<str>, record: impl Serialize) -> WriteRecord {
        WriteRecord::of(WriteRecords::new(self.request_below(Method::Put, id.as_ref()), [record]))
    }

    /// Creates records, or updates those that exist: see [`WriteRecords::duplicate_check_fields`].
    pub fn upsert(&self, records: impl IntoIterator<Item = impl Serialize>) -> WriteRecords {
        let write = WriteRecords::new(self.request_below(Method::Post, "upsert"), records);
        WriteRecords { repetition: Repetition::IfFound, ..write }
    }

    /// Creates a copy of a record.
    ///
    /// # Errors
    /// If the call fails, or Zoho rejects the copy.
    pub async fn clone_one(&self, id: impl AsRef<str>) -> Result<WrittenRecord, Error> {
        outcome(&self.request_about(Method::Post, id.as_ref(), "/crm/v8/{module}/{id}/actions/clone")).await
    }

    /// Deletes records. They are moved to the recycle bin.
    pub fn delete(&self, ids: impl IntoIterator<Item = impl Into<String>>) -> DeleteRecords {
        DeleteRecords::new(self.request(Method::Delete), ids)
    }
}

/// Records that have not been written; from [`Records::create`], [`Records::update`] or [`Records::upsert`].
///
/// They are written in batches of a hundred, one call after the other. Each record has its own result: some may be written
/// and others not. Await it, or call [`send`](Self::send).
#[derive(Clone, Debug)]
#[must_use = "a write does nothing until it is sent"]
pub struct WriteRecords {
    request: Request,
    records: Result<Vec<Value>, Error>,
    options: Map,
    repetition: Repetition,
}

/// Whether a write may be repeated after its response was lost.
#[derive(Clone, Copy, Debug)]
enum Repetition {
    /// Repeating a creation would create a duplicate.
    Never,
    /// Repeating a change has no further effect.
    Always,
    /// Repeating an upsert has no further effect if it finds the record that it created.
    IfFound,
}

impl WriteRecords {
    pub(super) fn new(request: Request, records: impl IntoIterator<Item = impl Serialize>) -> Self {
        let serialized = |record| {
            Value::from_serialize(&record)
                .map_err(|error| Invalid::Record { evidence: error.to_string() }.into())
        };
        let repetition = if request.method() == Method::Put { Repetition::Always } else { Repetition::Never };
        Self {
            request,
            records: records.into_iter().map(serialized).collect(),
            options: Map::new(),
            repetition,
        }
    }

    /// Sets the fields by which an upsert finds an existing record. Zoho's default: the module's unique fields.
    pub fn duplicate_check_fields(self, fields: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.option(DUPLICATE_CHECK_FIELDS, texts(fields))
    }

    /// Sets what the write triggers: `workflow`, `approval`, `blueprint`. An empty list triggers nothing. Zoho's default: all.
    pub fn trigger(self, what: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.option("trigger", texts(what))
    }

    /// Sets any other member of the body: `lar_id`, `apply_feature_execution` and more.
    pub fn option(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.options.insert(name, value);
        self
    }

    /// Writes only if the record has not been modified since this time. Otherwise the error is a
    /// [`Conflict`](crate::ErrorKind::Conflict).
    pub fn if_unmodified_since(self, moment: impl Into<DateTime>) -> Self {
        self.header(IF_UNMODIFIED_SINCE, moment.into().to_string())
    }

    /// Sets a header, such as `X-EXTERNAL`: see [`Request::header`].
    pub fn header(self, name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { request: self.request.header(name, value), ..self }
    }

    /// Sets the timeout of one attempt: see [`Request::timeout`].
    pub fn timeout(self, timeout: Duration) -> Self {
        Self { request: self.request.timeout(timeout), ..self }
    }

    /// Writes the records and returns the result for each, in the given order.
    ///
    /// A record that Zoho rejected is [`Error::Record`]. If a call fails after others succeeded, its records have its error.
    /// If the next call would fail, too, the remaining records are [`Error::NotSent`].
    ///
    /// # Errors
    /// If the first call fails as a whole. No record is known to be written then. A call without a response may have written
    /// its records: check before you repeat it.
    pub async fn send(&self) -> Result<Vec<Result<WrittenRecord, Error>>, Error> {
        let records = self.records.as_ref().map_err(Error::clone)?;
        in_batches(records, |batch| self.request_for(batch)).await
    }

    fn request_for(&self, records: &[Value]) -> Request {
        let mut body = self.options.clone();
        body.insert("data", records);
        self.request.clone().repeatable(self.is_repeatable(records)).body(&body)
    }

    /// Whether writing these records a second time has no further effect.
    fn is_repeatable(&self, records: &[Value]) -> bool {
        let has_no_effect = match self.repetition {
            Repetition::Never => false,
            Repetition::Always => true,
            Repetition::IfFound => records.iter().all(|record| self.finds(record)),
        };
        has_no_effect && !self.request.has_header(IF_UNMODIFIED_SINCE) && !records.iter().any(adds_rows)
    }

    /// Whether an upsert finds the record by one of the record's own values.
    fn finds(&self, record: &Value) -> bool {
        let fields = self.options.get(DUPLICATE_CHECK_FIELDS).and_then(Value::as_array);
        let has_value = |field: &Value| {
            let value = field.as_str().and_then(|field| record.get(field));
            value.is_some_and(|value| !value.is_null() && value != "")
        };
        fields.is_some_and(|fields| fields.iter().any(has_value))
    }
}

/// Whether a record has new rows for a subform. Zoho would add them again with each write.
/// <https://www.zoho.com/crm/developer/docs/api/v8/subforms.html>
fn adds_rows(record: &Value) -> bool {
    let is_new = |row: &Value| row.is_object() && row.get("id").is_none_or(Value::is_null);
    let mut lists = record.as_object().into_iter().flat_map(Map::values).filter_map(Value::as_array);
    lists.any(|rows| rows.iter().any(is_new))
}

awaited!(WriteRecords -> Vec<Result<WrittenRecord, Error>>);

/// A record that has not been written; from [`Records::create_one`] or [`Records::update_one`]. Await it, or call
/// [`send`](Self::send).
#[derive(Clone, Debug)]
#[must_use = "a write does nothing until it is sent"]
pub struct WriteRecord {
    write: WriteRecords,
}

impl WriteRecord {
    pub(super) fn of(write: WriteRecords) -> Self {
        Self { write }
    }

    /// Sets what the write triggers: see [`WriteRecords::trigger`].
    pub fn trigger(self, what: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { write: self.write.trigger(what) }
    }

    /// Sets any other member of the body: see [`WriteRecords::option`].
    pub fn option(self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        Self { write: self.write.option(name, value) }
    }

    /// Writes only if the record has not been modified since this time: see [`WriteRecords::if_unmodified_since`].
    pub fn if_unmodified_since(self, moment: impl Into<DateTime>) -> Self {
        Self { write: self.write.if_unmodified_since(moment) }
    }

    /// Sets a header, such as `X-EXTERNAL`: see [`Request::header`].
    pub fn header(self, name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { write: self.write.header(name, value) }
    }

    /// Sets the timeout of one attempt: see [`Request::timeout`].
    pub fn timeout(self, timeout: Duration) -> Self {
        Self { write: self.write.timeout(timeout) }
    }

    /// Writes the record.
    ///
    /// # Errors
    /// If the call fails, or Zoho rejects the record.
    pub async fn send(&self) -> Result<WrittenRecord, Error> {
        let record = self.write.records.as_ref().map_err(Error::clone)?;
        only_outcome(&self.write.request_for(record)).await
    }
}

awaited!(WriteRecord -> WrittenRecord);

/// Records that have not been deleted; from [`Records::delete`]. They are deleted in batches of a hundred. Await it, or call
/// [`send`](Self::send).
#[derive(Clone, Debug)]
#[must_use = "a deletion does nothing until it is sent"]
pub struct DeleteRecords {
    request: Request,
    ids: Vec<String>,
}

impl DeleteRecords {
    pub(super) fn new(request: Request, ids: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { request, ids: ids.into_iter().map(Into::into).collect() }
    }

    /// Sets whether the deletion triggers workflows. Zoho's default: it does.
    pub fn workflow_trigger(self, trigger: bool) -> Self {
        Self { request: self.request.replace_query("wf_trigger", trigger.to_string()), ..self }
    }

    /// Sets a header, such as `X-EXTERNAL`: see [`Request::header`].
    pub fn header(self, name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { request: self.request.header(name, value), ..self }
    }

    /// Sets the timeout of one attempt: see [`Request::timeout`].
    pub fn timeout(self, timeout: Duration) -> Self {
        Self { request: self.request.timeout(timeout), ..self }
    }

    /// Deletes the records and returns the result for each, in the given order: see [`WriteRecords::send`].
    ///
    /// # Errors
    /// If the first call fails as a whole.
    pub async fn send(&self) -> Result<Vec<Result<WrittenRecord, Error>>, Error> {
        if let Some(id) = self.ids.iter().find(|id| id.is_empty() || id.contains(',')) {
            return Err(Invalid::RecordId(id.clone()).into());
        }
        // Zoho may merge duplicate ids, and only the position says which record a result is for.
        let mut positions = HashMap::new();
        let mut once = Vec::new();
        for id in &self.ids {
            positions.entry(id.as_str()).or_insert_with(|| {
                once.push(id.as_str());
                once.len() - 1
            });
        }
        let results =
            in_batches(&once, |batch| self.request.clone().replace_query("ids", batch.join(","))).await?;
        Ok(self.ids.iter().filter_map(|id| results.get(positions[id.as_str()])).cloned().collect())
    }
}

awaited!(DeleteRecords -> Vec<Result<WrittenRecord, Error>>);

/// Writes items in batches of the maximum size, and collects the results.
pub(super) async fn in_batches<T>(
    items: &[T],
    request: impl Fn(&[T]) -> Request,
) -> Result<Vec<Result<WrittenRecord, Error>>, Error> {
    let mut results = Vec::with_capacity(items.len());
    for batch in items.chunks(Records::MAX_PER_WRITE) {
        match outcomes(&request(batch), batch.len()).await {
            Ok(outcomes) => {
                let first = results.len();
                results
                    .extend(outcomes.into_iter().map(|outcome| outcome.map_err(|error| moved(error, first))));
            }
            Err(error) if results.is_empty() => return Err(error),
            Err(error) => {
                let continues = concerns_only_this_call(&error);
                results.extend(batch.iter().map(|_| Err(error.clone())));
                if !continues {
                    let unsent = Error::NotSent(Arc::new(error));
                    results.resize_with(items.len(), || Err(unsent.clone()));
                    break;
                }
            }
        }
    }
    Ok(results)
}

/// Shifts the paths in an error from the record's position in its call to that among all records.
fn moved(error: Error, places: usize) -> Error {
    match error {
        Error::Record(error) if places > 0 => error.moved_by(places).into(),
        error => error,
    }
}

/// Whether the next call may succeed, because this one was rejected for its contents.
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

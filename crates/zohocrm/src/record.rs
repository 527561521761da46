//! `Record`: one record with whatever fields the organisation has; and what became of a record that was written.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::error::RecordError;

/// One record: its fields by their API names. Every organisation has its own, so they are not known beforehand.
///
/// ```
/// use zohocrm::Record;
///
/// let lead = Record::new().with("Last_Name", "Hopper").with("No_of_Employees", 3);
/// assert_eq!(lead.text("Last_Name"), Some("Hopper"));
/// assert_eq!(lead.text("No_of_Employees"), None, "a number is not a text");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Record {
    fields: Map<String, Value>,
}

impl Record {
    /// A record without fields.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a field.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.fields.insert(name.into(), value.into());
        self
    }

    /// The record's id.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.text("id")
    }

    /// A field, if it is there.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&Value> {
        self.fields.get(name)
    }

    /// A field that holds a text.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.field(name)?.as_str()
    }

    /// All fields.
    #[must_use]
    pub fn fields(&self) -> &Map<String, Value> {
        &self.fields
    }
}

impl From<Map<String, Value>> for Record {
    fn from(fields: Map<String, Value>) -> Self {
        Self { fields }
    }
}

impl From<Record> for Map<String, Value> {
    fn from(record: Record) -> Self {
        record.fields
    }
}

impl From<Record> for Value {
    fn from(record: Record) -> Self {
        Self::Object(record.fields)
    }
}

/// A record that was created, updated or deleted.
#[derive(Clone, Debug, PartialEq)]
pub struct Written {
    code: String,
    message: String,
    details: Map<String, Value>,
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
}

/// One entry of the answer to a write.
#[derive(Debug, Deserialize)]
pub(crate) struct Outcome {
    status: String,
    code: String,
    #[serde(default)]
    message: String,
    #[serde(default)]
    details: Map<String, Value>,
}

impl From<Outcome> for Result<Written, RecordError> {
    fn from(outcome: Outcome) -> Self {
        let Outcome { status, code, message, details } = outcome;
        match status.as_str() {
            "success" => Ok(Written { code, message, details }),
            _ => Err(RecordError::new(code, message, Value::Object(details))),
        }
    }
}

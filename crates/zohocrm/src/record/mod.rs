//! `Record`: one record with the fields that the organization defined. Nothing here does I/O.

mod parts;
mod read;

use serde::{Deserialize, Serialize};

use crate::value::described::decode_as_a_whole;
use crate::value::{Map, Value, without_position};

pub use parts::{Consent, FileField, Lookup};
pub use read::FieldError;

/// One record: its fields by API name, in Zoho's order. Every organization defines its own fields, so they are not known at
/// compile time.
///
/// Fields are set with [`with`](Self::with) and read with a method for each kind of field: [`text`](Self::text),
/// [`number`](Self::number), [`lookup`](Self::lookup) and so on. These methods return `None` for a field that is missing,
/// null, or of another kind. [`get`](Self::get) tells these cases apart, and decodes any type that serde can deserialize.
///
/// ```
/// use zohocrm::{Date, Lookup, Record};
///
/// let deal = Record::new()
///     .with("Deal_Name", "Compiler")
///     .with("Amount", 1952.5)
///     .with("Closing_Date", Date::new(2026, 12, 31))
///     .with("Account_Name", Lookup::new("5725767000000412001"))
///     .with("Interests", vec!["COBOL", "Nanoseconds"])
///     .with_null("Description");
///
/// assert_eq!(deal.text("Deal_Name"), Some("Compiler"));
/// assert_eq!(deal.number("Amount"), "1952.5".parse().ok());
/// assert_eq!(deal.number("Deal_Name"), None, "a text is not a number");
/// assert_eq!(deal.multi_select("Interests"), ["COBOL", "Nanoseconds"]);
/// assert!(deal.is_null("Description"));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Record {
    fields: Map,
}

impl Record {
    /// Creates a record without fields.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Creates a record with only an id, to update it or to refer to it.
    pub fn with_id(id: impl Into<String>) -> Self {
        Self::new().with("id", id.into())
    }

    /// Creates a record from any value that serializes as a JSON object.
    ///
    /// # Errors
    /// If it does not serialize as a JSON object.
    pub fn from_serialize(record: &impl Serialize) -> Result<Self, FieldError> {
        match Value::from_serialize(record) {
            Ok(Value::Object(fields)) => Ok(fields.into()),
            Ok(_) => Err(FieldError::new("", "expected an object with fields")),
            Err(error) => Err(FieldError::new("", &without_position(&error))),
        }
    }

    /// Sets a field to a text, number or boolean; a [`Date`](crate::Date), [`DateTime`](crate::DateTime), [`Lookup`] or
    /// [`FileField`]; a list of texts (multi-select) or of records (subform); or any JSON. NaN and infinite numbers
    /// cannot be sent: the write returns an error.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.set(name, value);
        self
    }

    /// Sets a field to null: an update empties it.
    #[must_use]
    pub fn with_null(self, name: impl Into<String>) -> Self {
        self.with(name, Value::Null)
    }

    /// Sets a field in place: see [`with`](Self::with).
    pub fn set(&mut self, name: impl Into<String>, value: impl Into<Value>) {
        self.fields.insert(name, value);
    }

    /// Removes a field. The others keep their order. An update without a field leaves it unchanged.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        self.fields.remove(name)
    }

    /// All fields.
    #[must_use]
    pub fn fields(&self) -> &Map {
        &self.fields
    }
}

decode_as_a_whole!(Record);

impl From<Map> for Record {
    fn from(fields: Map) -> Self {
        Self { fields }
    }
}

impl From<Record> for Map {
    fn from(record: Record) -> Self {
        record.fields
    }
}

impl From<Record> for Value {
    fn from(record: Record) -> Self {
        Self::Object(record.fields)
    }
}

impl<N: Into<String>, V: Into<Value>> FromIterator<(N, V)> for Record {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(fields: I) -> Self {
        Self { fields: fields.into_iter().collect() }
    }
}

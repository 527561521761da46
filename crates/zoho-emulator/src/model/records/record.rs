//! `Record`: a record of a module.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::model::identity::User;
use crate::timestamp::iso8601;

/// Fields by API name.
pub(crate) type Fields = Map<String, Value>;

/// A record: the fields that clients set, and those that the CRM maintains.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    pub(crate) id: u64,
    /// The fields that clients set, without `null` values.
    pub(crate) fields: Fields,
    pub(crate) owner: Arc<Person>,
    pub(crate) created_ms: u64,
    pub(crate) modified_ms: u64,
    pub(crate) created_by: Arc<Person>,
    pub(crate) modified_by: Arc<Person>,
}

/// A user, as records refer to one.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Person {
    id: String,
    name: String,
    email: String,
}

impl Record {
    /// Creates a record of a user, created `now`.
    pub(crate) fn new(id: u64, fields: Fields, user: &Arc<Person>, now: u64) -> Self {
        Self {
            id,
            fields,
            owner: Arc::clone(user),
            created_ms: now,
            modified_ms: now,
            created_by: Arc::clone(user),
            modified_by: Arc::clone(user),
        }
    }

    /// The id as the CRM writes it: a decimal string.
    pub(crate) fn id(&self) -> String {
        self.id.to_string()
    }

    /// The value of any field, by its API name; `null` if it has none.
    pub(crate) fn value(&self, name: &str) -> Cow<'_, Value> {
        if let Some(value) = self.fields.get(name) {
            return Cow::Borrowed(value);
        }
        Cow::Owned(match name {
            "id" => json!(self.id()),
            "Owner" => self.owner.with_email(),
            "Created_By" => self.created_by.with_email(),
            "Modified_By" => self.modified_by.with_email(),
            "Created_Time" => json!(iso8601(self.created_ms)),
            "Modified_Time" => json!(iso8601(self.modified_ms)),
            "Full_Name" => self.full_name(),
            "Locked__s" => json!(false),
            "Record_Status__s" => json!("Available"),
            "Tag" => json!([]),
            _ => Value::Null,
        })
    }

    /// The details that a write returns about the record.
    pub(crate) fn written(&self) -> Fields {
        let fields = [
            ("Modified_Time", json!(iso8601(self.modified_ms))),
            ("Modified_By", self.modified_by.with_name()),
            ("Created_Time", json!(iso8601(self.created_ms))),
            ("id", json!(self.id())),
            ("Created_By", self.created_by.with_name()),
        ];
        fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    /// Sets the given fields, clears those that are `null`, and keeps the others.
    pub(crate) fn set(&mut self, fields: Fields) {
        for (name, value) in fields {
            if value.is_null() {
                self.fields.shift_remove(&name);
            } else {
                self.fields.insert(name, value);
            }
        }
    }

    /// First and last name, from which Zoho derives the full name.
    fn full_name(&self) -> Value {
        let part = |name: &str| self.fields.get(name).and_then(Value::as_str);
        match (part("First_Name"), part("Last_Name")) {
            (Some(first), Some(last)) => json!(format!("{first} {last}")),
            (Some(one), None) | (None, Some(one)) => json!(one),
            (None, None) => Value::Null,
        }
    }
}

impl Person {
    pub(crate) fn of(user: &User) -> Arc<Self> {
        let (id, name, email) = (user.id.clone(), user.full_name(), user.email.clone());
        Arc::new(Self { id, name, email })
    }

    pub(crate) fn with_name(&self) -> Value {
        json!({ "name": self.name, "id": self.id })
    }

    pub(crate) fn with_email(&self) -> Value {
        json!({ "name": self.name, "id": self.id, "email": self.email })
    }
}

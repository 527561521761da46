//! One record.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::model::identity::User;
use crate::timestamp::iso8601;

/// Fields by API name.
pub(crate) type Fields = Map<String, Value>;

/// A record: the fields that clients set, and what the CRM keeps itself.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    pub(crate) id: u64,
    /// What clients set. What is `null` or was never set is not there.
    pub(crate) fields: Fields,
    pub(crate) owner: Arc<Person>,
    pub(crate) created_ms: u64,
    pub(crate) modified_ms: u64,
    pub(crate) created_by: Arc<Person>,
    pub(crate) modified_by: Arc<Person>,
}

/// A user, as records name one.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Person {
    id: String,
    name: String,
    email: String,
}

impl Record {
    /// A record that a user makes now.
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

    /// The id, as the CRM writes it: a decimal text.
    pub(crate) fn id(&self) -> String {
        self.id.to_string()
    }

    /// The value of any field, by its API name; `null` if there is none.
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

    /// What a write answers about the record.
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

    /// Sets what is given, clears what is `null`, and keeps the rest.
    pub(crate) fn set(&mut self, fields: Fields) {
        for (name, value) in fields {
            if value.is_null() {
                self.fields.shift_remove(&name);
            } else {
                self.fields.insert(name, value);
            }
        }
    }

    /// First and last name. Zoho makes it of the two.
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

//! The records of every organisation and module.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Map, Value, json};

use crate::clock::iso8601;
use crate::identity::User;

/// Fields by API name.
pub(crate) type Fields = Map<String, Value>;

/// Fields that the CRM sets itself; what a client sends for them is dropped.
const SYSTEM_FIELDS: [&str; 5] = ["id", "Created_Time", "Modified_Time", "Created_By", "Modified_By"];

/// One record.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    id: u64,
    fields: Fields,
    created_ms: u64,
    modified_ms: u64,
    created_by: Value,
    modified_by: Value,
}

/// What a list is sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SortBy {
    Id,
    CreatedTime,
    ModifiedTime,
}

/// Every record of one emulator.
#[derive(Debug, Default)]
pub(crate) struct RecordStore {
    /// By organisation, then by module, then by id.
    organisations: HashMap<String, HashMap<String, BTreeMap<u64, Record>>>,
    given_out: u64,
}

impl RecordStore {
    /// Adds a record.
    pub(crate) fn insert(
        &mut self,
        organisation: &str,
        module: &str,
        fields: Fields,
        user: &User,
        now: u64,
    ) -> &Record {
        const FIRST_ID: u64 = 5_545_974_000_000_524_001;
        let id = FIRST_ID + self.given_out;
        self.given_out += 1;
        let mut record = Record {
            id,
            fields: Fields::new(),
            created_ms: now,
            modified_ms: now,
            created_by: person(user),
            modified_by: person(user),
        };
        record.fields.insert("Owner".to_owned(), owner(user));
        record.set(fields);
        self.module_mut(organisation, module).entry(id).or_insert(record)
    }

    /// Changes the fields that are named, keeps the others. `None`: there is no such record.
    pub(crate) fn update(
        &mut self,
        organisation: &str,
        module: &str,
        id: &str,
        fields: Fields,
        user: &User,
        now: u64,
    ) -> Option<&Record> {
        let record = self.module_mut(organisation, module).get_mut(&parse_id(id)?)?;
        record.set(fields);
        record.modified_ms = now;
        record.modified_by = person(user);
        Some(record)
    }

    /// Removes a record.
    pub(crate) fn remove(&mut self, organisation: &str, module: &str, id: &str) -> Option<Record> {
        self.module_mut(organisation, module).remove(&parse_id(id)?)
    }

    /// One record.
    pub(crate) fn get(&self, organisation: &str, module: &str, id: &str) -> Option<&Record> {
        self.module(organisation, module)?.get(&parse_id(id)?)
    }

    /// The oldest record in which a field has this value; letters count regardless of their case.
    pub(crate) fn find(
        &self,
        organisation: &str,
        module: &str,
        field: &str,
        value: &Value,
    ) -> Option<&Record> {
        let mut records = self.module(organisation, module)?.values();
        records.find(|record| record.fields.get(field).is_some_and(|known| same(known, value)))
    }

    /// All records of a module, in order.
    pub(crate) fn list(
        &self,
        organisation: &str,
        module: &str,
        by: SortBy,
        descending: bool,
    ) -> Vec<&Record> {
        let mut records: Vec<&Record> =
            self.module(organisation, module).into_iter().flat_map(BTreeMap::values).collect();
        match by {
            SortBy::Id => {}
            SortBy::CreatedTime => records.sort_by_key(|record| record.created_ms),
            SortBy::ModifiedTime => records.sort_by_key(|record| record.modified_ms),
        }
        if descending {
            records.reverse();
        }
        records
    }

    fn module(&self, organisation: &str, module: &str) -> Option<&BTreeMap<u64, Record>> {
        self.organisations.get(organisation)?.get(module)
    }

    fn module_mut(&mut self, organisation: &str, module: &str) -> &mut BTreeMap<u64, Record> {
        let modules = self.organisations.entry(organisation.to_owned()).or_default();
        modules.entry(module.to_owned()).or_default()
    }
}

impl Record {
    /// The id, as the CRM writes it: a decimal text.
    pub(crate) fn id(&self) -> String {
        self.id.to_string()
    }

    /// The record with the fields that were asked for, and always its id; `None` asks for all.
    pub(crate) fn view(&self, wanted: Option<&[&str]>) -> Value {
        let mut all = self.fields.clone();
        all.extend(self.system_fields());
        let Some(wanted) = wanted else { return Value::Object(all) };
        let mut view = Fields::new();
        view.insert("id".to_owned(), json!(self.id()));
        for name in wanted {
            view.insert((*name).to_owned(), all.get(*name).cloned().unwrap_or(Value::Null));
        }
        Value::Object(view)
    }

    /// What a write answers about the record.
    pub(crate) fn system_fields(&self) -> Fields {
        let fields = [
            ("Modified_Time", json!(iso8601(self.modified_ms))),
            ("Modified_By", self.modified_by.clone()),
            ("Created_Time", json!(iso8601(self.created_ms))),
            ("id", json!(self.id())),
            ("Created_By", self.created_by.clone()),
        ];
        fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    fn set(&mut self, fields: Fields) {
        let own = fields.into_iter().filter(|(name, _)| !SYSTEM_FIELDS.contains(&name.as_str()));
        self.fields.extend(own);
    }
}

fn parse_id(id: &str) -> Option<u64> {
    id.parse().ok()
}

fn person(user: &User) -> Value {
    json!({ "name": user.full_name(), "id": user.id })
}

fn owner(user: &User) -> Value {
    json!({ "name": user.full_name(), "id": user.id, "email": user.email })
}

fn same(one: &Value, other: &Value) -> bool {
    match (one.as_str(), other.as_str()) {
        (Some(one), Some(other)) => one.to_lowercase() == other.to_lowercase(),
        _ => one == other,
    }
}

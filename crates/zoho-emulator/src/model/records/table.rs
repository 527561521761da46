//! The records of one module of one organization, indexed for every order of a list.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use serde_json::Value;

use super::id_of;
use super::record::{Person, Record};
use crate::digits;

/// The field by which a list is sorted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SortBy {
    Id,
    CreatedTime,
    ModifiedTime,
}

/// The position of a record in an order: its time, if the order is by time, and its id.
pub(crate) type Position = (u64, u64);

/// The records of one module.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table {
    records: BTreeMap<u64, Record>,
    by_created: BTreeSet<Position>,
    by_modified: BTreeSet<Position>,
    /// Indexes from values to record ids, for the fields that were searched.
    indexes: HashMap<String, HashMap<String, BTreeSet<u64>>>,
    pub(crate) bin: Bin,
}

/// The recycle bin, and what was purged from it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bin {
    /// Records that can be restored.
    pub(crate) records: BTreeMap<u64, Deleted>,
    /// Permanently deleted records: id, and time of the purge.
    pub(crate) purged: BTreeMap<u64, u64>,
}

/// A record in the recycle bin.
#[derive(Clone, Debug)]
pub(crate) struct Deleted {
    pub(crate) record: Record,
    pub(crate) deleted_ms: u64,
    pub(crate) deleted_by: Arc<Person>,
}

impl Table {
    /// Adds a record.
    pub(crate) fn insert(&mut self, record: Record) -> &Record {
        self.update_indexes(&record, true);
        self.records.entry(record.id).or_insert(record)
    }

    /// A record by its id.
    pub(crate) fn get(&self, id: u64) -> Option<&Record> {
        self.records.get(&id)
    }

    /// Changes a record. `None`: the id is unknown.
    pub(crate) fn change(&mut self, id: u64, change: impl FnOnce(&mut Record)) -> Option<&Record> {
        let mut record = self.records.remove(&id)?;
        self.update_indexes(&record, false);
        change(&mut record);
        Some(self.insert(record))
    }

    /// Moves a record into the recycle bin. `false`: the id is unknown.
    pub(crate) fn delete(&mut self, id: u64, deleted_by: &Arc<Person>, now: u64) -> bool {
        let Some(record) = self.records.remove(&id) else { return false };
        self.update_indexes(&record, false);
        let deleted_by = Arc::clone(deleted_by);
        self.bin.records.insert(id, Deleted { record, deleted_ms: now, deleted_by });
        true
    }

    /// Restores a record from the recycle bin. `false`: the id is unknown.
    pub(crate) fn restore(&mut self, id: u64) -> bool {
        let Some(deleted) = self.bin.records.remove(&id) else { return false };
        self.insert(deleted.record);
        true
    }

    /// Permanently deletes a record of the recycle bin. `false`: the id is unknown.
    pub(crate) fn purge(&mut self, id: u64, now: u64) -> bool {
        let known = self.bin.records.remove(&id).is_some();
        if known {
            self.bin.purged.insert(id, now);
        }
        known
    }

    /// The number of records.
    pub(crate) fn len(&self) -> usize {
        self.records.len()
    }

    /// All records, oldest first.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &Record> {
        self.records.values()
    }

    /// The records in an order, after a position.
    pub(crate) fn ordered<'a>(
        &'a self,
        by: SortBy,
        descending: bool,
        after: Option<Position>,
    ) -> Box<dyn Iterator<Item = &'a Record> + 'a> {
        use std::ops::Bound::{Excluded, Unbounded};
        let after = after.map_or(Unbounded, Excluded);
        let bounds = if descending { (Unbounded, after) } else { (after, Unbounded) };
        let times = match by {
            SortBy::Id => {
                let ids = (bounds.0.map(|(_, id)| id), bounds.1.map(|(_, id)| id));
                let records = self.records.range(ids).map(|(_, record)| record);
                return if descending { Box::new(records.rev()) } else { Box::new(records) };
            }
            SortBy::CreatedTime => &self.by_created,
            SortBy::ModifiedTime => &self.by_modified,
        };
        let records = times.range(bounds).filter_map(|(_, id)| self.records.get(id));
        if descending { Box::new(records.rev()) } else { Box::new(records) }
    }

    /// The ids of the records in which a field has this value, oldest first. Strings compare regardless of case, lookups
    /// by id.
    pub(crate) fn find(&mut self, field: &str, value: &Value) -> Vec<u64> {
        let Some(key) = key(value) else { return Vec::new() };
        if !self.indexes.contains_key(field) {
            let mut index: HashMap<String, BTreeSet<u64>> = HashMap::new();
            for record in self.records.values() {
                if let Some(key) = record.fields.get(field).and_then(self::key) {
                    index.entry(key).or_default().insert(record.id);
                }
            }
            self.indexes.insert(field.to_owned(), index);
        }
        let ids = self.indexes.get(field).and_then(|index| index.get(&key));
        ids.into_iter().flatten().copied().collect()
    }

    /// Adds a record to the orders and indexes, or removes it.
    fn update_indexes(&mut self, record: &Record, present: bool) {
        let (created, modified) = ((record.created_ms, record.id), (record.modified_ms, record.id));
        if present {
            self.by_created.insert(created);
            self.by_modified.insert(modified);
        } else {
            self.by_created.remove(&created);
            self.by_modified.remove(&modified);
        }
        for (field, index) in &mut self.indexes {
            let Some(key) = record.fields.get(field).and_then(key) else { continue };
            let ids = index.entry(key).or_default();
            if present {
                ids.insert(record.id);
            } else {
                ids.remove(&record.id);
            }
        }
    }
}

impl SortBy {
    /// The position of a record in this order.
    pub(crate) fn position(self, record: &Record) -> Position {
        match self {
            Self::Id => (0, record.id),
            Self::CreatedTime => (record.created_ms, record.id),
            Self::ModifiedTime => (record.modified_ms, record.id),
        }
    }
}

/// The index key of a value.
fn key(value: &Value) -> Option<String> {
    if let Some(digits) = digits::normalized(value) {
        return Some(digits.into_owned());
    }
    match value {
        Value::String(text) => Some(text.to_lowercase()),
        Value::Object(fields) => fields.get("id").and_then(id_of).map(Cow::into_owned),
        Value::Bool(_) => Some(value.to_string()),
        Value::Number(_) | Value::Null | Value::Array(_) => None,
    }
}

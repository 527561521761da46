//! Bulk writes.

use bytes::Bytes;
use serde_json::{Value, json};

/// What is to be written.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    pub(crate) operation: Operation,
    pub(crate) module: String,
    pub(crate) mappings: Vec<Mapping>,
    /// The field by which the record of a row is found.
    pub(crate) find_by: Option<String>,
    /// Empty cells are left alone; otherwise they clear a field.
    pub(crate) ignore_empty: bool,
    pub(crate) file: Bytes,
    /// The resource as the client wrote it, with the id of the module.
    pub(crate) resource: Value,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    Insert,
    Update,
    Upsert,
}

/// From a column of the file to a field.
#[derive(Clone, Debug)]
pub(crate) struct Mapping {
    pub(crate) field: String,
    /// Without it the cell is always empty, and the default counts.
    pub(crate) index: Option<usize>,
    pub(crate) default: Option<Value>,
    /// The field by which the record that a look-up means is found; without it by its id.
    pub(crate) find_by: Option<String>,
}

/// What was written.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    pub(crate) file_name: String,
    pub(crate) counts: Counts,
    pub(crate) zip: Bytes,
}

/// How many rows came to what.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    pub(crate) added: usize,
    pub(crate) updated: usize,
    pub(crate) skipped: usize,
}

impl Counts {
    pub(crate) fn body(&self, file_name: &str, status: &str) -> Value {
        json!({
            "status": status,
            "name": file_name,
            "added_count": self.added,
            "updated_count": self.updated,
            "skipped_count": self.skipped,
            "total_count": self.added + self.updated + self.skipped,
        })
    }
}

impl Operation {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Insert => "insert",
            Self::Update => "update",
            Self::Upsert => "upsert",
        }
    }
}

//! Bulk writes.

use bytes::Bytes;
use serde_json::{Value, json};

/// What a job is to write.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    pub(crate) operation: Operation,
    pub(crate) module: String,
    pub(crate) mappings: Vec<Mapping>,
    /// The field that identifies the record of a row.
    pub(crate) find_by: Option<String>,
    /// Whether empty cells are ignored. If not, they clear their field.
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

/// The mapping of a column of the file to a field.
#[derive(Clone, Debug)]
pub(crate) struct Mapping {
    pub(crate) field: String,
    /// The column; `None`: the field always gets the default.
    pub(crate) index: Option<usize>,
    pub(crate) default: Option<Value>,
    /// The field that identifies the record of a lookup; `None`: its id.
    pub(crate) find_by: Option<String>,
}

/// What a job has written.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    pub(crate) file_name: String,
    pub(crate) counts: Counts,
    pub(crate) zip: Bytes,
}

/// The number of rows by result.
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

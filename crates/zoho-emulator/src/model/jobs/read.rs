//! Bulk reads.

use bytes::Bytes;
use serde_json::Value;

use crate::model::criteria::Criterion;

/// What is to be read.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    pub(crate) module: String,
    pub(crate) columns: Vec<String>,
    pub(crate) criterion: Option<Criterion>,
    pub(crate) page: usize,
    /// Only records with ids greater than this one: what a page token stands for.
    pub(crate) behind: Option<u64>,
    /// As the client wrote it, with the id of the module.
    pub(crate) query: Value,
}

/// What was read.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    pub(crate) count: usize,
    pub(crate) more_records: bool,
    pub(crate) last_id: u64,
    pub(crate) zip: Bytes,
}

//! Bulk reads.

use bytes::Bytes;
use serde_json::Value;

use crate::model::criteria::Criterion;
use crate::version::Version;

/// What a job is to read.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    /// The version of the API in which the job was created.
    pub(crate) version: Version,
    pub(crate) module: String,
    pub(crate) columns: Vec<String>,
    pub(crate) criterion: Option<Criterion>,
    pub(crate) page: usize,
    /// Only records with a greater id: the position of a page token.
    pub(crate) after: Option<u64>,
    /// The query as the client wrote it, with the id of the module.
    pub(crate) query: Value,
}

/// What a job has read.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    pub(crate) count: usize,
    pub(crate) more_records: bool,
    pub(crate) last_id: u64,
    pub(crate) zip: Bytes,
}

//! The report of a copy.

use super::super::error::StoreError;
use super::super::stored::StoredToken;

/// What a copy has done so far, or would do in a dry run. All numbers count rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CopyReport {
    /// Rows in the source store.
    pub total: u64,
    /// Rows that were read from the source store.
    pub read: u64,
    /// Rows that were added with their own id.
    pub added: u64,
    /// Rows that replaced an older state of the same token.
    pub updated: u64,
    /// Rows that were saved with another id, because the target store uses their id for another token, cannot hold it, or
    /// has the token with another id.
    pub renumbered: u64,
    /// Rows that the target store already had with the same content.
    pub same: u64,
    /// Rows of which the target store has a state that expires later. They were left unchanged.
    pub newer: u64,
    /// Rows that the target store rejected.
    pub rejected: Vec<RejectedRow>,
    /// Rows that were read back from the target store with the expected content: at the end, all except those that are
    /// newer there or were rejected.
    pub verified: u64,
    /// Rows that could not be verified or saved because another program changed or deleted them. Run the copy again to see
    /// their state.
    pub changed: u64,
}

/// A row that the target store rejected.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RejectedRow {
    /// The id of the row.
    pub id: String,
    /// The error message of the target store.
    pub reason: String,
}

impl CopyReport {
    /// Whether the target store has every row that was read, in the same state or a later one.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.rejected.is_empty() && self.changed == 0 && self.read == self.verified + self.newer
    }

    pub(super) fn reject(&mut self, row: &StoredToken, error: &StoreError) {
        let id = row.id.clone().unwrap_or_default();
        self.rejected.push(RejectedRow { id, reason: error.to_string() });
    }
}

//! What came of a copy, in numbers.

use super::super::error::StoreError;
use super::super::stored::StoredToken;

/// What a copy has come to, or would come to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CopyReport {
    /// Rows that there are to read.
    pub total: u64,
    /// Rows that were read.
    pub read: u64,
    /// Rows that were added under their own id.
    pub added: u64,
    /// Rows that were written over an older state of the same token.
    pub updated: u64,
    /// Rows that were saved under another id: theirs is another token's there, or has no room, or the token is there
    /// under another one.
    pub renumbered: u64,
    /// Rows that were there already, and said the same.
    pub same: u64,
    /// Rows of which the other store has a state that ends later; they were left alone.
    pub newer: u64,
    /// Rows that the other store did not take.
    pub refused: Vec<RefusedRow>,
    /// Rows that were found in the other store as they should be: in the end all but those that are newer there or
    /// were refused.
    pub verified: u64,
    /// Rows that are not there as they were saved, or were not saved: somebody else was changing or deleting them.
    /// Another run tells how they stand now.
    pub changed: u64,
}

/// A row that was not copied.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RefusedRow {
    /// Its id.
    pub id: String,
    /// Why: the other store's words.
    pub reason: String,
}

impl CopyReport {
    /// Whether every row that was read is in the other store now, in this state or in a later one.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.refused.is_empty() && self.changed == 0 && self.read == self.verified + self.newer
    }

    pub(super) fn refuse(&mut self, row: &StoredToken, error: &StoreError) {
        let id = row.id.clone().unwrap_or_default();
        self.refused.push(RefusedRow { id, reason: error.to_string() });
    }
}

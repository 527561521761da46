//! The tokens of one file in memory, with their text and an index. Does no I/O.

pub(super) mod builder;

use std::collections::hash_map::RandomState;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::BuildHasher;
use std::ops::Range;

use crate::store::error::StoreError;
use crate::store::ids::id_number;
use crate::store::matching::Criterion;
use crate::store::stored::StoredToken;

use super::columns::Columns;
use super::csv::{Damage, encode};
use super::encoding::without_utf16;
use super::reader::{Part, Reader, Record};

use builder::Builder;

/// The content of the file.
///
/// The text is stored as it is in the file: a header, then the rows. So a save copies the text of the other rows instead of
/// encoding them, and does not change a byte of it. Tokens are decoded on demand. Rows are numbered in the order of the
/// file, and a row keeps its number while others are added and deleted. The index contains hashes instead of values, so
/// [`Criterion::choose`] checks the rows that it finds.
#[derive(Debug)]
pub(super) struct Table {
    text: Vec<u8>,
    header_length: usize,
    columns: Columns,
    line_end: &'static str,
    rows: BTreeMap<u64, Range<usize>>,
    index: Index,
    hasher: RandomState,
    highest_id: u64,
}

/// A row to write: its token, and its text with the line end.
#[derive(Clone, Debug)]
pub(super) struct Row {
    text: String,
    pub(super) token: StoredToken,
}

/// Rows to write, by number. Rows to delete are `None`.
pub(super) type Changes = BTreeMap<u64, Option<Row>>;

/// The hash of a look-up value, with the number of the row.
pub(super) type Index = BTreeSet<(u64, u64)>;

/// A row that may match a look-up.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    pub(super) number: u64,
    pub(super) token: StoredToken,
}

impl AsRef<StoredToken> for Candidate {
    fn as_ref(&self) -> &StoredToken {
        &self.token
    }
}

impl Default for Table {
    fn default() -> Self {
        Builder::default().finish()
    }
}

impl Table {
    /// Parses the content of a token file.
    ///
    /// # Errors
    /// If it is empty, or if a line cannot be read.
    pub(super) fn parse(content: &[u8]) -> Result<Self, Damage> {
        let content = without_utf16(content)?;
        let mut builder = Builder::over(&content);
        let mut is_empty = true;
        for part in Reader::of(&content) {
            is_empty = false;
            match part {
                Part::Header(header) => builder.header(&header),
                Part::Row(row) => builder.row(&row),
                Part::Torn(torn) => return Err(torn.damage),
            }
        }
        if is_empty {
            return Err(Damage::at(1, "the file is empty"));
        }
        Ok(builder.finish())
    }

    /// Whether the file has the six columns of the first SDKs. Such a file is read only, because it has no room for an id, a
    /// client secret and an API domain, and its SDK reads columns by position.
    pub(super) fn has_six_columns(&self) -> bool {
        self.columns == Columns::Six
    }

    /// Returns the text of the header.
    pub(super) fn header_text(&self) -> &[u8] {
        &self.text[..self.header_length]
    }

    /// Returns the text of the file with `changes`.
    pub(super) fn text_with(&self, changes: &Changes) -> Vec<u8> {
        let added: usize = changes.values().flatten().map(|row| row.text.len()).sum();
        let mut text = Vec::with_capacity(self.text.len() + added);
        let mut copied = 0;
        for (number, change) in changes {
            // New rows have higher numbers than the existing ones, so they come last.
            let old = self.rows.get(number).cloned().unwrap_or(self.text.len()..self.text.len());
            text.extend_from_slice(&self.text[copied..old.start]);
            text.extend_from_slice(change.as_ref().map_or("", |row| &row.text).as_bytes());
            copied = old.end;
        }
        text.extend_from_slice(&self.text[copied..]);
        text
    }

    /// Returns the text of the row with that number.
    pub(super) fn row_text(&self, number: u64) -> &[u8] {
        self.rows.get(&number).map_or(&[], |row| &self.text[row.clone()])
    }

    /// Whether the text of the file is exactly `text`.
    pub(super) fn has_text(&self, text: &[u8]) -> bool {
        self.text == text
    }

    /// Applies changes that were written. `text` is the result of [`text_with`](Self::text_with) for them. Returns the old
    /// text, which takes a while to drop.
    pub(super) fn apply(&mut self, changes: Changes, text: Vec<u8>) -> Vec<u8> {
        for (number, change) in changes {
            if let Some(old) = self.rows.remove(&number) {
                let old = self.decoded(&self.text[old]);
                for key in self.keys_of(old.values()).collect::<Vec<_>>() {
                    self.index.remove(&(key, number));
                }
            }
            if let Some(row) = change {
                let keys = self.keys_of(row.token.values()).collect::<Vec<_>>();
                self.index.extend(keys.into_iter().map(|key| (key, number)));
                self.highest_id = self.highest_id.max(number_of(&row.token).unwrap_or(0));
                self.rows.insert(number, 0..row.text.len());
            }
        }
        let mut start = self.header_length;
        for row in self.rows.values_mut() {
            *row = start..start + row.len();
            start = row.end;
        }
        std::mem::replace(&mut self.text, text)
    }

    /// Finds the row that `wanted` identifies.
    ///
    /// # Errors
    /// If it identifies several rows that differ.
    pub(super) fn find(&self, wanted: &StoredToken) -> Result<Option<StoredToken>, StoreError> {
        let Some(criterion) = Criterion::of(wanted) else { return Ok(None) };
        Ok(criterion.choose(self.candidates(&criterion))?.map(|candidate| candidate.token))
    }

    /// Returns the rows that may match `criterion`, in the order of the file.
    pub(super) fn candidates(&self, criterion: &Criterion<'_>) -> impl Iterator<Item = Candidate> {
        self.numbers_in(&self.index, criterion).filter_map(|number| {
            let row = self.rows.get(&number)?;
            Some(Candidate { number, token: self.decoded(&self.text[row.clone()]) })
        })
    }

    /// Returns the numbers of the rows that may match `criterion` according to `index`, which uses the hashes of this table.
    pub(super) fn numbers_in(&self, index: &Index, criterion: &Criterion<'_>) -> impl Iterator<Item = u64> {
        let key = self.key(criterion.column(), criterion.value());
        index.range((key, 0)..=(key, u64::MAX)).map(|(_, number)| *number)
    }

    /// Returns all tokens, in the order of the file.
    pub(super) fn tokens(&self) -> impl Iterator<Item = StoredToken> {
        self.rows.values().map(|row| self.decoded(&self.text[row.clone()]))
    }

    /// Returns the token of the row with that number.
    pub(super) fn token(&self, number: u64) -> Option<StoredToken> {
        self.rows.get(&number).map(|row| self.decoded(&self.text[row.clone()]))
    }

    /// Returns the numbers of all rows.
    pub(super) fn numbers(&self) -> impl Iterator<Item = u64> {
        self.rows.keys().copied()
    }

    /// Returns the number for the next new row.
    pub(super) fn next_number(&self) -> u64 {
        self.rows.last_key_value().map_or(0, |(number, _)| number + 1)
    }

    /// Returns the highest numeric id, including those of deleted rows.
    pub(super) fn highest_id(&self) -> u64 {
        self.highest_id
    }

    /// Raises the highest id to `id`.
    pub(super) fn remember_highest_id(&mut self, id: u64) {
        self.highest_id = self.highest_id.max(id);
    }

    /// Encodes `token` as a row of this file.
    pub(super) fn row(&self, token: StoredToken) -> Row {
        Row { text: encode(token.values(), self.line_end), token }
    }

    /// Whether a row of `earlier` is missing, because it was deleted or because the file is incomplete.
    pub(super) fn lacks_a_row_of(&self, earlier: &Self) -> bool {
        self.rows.len() < earlier.rows.len()
            || earlier.tokens().filter_map(|token| token.id).any(|id| {
                let criterion = Criterion::Id(&id);
                !self.candidates(&criterion).any(|candidate| criterion.agrees_with(&candidate.token))
            })
    }

    /// Returns the hashes of the look-up values of a row.
    pub(super) fn keys_of<'v>(
        &self,
        values: [Option<&'v str>; 10],
    ) -> impl Iterator<Item = u64> + use<'_, 'v> {
        StoredToken::COLUMNS.into_iter().zip(values).filter_map(|(column, value)| {
            let is_looked_up_by =
                matches!(column, "id" | "user_name" | "access_token" | "grant_token" | "refresh_token");
            is_looked_up_by.then_some(())?;
            Some(self.key(column, value?))
        })
    }

    fn key(&self, column: &str, value: &str) -> u64 {
        self.hasher.hash_one((column, value))
    }

    /// Decodes the text of a row, which was read before and therefore contains a record.
    fn decoded(&self, text: &[u8]) -> StoredToken {
        Record::first_of(text, self.columns).map(StoredToken::from).unwrap_or_default()
    }
}

/// Returns the id of a row as a number, if it has the form of the ids that a store assigns.
pub(super) fn number_of(token: &StoredToken) -> Option<u64> {
    token.id.as_deref().and_then(id_number)
}

#[cfg(test)]
mod tests;

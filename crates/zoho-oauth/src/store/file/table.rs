//! The tokens of one file in memory, with their text and an index. Does no I/O.

use std::borrow::Cow;
use std::collections::hash_map::RandomState;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::BuildHasher;
use std::ops::Range;

use crate::store::error::StoreError;
use crate::store::ids::id_number;
use crate::store::matching::Criterion;
use crate::store::stored::StoredToken;

use super::csv::{Damage, Record, Records, encode};

/// The content of the file.
///
/// The text is stored as it is in the file: a header, then the rows. So a save copies the text of the other rows instead of
/// encoding them, and does not change a byte of it. Tokens are decoded on demand. Rows are numbered in the order of the
/// file, and a row keeps its number while others are added and deleted. The index contains hashes instead of values, so
/// [`Criterion::choose`] checks the rows that it finds.
#[derive(Debug)]
pub(super) struct Table {
    text: String,
    header_length: usize,
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
        Self::with_header(header_line("\n"), "\n")
    }
}

impl Table {
    fn with_header(header: String, line_end: &'static str) -> Self {
        Self {
            header_length: header.len(),
            text: header,
            line_end,
            rows: BTreeMap::new(),
            index: BTreeSet::new(),
            hasher: RandomState::new(),
            highest_id: 0,
        }
    }

    /// Parses the text of a token file.
    ///
    /// # Errors
    /// If the text is empty, or if a record is truncated or does not have nine or ten fields.
    pub(super) fn parse(text: &str) -> Result<Self, Damage> {
        let content = text.strip_prefix('\u{feff}').unwrap_or(text);
        let content_start = text.len() - content.len();
        let mut records = Records::of(content).peekable();
        let line_end = match records.peek() {
            None => return Err(Damage::at(1, "the file is empty")),
            Some(Ok(first)) if first.text.ends_with("\r\n") => "\r\n",
            Some(_) => "\n",
        };
        // Some SDKs lose the header if two of them write concurrently. The first token must not be mistaken for it.
        let header = records.next_if(|first| first.as_ref().is_ok_and(|first| !is_token_row(first)));
        let header = header.map(|header| intact(header?)).transpose()?;
        let has_ten_columns = header.as_ref().is_some_and(|header| header.fields.len() == 10);
        let header = match &header {
            Some(header) => text[..content_start].to_owned() + &completed(header, ",api_domain", line_end),
            None => header_line(line_end),
        };
        let mut table = Self::with_header(header, line_end);
        table.text.reserve(text.len());
        let mut index = Vec::new();
        for (number, record) in (0..).zip(records) {
            let record = intact(record?)?;
            if has_ten_columns && record.fields.len() == 9 && !record.is_terminated() {
                return Err(Damage::at(record.line, "the last row is truncated"));
            }
            let values = record.values();
            index.extend(table.keys_of(values).map(|key| (key, number)));
            table.highest_id = table.highest_id.max(values[0].and_then(id_number).unwrap_or(0));
            let start = table.text.len();
            table.text.push_str(&completed(&record, ",", line_end));
            table.rows.insert(number, start..table.text.len());
        }
        table.index = index.into_iter().collect();
        Ok(table)
    }

    /// Returns the text of the file with `changes`.
    pub(super) fn text_with(&self, changes: &Changes) -> String {
        let added: usize = changes.values().flatten().map(|row| row.text.len()).sum();
        let mut text = String::with_capacity(self.text.len() + added);
        let mut copied = 0;
        for (number, change) in changes {
            // New rows have higher numbers than the existing ones, so they come last.
            let old = self.rows.get(number).cloned().unwrap_or(self.text.len()..self.text.len());
            text.push_str(&self.text[copied..old.start]);
            text.push_str(change.as_ref().map_or("", |row| &row.text));
            copied = old.end;
        }
        text.push_str(&self.text[copied..]);
        text
    }

    /// Whether the text of the file is exactly `text`.
    pub(super) fn has_text(&self, text: &[u8]) -> bool {
        self.text.as_bytes() == text
    }

    /// Applies changes that were written. `text` is the result of [`text_with`](Self::text_with) for them. Returns the old
    /// text, which takes a while to drop.
    pub(super) fn apply(&mut self, changes: Changes, text: String) -> String {
        for (number, change) in changes {
            if let Some(old) = self.rows.remove(&number) {
                let old = decoded(&self.text[old]);
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
            Some(Candidate { number, token: decoded(&self.text[row.clone()]) })
        })
    }

    /// Returns the numbers of the rows that may match `criterion` according to `index`, which uses the hashes of this table.
    pub(super) fn numbers_in(&self, index: &Index, criterion: &Criterion<'_>) -> impl Iterator<Item = u64> {
        let key = self.key(criterion.column(), criterion.value());
        index.range((key, 0)..=(key, u64::MAX)).map(|(_, number)| *number)
    }

    /// Returns all tokens, in the order of the file.
    pub(super) fn tokens(&self) -> impl Iterator<Item = StoredToken> {
        self.rows.values().map(|row| decoded(&self.text[row.clone()]))
    }

    /// Returns the token of the row with that number.
    pub(super) fn token(&self, number: u64) -> Option<StoredToken> {
        self.rows.get(&number).map(|row| decoded(&self.text[row.clone()]))
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
}

/// Decodes the text of a row, which was parsed before and therefore contains a record.
fn decoded(text: &str) -> StoredToken {
    let record = Records::of(text).next().and_then(Result::ok);
    let mut fields = record.map(|record| record.fields).unwrap_or_default().into_iter();
    StoredToken::from_values(std::array::from_fn(|_| fields.next().flatten().map(Cow::into_owned)))
}

/// Returns the id of a row as a number, if it has the form of the ids that a store assigns.
pub(super) fn number_of(token: &StoredToken) -> Option<u64> {
    token.id.as_deref().and_then(id_number)
}

pub(super) fn header_line(line_end: &str) -> String {
    encode(StoredToken::COLUMNS.map(Some), line_end)
}

fn intact(record: Record<'_>) -> Result<Record<'_>, Damage> {
    match record.fields.len() {
        9 | 10 => Ok(record),
        count => Err(Damage::at(record.line, format!("expected 10 columns, found {count}"))),
    }
}

/// Whether the first record is a token and not the header: only a token has a number as its expiry, or a URL. The column
/// names differ between SDKs, so they are not checked.
pub(super) fn is_token_row(record: &Record<'_>) -> bool {
    let field = |position: usize| record.fields.get(position).and_then(Option::as_deref).unwrap_or_default();
    field(7).trim().parse::<f64>().is_ok() || field(8).contains("://") || field(9).contains("://")
}

/// Returns the text of a record with a line end, and with a tenth column if an old SDK wrote nine.
pub(super) fn completed<'t>(record: &Record<'t>, tenth: &str, line_end: &str) -> Cow<'t, str> {
    let content = record.text.trim_end_matches(['\r', '\n']);
    let tenth = if record.fields.len() == 9 { tenth } else { "" };
    let own_end = &record.text[content.len()..];
    if tenth.is_empty() && record.is_terminated() {
        return Cow::Borrowed(record.text);
    }
    let line_end = if record.is_terminated() { own_end } else { line_end };
    Cow::Owned(format!("{content}{tenth}{line_end}"))
}

#[cfg(test)]
mod tests;

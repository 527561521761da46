//! Builds a table from the records of a file.

use std::borrow::Cow;
use std::collections::hash_map::RandomState;
use std::collections::{BTreeMap, BTreeSet};

use crate::store::file::columns::Columns;
use crate::store::file::csv::{encode, without_end};
use crate::store::file::reader::{Record, byte_order_mark};
use crate::store::ids::id_number;
use crate::store::stored::StoredToken;

use super::Table;

/// A table that records are added to.
#[derive(Debug)]
pub(in crate::store::file) struct Builder {
    table: Table,
    index: Vec<(u64, u64)>,
    has_started: bool,
}

impl Default for Builder {
    fn default() -> Self {
        let table = Table {
            text: Vec::new(),
            header_length: 0,
            columns: Columns::Ten,
            line_end: "\n",
            rows: BTreeMap::new(),
            index: BTreeSet::new(),
            hasher: RandomState::new(),
            highest_id: 0,
        };
        Self { table, index: Vec::new(), has_started: false }
    }
}

impl Builder {
    /// Begins a table for the records of `content`. A byte order mark is kept.
    pub(in crate::store::file) fn over(content: &[u8]) -> Self {
        let mut builder = Self::default();
        builder.table.text.reserve(content.len());
        builder.table.text.extend_from_slice(byte_order_mark(content));
        builder
    }

    /// Adds the header. One that is not the first record is dropped.
    pub(in crate::store::file) fn header(&mut self, header: &Record<'_>) {
        if self.has_started {
            return;
        }
        self.table.columns = header.columns;
        self.start(header);
        let text = completed(header, ",api_domain", self.table.line_end);
        self.table.text.extend_from_slice(&text);
        self.table.header_length = self.table.text.len();
    }

    /// Adds a row.
    pub(in crate::store::file) fn row(&mut self, row: &Record<'_>) {
        if !self.has_started {
            // Some SDKs lose the header if two of them write concurrently.
            self.start(row);
            self.add_header();
        }
        let table = &mut self.table;
        let number = table.next_number();
        let values = row.values();
        self.index.extend(table.keys_of(values).map(|key| (key, number)));
        table.highest_id = table.highest_id.max(values[0].and_then(id_number).unwrap_or(0));
        let start = table.text.len();
        table.text.extend_from_slice(&completed(row, ",", table.line_end));
        table.rows.insert(number, start..table.text.len());
    }

    pub(in crate::store::file) fn finish(mut self) -> Table {
        if !self.has_started {
            self.add_header();
        }
        // Every row is read and written as one of ten columns from now on.
        if self.table.columns == Columns::Nine {
            self.table.columns = Columns::Ten;
        }
        self.table.index = self.index.into_iter().collect();
        self.table
    }

    fn start(&mut self, first: &Record<'_>) {
        self.has_started = true;
        self.table.line_end = if first.text.ends_with(b"\r\n") { "\r\n" } else { "\n" };
    }

    fn add_header(&mut self) {
        let header = encode(StoredToken::COLUMNS.map(Some), self.table.line_end);
        self.table.text.extend_from_slice(header.as_bytes());
        self.table.header_length = self.table.text.len();
    }
}

/// Returns the text of a record with a line end, and with a tenth column if an old SDK wrote nine.
fn completed<'t>(record: &Record<'t>, tenth: &str, line_end: &str) -> Cow<'t, [u8]> {
    let tenth = if record.columns == Columns::Nine { tenth } else { "" };
    if tenth.is_empty() && record.is_terminated() {
        return Cow::Borrowed(record.text);
    }
    let content = without_end(record.text);
    let own_end = &record.text[content.len()..];
    let line_end = if record.is_terminated() { own_end } else { line_end.as_bytes() };
    Cow::Owned([content, tenth.as_bytes(), line_end].concat())
}

//! What exists of the tables, and the statements that follow from it.

use super::super::table::{Column, Table};
use super::row_texts::RowTexts;

/// What exists of the tables.
#[derive(Clone, Debug)]
pub(super) struct Tables {
    pub(super) table: Table,
    pub(super) texts: RowTexts,
    /// The columns of the official table that are the first column of an index.
    pub(super) indexed: Vec<String>,
    /// Whether the table for leases and the highest id exists.
    pub(super) has_state: bool,
    /// Whether this account may create indexes on the official table.
    pub(super) may_index: bool,
    /// Whether this account may set up what writing requires, and write.
    pub(super) may_write: bool,
}

impl Tables {
    /// Returns the column by which rows are looked up, unless it has an index or the table lacks it.
    pub(super) fn without_index(&self, look_up: &str) -> Option<&Column> {
        let column = self.table.column(look_up)?;
        let has_index = self.indexed.iter().any(|indexed| indexed.eq_ignore_ascii_case(&column.name));
        (!has_index).then_some(column)
    }
}

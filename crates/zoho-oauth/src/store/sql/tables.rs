//! What exists of the tables, and which values they can hold.

use super::super::error::{StoreError, StoreErrorKind};
use super::super::stored::StoredToken;

/// What exists of the tables.
#[derive(Clone, Debug, Default)]
pub(in crate::store) struct Tables {
    /// The columns of the official table.
    pub(in crate::store) columns: Vec<Column>,
    /// Its columns that are the first column of an index.
    pub(in crate::store) indexed: Vec<String>,
    /// Whether the table for leases and the highest id exists.
    pub(in crate::store) has_state: bool,
    /// Whether the server accepts text that contains NUL.
    pub(in crate::store) accepts_nul: bool,
}

/// A column, and the maximum length of its values in characters, if they are limited.
#[derive(Clone, Debug)]
pub(in crate::store) struct Column {
    pub(in crate::store) name: String,
    pub(in crate::store) max_length: Option<usize>,
}

impl Tables {
    /// Rejects a token with a value that a column cannot hold.
    pub(super) fn check_values(&self, token: &StoredToken) -> Result<(), StoreError> {
        let rejected = |evidence| StoreError::of(StoreErrorKind::Rejected, "save a token").evidence(evidence);
        for (name, value) in StoredToken::COLUMNS.into_iter().zip(token.values()) {
            let Some(value) = value else { continue };
            if !self.accepts_nul && value.contains('\0') {
                return Err(rejected(format!("its {name} contains NUL, which the server cannot store"))
                    .next_step("remove the NUL, or use another store"));
            }
            let Some(max_length) = self.column(name).and_then(|column| column.max_length) else { continue };
            let length = value.chars().count();
            if length > max_length {
                return Err(rejected(format!(
                    "its {name} has {length} characters; the column holds at most {max_length}"
                ))
                .next_step(format!("widen the column {name}")));
            }
        }
        Ok(())
    }

    fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name.eq_ignore_ascii_case(name))
    }

    pub(super) fn check_columns(&self) -> Result<(), StoreError> {
        match StoredToken::COLUMNS.into_iter().find(|name| self.column(name).is_none()) {
            None => Ok(()),
            Some(name) => Err(StoreError::of(StoreErrorKind::Damaged, "use its table")
                .evidence(format!("the table has no column {name}"))
                .next_step("the table was not changed; check that it is the right one")),
        }
    }

    pub(super) fn lacks_index(&self, column: &str) -> bool {
        !self.indexed.iter().any(|indexed| indexed.eq_ignore_ascii_case(column))
    }
}

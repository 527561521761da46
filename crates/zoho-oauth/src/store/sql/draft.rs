//! Computes the result of several saves before anything is written. Each save sees the ones before it.

use std::collections::{HashMap, HashSet};

use super::super::error::StoreError;
use super::super::matching::Criterion;
use super::super::plan::Plan;
use super::super::stored::{StoredToken, is_empty};
use super::super::table::Table;
use super::texts::LOOK_UPS;

/// Rows as they were read, and as they will be written.
#[derive(Default)]
pub(super) struct Draft {
    rows: Vec<Row>,
    /// The positions of the rows that have, or had before an update, a value in one of the [`LOOK_UPS`].
    positions: HashMap<(&'static str, String), Vec<usize>>,
    taken_ids: HashSet<String>,
}

struct Row {
    before: Option<StoredToken>,
    after: StoredToken,
}

impl Draft {
    /// Creates a draft without changes. `stored` may contain a row more than once.
    pub(super) fn of(stored: Vec<StoredToken>) -> Self {
        let mut draft = Self::default();
        for row in stored {
            if draft.taken_ids.insert(row.id.clone().unwrap_or_default()) {
                draft.add(Row { before: Some(row.clone()), after: row });
            }
        }
        draft
    }

    /// Excludes these ids from the ids for new rows.
    pub(super) fn exclude_ids(&mut self, ids: Vec<String>) {
        self.taken_ids.extend(ids);
    }

    /// Saves a token and returns the row. `highest_id` is the highest id ever assigned.
    pub(super) fn save(
        &mut self,
        token: &StoredToken,
        table: &Table,
        highest_id: u64,
    ) -> Result<StoredToken, StoreError> {
        let positions = Criterion::of(token)
            .and_then(|criterion| self.positions.get(&(criterion.column(), criterion.value().to_owned())))
            .cloned()
            .unwrap_or_default();
        let candidates = positions.iter().map(|position| self.rows[*position].after.clone());
        Ok(match Plan::for_saving(token, candidates)? {
            Plan::Keep(row) => row,
            Plan::Update { before, after } => {
                let is_before = |position: &usize| self.rows[*position].after == before;
                if let Some(position) = positions.into_iter().find(is_before) {
                    self.rows[position].after = after.clone();
                    self.index(position);
                }
                after
            }
            Plan::Insert(mut row) => {
                if is_empty(row.id.as_deref()) {
                    row.id = Some(table.new_id(highest_id, |id| self.taken_ids.contains(id)));
                }
                self.taken_ids.extend(row.id.clone());
                self.add(Row { before: None, after: row.clone() });
                row
            }
        })
    }

    /// Returns the new rows, and the changed ones with their content before and after.
    pub(super) fn into_changes(self) -> (Vec<StoredToken>, Vec<(StoredToken, StoredToken)>) {
        let (mut inserts, mut updates) = (Vec::new(), Vec::new());
        for Row { before, after } in self.rows {
            match before {
                None => inserts.push(after),
                Some(before) if before != after => updates.push((before, after)),
                Some(_) => {}
            }
        }
        (inserts, updates)
    }

    fn add(&mut self, row: Row) {
        self.rows.push(row);
        self.index(self.rows.len() - 1);
    }

    fn index(&mut self, position: usize) {
        let row = &self.rows[position].after;
        for (column, value) in StoredToken::COLUMNS.into_iter().zip(row.values()) {
            let Some(value) = value.filter(|value| LOOK_UPS.contains(&column) && !value.is_empty()) else {
                continue;
            };
            let positions = self.positions.entry((column, value.to_owned())).or_default();
            if !positions.contains(&position) {
                positions.push(position);
            }
        }
    }
}

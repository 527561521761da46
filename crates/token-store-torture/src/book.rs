//! What the store has acknowledged, and whether it is stored.

use std::collections::BTreeMap;

use crate::failure::{Failure, Outcome, check};
use crate::promise::Promise;
use crate::protocol::Row;

/// The highest state of each user that the store has acknowledged.
#[derive(Debug, Default)]
pub struct Book(BTreeMap<String, u64>);

impl Book {
    /// Notes an acknowledged save.
    pub fn note(&mut self, user: String, number: u64) {
        let last = self.0.entry(user).or_default();
        *last = number.max(*last);
    }

    /// Checks that each acknowledged state or a later one is stored, that every row is one whole state, and that no user
    /// and no id has two rows.
    ///
    /// # Errors
    /// If that is not so.
    pub fn check(&self, rows: &[Row]) -> Outcome {
        let mut found: BTreeMap<&str, &Row> = BTreeMap::new();
        let mut ids = BTreeMap::new();
        for row in rows {
            let Row { id, user, number } = row;
            check(number.is_some(), Promise::RowsAreWhole, || {
                format!("the row {id} of the user {user:?} is a part or a mixture")
            })?;
            if let Some(other) = found.insert(user, row) {
                let seen = format!("the user {user:?} has the rows {} and {id}", other.id);
                return Err(Failure::new(Promise::OneRowPerUser, seen));
            }
            if let Some(other) = ids.insert(id, user) {
                let seen = format!("the users {other:?} and {user:?} have rows with the id {id}");
                return Err(Failure::new(Promise::OneRowPerId, seen));
            }
        }
        for (user, number) in &self.0 {
            let there = found.get(user.as_str()).and_then(|row| row.number);
            check(there >= Some(*number), Promise::AcknowledgedSavesStay, || {
                let there = there.map_or("no row".to_owned(), |there| format!("state {there}"));
                format!("state {number} of the user {user:?} was acknowledged, and {there} is stored")
            })?;
        }
        Ok(())
    }
}

impl Extend<(String, u64)> for Book {
    fn extend<I: IntoIterator<Item = (String, u64)>>(&mut self, saved: I) {
        saved.into_iter().for_each(|(user, number)| self.note(user, number));
    }
}

impl FromIterator<(String, u64)> for Book {
    fn from_iter<I: IntoIterator<Item = (String, u64)>>(saved: I) -> Self {
        let mut book = Self::default();
        book.extend(saved);
        book
    }
}

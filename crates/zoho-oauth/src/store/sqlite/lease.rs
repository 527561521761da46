//! Stores lease entries in the side table. `LeaseEntry` has the rules.

use std::borrow::Cow;

use rusqlite::TransactionBehavior::Immediate;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::super::coordination::LeaseEntry;
use super::super::stored_entry::StoredEntry;
use super::columns::quoted;
use super::fault::Fault;

/// The statements on the side table.
#[derive(Debug)]
pub(super) struct Leases {
    find: String,
    put: String,
    old: String,
    delete: String,
    highest_id: String,
}

impl Leases {
    /// Creates the statements for a side table of this name.
    pub(super) fn new(name: &str) -> Self {
        let state = quoted(name);
        Self {
            find: format!("select epoch, holder, until, touched, ledger from {state} where key = ?"),
            put: format!(
                "insert or replace into {state} (key, epoch, holder, until, touched, ledger) \
                values (?, ?, ?, ?, ?, ?)"
            ),
            old: format!("select key, touched from {state} where key <> ?"),
            delete: format!("delete from {state} where key = ?"),
            highest_id: format!("select epoch from {state} where key = ?"),
        }
    }

    /// Reads the entry of a key. What is damaged in it counts as empty.
    pub(super) fn find(&self, connection: &Connection, key: &str) -> Result<Option<LeaseEntry>, Fault> {
        Ok(self.find_stored(connection, key)?.map(|stored| stored.usable(key)))
    }

    /// Reads the entry of a key, and whether it is damaged.
    pub(super) fn find_stored(
        &self,
        connection: &Connection,
        key: &str,
    ) -> Result<Option<StoredEntry>, Fault> {
        let mut statement = connection.prepare_cached(&self.find)?;
        let stored = statement.query_row([key], |row| {
            let mut fields = [const { None }; 5];
            for (column, field) in fields.iter_mut().enumerate() {
                *field = text_of(row, column)?;
            }
            Ok(StoredEntry::of_fields(fields.each_ref().map(|field| field.as_deref())))
        });
        Ok(stored.optional()?)
    }

    /// Writes the entry of a key.
    pub(super) fn put(&self, connection: &Connection, key: &str, entry: &LeaseEntry) -> Result<(), Fault> {
        let ledger = serde_json::to_string(&entry.ledger)
            .map_err(|error| Fault::Unreadable(error.to_string().into()))?;
        let LeaseEntry { epoch, holder, until, touched, .. } = entry;
        let values = params![key, integer(*epoch), holder, integer(*until), integer(*touched), ledger];
        connection.prepare_cached(&self.put)?.execute(values)?;
        Ok(())
    }

    /// Deletes the entries that are too old to matter. If there are none, nothing is written.
    pub(super) fn forget_old(&self, connection: &mut Connection, now: u64) -> Result<(), Fault> {
        let old = self.old_keys(connection, now)?;
        if old.is_empty() {
            return Ok(());
        }
        let transaction = connection.transaction_with_behavior(Immediate)?;
        // Another process may have acquired one of the leases since.
        for key in self.old_keys(&transaction, now)? {
            transaction.execute(&self.delete, [key])?;
        }
        Ok(transaction.commit()?)
    }

    fn old_keys(&self, connection: &Connection, now: u64) -> Result<Vec<String>, Fault> {
        let mut statement = connection.prepare(&self.old)?;
        let mut rows = statement.query([HIGHEST_ID])?;
        let mut old = Vec::new();
        while let Some(row) = rows.next()? {
            let touched = text_of(row, 1)?.and_then(|text| text.parse().ok()).unwrap_or_default();
            let entry = LeaseEntry { touched, ..LeaseEntry::default() };
            if entry.may_be_forgotten(now) {
                old.push(row.get(0)?);
            }
        }
        Ok(old)
    }

    /// Reads the highest id that was ever assigned, or `None` if it was not stored.
    pub(super) fn highest_id(&self, connection: &Connection) -> Result<Option<u64>, Fault> {
        let mut statement = connection.prepare_cached(&self.highest_id)?;
        let highest = statement.query_row([HIGHEST_ID], |row| row.get(0)).optional()?;
        Ok(highest.map(number))
    }

    /// Stores the highest id that was ever assigned.
    pub(super) fn note_highest_id(&self, connection: &Connection, highest: u64) -> Result<(), Fault> {
        self.put(connection, HIGHEST_ID, &LeaseEntry { epoch: highest, ..LeaseEntry::default() })
    }
}

/// The key of the row with the highest id. It cannot collide with a lease, because the key of a lease contains a colon.
const HIGHEST_ID: &str = "highest_id";

/// Reads a column as text, whatever type the value has: SQLite does not enforce the type of a column.
fn text_of<'r>(row: &'r Row<'_>, column: usize) -> rusqlite::Result<Option<Cow<'r, str>>> {
    Ok(match row.get_ref(column)? {
        ValueRef::Null | ValueRef::Blob(_) => None,
        ValueRef::Integer(number) => Some(number.to_string().into()),
        ValueRef::Real(number) => Some(number.to_string().into()),
        ValueRef::Text(text) => Some(String::from_utf8_lossy(text)),
    })
}

/// Converts to SQLite's signed integers. No time and no epoch comes near the limit of either type.
fn integer(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn number(integer: i64) -> u64 {
    u64::try_from(integer).unwrap_or(0)
}

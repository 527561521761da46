//! The changes that a job can make in the writer's transaction.

use std::time::Duration;

use rusqlite::Connection;

use crate::token::OAuthToken;

use super::super::coordination::{Acquired, Fenced, Lease, LeaseEntry, LeaseKey, machine_clock};
use super::super::ids::id_number;
use super::super::maintenance::{Finding, FindingKind, RepairStep, lease_key, repair_steps};
use super::super::matching::Criterion;
use super::super::stored::{StoredToken, is_empty};
use super::fault::Fault;
use super::schema::Tables;

/// A transaction that several jobs share. SQLite rolls back a failed statement, so a job with one writing statement needs
/// nothing else. A job with several uses [`Batch::all_or_nothing`].
#[derive(Debug)]
pub(super) struct Batch<'c> {
    connection: &'c Connection,
    tables: &'c Tables,
    highest_id: Option<HighestId>,
}

/// The highest id ever assigned. A transaction reads and writes it at most once.
#[derive(Clone, Copy, Debug)]
struct HighestId {
    number: u64,
    stored: Option<u64>,
}

impl<'c> Batch<'c> {
    /// Starts a batch on a connection with an open transaction.
    pub(super) fn on(connection: &'c Connection, tables: &'c Tables) -> Self {
        Self { connection, tables, highest_id: None }
    }

    /// Stores the highest id if it has changed. Call it before the commit.
    pub(super) fn finish(self) -> Result<(), Fault> {
        match self.highest_id {
            Some(HighestId { number, stored }) if stored != Some(number) => {
                self.tables.leases.note_highest_id(self.connection, number)
            }
            _ => Ok(()),
        }
    }

    /// Overwrites the row that the token identifies, or inserts a new row.
    pub(super) fn save(&mut self, new: &StoredToken) -> Result<StoredToken, Fault> {
        self.tables.rows.table.check_values(new)?;
        let row = match Criterion::of(new) {
            Some(criterion) => self.tables.rows.find(self.connection, &criterion)?,
            None => None,
        };
        let Some(row) = row else { return self.insert(new.clone()) };
        let merged = row.clone().overwritten_by(new);
        self.tables.rows.update(self.connection, &row, &merged)?;
        Ok(merged)
    }

    /// Saves all tokens, or none.
    pub(super) fn save_all(&mut self, new: &[StoredToken]) -> Result<Vec<StoredToken>, Fault> {
        let highest_id = self.highest_id;
        let saved = self.all_or_nothing(|batch| new.iter().map(|token| batch.save(token)).collect());
        if saved.is_err() {
            self.highest_id = highest_id;
        }
        saved
    }

    /// Deletes one row.
    pub(super) fn delete(&mut self, id: &str) -> Result<bool, Fault> {
        // The id is never assigned again, even if an official SDK chose it.
        let highest = self.highest_id()?;
        let deleted = self.tables.rows.delete(self.connection, id)?;
        if deleted {
            self.note(highest, id);
        }
        Ok(deleted)
    }

    /// Deletes every row.
    pub(super) fn delete_all(&mut self) -> Result<(), Fault> {
        let highest = self.highest_id()?;
        let number = highest.number.max(self.tables.rows.highest_id(self.connection)?);
        self.highest_id = Some(HighestId { number, ..highest });
        self.tables.rows.delete_all(self.connection)
    }

    /// Acquires a lease.
    pub(super) fn acquire(
        &mut self,
        key: &LeaseKey,
        holder: &str,
        life: Duration,
    ) -> Result<Acquired, Fault> {
        if key.is_exchange() {
            // Before the code is spent: its token may need a new row.
            let highest = self.highest_id()?.number;
            self.tables.rows.table.check_for_adding()?;
            self.tables.rows.table.check_next_id(highest)?;
        }
        let mut entry = self.tables.leases.find(self.connection, key.as_str())?.unwrap_or_default();
        let acquired = entry.acquire(key, holder, machine_clock(), life);
        if matches!(acquired, Acquired::Granted(_)) {
            self.tables.leases.put(self.connection, key.as_str(), &entry)?;
        }
        Ok(acquired)
    }

    /// Renews a lease.
    pub(super) fn renew(&mut self, lease: &Lease, life: Duration) -> Result<bool, Fault> {
        self.change(lease, |entry| entry.renew(lease, machine_clock(), life))
    }

    /// Releases a lease.
    pub(super) fn release(&mut self, lease: &Lease) -> Result<bool, Fault> {
        self.change(lease, |entry| entry.release(lease, machine_clock()))
    }

    /// Saves a token under a lease and releases the lease, or does neither.
    pub(super) fn save_and_release(&mut self, lease: &Lease, token: &StoredToken) -> Result<Fenced, Fault> {
        let entry = self.tables.leases.find(self.connection, lease.key.as_str())?;
        if !entry.is_some_and(|entry| entry.is_held_under(lease)) {
            return Ok(Fenced::Superseded);
        }
        if let Some(id) = &lease.row {
            let row = self.tables.rows.find(self.connection, &Criterion::Id(id))?.map(OAuthToken::from);
            if !lease.permits(row.as_ref()) {
                self.release(lease)?;
                return Ok(Fenced::Superseded);
            }
        }
        self.all_or_nothing(|batch| {
            let saved = batch.save(token)?;
            batch.release(lease)?;
            Ok(Fenced::Saved(saved.into()))
        })
    }

    /// Repairs all findings, or none.
    pub(super) fn repair(&mut self, findings: &[Finding]) -> Result<(), Fault> {
        let highest_id = self.highest_id;
        let repaired =
            self.all_or_nothing(|batch| findings.iter().try_for_each(|finding| batch.repair_one(finding)));
        if repaired.is_err() {
            self.highest_id = highest_id;
        }
        repaired
    }

    fn repair_one(&mut self, finding: &Finding) -> Result<(), Fault> {
        let mut wrong = Vec::new();
        for id in &finding.ids {
            wrong.extend(self.tables.rows.find(self.connection, &Criterion::Id(id))?);
        }
        if finding.kind == FindingKind::DamagedLease {
            return wrong.iter().try_for_each(|row| self.rewrite_lease(row));
        }
        for step in repair_steps(finding.kind, &wrong) {
            match step {
                RepairStep::Fill(position, filled) => {
                    self.tables.rows.update(self.connection, &wrong[position], &filled)?
                }
                RepairStep::Delete(position) => {
                    self.delete(wrong[position].id.as_deref().unwrap_or_default())?;
                }
                RepairStep::Renumber(position) => {
                    self.insert(StoredToken { id: None, ..wrong[position].clone() })?;
                    self.delete(wrong[position].id.as_deref().unwrap_or_default())?;
                }
            }
        }
        Ok(())
    }

    /// Writes what can be read of the lease on a row's refresh token.
    fn rewrite_lease(&mut self, row: &StoredToken) -> Result<(), Fault> {
        let Some(key) = lease_key(row) else { return Ok(()) };
        match self.tables.leases.find(self.connection, key.as_str())? {
            Some(entry) => self.tables.leases.put(self.connection, key.as_str(), &entry),
            None => Ok(()),
        }
    }

    fn change(&mut self, lease: &Lease, apply: impl FnOnce(&mut LeaseEntry) -> bool) -> Result<bool, Fault> {
        let Some(mut entry) = self.tables.leases.find(self.connection, lease.key.as_str())? else {
            return Ok(false);
        };
        let applied = apply(&mut entry);
        if applied {
            self.tables.leases.put(self.connection, lease.key.as_str(), &entry)?;
        }
        Ok(applied)
    }

    fn insert(&mut self, mut row: StoredToken) -> Result<StoredToken, Fault> {
        let highest = self.highest_id()?;
        if is_empty(row.id.as_deref()) {
            row.id = Some(self.new_id(highest.number)?);
        }
        self.tables.rows.insert(self.connection, &row)?;
        self.note(highest, row.id.as_deref().unwrap_or_default());
        Ok(row)
    }

    fn new_id(&self, highest: u64) -> Result<String, Fault> {
        let mut failed = None;
        let id = self.tables.rows.table.new_id(highest, |id| {
            self.tables.rows.has_id(self.connection, id).unwrap_or_else(|fault| {
                failed = Some(fault);
                false
            })
        });
        failed.map_or(Ok(id), Err)
    }

    fn highest_id(&mut self) -> Result<HighestId, Fault> {
        if let Some(highest) = self.highest_id {
            return Ok(highest);
        }
        let stored = self.tables.leases.highest_id(self.connection)?;
        let number = match stored {
            Some(number) => number,
            None => self.tables.rows.highest_id(self.connection)?,
        };
        let highest = HighestId { number, stored };
        self.highest_id = Some(highest);
        Ok(highest)
    }

    fn note(&mut self, highest: HighestId, id: &str) {
        let number = highest.number.max(id_number(id).unwrap_or(0));
        self.highest_id = Some(HighestId { number, ..highest });
    }

    fn all_or_nothing<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T, Fault>) -> Result<T, Fault> {
        self.connection.execute_batch("savepoint job")?;
        let result = work(self);
        let end = if result.is_ok() { "release job" } else { "rollback to job; release job" };
        // After the most severe errors, SQLite has rolled back the whole transaction, savepoint included.
        if !self.connection.is_autocommit() {
            self.connection.execute_batch(end)?;
        }
        result
    }
}

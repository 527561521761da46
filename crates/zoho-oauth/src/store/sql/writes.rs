//! Saves and deletions.

use super::super::coordination::{Fenced, Lease};
use super::super::ids::id_number;
use super::super::matching::Criterion;
use super::super::plan::Plan;
use super::super::stored::StoredToken;
use super::draft::Draft;
use super::driver::Link;
use super::fault::Fault;
use super::leases::was_released;
use super::server::Server;
use super::session::Session;
use super::store::SqlStore;
use super::tables::Tables;
use super::texts::LOOK_UPS;
use super::transaction::{History, Transaction};

impl<S: Server> SqlStore<S> {
    /// Saves a token. For a known user this takes two statements: one reads the row, the other overwrites it. If the response
    /// to the latter is lost, reading the row again shows whether it was written.
    pub(super) async fn save(&self, new: &StoredToken) -> Result<StoredToken, Fault> {
        let tables = self.tables_for_writing().await?;
        tables.table.check_values(new)?;
        let Some(criterion) = Criterion::of(new) else { return self.insert(new).await };
        let criterion = &criterion;
        let saved = self
            .with_session(|mut session| async move {
                (replace(&mut *session, tables, criterion, new).await, session)
            })
            .await?;
        match saved {
            Some(row) => Ok(row),
            None => self.insert(new).await,
        }
    }

    /// Saves all tokens, each as [`save`](Self::save) does, or none.
    pub(super) async fn save_all(&self, tokens: &[StoredToken]) -> Result<Vec<StoredToken>, Fault> {
        let tables = self.tables_for_writing().await?;
        tokens.iter().try_for_each(|token| tables.table.check_values(token))?;
        self.transact(|mut transaction, history| async move {
            (transaction.save_all(tokens, history).await, transaction)
        })
        .await
    }

    /// Deletes the row with this id.
    pub(super) async fn delete(&self, id: &str) -> Result<bool, Fault> {
        self.transact(|mut transaction, history| async move {
            let deleted = transaction.delete_row(id).await;
            if matches!(deleted, Ok(true)) {
                // The id may come from an official SDK; it must not be assigned again either.
                transaction.record_id(id);
            }
            (deleted.map(|deleted| deleted || history.unconfirmed == Some(true)), transaction)
        })
        .await
    }

    /// Deletes all rows.
    pub(super) async fn delete_all(&self) -> Result<(), Fault> {
        self.transact(|mut transaction, _| async move { (transaction.delete_all_rows().await, transaction) })
            .await
    }

    /// Saves a token under a lease and releases the lease, or does neither.
    pub(super) async fn save_under(&self, lease: &Lease, new: &StoredToken) -> Result<Fenced, Fault> {
        let tables = self.tables_for_writing().await?;
        tables.table.check_values(new)?;
        let mut session = self.pool.get().await?;
        match replace_under(&mut *session, tables, lease, new).await {
            Ok(Some(row)) => {
                session.put_back();
                return Ok(Fenced::Saved(row.into()));
            }
            Ok(None) => session.put_back(),
            // The transaction below finds out whether the write happened.
            Err(fault) if self.may_be_retried(&fault) => {
                drop(session);
                self.pool.close_idle();
            }
            Err(fault) => return Err(fault),
        }
        self.transact(|mut transaction, history| async move {
            (transaction.save_under(lease, new, history).await, transaction)
        })
        .await
    }

    fn may_be_retried(&self, fault: &Fault) -> bool {
        let server = self.pool.server();
        fault.is_lost(server) || fault.is_not_now(server) || fault.is_contended(server)
    }

    async fn insert(&self, new: &StoredToken) -> Result<StoredToken, Fault> {
        let saved = self
            .transact(|mut transaction, history| async move {
                (transaction.save_all(std::slice::from_ref(new), history).await, transaction)
            })
            .await?;
        Ok(saved.into_iter().next().unwrap_or_default())
    }
}

/// Overwrites the row of a token. Returns `None` if no row matches.
async fn replace(
    session: &mut Session<impl Link>,
    tables: &Tables,
    criterion: &Criterion<'_>,
    new: &StoredToken,
) -> Result<Option<StoredToken>, Fault> {
    let candidates = session.rows(tables, criterion.column(), criterion.value()).await?;
    match Plan::for_saving(new, candidates)? {
        Plan::Keep(row) => Ok(Some(row)),
        Plan::Update { before, after } => match session.replace(tables, &before, &after).await? {
            true => Ok(Some(after)),
            false => Err(Fault::Changed),
        },
        Plan::Insert(_) => Ok(None),
    }
}

/// Overwrites the row for which the lease was acquired, and releases the lease. Returns `None`, and changes nothing, if that
/// takes more than one statement, if another holder has the lease, or if the row has changed.
async fn replace_under(
    session: &mut Session<impl Link>,
    tables: &Tables,
    lease: &Lease,
    new: &StoredToken,
) -> Result<Option<StoredToken>, Fault> {
    let Some(criterion) = Criterion::of(new) else { return Ok(None) };
    let candidates = session.rows(tables, criterion.column(), criterion.value()).await?;
    let (before, after) = match Plan::for_saving(new, candidates)? {
        Plan::Keep(row) => (row.clone(), row),
        Plan::Update { before, after } => (before, after),
        Plan::Insert(_) => return Ok(None),
    };
    if lease.row.is_some() && (lease.row != before.id || !lease.permits(Some(&before.clone().into()))) {
        return Ok(None);
    }
    Ok(session.replace_and_release(tables, &before, &after, lease).await?.then_some(after))
}

impl<S: Server> Transaction<'_, S> {
    async fn save_all(
        &mut self,
        tokens: &[StoredToken],
        history: History<Vec<StoredToken>>,
    ) -> Result<Vec<StoredToken>, Fault> {
        if let Some(saved) = history.unconfirmed
            && self.holds_all(&saved).await?
        {
            return Ok(saved);
        }
        let tables = self.tables;
        let mut draft = Draft::of(self.candidates(tokens).await?);
        if history.id_was_taken {
            self.skip_stored_ids(&mut draft).await?;
        }
        let mut saved = Vec::with_capacity(tokens.len());
        for token in tokens {
            let row = draft.save(token, &tables.table, self.highest_id)?;
            self.record_id(row.id.as_deref().unwrap_or_default());
            saved.push(row);
        }
        let (inserts, updates) = draft.into_changes();
        if !inserts.is_empty() {
            tables.table.check_for_adding()?;
            inserts.iter().try_for_each(|row| tables.table.check_values(row))?;
            self.insert(tables, &inserts).await?;
        }
        for (before, after) in updates {
            if !self.replace(tables, &before, &after).await? {
                return Err(Fault::Changed);
            }
        }
        Ok(saved)
    }

    async fn save_under(
        &mut self,
        lease: &Lease,
        new: &StoredToken,
        history: History<Fenced>,
    ) -> Result<Fenced, Fault> {
        let entry = self.lock_entry(&lease.key).await?;
        // If so, an earlier attempt may have succeeded without a response.
        let was_released = entry.as_ref().is_some_and(|entry| was_released(entry, lease));
        if !was_released && !entry.is_some_and(|entry| entry.is_held_under(lease)) {
            return Ok(Fenced::Superseded);
        }
        if let Some(id) = &lease.row {
            let tables = self.tables;
            let row = Criterion::Id(id).choose(self.lock_rows(tables, id).await?)?;
            if !lease.permits(row.map(Into::into).as_ref()) {
                self.release(lease).await?;
                return Ok(Fenced::Superseded);
            }
        }
        if was_released {
            return Ok(match Plan::for_saving(new, self.candidates(std::slice::from_ref(new)).await?)? {
                Plan::Keep(row) => Fenced::Saved(row.into()),
                _ => Fenced::Superseded,
            });
        }
        let history = History { unconfirmed: None, id_was_taken: history.id_was_taken };
        let saved = self.save_all(std::slice::from_ref(new), history).await?;
        if !self.release(lease).await? {
            return Err(Fault::Changed);
        }
        Ok(Fenced::Saved(saved.into_iter().next().unwrap_or_default().into()))
    }

    async fn delete_row(&mut self, id: &str) -> Result<bool, Fault> {
        let tables = self.tables;
        Ok(self.delete(tables, id).await?)
    }

    async fn delete_all_rows(&mut self) -> Result<(), Fault> {
        let tables = self.tables;
        let stored = self.highest_stored_id(tables).await?;
        self.highest_id = self.highest_id.max(stored);
        Ok(self.delete_all(tables).await?)
    }

    /// Returns the rows that the tokens may identify.
    async fn candidates(&mut self, tokens: &[StoredToken]) -> Result<Vec<StoredToken>, Fault> {
        let tables = self.tables;
        let criteria: Vec<_> = tokens.iter().filter_map(Criterion::of).collect();
        if let [criterion] = criteria[..] {
            return Ok(self.rows(tables, criterion.column(), criterion.value()).await?);
        }
        let mut rows = Vec::new();
        for column in LOOK_UPS {
            let of_column = criteria.iter().filter(|criterion| criterion.column() == column);
            let values: Vec<_> = of_column.map(Criterion::value).collect();
            if !values.is_empty() {
                rows.extend(self.rows_of_many(tables, column, &values).await?);
            }
        }
        Ok(rows)
    }

    /// Whether all of these rows are stored with this content.
    async fn holds_all(&mut self, rows: &[StoredToken]) -> Result<bool, Fault> {
        let ids: Vec<_> = rows.iter().filter_map(|row| row.id.as_deref()).collect();
        let tables = self.tables;
        let stored = self.rows_of_many(tables, "id", &ids).await?;
        Ok(rows.iter().all(|row| stored.contains(row)))
    }

    /// Skips the ids that a program has chosen without the row that counts ids: new ids follow the highest stored one. If that
    /// is the highest number, all stored ids are excluded one by one.
    async fn skip_stored_ids(&mut self, draft: &mut Draft) -> Result<(), Fault> {
        let tables = self.tables;
        let stored = self.highest_stored_id(tables).await?;
        self.highest_id = self.highest_id.max(stored);
        if id_number(&(self.highest_id + 1).to_string()).is_none() {
            draft.exclude_ids(self.ids(tables).await?);
        }
        Ok(())
    }
}

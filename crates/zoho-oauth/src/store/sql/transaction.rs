//! Transactions: inserts, deletions, and saves of many rows.

use std::future::Future;
use std::ops::{Deref, DerefMut};

use super::super::ids::id_number;
use super::fault::Fault;
use super::pool::Pooled;
use super::retries::Retries;
use super::server::Server;
use super::session::Session;
use super::store::SqlStore;
use super::tables::Tables;

/// A transaction that holds a lock on the row that counts ids, so only one runs at a time among all hosts. Its reads see
/// everything that was committed before the lock.
pub(super) struct Transaction<'s, S: Server> {
    session: Pooled<'s, S>,
    pub(super) tables: &'s Tables,
    /// The highest id ever assigned.
    pub(super) highest_id: u64,
    stored_highest_id: u64,
}

/// The results of earlier attempts.
#[derive(Clone)]
pub(super) struct History<T> {
    /// The result of an attempt whose commit got no response, so it is unknown whether it was committed.
    pub(super) unconfirmed: Option<T>,
    /// Whether the id for a new row was already taken, by a program that does not use the row that counts ids.
    pub(super) id_was_taken: bool,
}

impl<S: Server> SqlStore<S> {
    /// Runs work in a transaction. Retries it after a conflict or a lost connection.
    pub(super) async fn transact<'s, T, W, F>(&'s self, work: W) -> Result<T, Fault>
    where
        T: Clone,
        W: Fn(Transaction<'s, S>, History<T>) -> F,
        F: Future<Output = (Result<T, Fault>, Transaction<'s, S>)>,
    {
        let mut retries = Retries::of(&self.pool);
        let mut history = History { unconfirmed: None, id_was_taken: false };
        loop {
            let fault = match self.attempt(&work, history.clone()).await {
                Attempt::Done(value) => {
                    retries.succeeded();
                    return Ok(value);
                }
                Attempt::Failed(fault) => fault,
                Attempt::Unconfirmed(value, fault) => {
                    history.unconfirmed = Some(value);
                    fault
                }
            };
            history.id_was_taken |= fault.is_taken(self.pool.server());
            retries.after(fault).await?;
        }
    }

    async fn attempt<'s, T, W, F>(&'s self, work: &W, history: History<T>) -> Attempt<T>
    where
        W: Fn(Transaction<'s, S>, History<T>) -> F,
        F: Future<Output = (Result<T, Fault>, Transaction<'s, S>)>,
    {
        let transaction = match self.begin().await {
            Ok(transaction) => transaction,
            Err(fault) => return Attempt::Failed(fault),
        };
        let (result, mut transaction) = work(transaction, history).await;
        let result = match result {
            Ok(value) => transaction.store_highest_id().await.map(|()| value),
            Err(fault) => Err(fault),
        };
        let (result, end) = match result {
            Ok(value) => {
                let end = transaction.session.commit().await.map_err(Fault::from);
                (Ok(value), end)
            }
            Err(fault) => (Err(fault), transaction.session.roll_back().await.map_err(Fault::from)),
        };
        match (result, end) {
            (Ok(value), Ok(())) => {
                transaction.session.put_back();
                Attempt::Done(value)
            }
            (Err(fault), end) => {
                if end.is_ok() && !fault.spoils_connection(self.pool.server()) {
                    transaction.session.put_back();
                }
                Attempt::Failed(fault)
            }
            (Ok(value), Err(fault)) if fault.is_lost(self.pool.server()) => {
                Attempt::Unconfirmed(value, fault)
            }
            (Ok(_), Err(fault)) => Attempt::Failed(fault),
        }
    }

    async fn begin(&self) -> Result<Transaction<'_, S>, Fault> {
        let tables = self.tables_for_writing().await?;
        let mut session = self.pool.get().await?;
        session.begin().await?;
        let Some(highest_id) = session.lock_highest_id().await? else {
            // Another program has deleted the row.
            session.roll_back().await?;
            let stored = session.highest_stored_id(tables).await?;
            session.insert_highest_id(stored).await?;
            session.put_back();
            return Err(Fault::Changed);
        };
        Ok(Transaction { session, tables, highest_id, stored_highest_id: highest_id })
    }
}

enum Attempt<T> {
    Done(T),
    Failed(Fault),
    Unconfirmed(T, Fault),
}

impl<S: Server> Transaction<'_, S> {
    /// Records that an id was used, so that it is never assigned again.
    pub(super) fn record_id(&mut self, id: &str) {
        self.highest_id = self.highest_id.max(id_number(id).unwrap_or(0));
    }

    async fn store_highest_id(&mut self) -> Result<(), Fault> {
        if self.highest_id != self.stored_highest_id {
            self.session.set_highest_id(self.highest_id).await?;
            self.session.advance_sequence(self.tables, self.highest_id).await?;
        }
        Ok(())
    }
}

impl<S: Server> Deref for Transaction<'_, S> {
    type Target = Session<S::Link>;

    fn deref(&self) -> &Session<S::Link> {
        &self.session
    }
}

impl<S: Server> DerefMut for Transaction<'_, S> {
    fn deref_mut(&mut self) -> &mut Session<S::Link> {
        &mut self.session
    }
}

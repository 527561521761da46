//! Steps that belong together: inserts, deletes, and saves of many.

use std::future::Future;
use std::ops::{Deref, DerefMut};

use super::super::ids::id_number;
use super::driver::Server;
use super::fault::Fault;
use super::patience::Patience;
use super::pool::Lent;
use super::session::Session;
use super::store::SqlStore;

/// A transaction that has the row which counts ids locked: there is one at a time, among all hosts. What it reads is
/// as new as that lock.
pub(super) struct Transaction<'s, S: Server> {
    session: Lent<'s, S>,
    /// The highest id ever given out.
    pub(super) highest_id: u64,
    noted: u64,
}

/// What the attempts before this one came to.
#[derive(Clone)]
pub(super) struct History<T> {
    /// What the last attempt would have come to: its commit was not answered, so it may have happened.
    pub(super) unanswered: Option<T>,
    /// Whether an id that was made for a new row was taken already, by somebody who counts for himself.
    pub(super) met_taken_id: bool,
}

impl<S: Server> SqlStore<S> {
    /// Runs work in a transaction; again, when others were in the way or when the connection was lost.
    pub(super) async fn transact<'s, T, W, F>(&'s self, work: W) -> Result<T, Fault>
    where
        T: Clone,
        W: Fn(Transaction<'s, S>, History<T>) -> F,
        F: Future<Output = (Result<T, Fault>, Transaction<'s, S>)>,
    {
        let mut patience = Patience::default();
        let mut history = History { unanswered: None, met_taken_id: false };
        loop {
            let fault = match self.attempt(&work, history.clone()).await {
                Attempt::Done(value) => return Ok(value),
                Attempt::Failed(fault) => fault,
                Attempt::Unanswered(value, fault) => {
                    history.unanswered = Some(value);
                    fault
                }
            };
            history.met_taken_id |= fault.is_taken(self.pool.server());
            patience.after(fault, &self.pool).await?;
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
            Ok(value) => transaction.note_highest_id().await.map(|()| value),
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
                transaction.session.give_back();
                Attempt::Done(value)
            }
            (Err(fault), end) => {
                if end.is_ok() {
                    transaction.session.give_back();
                }
                Attempt::Failed(fault)
            }
            (Ok(value), Err(fault)) if fault.is_lost(self.pool.server()) => Attempt::Unanswered(value, fault),
            (Ok(_), Err(fault)) => Attempt::Failed(fault),
        }
    }

    async fn begin(&self) -> Result<Transaction<'_, S>, Fault> {
        self.tables_for_writing().await?;
        let mut session = self.pool.lend().await?;
        session.begin().await?;
        let Some(highest_id) = session.lock_highest_id().await? else {
            // Somebody has emptied our table.
            session.roll_back().await?;
            let stored = session.highest_stored_id().await?;
            session.begin_highest_id(stored).await?;
            session.give_back();
            return Err(Fault::Changed);
        };
        Ok(Transaction { session, highest_id, noted: highest_id })
    }
}

enum Attempt<T> {
    Done(T),
    Failed(Fault),
    Unanswered(T, Fault),
}

impl<S: Server> Transaction<'_, S> {
    /// Takes note of an id that is in use: it is not given out again.
    pub(super) fn take_note_of(&mut self, id: &str) {
        self.highest_id = self.highest_id.max(id_number(id).unwrap_or(0));
    }

    async fn note_highest_id(&mut self) -> Result<(), Fault> {
        if self.highest_id != self.noted {
            self.session.note_highest_id(self.highest_id).await?;
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

//! Leases: how an entry is changed that others may change at the same time. The rules are those of `LeaseEntry`. All moments
//! are by the server's clock.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime};

use crate::token::from_epoch_milliseconds;

use super::super::coordination::{Acquired, Lease, LeaseEntry, LeaseKey, LeaseState};
use super::driver::Link;
use super::fault::Fault;
use super::server::Server;
use super::session::Session;
use super::store::SqlStore;

impl<S: Server> SqlStore<S> {
    /// Reads the entry, applies the rules, and writes it back if it has not changed. After a lost response it is safe to
    /// repeat all of this, because a holder may acquire its own lease again.
    pub(super) async fn take_lease(
        &self,
        key: &LeaseKey,
        holder: &str,
        life: Duration,
    ) -> Result<Acquired, Fault> {
        let tables = self.tables_for_writing().await?;
        if key.is_exchange() {
            // Before the code is spent: its token may need a new row.
            tables.table.check_for_adding()?;
            let highest =
                self.with_session(|mut session| async move { (session.highest_id().await, session) }).await?;
            tables.table.check_next_id(highest.unwrap_or_default())?;
        }
        self.with_session(
            |mut session| async move { (acquire(&mut *session, key, holder, life).await, session) },
        )
        .await
    }

    pub(super) async fn renew_lease(&self, lease: &Lease, life: Duration) -> Result<bool, Fault> {
        self.tables_for_writing().await?;
        self.with_session(|mut session| async move { (session.renew(lease, life).await, session) }).await
    }

    pub(super) async fn release_lease(&self, lease: &Lease) -> Result<bool, Fault> {
        self.tables_for_writing().await?;
        let attempts = &AtomicU32::new(0);
        self.with_session(|mut session| async move {
            let is_repeated = attempts.fetch_add(1, Ordering::Relaxed) > 0;
            (release(&mut *session, lease, is_repeated).await, session)
        })
        .await
    }

    pub(super) async fn lease_state(&self, key: &LeaseKey) -> Result<LeaseState, Fault> {
        let has_state = self.has_state().await?;
        let read = self.with_session(|mut session| async move {
            let entry = match has_state {
                true => session.entry(key).await,
                false => session.clock().await.map(|now| (None, now)),
            };
            (entry, session)
        });
        let (entry, now) = read.await?;
        Ok(entry.map(|row| row.usable(key)).unwrap_or_default().lease_state(now))
    }

    pub(super) async fn damaged(&self, keys: &[LeaseKey]) -> Result<Vec<LeaseKey>, Fault> {
        if !self.has_state().await? {
            return Ok(Vec::new());
        }
        self.with_session(|mut session| async move { (session.damaged(keys).await, session) }).await
    }

    pub(super) async fn server_clock(&self) -> Result<SystemTime, Fault> {
        let now = self.with_session(|mut session| async move { (session.clock().await, session) }).await?;
        Ok(from_epoch_milliseconds(now))
    }
}

async fn acquire(
    session: &mut Session<impl Link>,
    key: &LeaseKey,
    holder: &str,
    life: Duration,
) -> Result<Acquired, Fault> {
    let (before, now) = session.entry(key).await?;
    let mut after = before.as_ref().map(|row| row.usable(key)).unwrap_or_default();
    let acquired = after.acquire(key, holder, now, life);
    if matches!(acquired, Acquired::Granted(_)) && !session.put_entry(key, before.as_ref(), &after).await? {
        return Err(Fault::Changed);
    }
    Ok(acquired)
}

/// Only the holder can release a lease without raising the epoch. So if a retry finds the lease released, the first attempt
/// succeeded and its response was lost.
async fn release(session: &mut Session<impl Link>, lease: &Lease, is_repeated: bool) -> Result<bool, Fault> {
    if session.release(lease).await? {
        return Ok(true);
    }
    if !is_repeated {
        return Ok(false);
    }
    let (entry, _) = session.entry(&lease.key).await?;
    Ok(entry.is_some_and(|row| was_released(&row.usable(&lease.key), lease)))
}

/// Whether the holder has released the lease, and no other holder has acquired it since.
pub(super) fn was_released(entry: &LeaseEntry, lease: &Lease) -> bool {
    entry.epoch == lease.epoch && entry.holder.is_empty()
}

//! Stores leases, one register for each credential. `LeaseEntry` has the rules.

use std::time::{Duration, SystemTime};

use crate::token::epoch_milliseconds;

use super::super::coordination::{Acquired, Fenced, Lease, LeaseEntry, LeaseKey, LeaseState};
use super::super::stored::StoredToken;
use super::Backend;
use super::fault::Fault;
use super::register::Reading;
use super::secret::retry_delay;

impl Backend {
    pub(super) async fn acquire(
        &self,
        key: &LeaseKey,
        holder: &str,
        life: Duration,
    ) -> Result<Acquired, Fault> {
        for attempt in 0..40 {
            let reading = self.entry(key).await?;
            let now = epoch_milliseconds(self.now()?);
            let mut entry = reading.value().cloned().unwrap_or_default().within_the_rules();
            if entry.epoch == 0 {
                // An earlier entry may have been deleted or damaged. An epoch that starts with the time is higher than
                // those before.
                entry.epoch = now;
            }
            let acquired = entry.acquire(key, holder, now, life);
            if matches!(acquired, Acquired::Held(_)) || self.client.write_register(&reading, entry).await? {
                return Ok(acquired);
            }
            tokio::time::sleep(retry_delay(attempt)).await;
        }
        Err(Fault::Contended)
    }

    pub(super) async fn renew(&self, lease: &Lease, life: Duration) -> Result<bool, Fault> {
        self.change(lease, |entry, now| entry.renew(lease, now, life)).await
    }

    pub(super) async fn release(&self, lease: &Lease) -> Result<bool, Fault> {
        let was_held = self.change(lease, |entry, now| entry.release(lease, now)).await?;
        if was_held && lease.key.as_str().starts_with("exchange:") {
            // A code can be exchanged once, so this lease is not needed again.
            self.forget(&lease.key).await;
        }
        Ok(was_held)
    }

    /// Saves under a lease, then releases it.
    ///
    /// AWS changes one secret at a time. So the row contains the lease that it was written under, and is changed by
    /// compare-and-set: a holder that is paused after the check of its lease cannot overwrite its successor's row.
    pub(super) async fn save_and_release(&self, lease: &Lease, token: &StoredToken) -> Result<Fenced, Fault> {
        if !self.entry(&lease.key).await?.value().is_some_and(|entry| entry.is_held_under(lease)) {
            return Ok(Fenced::Superseded);
        }
        let saved = self.save_under(token, Some(lease)).await?;
        if let Err(fault) = self.release(lease).await {
            tracing::debug!(?fault, "could not release a lease; it expires on its own");
        }
        Ok(saved.map_or(Fenced::Superseded, |saved| Fenced::Saved(saved.into())))
    }

    pub(super) async fn lease_state(&self, key: &LeaseKey) -> Result<LeaseState, Fault> {
        let reading = self.entry(key).await?;
        let now = epoch_milliseconds(self.now()?);
        Ok(reading.value().cloned().unwrap_or_default().lease_state(now))
    }

    /// Requests AWS's clock.
    pub(super) async fn clock(&self) -> Result<SystemTime, Fault> {
        self.client.get(&self.names.highest_id()).await?;
        self.now()
    }

    /// Returns AWS's clock at the last response, which is that to the read before this call.
    fn now(&self) -> Result<SystemTime, Fault> {
        self.client.last_response_at().ok_or_else(Fault::dateless)
    }

    /// Deletes the entry of a credential that is no longer used. If that fails, the entry stays and AWS charges for it.
    pub(super) async fn forget(&self, key: &LeaseKey) {
        if let Err(fault) = self.client.delete_register(&self.names.lease(key)).await {
            tracing::debug!(?fault, "could not delete the entry of a lease");
        }
    }

    /// Returns those of these keys whose entries are damaged.
    pub(super) async fn damaged(&self, keys: &[LeaseKey]) -> Result<Vec<LeaseKey>, Fault> {
        let mut damaged = Vec::new();
        for key in keys {
            if self.entry(key).await?.is_damaged() {
                damaged.push(key.clone());
            }
        }
        Ok(damaged)
    }

    /// Reads the entry of a credential. One that cannot be parsed counts as missing.
    async fn entry(&self, key: &LeaseKey) -> Result<Reading<LeaseEntry>, Fault> {
        let name = self.names.lease(key);
        let reading = self.client.read_register(&name).await?;
        if reading.is_damaged() {
            tracing::warn!(name, "the secret of a lease is damaged; it counts as missing");
        }
        Ok(reading)
    }

    async fn change(
        &self,
        lease: &Lease,
        apply: impl Fn(&mut LeaseEntry, u64) -> bool,
    ) -> Result<bool, Fault> {
        for attempt in 0..10 {
            let reading = self.entry(&lease.key).await?;
            let Some(mut entry) = reading.value().cloned() else { return Ok(false) };
            if !apply(&mut entry, epoch_milliseconds(self.now()?)) {
                return Ok(false);
            }
            if self.client.write_register(&reading, entry).await? {
                return Ok(true);
            }
            tokio::time::sleep(retry_delay(attempt)).await;
        }
        Err(Fault::Contended)
    }
}

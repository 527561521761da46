//! A lease that this process holds, and everything that is done under it.

use std::time::{Duration, SystemTime};

use secrecy::SecretString;

use crate::backoff::Backoff;
use crate::ledger::{Failure, Ledger, Quota};
use crate::machine::Machine;
use crate::rejections::Requester;
use crate::store::StoreError;
use crate::store::coordination::{Acquired, Fenced, Lease, LeaseKey, LeaseState};
use crate::token::OAuthToken;

use super::clock::Clock;
use super::clocked::ClockedStore;

/// Delays before the state of another process's lease is read again: a fleet that waits for a slow response does not
/// overload its store.
pub(super) const LEASE_POLL: Backoff =
    Backoff::new(Duration::from_millis(20), 1.5, Duration::from_millis(250), (0.5, 1.5));

/// Delays before a request or a save is retried.
pub(super) const RETRY: Backoff =
    Backoff::new(Duration::from_millis(100), 2.0, Duration::from_millis(3_200), (1.0, 2.0));

/// Delays without the lease, after a request that could not leave this machine. Another host that waits for the lease looks
/// at it more often than this, so it gets its turn.
pub(super) const YIELD: Backoff =
    Backoff::new(Duration::from_millis(400), 1.5, Duration::from_millis(3_200), (1.0, 1.5));

/// How often a lease is extended until the response is in time. A store that is always late cannot hold a lease: rather
/// two requests than none.
const EXTENSIONS: usize = 5;

/// How often a save is attempted.
const SAVE_ATTEMPTS: usize = 3;

/// The exclusive right to spend a credential, held by this process until it is released or expires.
pub(super) struct HeldLease<'a> {
    store: &'a ClockedStore,
    lease: Lease,
    life: Duration,
    /// The store's clock as of the grant. Its ledger is kept by it.
    clock: Clock,
}

/// The outcome of [`HeldLease::take`].
pub(super) enum Take<'a> {
    /// The lease is ours.
    Granted(HeldLease<'a>),
    /// Another process holds it.
    Held(LeaseState),
}

impl<'a> HeldLease<'a> {
    /// Takes the lease on `key` for `life`, unless another process holds it.
    pub(super) async fn take(
        store: &'a ClockedStore,
        key: &LeaseKey,
        life: Duration,
    ) -> Result<Take<'a>, StoreError> {
        Ok(match store.acquire(key, &new_holder(store.machine().random()), life).await? {
            Acquired::Granted(lease) => {
                let clock = Clock::showing(lease.granted_at, store.machine().clone());
                Take::Granted(Self { store, lease, life, clock })
            }
            Acquired::Held(state) => Take::Held(state),
        })
    }

    /// Whether the lease is on `key`.
    pub(super) fn is_on(&self, key: &LeaseKey) -> bool {
        self.lease.key == *key
    }

    /// What the store said about the credential when it granted the lease.
    pub(super) fn state(&self) -> LeaseState {
        LeaseState {
            epoch: self.lease.epoch,
            remaining: Duration::ZERO,
            now: self.lease.granted_at,
            ledger: self.ledger().clone(),
        }
    }

    pub(super) fn epoch(&self) -> u64 {
        self.lease.epoch
    }

    pub(super) fn ledger(&self) -> &Ledger {
        &self.lease.ledger
    }

    /// Ties the save to the row that the credential was read from: if that row is deleted or gets another refresh
    /// token before the save, the save changes nothing.
    pub(super) fn tie_to(&mut self, row: &OAuthToken) {
        self.lease.row = row.id().map(str::to_owned);
    }

    /// When the next token may be requested, by this machine's time of day, if the quota does not allow it now.
    pub(super) fn retry_at(&self, quota: Quota) -> Option<SystemTime> {
        self.lease.ledger.retry_at(self.clock.now(), quota).map(|moment| self.clock.as_ours(moment))
    }

    /// Records in the store that a token is about to be requested, and extends the lease. `false`: another process
    /// has taken the lease, so no request may be sent.
    pub(super) async fn note_issue(&mut self, quota: Quota) -> Result<bool, StoreError> {
        self.lease.ledger.note_issue(self.clock.now(), quota);
        let is_held = self.confirm().await;
        if is_held.is_err() {
            self.take_back_issue();
        }
        is_held
    }

    /// Extends the lease. If the response was so late that the lease may have expired since, because the store is slow or
    /// this process was paused, it is extended once more. Half of its life is certain: a store's clock may count whole
    /// seconds.
    async fn confirm(&self) -> Result<bool, StoreError> {
        for _ in 1..EXTENSIONS {
            let asked_at = self.machine().uptime();
            let is_held = self.extend().await?;
            if !is_held || self.machine().uptime().saturating_sub(asked_at) < self.life / 2 {
                return Ok(is_held);
            }
        }
        self.extend().await
    }

    /// Records that the response to the last request came or was given up. The next write of the lease stores that.
    pub(super) fn note_response(&mut self) {
        self.lease.ledger.note_response(self.clock.now());
    }

    /// Takes back the issue that was recorded last, because its request did not leave this machine. The release stores
    /// that.
    pub(super) fn take_back_issue(&mut self) {
        self.lease.ledger.take_back_issue();
    }

    /// Records the access token that was issued, and how long it lives. The save stores that.
    pub(super) fn note_token(&mut self, token: &SecretString, life: Duration) {
        self.lease.ledger.note_token(token, life);
    }

    /// The time of the store's clock.
    pub(super) fn now(&self) -> SystemTime {
        self.clock.now()
    }

    /// Records when the login took place whose code the lease is on. The save or the release stores that.
    pub(super) fn note_login(&mut self, at: SystemTime, quota: Quota) {
        if self.lease.ledger.last_issue() != Some(at) {
            self.lease.ledger.note_issue(at, quota);
        }
    }

    /// Extends the lease and stores its ledger. `false`: another process has taken it.
    pub(super) async fn extend(&self) -> Result<bool, StoreError> {
        self.store.renew(&self.lease, self.life).await
    }

    /// Records that Zoho has throttled the credential. Returns when the next token may be requested, by this
    /// machine's time of day.
    pub(super) fn note_throttle(&mut self, quota: Quota) -> SystemTime {
        self.lease.ledger.note_throttle(self.clock.now(), quota);
        self.retry_at(quota).unwrap_or_else(|| self.clock.as_ours(self.clock.now()))
    }

    /// Records that the attempt under this lease failed. The release stores it for those who wait.
    pub(super) fn note_failure(&mut self, requester: &Requester, failure: Failure) {
        self.lease.ledger.note_failure(self.lease.epoch, self.clock.now(), requester, failure);
    }

    /// Records that the credential is not to be sent again for `life`. The release stores that.
    pub(super) fn note_rejection(&mut self, requester: &Requester, code: &str, life: Duration) {
        self.lease.ledger.note_rejection(requester, code, self.clock.now(), life);
    }

    /// Forgets every rejection, and returns whether there was one. The next write of the lease stores that.
    pub(super) fn forget_rejections(&mut self) -> bool {
        self.lease.ledger.forget_rejections()
    }

    /// Runs `work` and extends the lease until it has finished. If the lease is lost, the work goes on: the save
    /// decides whether its result may still be written.
    pub(super) async fn while_working<T>(&self, work: impl Future<Output = T>) -> T {
        tokio::pin!(work);
        loop {
            tokio::select! {
                biased;
                result = &mut work => return result,
                () = self.machine().sleep(self.life / 3) => {
                    if let Err(error) = self.store.renew(&self.lease, self.life).await {
                        tracing::debug!(%error, "could not extend a lease");
                    }
                }
            }
        }
    }

    /// Saves `token` and releases the lease in one atomic step, unless the lease or the row has passed to someone
    /// else. Fails if the store is in trouble; the lease is then still to be released.
    pub(super) async fn save(&self, token: &OAuthToken) -> Result<Fenced, StoreError> {
        self.store.save_and_release(&self.lease, token).await
    }

    /// As [`save`](Self::save), with a few retries: what is saved cannot be obtained again. If the store is so slow that
    /// the lease might be lost, `journal` has to put the token where other processes find it.
    pub(super) async fn save_or(
        &self,
        journal: impl FnOnce(),
        token: &OAuthToken,
    ) -> Result<Fenced, StoreError> {
        let saving = self.while_working(self.save_with_retries(token));
        tokio::pin!(saving);
        tokio::select! {
            biased;
            saved = &mut saving => return saved,
            () = self.machine().sleep(self.life / 2) => journal(),
        }
        saving.await
    }

    /// As [`save`](Self::save), with a few retries, but no longer than the lease lasts.
    async fn save_with_retries(&self, token: &OAuthToken) -> Result<Fenced, StoreError> {
        let (started_at, mut delays) = (self.machine().uptime(), RETRY);
        for attempt in 1..SAVE_ATTEMPTS {
            match self.save(token).await {
                Err(error) if self.machine().uptime().saturating_sub(started_at) < self.life => {
                    tracing::info!(%error, attempt, "could not store a new token; retrying");
                    self.machine().sleep(delays.next_delay(self.machine().random())).await;
                }
                saved => return saved,
            }
        }
        self.save(token).await
    }

    fn machine(&self) -> &dyn Machine {
        self.store.machine().as_ref()
    }

    /// Releases the lease and stores its ledger. If that fails, the lease expires.
    pub(super) async fn release(self) {
        if let Err(error) = self.store.release(&self.lease).await {
            tracing::debug!(%error, "could not release a lease; it will expire");
        }
    }
}

/// A name that no other attempt of any process has.
fn new_holder(random: u64) -> String {
    format!("{}-{random:016x}", std::process::id())
}

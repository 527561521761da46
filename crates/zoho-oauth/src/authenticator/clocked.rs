//! The store, by this machine's clock. Hosts may disagree about the time by minutes; the one clock that a fleet
//! shares is the store's. So rows hold moments by the store's clock, and they are converted here, in both directions.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::sync::OnceCell;

use crate::machine::Machine;
use crate::spool::KnownIdentity;
use crate::store::coordination::{Acquired, Coordination, Fenced, Lease, LeaseKey, LeaseState};
use crate::store::{AnyStore, StoreError, StoreErrorKind, TokenStore};
use crate::token::{OAuthToken, epoch_milliseconds};

/// A difference below this does not count as a difference of clocks: it may be the round trip to the store, or a clock
/// that counts whole seconds.
const SLACK: Duration = Duration::from_secs(2);

/// How often the store's clock is read at first, if its responses are slow.
const READINGS: usize = 3;

/// A store whose rows are read and written with moments by this machine's clock.
#[derive(Debug)]
pub(super) struct ClockedStore {
    store: AnyStore,
    machine: Arc<dyn Machine>,
    /// The last comparison.
    clock: Mutex<Option<Comparison>>,
    first_reading: OnceCell<()>,
    identity: KnownIdentity,
}

/// A comparison of the store's clock with this machine's.
#[derive(Clone, Copy, Debug)]
struct Comparison {
    /// How far the store's clock is ahead of this machine's, in milliseconds.
    ahead: i64,
    /// This machine's time of day when its uptime was zero, in epoch milliseconds. It changes when its clock is set, and when
    /// it wakes from a sleep that its uptime does not count.
    started_at: u64,
    /// How many times this machine's clock had been set before.
    changes: u64,
}

impl ClockedStore {
    /// A store by the clock of `machine`. `identity` is filled in when the store's identity is first read.
    pub(super) fn new(store: AnyStore, machine: Arc<dyn Machine>, identity: KnownIdentity) -> Self {
        Self { store, machine, clock: Mutex::default(), first_reading: OnceCell::new(), identity }
    }

    /// The store itself, with moments by its own clock.
    pub(super) fn as_it_is(&self) -> &AnyStore {
        &self.store
    }

    /// This machine.
    pub(super) fn machine(&self) -> &Arc<dyn Machine> {
        &self.machine
    }

    pub(super) async fn find_token(&self, token: &OAuthToken) -> Result<Option<OAuthToken>, StoreError> {
        self.know_the_clock().await?;
        let found = self.store.find_token(&self.theirs(token)).await?;
        Ok(found.map(|row| self.ours(row)))
    }

    pub(super) async fn find_token_by_id(&self, id: &str) -> Result<Option<OAuthToken>, StoreError> {
        self.know_the_clock().await?;
        Ok(self.store.find_token_by_id(id).await?.map(|row| self.ours(row)))
    }

    pub(super) async fn save_token(&self, token: &OAuthToken) -> Result<OAuthToken, StoreError> {
        self.know_the_clock().await?;
        Ok(self.ours(self.store.save_token(&self.theirs(token)).await?))
    }

    pub(super) async fn save_and_release(
        &self,
        lease: &Lease,
        token: &OAuthToken,
    ) -> Result<Fenced, StoreError> {
        self.know_the_clock().await?;
        Ok(match self.store.save_and_release(lease, &self.theirs(token)).await? {
            Fenced::Saved(row) => Fenced::Saved(self.ours(row)),
            superseded => superseded,
        })
    }

    pub(super) async fn delete_token(&self, id: &str) -> Result<bool, StoreError> {
        self.store.delete_token(id).await
    }

    pub(super) async fn acquire(
        &self,
        key: &LeaseKey,
        holder: &str,
        life: Duration,
    ) -> Result<Acquired, StoreError> {
        // A token that is obtained under the lease may have to be spooled for this store.
        self.know_the_store().await?;
        let asked_at = self.machine.uptime();
        let acquired = self.store.acquire(key, holder, life).await?;
        let now = match &acquired {
            Acquired::Granted(lease) => lease.granted_at,
            Acquired::Held(state) => state.now,
        };
        self.set_clock(now, asked_at);
        Ok(acquired)
    }

    pub(super) async fn renew(&self, lease: &Lease, life: Duration) -> Result<bool, StoreError> {
        self.store.renew(lease, life).await
    }

    pub(super) async fn release(&self, lease: &Lease) -> Result<bool, StoreError> {
        self.store.release(lease).await
    }

    pub(super) async fn lease_state(&self, key: &LeaseKey) -> Result<LeaseState, StoreError> {
        let asked_at = self.machine.uptime();
        let state = self.store.lease_state(key).await?;
        self.set_clock(state.now, asked_at);
        Ok(state)
    }

    /// Converts a moment of the store's clock to this machine's.
    pub(super) fn as_ours(&self, moment: SystemTime) -> SystemTime {
        moved(moment, -self.ahead())
    }

    /// Reads which store this is, so that the spool has its tokens, and the clock that their moments are by. An identity
    /// that may not be read counts as missing.
    pub(super) async fn know_the_store(&self) -> Result<(), StoreError> {
        self.know_the_clock().await?;
        if self.identity.get().is_none() {
            let identity = match self.store.stored_identity().await {
                Err(error) if error.kind() == StoreErrorKind::Permission => None,
                identity => identity?,
            };
            let _ = self.identity.set(identity);
        }
        Ok(())
    }

    /// How often this machine's clock was set since the start. Moments that were converted before are out of date.
    pub(super) fn clock_changes(&self) -> u64 {
        let is_set = self.known_clock().is_none();
        self.clock().map_or(0, |clock| clock.changes + u64::from(is_set))
    }

    /// Reads the store's clock, unless it is known and this machine's clock was not set since.
    async fn know_the_clock(&self) -> Result<(), StoreError> {
        self.first_reading.get_or_try_init(|| self.read_the_clock()).await?;
        if self.known_clock().is_none() {
            self.read_the_clock().await?;
        }
        Ok(())
    }

    async fn read_the_clock(&self) -> Result<(), StoreError> {
        for _ in 0..READINGS {
            let asked_at = self.machine.uptime();
            if self.set_clock(self.store.clock().await?, asked_at) {
                break;
            }
        }
        Ok(())
    }

    /// Takes over the store's time from a response to a request that was sent at `asked_at`, by this machine's uptime.
    /// Returns whether it is exact. If the response was slow, or if this process was stopped before it read the
    /// response, an earlier reading is more exact.
    fn set_clock(&self, store: SystemTime, asked_at: Duration) -> bool {
        let took = self.machine.uptime().saturating_sub(asked_at);
        let is_exact = took < SLACK;
        if !is_exact && self.known_clock().is_some() {
            return false;
        }
        let read_at = self.machine.now() - took / 2;
        let ahead = signed(epoch_milliseconds(store)) - signed(epoch_milliseconds(read_at));
        let is_slack = Duration::from_millis(ahead.unsigned_abs()) < SLACK;
        let ahead = if is_slack { 0 } else { ahead };
        let changes = self.clock_changes();
        *self.clock() = Some(Comparison { ahead, started_at: self.started_at(), changes });
        is_exact
    }

    /// The last comparison, unless this machine's clock was set since.
    fn known_clock(&self) -> Option<Comparison> {
        let started_at = self.started_at();
        let is_as_it_was =
            |clock: &Comparison| clock.started_at.abs_diff(started_at) < SLACK.as_millis() as u64;
        self.clock().filter(is_as_it_was)
    }

    fn clock(&self) -> MutexGuard<'_, Option<Comparison>> {
        self.clock.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns how far the store's clock is ahead of this machine's, in milliseconds. Accounts for a change of this machine's
    /// clock since the last comparison.
    fn ahead(&self) -> i64 {
        if let Some(clock) = self.known_clock() {
            return clock.ahead;
        }
        let set_by = |clock: Comparison| signed(self.started_at()) - signed(clock.started_at);
        self.clock().map_or(0, |clock| clock.ahead - set_by(clock))
    }

    fn started_at(&self) -> u64 {
        let uptime = u64::try_from(self.machine.uptime().as_millis()).unwrap_or(u64::MAX);
        epoch_milliseconds(self.machine.now()).saturating_sub(uptime)
    }

    /// A token of the store, by this machine's clock.
    pub(super) fn ours(&self, row: OAuthToken) -> OAuthToken {
        OAuthToken { expires_at: row.expires_at.map(|end| self.as_ours(end)), ..row }
    }

    /// A token for the store, by the store's clock.
    pub(super) fn theirs(&self, token: &OAuthToken) -> OAuthToken {
        let ahead = self.ahead();
        OAuthToken { expires_at: token.expires_at.map(|end| moved(end, ahead)), ..token.clone() }
    }
}

/// The store's clock, read once and advanced by this process. Ledgers are kept by it.
pub(super) struct Clock {
    machine: Arc<dyn Machine>,
    store: SystemTime,
    read_at: Duration,
    ours: SystemTime,
}

impl Clock {
    pub(super) fn set_to(store: SystemTime, machine: &Arc<dyn Machine>) -> Self {
        Self { machine: machine.clone(), store, read_at: machine.uptime(), ours: machine.now() }
    }

    pub(super) fn now(&self) -> SystemTime {
        self.store + self.machine.uptime().saturating_sub(self.read_at)
    }

    /// Converts a moment of the store's clock to this machine's.
    pub(super) fn as_ours(&self, moment: SystemTime) -> SystemTime {
        match moment.duration_since(self.store) {
            Ok(later) => self.ours + later,
            Err(_) => self.ours,
        }
    }
}

fn moved(moment: SystemTime, milliseconds: i64) -> SystemTime {
    let by = Duration::from_millis(milliseconds.unsigned_abs());
    let moved = if milliseconds < 0 { moment.checked_sub(by) } else { moment.checked_add(by) };
    moved.unwrap_or(moment)
}

fn signed(milliseconds: u64) -> i64 {
    i64::try_from(milliseconds).unwrap_or(i64::MAX)
}

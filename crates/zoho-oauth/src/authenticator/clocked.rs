//! The store, whose clock is known before a row is used.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::OnceCell;

use crate::machine::Machine;
use crate::spool::KnownIdentity;
use crate::store::coordination::{Acquired, Coordination, Fenced, Lease, LeaseKey, LeaseState};
use crate::store::{AnyStore, StoreError, StoreErrorKind, TokenStore};
use crate::token::OAuthToken;

use super::clock::Clock;

/// How often the store's clock is read at first, if its responses are slow.
const READINGS: usize = 3;

/// A store, and its clock.
#[derive(Debug)]
pub(super) struct ClockedStore {
    store: AnyStore,
    machine: Arc<dyn Machine>,
    clock: Arc<Clock>,
    first_reading: OnceCell<()>,
    identity: KnownIdentity,
}

impl ClockedStore {
    /// A store whose clock is advanced by the uptime of `machine`. `identity` is filled in when the store's identity is first
    /// read.
    pub(super) fn new(store: AnyStore, machine: Arc<dyn Machine>, identity: KnownIdentity) -> Self {
        let clock = Arc::new(Clock::unread(machine.clone()));
        Self { store, machine, clock, first_reading: OnceCell::new(), identity }
    }

    /// The store itself.
    pub(super) fn as_it_is(&self) -> &AnyStore {
        &self.store
    }

    /// This machine.
    pub(super) fn machine(&self) -> &Arc<dyn Machine> {
        &self.machine
    }

    /// The store's clock.
    pub(super) fn clock(&self) -> &Arc<Clock> {
        &self.clock
    }

    pub(super) async fn find_token(&self, token: &OAuthToken) -> Result<Option<OAuthToken>, StoreError> {
        self.know_the_clock().await?;
        self.store.find_token(token).await
    }

    pub(super) async fn find_token_by_id(&self, id: &str) -> Result<Option<OAuthToken>, StoreError> {
        self.know_the_clock().await?;
        self.store.find_token_by_id(id).await
    }

    pub(super) async fn save_token(&self, token: &OAuthToken) -> Result<OAuthToken, StoreError> {
        self.store.save_token(token).await
    }

    pub(super) async fn save_and_release(
        &self,
        lease: &Lease,
        token: &OAuthToken,
    ) -> Result<Fenced, StoreError> {
        self.store.save_and_release(lease, token).await
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
        self.clock.set(now, asked_at);
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
        self.clock.set(state.now, asked_at);
        Ok(state)
    }

    /// Reads the store's version number.
    pub(super) async fn version(&self) -> Result<Option<u64>, StoreError> {
        self.know_the_clock().await?;
        self.store.version().await
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

    /// A caller's `token` by the store's clock.
    pub(super) fn as_theirs(&self, token: OAuthToken) -> OAuthToken {
        OAuthToken { expires_at: token.expires_at.map(|end| self.clock.as_theirs(end)), ..token }
    }

    /// Reads the store's clock, unless it is known.
    async fn know_the_clock(&self) -> Result<(), StoreError> {
        let first_reading = || async {
            for _ in 0..READINGS {
                if self.read_the_clock().await? {
                    break;
                }
            }
            Ok::<_, StoreError>(())
        };
        self.first_reading.get_or_try_init(first_reading).await?;
        if self.clock.is_doubtful() {
            self.read_the_clock().await?;
        }
        Ok(())
    }

    /// Reads the store's clock, and returns whether the reading is exact.
    async fn read_the_clock(&self) -> Result<bool, StoreError> {
        let asked_at = self.machine.uptime();
        Ok(self.clock.set(self.store.clock().await?, asked_at))
    }
}

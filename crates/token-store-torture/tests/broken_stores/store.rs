//! The example store, broken on purpose.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use tokio::time::sleep;
use zoho_oauth::store::coordination::{Acquired, Coordination, Fenced, Lease, LeaseKey, LeaseState};
use zoho_oauth::store::{AnyStore, StoreError, StoreIdentity, TokenStore, id_number};
use zoho_oauth::{Ledger, OAuthToken};

use crate::folder_store::FolderStore;

/// What a store does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flaw {
    /// Reads all rows, adds one and writes all back, over the rows of other processes.
    WritesBackWhatItHasRead,
    /// Looks up the user's row, and inserts one a moment later.
    LooksBeforeItInserts,
    /// Halves each new id.
    GivesIdsTwice,
    /// Panics.
    PanicsWhenItDeletes,
    /// Rejects the second user.
    RejectsTheSecondUser,
    /// Reports a save before it writes.
    AcknowledgesBeforeItWrites,
    /// Writes some fields first and the others later.
    WritesInTwoParts,
    /// Deletes the row before it writes the new one.
    DeletesAndInserts,
    /// Has separate leases in the memory of each process.
    KeepsLeasesToItself,
    /// Reports that it renewed a lease, and does nothing.
    DoesNotRenewLeases,
    /// Grants leases that last a thousand times too long.
    NeverEndsLeases,
    /// Stores leases without their ledgers.
    ForgetsLedgers,
    /// Ignores the row that a lease was taken for.
    SavesWhateverTheRow,
    /// Releases the lease and reports a save before it writes.
    ReleasesBeforeItWrites,
    /// Ignores the lease.
    SavesWhateverTheLease,
    /// Reads the lease, and saves a moment later.
    LooksAtTheLeaseBeforeItSaves,
}

/// A store with one flaw.
#[derive(Debug)]
pub(crate) struct BrokenStore {
    store: FolderStore,
    in_memory: AnyStore,
    flaw: Flaw,
    /// Whether this process has saved a user. Savers at the same moment must not all succeed.
    is_taken: AtomicBool,
}

impl BrokenStore {
    pub(crate) fn new(store: FolderStore, flaw: Flaw) -> Self {
        Self { in_memory: AnyStore::new(store.clone()), store, flaw, is_taken: AtomicBool::new(false) }
    }

    fn save_later(&self, token: &OAuthToken) {
        let (store, token) = (self.store.clone(), token.clone());
        tokio::spawn(async move {
            sleep(Duration::from_millis(50)).await;
            store.save_token(&token).await
        });
    }
}

const A_MOMENT: Duration = Duration::from_millis(5);

impl TokenStore for BrokenStore {
    async fn find_token(&self, token: &OAuthToken) -> Result<Option<OAuthToken>, StoreError> {
        self.store.find_token(token).await
    }

    async fn save_token(&self, token: &OAuthToken) -> Result<OAuthToken, StoreError> {
        match self.flaw {
            Flaw::WritesBackWhatItHasRead => {
                let read = self.store.get_tokens().await?;
                sleep(A_MOMENT).await;
                let saved = self.store.save_token(token).await?;
                for row in self.store.get_tokens().await? {
                    if row.id() != saved.id() && read.iter().all(|known| known.id() != row.id()) {
                        self.store.delete_token(row.id().unwrap_or_default()).await?;
                    }
                }
                Ok(saved)
            }
            Flaw::LooksBeforeItInserts if self.store.find_token(token).await?.is_none() => {
                sleep(A_MOMENT).await;
                let id = format!("{:010}", rand::random_range(1..=9_999_999_999_u64));
                self.store.save_token(&token.clone().with_id(id)).await
            }
            Flaw::GivesIdsTwice => {
                let saved = self.store.save_token(token).await?;
                let half = saved.id().and_then(id_number).map(|id| id.div_ceil(2));
                Ok(saved.with_id(half.unwrap_or_default().to_string()))
            }
            Flaw::RejectsTheSecondUser if self.is_taken.swap(true, Ordering::SeqCst) => {
                Err(StoreError::new("the broken store", "save a token", "this store has room for one user"))
            }
            Flaw::AcknowledgesBeforeItWrites => {
                self.save_later(token);
                Ok(token.clone().with_id("1"))
            }
            Flaw::WritesInTwoParts => {
                self.store.save_token(&token.clone().with_redirect_url("https://example.com/half")).await?;
                self.store.save_token(token).await
            }
            Flaw::DeletesAndInserts => {
                let Some(row) = self.store.find_token(token).await? else {
                    return self.store.save_token(token).await;
                };
                self.store.delete_token(row.id().unwrap_or_default()).await?;
                self.store.save_token(&row).await
            }
            _ => self.store.save_token(token).await,
        }
    }

    async fn delete_token(&self, id: &str) -> Result<bool, StoreError> {
        assert!(self.flaw != Flaw::PanicsWhenItDeletes, "this store cannot delete");
        self.store.delete_token(id).await
    }

    async fn get_tokens(&self) -> Result<Vec<OAuthToken>, StoreError> {
        self.store.get_tokens().await
    }

    async fn delete_tokens(&self) -> Result<(), StoreError> {
        self.store.delete_tokens().await
    }

    async fn find_token_by_id(&self, id: &str) -> Result<Option<OAuthToken>, StoreError> {
        self.store.find_token_by_id(id).await
    }
}

#[deny(clippy::missing_trait_methods)]
impl Coordination for BrokenStore {
    async fn acquire(&self, key: &LeaseKey, holder: &str, life: Duration) -> Result<Acquired, StoreError> {
        match self.flaw {
            Flaw::KeepsLeasesToItself => self.in_memory.acquire(key, holder, life).await,
            Flaw::NeverEndsLeases => self.store.acquire(key, holder, life * 1_000).await,
            _ => self.store.acquire(key, holder, life).await,
        }
    }

    async fn renew(&self, lease: &Lease, life: Duration) -> Result<bool, StoreError> {
        match self.flaw {
            Flaw::KeepsLeasesToItself => self.in_memory.renew(lease, life).await,
            Flaw::DoesNotRenewLeases => Ok(true),
            Flaw::ForgetsLedgers => {
                let forgotten = Lease { ledger: Ledger::default(), ..lease.clone() };
                self.store.renew(&forgotten, life).await
            }
            _ => self.store.renew(lease, life).await,
        }
    }

    async fn release(&self, lease: &Lease) -> Result<bool, StoreError> {
        match self.flaw {
            Flaw::KeepsLeasesToItself => self.in_memory.release(lease).await,
            _ => self.store.release(lease).await,
        }
    }

    async fn save_and_release(&self, lease: &Lease, token: &OAuthToken) -> Result<Fenced, StoreError> {
        match self.flaw {
            Flaw::KeepsLeasesToItself => self.in_memory.save_and_release(lease, token).await,
            Flaw::SavesWhateverTheRow => {
                let for_any_row = Lease { row: None, ..lease.clone() };
                self.store.save_and_release(&for_any_row, token).await
            }
            Flaw::ReleasesBeforeItWrites => {
                self.save_later(token);
                self.store.release(lease).await?;
                Ok(Fenced::Saved(token.clone()))
            }
            Flaw::SavesWhateverTheLease => Ok(Fenced::Saved(self.store.save_token(token).await?)),
            Flaw::LooksAtTheLeaseBeforeItSaves => {
                if self.store.lease_state(&lease.key).await?.epoch > lease.epoch {
                    return Ok(Fenced::Superseded);
                }
                sleep(A_MOMENT * 20).await;
                let saved = self.store.save_token(token).await?;
                self.store.release(lease).await?;
                Ok(Fenced::Saved(saved))
            }
            _ => self.store.save_and_release(lease, token).await,
        }
    }

    async fn lease_state(&self, key: &LeaseKey) -> Result<LeaseState, StoreError> {
        match self.flaw {
            Flaw::KeepsLeasesToItself => self.in_memory.lease_state(key).await,
            _ => self.store.lease_state(key).await,
        }
    }

    async fn version(&self) -> Result<Option<u64>, StoreError> {
        Ok(None)
    }

    fn poll_interval(&self) -> Duration {
        self.store.poll_interval()
    }

    async fn clock(&self) -> Result<SystemTime, StoreError> {
        self.store.clock().await
    }

    async fn damaged_leases(&self, keys: &[LeaseKey]) -> Result<Vec<LeaseKey>, StoreError> {
        self.store.damaged_leases(keys).await
    }

    async fn stored_identity(&self) -> Result<Option<StoreIdentity>, StoreError> {
        self.store.stored_identity().await
    }
}

//! Any store behind one type: what the `Authenticator` holds, and what a program holds that chooses its store
//! while running.

use std::any::type_name;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use crate::token::OAuthToken;

use super::coordination::{Acquired, Coordination, Fenced, Lease, LeaseKey, LeaseState};
use super::erased::{ErasedCoordination, ErasedStore};
use super::error::StoreError;
use super::lease_board::LeaseBoard;
use super::maintenance::Upkeep;
use super::page::TokenPage;
use super::token_store::TokenStore;

/// A token store of any kind. Cheap to clone; clones share the store.
///
/// Every store of this crate turns into one by itself, with one renewal for all processes that share it. A store
/// of one's own is wrapped by [`AnyStore::new`] and gets one renewal per process, or by
/// [`AnyStore::coordinated`] if it implements [`Coordination`] too.
///
/// ```
/// use zoho_oauth::store::{AnyStore, MemoryStore};
///
/// let store: AnyStore = MemoryStore::new().into();
/// assert_eq!(store.name(), "the memory token store");
/// ```
#[derive(Clone)]
pub struct AnyStore {
    store: Arc<dyn ErasedStore>,
    coordination: Arc<dyn ErasedCoordination>,
    name: Arc<str>,
    is_named: bool,
    place: Option<Arc<PathBuf>>,
    upkeep: Option<Arc<dyn Upkeep>>,
    leases_are_written: bool,
    is_lasting: bool,
}

impl AnyStore {
    /// A store with the six methods alone: one renewal per process.
    pub fn new(store: impl TokenStore) -> Self {
        let name = format!("the token store {}", type_name_of(&store));
        let store: Arc<dyn ErasedStore> = Arc::new(store);
        let coordination = Arc::new(WithinThisProcess { store: store.clone(), board: Mutex::default() });
        Self {
            store,
            coordination,
            name: name.into(),
            is_named: false,
            place: None,
            upkeep: None,
            leases_are_written: false,
            is_lasting: true,
        }
    }

    /// A store that implements [`Coordination`] too: one renewal for all who share it.
    pub fn coordinated(store: impl TokenStore + Coordination) -> Self {
        let name = format!("the token store {}", type_name_of(&store));
        let store = Arc::new(store);
        Self {
            store: store.clone(),
            coordination: store,
            name: name.into(),
            is_named: false,
            place: None,
            upkeep: None,
            leases_are_written: true,
            is_lasting: true,
        }
    }

    /// Gives the store the name that messages use, such as `the SQLite token store zohooauth.db`.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = Arc::from(name.into());
        self.is_named = true;
        self
    }

    /// Says which file the store is kept in: a token that could not be saved is spooled beside it.
    #[must_use]
    pub fn kept_in(mut self, path: impl Into<PathBuf>) -> Self {
        self.place = Some(Arc::new(path.into()));
        self
    }

    /// Says that the store ends with this process: nothing of it is spooled for another one.
    #[must_use]
    pub fn in_memory(mut self) -> Self {
        self.is_lasting = false;
        self
    }

    /// Says what checks it and mends it better than the contract can.
    #[cfg(any(feature = "file", feature = "sqlite"))]
    pub(crate) fn looked_after_by(mut self, upkeep: impl Upkeep + 'static) -> Self {
        self.upkeep = Some(Arc::new(upkeep));
        self
    }

    pub(crate) fn upkeep(&self) -> Option<&dyn Upkeep> {
        self.upkeep.as_deref()
    }

    /// Whether the two are surely one: clones, or stores outside of this process that have one name.
    pub(crate) fn is_same_as(&self, other: &Self) -> bool {
        let is_outside = self.is_lasting && self.is_named && other.is_named;
        Arc::ptr_eq(&self.store, &other.store) || (is_outside && self.name == other.name)
    }

    pub(crate) fn is_lasting(&self) -> bool {
        self.is_lasting
    }

    /// Makes sure that the store takes tokens, before something is spent that cannot be had again. A coordinated
    /// store has shown it by writing the lease; another one is given a token and told to delete it.
    pub(crate) async fn check_for_writing(&self) -> Result<(), StoreError> {
        if self.leases_are_written {
            return Ok(());
        }
        let probe =
            OAuthToken::new().with_access_token(format!("write check {:032x}", rand::random::<u128>()));
        let saved = self.store.save_token(&probe).await?;
        self.store.delete_token(saved.id().unwrap_or_default()).await.map(|_| ())
    }

    /// The store's name, for messages.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The file that the store is kept in, if it is one.
    #[must_use]
    pub fn place(&self) -> Option<&std::path::Path> {
        self.place.as_ref().map(|path| path.as_path())
    }
}

impl fmt::Debug for AnyStore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("AnyStore").field(&self.name).finish()
    }
}

#[deny(clippy::missing_trait_methods)]
impl TokenStore for AnyStore {
    async fn find_token(&self, token: &OAuthToken) -> Result<Option<OAuthToken>, StoreError> {
        self.store.find_token(token).await
    }

    async fn save_token(&self, token: &OAuthToken) -> Result<OAuthToken, StoreError> {
        self.store.save_token(token).await
    }

    async fn delete_token(&self, id: &str) -> Result<bool, StoreError> {
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

    async fn get_token_page(&self, after: Option<&str>) -> Result<TokenPage, StoreError> {
        self.store.get_token_page(after).await
    }

    async fn save_tokens(&self, tokens: &[OAuthToken]) -> Result<Vec<OAuthToken>, StoreError> {
        self.store.save_tokens(tokens).await
    }
}

#[deny(clippy::missing_trait_methods)]
impl Coordination for AnyStore {
    async fn acquire(&self, key: &LeaseKey, holder: &str, life: Duration) -> Result<Acquired, StoreError> {
        self.coordination.acquire(key, holder, life).await
    }

    async fn renew(&self, lease: &Lease, life: Duration) -> Result<bool, StoreError> {
        self.coordination.renew(lease, life).await
    }

    async fn release(&self, lease: &Lease) -> Result<bool, StoreError> {
        self.coordination.release(lease).await
    }

    async fn save_and_release(&self, lease: &Lease, token: &OAuthToken) -> Result<Fenced, StoreError> {
        self.coordination.save_and_release(lease, token).await
    }

    async fn lease_state(&self, key: &LeaseKey) -> Result<LeaseState, StoreError> {
        self.coordination.lease_state(key).await
    }

    async fn version(&self) -> Result<Option<u64>, StoreError> {
        self.coordination.version().await
    }

    fn poll_interval(&self) -> Duration {
        self.coordination.poll_interval()
    }

    async fn clock(&self) -> Result<SystemTime, StoreError> {
        self.coordination.clock().await
    }
}

/// What the six methods alone can be given: leases and ledgers in this process's memory.
struct WithinThisProcess {
    store: Arc<dyn ErasedStore>,
    board: Mutex<LeaseBoard>,
}

impl WithinThisProcess {
    fn board(&self) -> std::sync::MutexGuard<'_, LeaseBoard> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Coordination for WithinThisProcess {
    async fn acquire(&self, key: &LeaseKey, holder: &str, life: Duration) -> Result<Acquired, StoreError> {
        Ok(self.board().acquire(key, holder, life))
    }

    async fn renew(&self, lease: &Lease, life: Duration) -> Result<bool, StoreError> {
        Ok(self.board().renew(lease, life))
    }

    async fn release(&self, lease: &Lease) -> Result<bool, StoreError> {
        Ok(self.board().release(lease))
    }

    async fn save_and_release(&self, lease: &Lease, token: &OAuthToken) -> Result<Fenced, StoreError> {
        if !self.board().is_held_under(lease) {
            return Ok(Fenced::Superseded);
        }
        if let Some(id) = &lease.row {
            let row = self.store.find_token_by_id(id).await?;
            if !lease.permits(row.as_ref()) {
                self.board().release(lease);
                return Ok(Fenced::Superseded);
            }
        }
        let saved = self.store.save_token(token).await?;
        self.board().release(lease);
        Ok(Fenced::Saved(saved))
    }

    async fn lease_state(&self, key: &LeaseKey) -> Result<LeaseState, StoreError> {
        Ok(self.board().lease_state(key))
    }

    async fn version(&self) -> Result<Option<u64>, StoreError> {
        Ok(None)
    }
}

fn type_name_of<T>(_: &T) -> &'static str {
    type_name::<T>()
}

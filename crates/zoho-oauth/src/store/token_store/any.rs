//! Any store behind one type: for the `Authenticator`, and for programs that choose their store at run time.

use std::any::type_name;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use crate::store::coordination::{Acquired, Coordination, Fenced, Lease, LeaseKey, LeaseState};
use crate::store::error::StoreError;
use crate::store::identity::StoreIdentity;
use crate::store::lease_board::LeaseBoard;
use crate::store::maintenance::Maintenance;
use crate::store::page::TokenPage;
use crate::token::OAuthToken;

use super::TokenStore;
use super::erased::{ErasedCoordination, ErasedStore};

/// A token store of any kind. Cheap to clone; clones share the store.
///
/// Every store of this crate converts into it with `into()`, and then all processes that share the store cause one
/// renewal. A custom store converts with [`TokenStore::into_any`]: one renewal per process, or one for all processes if
/// the store implements [`Coordination`] too and says so.
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
    identity: StoreIdentity,
    place: Option<Arc<PathBuf>>,
    /// The table in the file, if that can have several stores.
    table: Option<Arc<str>>,
    maintenance: Option<Arc<dyn Maintenance>>,
    writes_leases: bool,
    is_durable: bool,
}

impl AnyStore {
    /// Wraps a store that implements only [`TokenStore`]: one renewal per process.
    pub fn new(store: impl TokenStore) -> Self {
        let identity = StoreIdentity::of_type(type_name_of(&store));
        let name = format!("the token store {identity}");
        let store: Arc<dyn ErasedStore> = Arc::new(store);
        let coordination = Arc::new(WithinThisProcess { store: store.clone(), board: Mutex::default() });
        Self {
            store,
            coordination,
            name: name.into(),
            identity,
            place: None,
            table: None,
            maintenance: None,
            writes_leases: false,
            is_durable: true,
        }
    }

    /// Wraps a store that implements [`Coordination`] too: one renewal for all processes that share it.
    pub fn coordinated(store: impl TokenStore + Coordination) -> Self {
        let identity = StoreIdentity::of_type(type_name_of(&store));
        let name = format!("the token store {identity}");
        let store = Arc::new(store);
        Self {
            store: store.clone(),
            coordination: store,
            name: name.into(),
            identity,
            place: None,
            table: None,
            maintenance: None,
            writes_leases: true,
            is_durable: true,
        }
    }

    /// Sets the name of the store in messages, such as `the SQLite token store zohooauth.db`.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = Arc::from(name.into());
        self
    }

    /// Sets what identifies the store, so that its spooled tokens are found again and it is not copied onto itself. A
    /// store in a file is identified by that, and one that holds its own identity by
    /// [`stored_identity`](Coordination::stored_identity). Default: the type of the store, which several stores may share.
    #[must_use]
    pub fn identified_by(mut self, identity: StoreIdentity) -> Self {
        self.identity = identity;
        self
    }

    /// What identifies the place of the store: its file or its address.
    #[must_use]
    pub fn identity(&self) -> StoreIdentity {
        match (self.place(), &self.table) {
            (Some(path), Some(table)) => StoreIdentity::of_table(path, table),
            (Some(path), None) => StoreIdentity::of_file(path),
            (None, _) => self.identity.clone(),
        }
    }

    /// Sets the file of the store. A token that the store rejects is spooled beside it.
    #[must_use]
    pub fn kept_in(mut self, path: impl Into<PathBuf>) -> Self {
        self.place = Some(Arc::new(path.into()));
        self
    }

    /// Sets the table of the store, if another store can be in the same file.
    #[cfg(feature = "sqlite")]
    pub(in crate::store) fn in_table(mut self, table: Option<&str>) -> Self {
        self.table = table.map(Arc::from);
        self
    }

    /// Marks the store as one that ends with this process. Its tokens are never spooled.
    #[must_use]
    pub fn in_memory(mut self) -> Self {
        self.is_durable = false;
        self
    }

    /// Sets what checks and repairs the store better than the contract can.
    #[cfg(any(feature = "file", feature = "redis", feature = "sqlite"))]
    pub(crate) fn maintained_by(mut self, maintenance: impl Maintenance + 'static) -> Self {
        self.maintenance = Some(Arc::new(maintenance));
        self
    }

    pub(crate) fn maintenance(&self) -> Option<&dyn Maintenance> {
        self.maintenance.as_deref()
    }

    /// Whether the two are certainly one store: clones, or durable stores with the same unique identity, by their place or
    /// by what they hold themselves.
    pub(crate) async fn is_same_as(&self, other: &Self) -> Result<bool, StoreError> {
        if Arc::ptr_eq(&self.store, &other.store) {
            return Ok(true);
        }
        if !(self.is_durable && other.is_durable) {
            return Ok(false);
        }
        let place = self.identity();
        if place.is_unique() && place == other.identity() {
            return Ok(true);
        }
        let stored = self.coordination.stored_identity().await?;
        Ok(stored.is_some() && stored == other.coordination.stored_identity().await?)
    }

    pub(crate) fn is_durable(&self) -> bool {
        self.is_durable
    }

    /// Checks that the store accepts writes, before a credential is spent that cannot be replaced. A coordinated store has
    /// shown it by writing the lease. In any other store, a token is saved and deleted again.
    pub(crate) async fn check_for_writing(&self) -> Result<(), StoreError> {
        if self.writes_leases {
            return Ok(());
        }
        let probe =
            OAuthToken::new().with_access_token(format!("write check {:032x}", rand::random::<u128>()));
        let saved = self.store.save_token(&probe).await?;
        self.store.delete_token(saved.id().unwrap_or_default()).await.map(|_| ())
    }

    /// Returns the name of the store in messages.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the file of the store, if it is one.
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

    fn into_any(self) -> Self {
        self
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

    async fn damaged_leases(&self, keys: &[LeaseKey]) -> Result<Vec<LeaseKey>, StoreError> {
        self.coordination.damaged_leases(keys).await
    }

    async fn stored_identity(&self) -> Result<Option<StoreIdentity>, StoreError> {
        self.coordination.stored_identity().await
    }
}

/// Coordination for a store that has none: leases and ledgers in the memory of this process.
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

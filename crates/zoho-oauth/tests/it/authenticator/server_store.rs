//! A store like one on a server: it may have no version number, as MySQL and PostgreSQL, and it can stop responding.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use tokio::sync::watch;
use zoho_oauth::OAuthToken;
use zoho_oauth::store::coordination::{Acquired, Coordination, Fenced, Lease, LeaseKey, LeaseState};
use zoho_oauth::store::{
    AnyStore, MemoryStore, StoreError, StoreErrorKind, StoreIdentity, TokenPage, TokenStore,
};

/// How long a call waits for a response.
const TIMEOUT: Duration = Duration::from_secs(3);

#[derive(Clone)]
pub(crate) struct ServerStore {
    store: MemoryStore,
    has_version: bool,
    hangs: watch::Sender<bool>,
    /// How long the response to the next extension of a lease takes.
    extension_delay: Arc<Mutex<Duration>>,
    /// After how long the response to the next save under a lease is lost.
    save_timeout: Arc<Mutex<Option<Duration>>>,
    calls: Arc<AtomicUsize>,
}

impl ServerStore {
    pub(crate) fn with_version() -> Self {
        Self {
            store: MemoryStore::new(),
            has_version: true,
            hangs: watch::Sender::new(false),
            extension_delay: Arc::default(),
            save_timeout: Arc::default(),
            calls: Arc::default(),
        }
    }

    pub(crate) fn without_version() -> Self {
        Self { has_version: false, ..Self::with_version() }
    }

    /// Whether calls get no response from now on.
    pub(crate) fn hang(&self, hangs: bool) {
        self.hangs.send_replace(hangs);
    }

    /// Has the store extend the next lease at once and respond after `delay`.
    pub(crate) fn delay_next_extension(&self, delay: Duration) {
        *self.extension_delay.lock().unwrap() = delay;
    }

    /// Has the store save the next token under a lease, and lose its response. The save fails after `timeout`.
    pub(crate) fn lose_response_to_next_save(&self, timeout: Duration) {
        *self.save_timeout.lock().unwrap() = Some(timeout);
    }

    /// Whether a lease was extended whose response was to be delayed.
    pub(crate) fn has_delayed_an_extension(&self) -> bool {
        self.extension_delay.lock().unwrap().is_zero()
    }

    /// How many calls there were.
    pub(crate) fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }

    async fn response(&self) -> Result<&MemoryStore, StoreError> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        let mut hangs = self.hangs.subscribe();
        let late = |_| StoreError::of(StoreErrorKind::Busy, "respond in time").in_store("the server");
        let responds = tokio::time::timeout(TIMEOUT, hangs.wait_for(|hangs| !hangs)).await.map_err(late)?;
        drop(responds);
        Ok(&self.store)
    }
}

impl From<ServerStore> for AnyStore {
    fn from(store: ServerStore) -> Self {
        let name = if store.has_version { "a store with a version" } else { "a store without a version" };
        Self::coordinated(store).named(name)
    }
}

#[deny(clippy::missing_trait_methods)]
impl TokenStore for ServerStore {
    async fn find_token(&self, token: &OAuthToken) -> Result<Option<OAuthToken>, StoreError> {
        self.response().await?.find_token(token).await
    }

    async fn save_token(&self, token: &OAuthToken) -> Result<OAuthToken, StoreError> {
        self.response().await?.save_token(token).await
    }

    async fn delete_token(&self, id: &str) -> Result<bool, StoreError> {
        self.response().await?.delete_token(id).await
    }

    async fn get_tokens(&self) -> Result<Vec<OAuthToken>, StoreError> {
        self.response().await?.get_tokens().await
    }

    async fn delete_tokens(&self) -> Result<(), StoreError> {
        self.response().await?.delete_tokens().await
    }

    async fn find_token_by_id(&self, id: &str) -> Result<Option<OAuthToken>, StoreError> {
        self.response().await?.find_token_by_id(id).await
    }

    async fn get_token_page(&self, after: Option<&str>) -> Result<TokenPage, StoreError> {
        self.response().await?.get_token_page(after).await
    }

    async fn save_tokens(&self, tokens: &[OAuthToken]) -> Result<Vec<OAuthToken>, StoreError> {
        self.response().await?.save_tokens(tokens).await
    }

    fn into_any(self) -> AnyStore {
        self.into()
    }
}

#[deny(clippy::missing_trait_methods)]
impl Coordination for ServerStore {
    async fn acquire(&self, key: &LeaseKey, holder: &str, life: Duration) -> Result<Acquired, StoreError> {
        self.response().await?.acquire(key, holder, life).await
    }

    async fn renew(&self, lease: &Lease, life: Duration) -> Result<bool, StoreError> {
        let renewed = self.response().await?.renew(lease, life).await;
        let delay = std::mem::take(&mut *self.extension_delay.lock().unwrap());
        tokio::time::sleep(delay).await;
        renewed
    }

    async fn release(&self, lease: &Lease) -> Result<bool, StoreError> {
        self.response().await?.release(lease).await
    }

    async fn save_and_release(&self, lease: &Lease, token: &OAuthToken) -> Result<Fenced, StoreError> {
        let saved = self.response().await?.save_and_release(lease, token).await;
        let timeout = self.save_timeout.lock().unwrap().take();
        if let Some(timeout) = timeout {
            tokio::time::sleep(timeout).await;
            return Err(StoreError::of(StoreErrorKind::Busy, "respond in time").in_store("the server"));
        }
        saved
    }

    async fn lease_state(&self, key: &LeaseKey) -> Result<LeaseState, StoreError> {
        self.response().await?.lease_state(key).await
    }

    async fn version(&self) -> Result<Option<u64>, StoreError> {
        match self.has_version {
            true => self.response().await?.version().await,
            false => Ok(None),
        }
    }

    fn poll_interval(&self) -> Duration {
        self.store.poll_interval()
    }

    async fn clock(&self) -> Result<SystemTime, StoreError> {
        self.response().await?.clock().await
    }

    async fn damaged_leases(&self, keys: &[LeaseKey]) -> Result<Vec<LeaseKey>, StoreError> {
        self.response().await?.damaged_leases(keys).await
    }

    async fn stored_identity(&self) -> Result<Option<StoreIdentity>, StoreError> {
        self.response().await?.stored_identity().await
    }
}

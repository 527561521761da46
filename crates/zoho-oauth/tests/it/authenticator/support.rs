//! A user who has logged in at an emulator, and stores that fail on request.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime};

use zoho_emulator::{Emulator, Fault};
use zoho_oauth::store::{MemoryStore, StoreError, TokenStore};
use zoho_oauth::{
    Authenticator, AuthenticatorBuilder, Environment, Grant, Login, OAuthClient, OAuthToken, Persistence,
    UserSignature,
};

pub(crate) const TOKEN_REQUEST: &str = "POST /oauth/v2/token";

/// The default emulator's user, as it is named in rows.
pub(crate) fn ada(zoho: &Emulator) -> UserSignature {
    let _ = zoho;
    UserSignature::new("ada@example.com:60000001")
}

pub(crate) fn client(zoho: &Emulator) -> OAuthClient {
    let app = zoho.default_client();
    OAuthClient::new(app.id(), app.secret())
}

pub(crate) fn environment(zoho: &Emulator) -> Environment {
    Environment::local(&zoho.base_url()).unwrap()
}

pub(crate) fn builder(zoho: &Emulator, store: impl TokenStore) -> AuthenticatorBuilder {
    Authenticator::builder(environment(zoho)).client(client(zoho)).store(store).attempts(1)
}

pub(crate) fn authenticator(zoho: &Emulator, store: impl TokenStore) -> Authenticator {
    builder(zoho, store).build().unwrap()
}

/// Logs in with a Self Client code, and clears the journal.
pub(crate) async fn logged_in(zoho: &Emulator, authenticator: &Authenticator) -> OAuthToken {
    let code = zoho.self_client_code("ada@example.com");
    let login = authenticator.exchange(Grant::from_self_client(code)).await.unwrap();
    assert!(matches!(login.persistence(), Persistence::Stored));
    zoho.journal().clear();
    login.token().clone()
}

/// A row with an expired access token and a refresh token that the emulator issued.
pub(crate) async fn with_a_stale_token(zoho: &Emulator, store: &impl TokenStore) -> OAuthToken {
    let app = zoho.default_client();
    let refresh_token = zoho.grant_refresh_token(app.id(), "ada@example.com");
    let row = OAuthToken::new()
        .with_user(ada(zoho))
        .with_client(app.id(), app.secret())
        .with_refresh_token(refresh_token)
        .with_access_token("1000.expired")
        .with_expires_at(SystemTime::now() - Duration::from_secs(1))
        .with_api_domain(zoho.base_url());
    store.save_token(&row).await.unwrap()
}

/// A row whose access token is inside its early window: still valid for longer than any margin.
pub(crate) async fn with_an_ending_token(zoho: &Emulator, store: &impl TokenStore) -> OAuthToken {
    let row = with_a_stale_token(zoho, store).await;
    let end = SystemTime::now() + Duration::from_secs(240);
    store.save_token(&row.with_access_token("1000.ending").with_expires_at(end)).await.unwrap()
}

/// Waits until `condition` holds, for up to a minute: only a broken promise takes that long, not a busy machine.
pub(crate) async fn until(what: &str, mut condition: impl AsyncFnMut() -> bool) {
    let started = Instant::now();
    while !condition().await {
        assert!(started.elapsed() < Duration::from_secs(60), "waited in vain until {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Waits until every installed fault has applied to a request, such as one whose response is held.
pub(crate) async fn until_faults_applied(zoho: &Emulator) {
    until("every fault has applied", async || zoho.pending_faults() == 0).await;
}

pub(crate) fn token_requests(zoho: &Emulator) -> usize {
    zoho.journal().count(TOKEN_REQUEST)
}

/// Logs in. The write check succeeds, then the store fails while Zoho responds.
pub(crate) async fn login_while_the_store_fails(
    zoho: &Emulator,
    store: &FailingStore,
    authenticator: &Authenticator,
) -> Login {
    let code = zoho.self_client_code("ada@example.com");
    zoho.fault(Fault::on(TOKEN_REQUEST).hold());
    let (login, ()) = tokio::join!(authenticator.exchange(Grant::from_self_client(code)), async {
        until_faults_applied(zoho).await;
        store.fail(true);
        zoho.clear_faults();
    });
    login.unwrap()
}

/// A store with only the six methods, whose saves can be made slow, or made to fail before or after they happen.
#[derive(Clone, Default)]
pub(crate) struct FailingStore {
    store: MemoryStore,
    delay: Duration,
    fails: Arc<AtomicBool>,
    fails_afterwards: Arc<AtomicBool>,
    saves: Arc<AtomicUsize>,
}

impl FailingStore {
    pub(crate) fn fail(&self, fails: bool) {
        self.fails.store(fails, Ordering::SeqCst);
    }

    /// Has saves happen and be reported as failed, as after a timeout.
    pub(crate) fn fail_afterwards(&self, fails: bool) {
        self.fails_afterwards.store(fails, Ordering::SeqCst);
    }

    /// Has each save take this long.
    pub(crate) fn with_delay(self, delay: Duration) -> Self {
        Self { delay, ..self }
    }

    pub(crate) fn saves(&self) -> usize {
        self.saves.load(Ordering::SeqCst)
    }
}

impl TokenStore for FailingStore {
    async fn find_token(&self, token: &OAuthToken) -> Result<Option<OAuthToken>, StoreError> {
        self.store.find_token(token).await
    }

    async fn save_token(&self, token: &OAuthToken) -> Result<OAuthToken, StoreError> {
        self.saves.fetch_add(1, Ordering::SeqCst);
        if self.fails.load(Ordering::SeqCst) {
            return Err(StoreError::new("the failing store", "save a token", "the disk is full"));
        }
        tokio::time::sleep(self.delay).await;
        let saved = self.store.save_token(token).await?;
        if self.fails_afterwards.load(Ordering::SeqCst) {
            return Err(StoreError::new("the failing store", "save a token", "timed out"));
        }
        Ok(saved)
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
}

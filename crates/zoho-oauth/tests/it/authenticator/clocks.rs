//! A store whose clock differs from this machine's: rows and ledgers use the store's clock, callers their own.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use zoho_emulator::Emulator;
use zoho_oauth::store::coordination::{Acquired, Coordination, Fenced, Lease, LeaseKey, LeaseState};
use zoho_oauth::store::{AnyStore, MemoryStore, StoreError, StoreIdentity, TokenStore};
use zoho_oauth::{Authenticator, Error, ExposeSecret, OAuthToken};

use super::support::*;

const TEN_MINUTES: Duration = Duration::from_secs(600);

#[tokio::test]
async fn a_new_token_is_stored_by_the_stores_clock_and_served_by_ours() {
    for clock in Clock::EACH {
        let zoho = Emulator::start().await;
        let (authenticator, store) = authenticator_at(&zoho, clock);
        with_a_stale_token(&zoho, &store.store).await;
        store.shift_the_only_row().await;
        let served = authenticator.access_token(&ada(&zoho)).await.unwrap();
        assert!(
            near(served.expires_at(), SystemTime::now() + Duration::from_secs(3_600)),
            "{clock:?}: {served:?}"
        );
        let row = store.find_token(&OAuthToken::new().with_user(ada(&zoho))).await.unwrap().unwrap();
        assert!(near(row.expires_at(), clock.now() + Duration::from_secs(3_600)), "{clock:?}: {row:?}");
        assert_eq!(token_requests(&zoho), 1);
    }
}

#[tokio::test]
async fn a_stored_token_is_fresh_by_the_stores_clock() {
    for clock in Clock::EACH {
        let zoho = Emulator::start().await;
        let (authenticator, store) = authenticator_at(&zoho, clock);
        let row = with_a_stale_token(&zoho, &store.store).await;
        let in_five_minutes =
            row.clone().with_access_token("1000.stored").with_expires_at(clock.now() + TEN_MINUTES / 2);
        store.save_token(&in_five_minutes).await.unwrap();
        let served = authenticator.access_token(&ada(&zoho)).await.unwrap();
        assert_eq!(served.expose_secret(), "1000.stored", "{clock:?}");
        assert!(near(served.expires_at(), SystemTime::now() + TEN_MINUTES / 2), "{clock:?}: {served:?}");

        let (newcomer, _) = authenticator_over(&zoho, store.clone());
        let ended =
            row.with_access_token("1000.stored").with_expires_at(clock.now() - Duration::from_secs(5));
        store.save_token(&ended).await.unwrap();
        let served = newcomer.access_token(&ada(&zoho)).await.unwrap();
        assert_ne!(served.expose_secret(), "1000.stored", "{clock:?}");
    }
}

#[tokio::test]
async fn the_quota_holds_and_retry_at_is_by_our_clock() {
    for clock in Clock::EACH {
        let zoho = Emulator::start().await;
        let (authenticator, store) = authenticator_at(&zoho, clock);
        with_a_stale_token(&zoho, &store.store).await;
        store.shift_the_only_row().await;
        let mut served = authenticator.access_token(&ada(&zoho)).await.unwrap();
        for _ in 0..9 {
            zoho.invalidate_access_token(served.expose_secret());
            served = authenticator.replace(&served).await.unwrap();
        }
        zoho.invalidate_access_token(served.expose_secret());
        let error = authenticator.replace(&served).await.expect_err("the quota is used up");
        assert!(matches!(error, Error::Throttled { .. }), "{error}");
        assert!(near(error.retry_at(), SystemTime::now() + TEN_MINUTES), "{clock:?}: {error}");
        assert_eq!(token_requests(&zoho), 10);
    }
}

#[tokio::test]
async fn a_spooled_token_that_a_program_stores_first_of_all_gets_the_right_expiry() {
    for clock in Clock::EACH {
        let (zoho, folder) = (Emulator::start().await, tempfile::tempdir().unwrap());
        let store = FarStore { store: MemoryStore::new(), clock, is_full: Arc::default() };
        let program = || {
            let store = AnyStore::coordinated(store.clone());
            builder(&zoho, store).spool_folder(folder.path()).build().unwrap()
        };
        with_a_stale_token(&zoho, &store.store).await;
        store.shift_the_only_row().await;
        store.is_full.store(true, Ordering::SeqCst);
        let spooled = program().access_token(&ada(&zoho)).await.unwrap();
        store.is_full.store(false, Ordering::SeqCst);
        assert_eq!(program().recover().await.unwrap(), 1, "{clock:?}");
        let row = store.find_token(&OAuthToken::new().with_user(ada(&zoho))).await.unwrap().unwrap();
        assert_eq!(row.access_token().map(ExposeSecret::expose_secret), Some(spooled.expose_secret()));
        assert!(near(row.expires_at(), clock.now() + Duration::from_secs(3_600)), "{clock:?}: {row:?}");
    }
}

/// The store's clock, compared with this machine's.
#[derive(Clone, Copy, Debug)]
enum Clock {
    Ahead,
    Behind,
}

impl Clock {
    const EACH: [Self; 2] = [Self::Ahead, Self::Behind];

    fn now(self) -> SystemTime {
        self.shown(SystemTime::now())
    }

    fn shown(self, moment: SystemTime) -> SystemTime {
        match self {
            Self::Ahead => moment + TEN_MINUTES,
            Self::Behind => moment - TEN_MINUTES,
        }
    }
}

/// A store with the clock of another machine.
#[derive(Clone)]
struct FarStore {
    store: MemoryStore,
    clock: Clock,
    /// Whether it rejects tokens.
    is_full: Arc<AtomicBool>,
}

fn authenticator_at(zoho: &Emulator, clock: Clock) -> (Authenticator, FarStore) {
    authenticator_over(zoho, FarStore { store: MemoryStore::new(), clock, is_full: Arc::default() })
}

fn authenticator_over(zoho: &Emulator, store: FarStore) -> (Authenticator, FarStore) {
    (authenticator(zoho, AnyStore::coordinated(store.clone())), store)
}

fn near(moment: Option<SystemTime>, expected: SystemTime) -> bool {
    let moment = moment.expect("a moment");
    let apart = moment.duration_since(expected).unwrap_or_else(|error| error.duration());
    apart < TEN_MINUTES / 10
}

impl FarStore {
    /// Converts the expiry of the only row from this machine's clock to the store's.
    async fn shift_the_only_row(&self) {
        let row = self.store.get_tokens().await.unwrap().remove(0);
        let end = self.clock.shown(row.expires_at().expect("the row has an expiry"));
        self.store.save_token(&row.with_expires_at(end)).await.unwrap();
    }

    fn state_there(&self, state: LeaseState) -> LeaseState {
        let now = self.clock.shown(state.now);
        let mut there = state;
        there.now = now;
        there
    }
}

impl TokenStore for FarStore {
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
}

#[deny(clippy::missing_trait_methods)]
impl Coordination for FarStore {
    async fn acquire(&self, key: &LeaseKey, holder: &str, life: Duration) -> Result<Acquired, StoreError> {
        Ok(match self.store.acquire(key, holder, life).await? {
            Acquired::Granted(lease) => {
                let granted_at = self.clock.shown(lease.granted_at);
                Acquired::Granted(Lease { granted_at, ..lease })
            }
            Acquired::Held(state) => Acquired::Held(self.state_there(state)),
            other => other,
        })
    }

    async fn renew(&self, lease: &Lease, life: Duration) -> Result<bool, StoreError> {
        self.store.renew(lease, life).await
    }

    async fn release(&self, lease: &Lease) -> Result<bool, StoreError> {
        self.store.release(lease).await
    }

    async fn save_and_release(&self, lease: &Lease, token: &OAuthToken) -> Result<Fenced, StoreError> {
        if self.is_full.load(Ordering::SeqCst) {
            return Err(StoreError::new("the far store", "save a token", "it is full"));
        }
        self.store.save_and_release(lease, token).await
    }

    async fn lease_state(&self, key: &LeaseKey) -> Result<LeaseState, StoreError> {
        Ok(self.state_there(self.store.lease_state(key).await?))
    }

    async fn version(&self) -> Result<Option<u64>, StoreError> {
        self.store.version().await
    }

    fn poll_interval(&self) -> Duration {
        self.store.poll_interval()
    }

    async fn clock(&self) -> Result<SystemTime, StoreError> {
        Ok(self.clock.now())
    }

    async fn damaged_leases(&self, keys: &[LeaseKey]) -> Result<Vec<LeaseKey>, StoreError> {
        self.store.damaged_leases(keys).await
    }

    async fn stored_identity(&self) -> Result<Option<StoreIdentity>, StoreError> {
        self.store.stored_identity().await
    }
}

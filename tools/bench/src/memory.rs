//! `Authenticator::access_token` with a valid token, which comes from memory.

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tokio::runtime;
use zoho_oauth::store::coordination::{Acquired, Coordination, Fenced, Lease, LeaseKey, LeaseState};
use zoho_oauth::store::{AnyStore, SqliteStore, StoreError, StoreIdentity, TokenPage, TokenStore};
use zoho_oauth::{Authenticator, DataCenter, OAuthToken, UserSignature};

use crate::Outcome;
use crate::fixture::{self, AtRandom};
use crate::measure::Samples;
use crate::options::Options;
use crate::report::{Limit, Line, Report, count};

pub(crate) fn run(options: &Options, report: &mut Report) -> Outcome {
    report.part("`access_token(user)`, a valid token", "bare map and clock; or one thread");
    let calls = Arc::new(Calls::default());
    let sizes: &[_] = if options.quick { &[(1_000, 200.0)] } else { &[(1_000, 200.0), (100_000, 300.0)] };
    let mut proofs = Vec::new();
    for (users, limit) in sizes {
        let folder = options.fresh_folder()?;
        let path = folder.path().join("zohooauth.db");
        fixture::write_indexed_database(&path, *users)?;
        let store = Counting { store: SqliteStore::open(&path)?, calls: calls.clone() };
        let authenticator = Authenticator::builder(DataCenter::Us.production())
            .spool_folder(folder.path().join("spool"))
            .store(store)
            .build()?;
        let users = Users::remembered_by(&authenticator, *users)?;
        proofs.push(measure(options, report, &calls, &users, *limit)?);
    }
    for proof in proofs {
        report.note(&proof);
    }
    Ok(())
}

fn measure(
    options: &Options,
    report: &mut Report,
    calls: &Calls,
    users: &Users<'_>,
    limit: f64,
) -> Outcome<String> {
    let who = count(users.number, "user");
    let (reads, looks) = calls.so_far();
    let (started, effort) = (Instant::now(), options.effort(Duration::from_millis(4)).in_many_rounds());
    let bare = users.in_a_bare_map();
    let (alone, floor) = effort.pair(|calls| users.ask(calls, 1), |calls| users.look_up(&bare, calls))?;
    let what = format!("{who} at random, one thread");
    report.line(&Line { what, product: alone, other: Some(floor), limit: Limit::Within(limit) });
    let (both, one): (Samples, Samples) =
        effort.pair(|calls| users.ask(calls, 2), |calls| users.ask(calls, 1))?;
    let what = format!("{who} at random, two threads");
    report.line(&Line { what, product: both, other: Some(one), limit: Limit::TimesAsFast(1.6) });
    let (reads, looks) = (calls.so_far().0 - reads, calls.so_far().1 - looks);
    Ok(format!(
        "{who}: during {} in {:.1} s the store was asked for a token {reads} times, and for its version number \
         {looks} times.",
        count(users.asked.load(Ordering::Relaxed), "call"),
        started.elapsed().as_secs_f64(),
    ))
}

type BareMap = papaya::HashMap<UserSignature, Arc<(u64, String)>>;

/// An authenticator that has a token of every user in memory, and the order of the calls.
struct Users<'a> {
    authenticator: &'a Authenticator,
    number: u64,
    /// One order for each thread.
    orders: [Vec<UserSignature>; 2],
    asked: AtomicU64,
}

impl<'a> Users<'a> {
    fn remembered_by(authenticator: &'a Authenticator, number: u64) -> Outcome<Self> {
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            // The first check of the store's version number clears the cache, so everything is read twice.
            for user in (0..number).chain(0..number) {
                authenticator.access_token(&fixture::user_name(user).into()).await?;
            }
            Ok::<_, zoho_oauth::Error>(())
        })?;
        let at_random = |skipped| {
            let chosen = AtRandom::below(number).skip(skipped).take(65_536.max(number as usize));
            chosen.map(|user| fixture::user_name(user).into()).collect()
        };
        Ok(Self { authenticator, number, orders: [at_random(0), at_random(1)], asked: AtomicU64::new(0) })
    }

    /// Makes the floor: a concurrent map from users to shared tokens with an expiry.
    fn in_a_bare_map(&self) -> BareMap {
        let entry = |number| {
            let name = fixture::user_name(number);
            (name.as_str().into(), Arc::new((u64::MAX, name)))
        };
        (0..self.number).map(entry).collect()
    }

    fn look_up(&self, map: &BareMap, calls: u64) -> Outcome<Duration> {
        let users = self.in_turn(&self.orders[0], calls);
        let started = Instant::now();
        for user in users {
            let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis() as u64;
            let token = map.pin().get(user).filter(|token| now < token.0).cloned();
            black_box(token.ok_or("the user is not in the map")?);
        }
        Ok(started.elapsed())
    }

    /// Returns the users for a round. Rounds start at different users, so that their tokens are not in the caches already.
    fn in_turn<'u>(&self, users: &'u [UserSignature], calls: u64) -> impl Iterator<Item = &'u UserSignature> {
        let skipped = self.asked.load(Ordering::Relaxed) as usize % users.len();
        users[skipped..].iter().chain(users.iter().cycle()).take(calls as usize)
    }

    /// Divides the calls among the threads, and returns the time from the first start to the last end.
    fn ask(&self, calls: u64, threads: u64) -> Outcome<Duration> {
        let each = calls.div_ceil(threads);
        let arrived = AtomicU64::new(0);
        let spans = thread::scope(|scope| {
            let workers = self.orders.iter().take(threads as usize).map(|users| {
                let arrived = &arrived;
                scope.spawn(move || self.ask_on_this_thread(users, each, || meet(arrived, threads)))
            });
            let workers: Vec<_> = workers.collect();
            let joined = workers.into_iter().map(|worker| worker.join().map_err(|_| "a thread panicked"));
            joined.collect::<Result<Vec<_>, _>>()
        })?;
        let spans = spans.into_iter().collect::<Outcome<Vec<_>>>()?;
        self.asked.fetch_add(each * threads, Ordering::Relaxed);
        let first = spans.iter().map(|(from, _)| *from).min().ok_or("no thread ran")?;
        let last = spans.iter().map(|(_, to)| *to).max().ok_or("no thread ran")?;
        Ok(last - first)
    }

    fn ask_on_this_thread(
        &self,
        users: &[UserSignature],
        calls: u64,
        meet: impl FnOnce(),
    ) -> Outcome<(Instant, Instant)> {
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        meet();
        runtime.block_on(async {
            let users = self.in_turn(users, calls);
            let started = Instant::now();
            for user in users {
                black_box(self.authenticator.access_token(user).await?);
            }
            Ok((started, Instant::now()))
        })
    }
}

/// Waits until all threads run, without sleeping: a thread that sleeps starts late.
fn meet(arrived: &AtomicU64, threads: u64) {
    arrived.fetch_add(1, Ordering::AcqRel);
    while arrived.load(Ordering::Acquire) < threads {
        thread::yield_now();
    }
}

/// How often the store was asked for a token and for its version number.
#[derive(Debug, Default)]
struct Calls {
    tokens: AtomicU64,
    version: AtomicU64,
}

impl Calls {
    fn so_far(&self) -> (u64, u64) {
        (self.tokens.load(Ordering::Relaxed), self.version.load(Ordering::Relaxed))
    }
}

/// A store that counts its calls. Everything that reads or writes rows counts as asking for a token.
struct Counting {
    store: SqliteStore,
    calls: Arc<Calls>,
}

impl Counting {
    fn counted(&self) -> &SqliteStore {
        self.calls.tokens.fetch_add(1, Ordering::Relaxed);
        &self.store
    }
}

#[deny(clippy::missing_trait_methods)]
impl TokenStore for Counting {
    async fn find_token(&self, token: &OAuthToken) -> Result<Option<OAuthToken>, StoreError> {
        self.counted().find_token(token).await
    }

    async fn save_token(&self, token: &OAuthToken) -> Result<OAuthToken, StoreError> {
        self.counted().save_token(token).await
    }

    async fn delete_token(&self, id: &str) -> Result<bool, StoreError> {
        self.counted().delete_token(id).await
    }

    async fn get_tokens(&self) -> Result<Vec<OAuthToken>, StoreError> {
        self.counted().get_tokens().await
    }

    async fn delete_tokens(&self) -> Result<(), StoreError> {
        self.counted().delete_tokens().await
    }

    async fn find_token_by_id(&self, id: &str) -> Result<Option<OAuthToken>, StoreError> {
        self.counted().find_token_by_id(id).await
    }

    async fn get_token_page(&self, after: Option<&str>) -> Result<TokenPage, StoreError> {
        self.counted().get_token_page(after).await
    }

    async fn save_tokens(&self, tokens: &[OAuthToken]) -> Result<Vec<OAuthToken>, StoreError> {
        self.counted().save_tokens(tokens).await
    }

    fn into_any(self) -> AnyStore {
        AnyStore::coordinated(self)
    }
}

#[deny(clippy::missing_trait_methods)]
impl Coordination for Counting {
    async fn acquire(&self, key: &LeaseKey, holder: &str, life: Duration) -> Result<Acquired, StoreError> {
        self.counted().acquire(key, holder, life).await
    }

    async fn renew(&self, lease: &Lease, life: Duration) -> Result<bool, StoreError> {
        self.counted().renew(lease, life).await
    }

    async fn release(&self, lease: &Lease) -> Result<bool, StoreError> {
        self.counted().release(lease).await
    }

    async fn save_and_release(&self, lease: &Lease, token: &OAuthToken) -> Result<Fenced, StoreError> {
        self.counted().save_and_release(lease, token).await
    }

    async fn lease_state(&self, key: &LeaseKey) -> Result<LeaseState, StoreError> {
        self.counted().lease_state(key).await
    }

    async fn version(&self) -> Result<Option<u64>, StoreError> {
        self.calls.version.fetch_add(1, Ordering::Relaxed);
        self.store.version().await
    }

    fn poll_interval(&self) -> Duration {
        self.store.poll_interval()
    }

    async fn clock(&self) -> Result<SystemTime, StoreError> {
        self.store.clock().await
    }

    async fn damaged_leases(&self, keys: &[LeaseKey]) -> Result<Vec<LeaseKey>, StoreError> {
        self.counted().damaged_leases(keys).await
    }

    async fn stored_identity(&self) -> Result<Option<StoreIdentity>, StoreError> {
        self.store.stored_identity().await
    }
}

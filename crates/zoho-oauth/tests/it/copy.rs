//! Copying from one store to another.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, UNIX_EPOCH};

use zoho_oauth::OAuthToken;
use zoho_oauth::store::{
    AnyStore, CopyReport, FileStore, MemoryStore, StoreError, StoreErrorKind, StoredToken, TokenCopy,
    TokenStore,
};

use crate::{file, sqlite};

#[tokio::test]
async fn every_row_is_copied_unchanged_between_any_two_stores() {
    let stores = async || {
        let file = FileStore::open(file::support::fresh_path()).unwrap();
        let database = sqlite::support::in_a_new_file().await;
        [memory(), AnyStore::from(file), AnyStore::from(database)]
    };
    for from in stores().await {
        from.save_tokens(&(0..2_300).map(token).collect::<Vec<_>>()).await.unwrap();
        from.save_token(&awkward()).await.unwrap();
        for to in stores().await {
            let report = TokenCopy::new(&from, &to).run().await.unwrap();
            assert!(report.is_complete(), "{report:?}");
            assert_eq!((report.read, report.added, report.verified), (2_301, 2_301, 2_301));
            assert_eq!(rows(&to).await, rows(&from).await, "{} to {}", from.name(), to.name());
        }
    }
}

#[tokio::test]
async fn running_a_copy_again_changes_nothing() {
    let (from, to) = (filled(50).await, memory());
    TokenCopy::new(&from, &to).run().await.unwrap();
    let before = rows(&to).await;
    let again = TokenCopy::new(&from, &to).run().await.unwrap();
    assert_eq!((again.read, again.same, again.verified), (50, 50, 50));
    assert_eq!((again.added, again.updated, again.renumbered), (0, 0, 0));
    assert_eq!(rows(&to).await, before);
}

#[tokio::test]
async fn an_interrupted_copy_continues_where_it_stopped() {
    let from = filled(2_500).await;
    // An official SDK can leave two rows of one user. Both are copied wherever the interruption falls.
    from.save_token(&token(0).with_id("9001").with_expires_at(moment(999))).await.unwrap();
    let uninterrupted = memory();
    TokenCopy::new(&from, &uninterrupted).run().await.unwrap();
    let store = MemoryStore::new();
    let failing =
        AnyStore::new(FailingAfter { store: store.clone(), left: Arc::new(AtomicUsize::new(1_234)) });
    TokenCopy::new(&from, &failing).run().await.expect_err("the store fails in the middle");
    let to = AnyStore::from(store);
    assert_eq!(rows(&to).await.len(), 1_234);
    let report = TokenCopy::new(&from, &to).run().await.unwrap();
    assert_eq!((report.same, report.added, report.verified), (1_234, 1_267, 2_501));
    assert_eq!(rows(&to).await, rows(&uninterrupted).await);
}

#[tokio::test]
async fn a_dry_run_reports_the_same_and_writes_nothing() {
    let (from, to) = (filled(30).await, memory());
    to.save_token(&token(3)).await.unwrap();
    let before = rows(&to).await;
    let dry = TokenCopy::new(&from, &to).dry_run(true).run().await.unwrap();
    assert_eq!(rows(&to).await, before);
    let real = TokenCopy::new(&from, &to).run().await.unwrap();
    let planned =
        |report: &CopyReport| (report.added, report.updated, report.renumbered, report.same, report.newer);
    assert_eq!(planned(&dry), planned(&real));
}

#[tokio::test]
async fn a_row_with_the_same_id_but_another_token_is_not_overwritten() {
    let (from, to) = (memory(), memory());
    from.save_token(&token(1).with_id("7")).await.unwrap();
    to.save_token(&token(2).with_id("7")).await.unwrap();
    let report = TokenCopy::new(&from, &to).run().await.unwrap();
    assert_eq!((report.renumbered, report.verified), (1, 1));
    let kept = to.find_token_by_id("7").await.unwrap().unwrap();
    assert_eq!(kept.user_signature().map(ToString::to_string).as_deref(), Some("user 2"));
    let copied = to.find_token(&OAuthToken::new().with_user("user 1")).await.unwrap().unwrap();
    assert_ne!(copied.id(), Some("7"));
    let again = TokenCopy::new(&from, &to).run().await.unwrap();
    assert_eq!((again.same, again.renumbered), (1, 0));
}

#[tokio::test]
async fn a_duplicate_id_in_the_source_becomes_two_rows() {
    let path = file::support::fresh_path();
    let header = StoredToken::COLUMNS.join(",");
    let lines = ["4,ada,,,r1,,,,,", "5,bob,,,r2,,,,,", "5,carol,,,r3,,,,,", "3,dora,,,r4,,,,,"];
    std::fs::write(&path, format!("{header}\n{}\n", lines.join("\n"))).unwrap();
    let (from, to) = (AnyStore::from(FileStore::open(&path).unwrap()), memory());
    for is_again in [false, true] {
        let report = TokenCopy::new(&from, &to).run().await.unwrap();
        assert!(report.is_complete(), "{report:?}");
        assert_eq!((report.total, report.read, report.verified), (4, 4, 4));
        assert_eq!((report.renumbered, report.same), if is_again { (0, 4) } else { (1, 0) });
        let rows = rows(&to).await;
        let user = |id: &str| rows[id].user_name.as_deref();
        assert_eq!([user("3"), user("4"), user("5"), user("6")], ["dora", "ada", "bob", "carol"].map(Some));
        assert_eq!(rows.len(), 4);
    }
}

#[tokio::test]
async fn a_renumbered_token_does_not_take_the_id_of_a_later_row() {
    let (from, to) = (filled(20).await, memory());
    to.save_token(&token(99).with_id("2")).await.unwrap();
    let report = TokenCopy::new(&from, &to).run().await.unwrap();
    assert_eq!((report.added, report.renumbered, report.verified), (19, 1, 20));
    assert_eq!(rows(&to).await.len(), 21);
}

#[tokio::test]
async fn an_older_token_is_overwritten_and_a_newer_one_is_kept() {
    let (from, to) = (memory(), memory());
    from.save_token(&token(1).with_access_token("new").with_expires_at(moment(200))).await.unwrap();
    from.save_token(&token(2).with_access_token("old").with_expires_at(moment(100))).await.unwrap();
    // The same tokens with other ids.
    to.save_token(&token(2).with_id("55").with_access_token("newer").with_expires_at(moment(300)))
        .await
        .unwrap();
    to.save_token(&token(1).with_id("56").with_access_token("old").with_expires_at(moment(100)))
        .await
        .unwrap();
    let report = TokenCopy::new(&from, &to).run().await.unwrap();
    assert!(report.is_complete(), "{report:?}");
    assert_eq!((report.newer, report.verified), (1, 1));
    let stored = rows(&to).await;
    assert_eq!(stored["55"].access_token.as_deref(), Some("newer"));
    assert_eq!(stored["56"].access_token.as_deref(), Some("new"));
    assert_eq!(stored.len(), 2);
}

#[tokio::test]
async fn a_rejected_row_does_not_stop_the_others() {
    let from = filled(20).await;
    let to = AnyStore::new(Narrow(MemoryStore::new()));
    from.save_token(&token(99).with_client("c", "x".repeat(300))).await.unwrap();
    from.save_token(&token(50).with_id("id of more than ten characters")).await.unwrap();
    let report = TokenCopy::new(&from, &to).run().await.unwrap();
    assert_eq!((report.added, report.renumbered, report.verified), (20, 1, 21));
    assert!(!report.is_complete());
    let [rejected] = &report.rejected[..] else { panic!("{report:?}") };
    assert!(rejected.reason.contains("too long"), "{rejected:?}");
    assert!(!rejected.reason.contains("xxx"), "no value is shown");
}

#[tokio::test]
async fn a_row_changed_during_the_copy_is_reported() {
    let (from, to) = (filled(5).await, MemoryStore::new());
    let other = AnyStore::from(to.clone());
    let mut steps = 0;
    let concurrent = to.clone();
    let copied = TokenCopy::new(&from, &other)
        .on_progress(move |_| {
            steps += 1;
            if steps == 1 {
                run_now(concurrent.delete_token("2"));
            }
        })
        .run();
    let report = copied.await.unwrap();
    assert_eq!((report.changed, report.verified), (1, 4));
    assert!(!report.is_complete());
}

#[tokio::test]
async fn a_user_added_while_the_copy_begins_keeps_their_row() {
    let (from, to) = (MemoryStore::new(), MemoryStore::new());
    from.save_tokens(&(0..5).map(token).collect::<Vec<_>>()).await.unwrap();
    let login = to.clone();
    let disturbed = AnyStore::new(Disturbed::after_a_read(from, move || {
        run_now(login.save_token(&token(77)));
    }));
    let to = AnyStore::from(to);
    let report = TokenCopy::new(&disturbed, &to).run().await.unwrap();
    assert!(report.is_complete(), "{report:?}");
    let mut users: Vec<_> = rows(&to).await.into_values().filter_map(|row| row.user_name).collect();
    users.sort();
    assert_eq!(users, ["user 0", "user 1", "user 2", "user 3", "user 4", "user 77"]);
}

#[tokio::test]
async fn a_token_renewed_just_before_it_would_be_overwritten_is_kept() {
    let (from, to) = (memory(), MemoryStore::new());
    from.save_token(&token(1).with_access_token("copied").with_expires_at(moment(200))).await.unwrap();
    to.save_token(&token(1)).await.unwrap();
    let renewal = to.clone();
    let disturbed = AnyStore::new(Disturbed::after_a_look_up(to, move || {
        run_now(renewal.save_token(&token(1).with_access_token("renewed").with_expires_at(moment(300))));
    }));
    let report = TokenCopy::new(&from, &disturbed).run().await.unwrap();
    assert_eq!((report.newer, report.updated), (1, 0), "{report:?}");
    assert_eq!(rows(&disturbed).await["1"].access_token.as_deref(), Some("renewed"));
}

#[tokio::test]
async fn of_two_rows_of_one_user_the_newer_one_replaces_an_old_one() {
    let (from, to) = (memory(), memory());
    for (id, seconds) in [("5", 200), ("6", 300)] {
        let row = token(1).with_id(id).with_access_token(id).with_expires_at(moment(seconds));
        from.save_token(&row).await.unwrap();
    }
    to.save_token(&token(1).with_id("55")).await.unwrap();
    let report = TokenCopy::new(&from, &to).run().await.unwrap();
    assert!(report.is_complete(), "{report:?}");
    assert_eq!(rows(&to).await["55"].access_token.as_deref(), Some("6"));
}

#[tokio::test]
async fn a_store_is_not_copied_to_itself() {
    let path = file::support::fresh_path();
    let open = || AnyStore::from(FileStore::open(&path).unwrap());
    let error = TokenCopy::new(&open(), &open()).run().await.expect_err("rejected");
    assert_eq!(error.kind(), StoreErrorKind::Rejected, "{error}");
}

fn memory() -> AnyStore {
    MemoryStore::new().into()
}

async fn filled(count: usize) -> AnyStore {
    let store = memory();
    store.save_tokens(&(0..count).map(token).collect::<Vec<_>>()).await.unwrap();
    store
}

fn token(number: usize) -> OAuthToken {
    OAuthToken::new()
        .with_user(format!("user {number}"))
        .with_refresh_token(format!("refresh {number}"))
        .with_access_token(format!("access {number}"))
        .with_expires_at(moment(100))
}

fn awkward() -> OAuthToken {
    let value = "a \"quoted\",\r\n'b' \\ 😀 ";
    token(5_000)
        .with_client(value, value)
        .with_grant_token(value)
        .with_redirect_url(value)
        .with_api_domain(value)
}

fn moment(seconds: u64) -> std::time::SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_700_000_000 + seconds)
}

async fn rows(store: &AnyStore) -> BTreeMap<String, StoredToken> {
    let tokens = store.get_tokens().await.unwrap();
    let rows = tokens.iter().map(StoredToken::from);
    rows.map(|row| (row.id.clone().unwrap_or_default(), row)).collect()
}

/// A store that accepts `left` more tokens and then fails.
struct FailingAfter {
    store: MemoryStore,
    left: Arc<AtomicUsize>,
}

/// A store that another program changes once, at a given moment.
struct Disturbed {
    store: MemoryStore,
    after_a_read: Disturbance,
    after_a_look_up: Disturbance,
}

type Disturbance = Mutex<Option<Box<dyn FnOnce() + Send>>>;

impl Disturbed {
    fn after_a_read(store: MemoryStore, disturb: impl FnOnce() + Send + 'static) -> Self {
        Self { store, after_a_read: Mutex::new(Some(Box::new(disturb))), after_a_look_up: Mutex::default() }
    }

    fn after_a_look_up(store: MemoryStore, disturb: impl FnOnce() + Send + 'static) -> Self {
        Self { store, after_a_look_up: Mutex::new(Some(Box::new(disturb))), after_a_read: Mutex::default() }
    }
}

fn disturb(disturbance: &Disturbance) {
    if let Some(disturb) = disturbance.lock().expect("not poisoned").take() {
        disturb();
    }
}

/// Runs a call to a memory store, which never waits.
fn run_now<T>(work: impl Future<Output = Result<T, StoreError>>) {
    futures_util::FutureExt::now_or_never(work)
        .expect("a memory store never waits")
        .expect("the call succeeds");
}

/// A store with column limits like those of a database table.
struct Narrow(MemoryStore);

macro_rules! reading_as_in_memory {
    ($store:tt) => {
        async fn find_token(&self, token: &OAuthToken) -> Result<Option<OAuthToken>, StoreError> {
            self.$store.find_token(token).await
        }

        async fn delete_token(&self, id: &str) -> Result<bool, StoreError> {
            self.$store.delete_token(id).await
        }

        async fn get_tokens(&self) -> Result<Vec<OAuthToken>, StoreError> {
            self.$store.get_tokens().await
        }

        async fn delete_tokens(&self) -> Result<(), StoreError> {
            self.$store.delete_tokens().await
        }

        async fn find_token_by_id(&self, id: &str) -> Result<Option<OAuthToken>, StoreError> {
            self.$store.find_token_by_id(id).await
        }
    };
}

impl TokenStore for FailingAfter {
    reading_as_in_memory!(store);

    async fn save_token(&self, token: &OAuthToken) -> Result<OAuthToken, StoreError> {
        let take = |left: usize| left.checked_sub(1);
        if self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, take).is_err() {
            return Err(StoreError::new("the failing store", "save a token", "the disk has failed"));
        }
        self.store.save_token(token).await
    }
}

impl TokenStore for Disturbed {
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
        let tokens = self.store.get_tokens().await;
        disturb(&self.after_a_read);
        tokens
    }

    async fn delete_tokens(&self) -> Result<(), StoreError> {
        self.store.delete_tokens().await
    }

    async fn find_token_by_id(&self, id: &str) -> Result<Option<OAuthToken>, StoreError> {
        let found = self.store.find_token_by_id(id).await;
        disturb(&self.after_a_look_up);
        found
    }
}

impl TokenStore for Narrow {
    reading_as_in_memory!(0);

    async fn save_token(&self, token: &OAuthToken) -> Result<OAuthToken, StoreError> {
        let row = StoredToken::from(token);
        let has_room = row.id.as_deref().is_none_or(|id| id.len() <= 10)
            && row.values().into_iter().flatten().all(|value| value.len() <= 255);
        if !has_room {
            return Err(
                StoreError::of(StoreErrorKind::Rejected, "save a token").evidence("a value is too long")
            );
        }
        self.0.save_token(token).await
    }
}

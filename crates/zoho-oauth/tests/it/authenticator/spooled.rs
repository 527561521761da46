//! A token that the store rejects is the one token of its row: every program that sees the spool uses it.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use futures_util::future::join_all;
use zoho_emulator::{Emulator, Fault};
use zoho_oauth::store::{AnyStore, SqliteOptions, SqliteStore, StoreErrorKind, TokenStore};
use zoho_oauth::{AccessToken, Authenticator, Error, ExposeSecret, Grant, OAuthToken, Persistence};

use super::support::*;

/// A database whose row of ada has expired. It may reject new access tokens, but not leases.
struct Database {
    zoho: Emulator,
    row: OAuthToken,
    folder: tempfile::TempDir,
}

impl Database {
    async fn new() -> Self {
        let (zoho, folder) = (Emulator::start().await, tempfile::tempdir().unwrap());
        let store = SqliteStore::open(folder.path().join("zohooauth.db")).unwrap();
        let row = with_a_stale_token(&zoho, &store).await;
        Self { zoho, row, folder }
    }

    async fn that_rejects_tokens() -> Self {
        let database = Self::new().await;
        database.reject_tokens();
        database
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("zohooauth.db")
    }

    fn execute(&self, statement: &str) {
        rusqlite::Connection::open(self.path()).unwrap().execute_batch(statement).unwrap();
    }

    fn reject_tokens(&self) {
        self.execute(
            "create trigger rejects before update of access_token on oauthtoken \
             begin select raise(abort, 'no tokens today'); end",
        );
    }

    fn accept_tokens(&self) {
        self.execute("drop trigger rejects");
    }

    /// As a program that has just been started.
    fn start(&self) -> Authenticator {
        authenticator(&self.zoho, SqliteStore::open(self.path()).unwrap())
    }

    async fn token_of(&self, authenticator: &Authenticator) -> AccessToken {
        let token = authenticator.access_token(&ada(&self.zoho)).await.unwrap();
        assert!(self.zoho.is_access_token_valid(token.expose_secret()));
        token
    }

    fn spooled_files(&self) -> usize {
        files_in(&self.folder.path().join("zohooauth.db.spool"))
    }
}

fn files_in(folder: &Path) -> usize {
    std::fs::read_dir(folder).map_or(0, Iterator::count)
}

fn is_spooled(token: &AccessToken) -> bool {
    matches!(token.persistence(), Persistence::Spooled { .. })
}

#[tokio::test]
async fn a_row_that_the_store_rejects_is_renewed_once_by_programs_that_start_one_after_another() {
    let database = Database::that_rejects_tokens().await;
    let first = database.token_of(&database.start()).await;
    for _ in 0..11 {
        let token = database.token_of(&database.start()).await;
        assert_eq!(token.expose_secret(), first.expose_secret());
        let Persistence::Spooled { path, error } = token.persistence() else { panic!("{token:?}") };
        assert!(path.exists() && error.to_string().contains("zohooauth.db"), "{error}");
        assert_eq!(token.user(), Some(&ada(&database.zoho)));
    }
    assert_eq!((token_requests(&database.zoho), database.spooled_files()), (1, 1));
}

#[tokio::test]
async fn a_row_that_the_store_rejects_is_renewed_once_by_programs_that_ask_at_the_same_time() {
    let database = Database::that_rejects_tokens().await;
    let programs: Vec<Authenticator> = (0..12).map(|_| database.start()).collect();
    let tokens = join_all(programs.iter().map(|program| database.token_of(program))).await;
    assert!(tokens.iter().all(|token| token.expose_secret() == tokens[0].expose_secret()));
    assert_eq!((token_requests(&database.zoho), database.spooled_files()), (1, 1));
}

#[tokio::test]
async fn a_row_that_the_store_rejects_is_renewed_once_under_all_its_names() {
    let database = Database::that_rejects_tokens().await;
    let app = database.zoho.default_client();
    let by_refresh_token = OAuthToken::new()
        .with_client(app.id(), app.secret())
        .with_refresh_token(database.row.refresh_token().unwrap().clone());
    let names = [
        OAuthToken::new().with_user(ada(&database.zoho)),
        OAuthToken::new().with_user(ada(&database.zoho)).with_client_id(app.id()),
        OAuthToken::new().with_id(database.row.id().unwrap()),
        by_refresh_token,
    ];
    let program = database.start();
    let first = database.token_of(&program).await;
    for name in &names {
        let token = program.access_token_for(name).await.unwrap();
        assert_eq!(token.expose_secret(), first.expose_secret(), "{name:?}");
    }
    assert_eq!((token_requests(&database.zoho), database.spooled_files()), (1, 1));
}

#[tokio::test]
async fn a_token_that_can_be_neither_stored_nor_spooled_is_the_one_token_of_its_process() {
    let database = Database::that_rejects_tokens().await;
    let no_folder = database.folder.path().join("file");
    std::fs::write(&no_folder, "not a folder").unwrap();
    let store = AnyStore::from(SqliteStore::open(database.path()).unwrap()).in_memory();
    let program = builder(&database.zoho, store).spool_folder(no_folder).build().unwrap();
    let first = database.token_of(&program).await;
    assert!(matches!(first.persistence(), Persistence::InMemory { .. }), "{first:?}");
    let by_id = OAuthToken::new().with_id(database.row.id().unwrap());
    assert_eq!(program.access_token_for(&by_id).await.unwrap().expose_secret(), first.expose_secret());
    assert_eq!(token_requests(&database.zoho), 1);
}

#[tokio::test]
async fn a_spooled_token_is_stored_instead_of_requesting_another_once_the_store_accepts_it() {
    let database = Database::that_rejects_tokens().await;
    let (one, other) = (database.start(), database.start());
    // The spool is empty when the other one starts, so it looks there again only because of the renewal.
    other.recover().await.unwrap();
    let spooled = database.token_of(&one).await;
    database.accept_tokens();
    let stored = database.token_of(&other).await;
    assert_eq!(stored.expose_secret(), spooled.expose_secret());
    assert!(matches!(stored.persistence(), Persistence::Stored), "{stored:?}");
    let row = other.store().find_token_by_id(database.row.id().unwrap()).await.unwrap().unwrap();
    assert_eq!(row.access_token().unwrap().expose_secret(), spooled.expose_secret());
    assert_eq!((token_requests(&database.zoho), database.spooled_files()), (1, 0));

    // The first one learns of it and reads the row again.
    tokio::time::sleep(Duration::from_millis(600)).await;
    database.token_of(&one).await;
    tokio::time::sleep(Duration::from_millis(600)).await;
    let again = database.token_of(&one).await;
    assert!(matches!(again.persistence(), Persistence::Stored), "{again:?}");
    assert_eq!(token_requests(&database.zoho), 1);
}

#[tokio::test]
async fn a_spooled_token_that_the_api_rejects_is_replaced_in_the_spool() {
    let database = Database::that_rejects_tokens().await;
    let (one, other) = (database.start(), database.start());
    let rejected = database.token_of(&one).await;
    assert!(is_spooled(&database.token_of(&other).await));
    database.zoho.invalidate_access_token(rejected.expose_secret());
    let replacement = one.replace(&rejected).await.unwrap();
    assert!(database.zoho.is_access_token_valid(replacement.expose_secret()) && is_spooled(&replacement));
    // The other one gets that, instead of one more.
    let token = other.replace(&rejected).await.unwrap();
    assert_eq!(token.expose_secret(), replacement.expose_secret());
    assert_eq!((token_requests(&database.zoho), database.spooled_files()), (2, 1));
}

#[tokio::test]
async fn a_refresh_on_request_replaces_the_spooled_token_too() {
    let database = Database::that_rejects_tokens().await;
    let program = database.start();
    let first = program.refresh(&ada(&database.zoho)).await.unwrap();
    let second = database.start().refresh(&ada(&database.zoho)).await.unwrap();
    assert_ne!(first.expose_secret(), second.expose_secret());
    let next = database.token_of(&database.start()).await;
    assert_eq!(next.expose_secret(), second.expose_secret());
    assert_eq!((token_requests(&database.zoho), database.spooled_files()), (2, 1));
}

#[tokio::test]
async fn a_spooled_token_is_handed_out_when_the_quota_is_used_up() {
    let database = Database::that_rejects_tokens().await;
    let mut last = None;
    for _ in 0..10 {
        last = Some(database.start().refresh(&ada(&database.zoho)).await.unwrap());
    }
    let token = database.token_of(&database.start()).await;
    assert_eq!(token.expose_secret(), last.unwrap().expose_secret());
    let throttled = database.start().refresh(&ada(&database.zoho)).await.unwrap();
    assert_eq!(throttled.expose_secret(), token.expose_secret());
    assert_eq!((token_requests(&database.zoho), database.spooled_files()), (10, 1));
}

#[tokio::test]
async fn a_spooled_token_is_handed_out_when_the_store_grants_no_lease() {
    let database = Database::that_rejects_tokens().await;
    let spooled = database.token_of(&database.start()).await;
    let writer = rusqlite::Connection::open(database.path()).unwrap();
    writer.execute_batch("begin immediate").unwrap();
    let options = SqliteOptions::new().with_busy_timeout(Duration::from_millis(100));
    let locked = SqliteStore::open_with(database.path(), options).unwrap();
    let token = database.token_of(&authenticator(&database.zoho, locked)).await;
    assert_eq!(token.expose_secret(), spooled.expose_secret());
    let error = token.persistence().error().unwrap();
    assert_eq!(error.kind(), StoreErrorKind::Busy, "{error}");
    assert_eq!(token_requests(&database.zoho), 1);
}

#[tokio::test]
async fn a_spooled_token_of_another_user_is_not_handed_out() {
    let database = Database::that_rejects_tokens().await;
    let ada = database.token_of(&database.start()).await;
    let app = database.zoho.default_client();
    let refresh_token = database.zoho.grant_refresh_token(app.id(), "ada@example.com");
    let bob = OAuthToken::new()
        .with_user("bob")
        .with_client(app.id(), app.secret())
        .with_refresh_token(refresh_token);
    let program = database.start();
    program.store().save_token(&bob).await.unwrap();
    let token = program.access_token(&"bob".into()).await.unwrap();
    assert_ne!(token.expose_secret(), ada.expose_secret());
    assert_eq!((token_requests(&database.zoho), database.spooled_files()), (2, 2));
}

#[tokio::test]
async fn an_expired_spooled_token_is_renewed_and_replaced() {
    let database = Database::that_rejects_tokens().await;
    let old = database.token_of(&database.start()).await;
    let folder = database.folder.path().join("zohooauth.db.spool");
    let path = std::fs::read_dir(&folder).unwrap().next().unwrap().unwrap().path();
    let mut content: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    content["token"]["expiry_time"] = "1000".into();
    std::fs::write(&path, content.to_string()).unwrap();
    let token = database.token_of(&database.start()).await;
    assert_ne!(token.expose_secret(), old.expose_secret());
    assert_eq!((token_requests(&database.zoho), database.spooled_files()), (2, 1));
}

#[tokio::test]
async fn a_revoked_token_is_not_spooled_any_longer() {
    let database = Database::that_rejects_tokens().await;
    database.token_of(&database.start()).await;
    database.start().revoke(&database.row).await.unwrap();
    assert_eq!(database.spooled_files(), 0);
    let error = database.start().access_token(&ada(&database.zoho)).await.unwrap_err();
    assert!(error.needs_login(), "{error}");
}

#[tokio::test]
async fn a_save_that_happened_although_it_timed_out_leaves_nothing_behind() {
    let (zoho, folder) = (Emulator::start().await, tempfile::tempdir().unwrap());
    let store = FailingStore::default();
    with_a_stale_token(&zoho, &store).await;
    store.fail_afterwards(true);
    let start = || builder(&zoho, store.clone()).spool_folder(folder.path()).build().unwrap();
    let spooled = start().access_token(&ada(&zoho)).await.unwrap();
    assert_eq!((is_spooled(&spooled), files_in(folder.path())), (true, 1));
    let next = start();
    let token = next.access_token(&ada(&zoho)).await.unwrap();
    assert_eq!(token.expose_secret(), spooled.expose_secret());
    assert!(matches!(token.persistence(), Persistence::Stored));
    assert_eq!(next.recover().await.unwrap(), 0);
    assert_eq!((token_requests(&zoho), files_in(folder.path())), (1, 0));
}

/// A store whose saves take longer than a lease, and then fail.
#[tokio::test]
async fn a_save_that_outlives_the_lease_causes_no_second_request() {
    let database = Database::new().await;
    let start = || {
        let options = SqliteOptions::new().with_busy_timeout(Duration::from_secs(2));
        let store = SqliteStore::open_with(database.path(), options).unwrap();
        builder(&database.zoho, store).lease_life(Duration::from_millis(400)).build().unwrap()
    };
    let (one, other) = (start(), start());
    database.zoho.fault(Fault::on(TOKEN_REQUEST).hold());
    let user = ada(&database.zoho);
    let locked_since_the_request = async {
        until_faults_applied(&database.zoho).await;
        let writer = rusqlite::Connection::open(database.path()).unwrap();
        writer.execute_batch("begin immediate").unwrap();
        database.zoho.clear_faults();
        // Longer than the lease, and not as long as the save.
        tokio::time::sleep(Duration::from_millis(1_000)).await;
        (other.access_token(&user).await.unwrap(), writer)
    };
    let (first, (second, _writer)) = tokio::join!(one.access_token(&user), locked_since_the_request);
    assert_eq!(first.unwrap().expose_secret(), second.expose_secret());
    assert_eq!((token_requests(&database.zoho), database.spooled_files()), (1, 1));
}

#[tokio::test]
async fn a_spooled_login_is_served_to_programs_that_start_later() {
    let zoho = Emulator::start().await;
    let (store, folder) = (FailingStore::default(), tempfile::tempdir().unwrap());
    let start = || builder(&zoho, store.clone()).spool_folder(folder.path()).build().unwrap();
    let login = login_while_the_store_fails(&zoho, &store, &start()).await;
    let program = start();
    let token = program.access_token(&ada(&zoho)).await.unwrap();
    assert_eq!(token.expose_secret(), login.token().access_token().unwrap().expose_secret());
    assert!(is_spooled(&token), "{token:?}");
    // It can also be renewed, and stays a login.
    let renewed = start().refresh(&ada(&zoho)).await.unwrap();
    assert_ne!(renewed.expose_secret(), token.expose_secret());
    assert_eq!((token_requests(&zoho), files_in(folder.path())), (2, 1));
    store.fail(false);
    assert_eq!(start().recover().await.unwrap(), 1);
    let rows = store.get_tokens().await.unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].access_token().unwrap().expose_secret(), renewed.expose_secret());
    assert_eq!(files_in(folder.path()), 0);
}

#[tokio::test]
async fn a_spooled_login_that_was_logged_out_does_not_come_back() {
    let zoho = Emulator::start().await;
    let (store, folder) = (FailingStore::default(), tempfile::tempdir().unwrap());
    let start = || builder(&zoho, store.clone()).spool_folder(folder.path()).build().unwrap();
    login_while_the_store_fails(&zoho, &store, &start()).await;
    let user = OAuthToken::new().with_user(ada(&zoho));
    let program = start();
    assert!(program.logout(&user).await.unwrap());
    assert!(!program.logout(&user).await.unwrap());
    store.fail(false);
    let error = start().access_token(&ada(&zoho)).await.unwrap_err();
    assert!(matches!(error, Error::LoginRequired { .. }), "{error}");
    assert_eq!(files_in(folder.path()), 0);
}

#[tokio::test]
async fn a_spooled_login_is_stored_over_a_row_that_was_renewed_since() {
    let zoho = Emulator::start().await;
    let (store, folder) = (FailingStore::default(), tempfile::tempdir().unwrap());
    let start = || builder(&zoho, store.clone()).spool_folder(folder.path()).build().unwrap();
    let old = with_a_stale_token(&zoho, &store).await;
    let login = login_while_the_store_fails(&zoho, &store, &start()).await;
    store.fail(false);
    let later = SystemTime::now() + Duration::from_secs(7_200);
    store.save_token(&old.with_access_token("1000.renewed").with_expires_at(later)).await.unwrap();
    assert_eq!(start().recover().await.unwrap(), 1);
    let rows = store.get_tokens().await.unwrap();
    assert_eq!(rows.len(), 1);
    let exposed = |token: &OAuthToken| token.refresh_token().unwrap().expose_secret().to_owned();
    assert_eq!(exposed(&rows[0]), exposed(login.token()));
}

#[tokio::test]
async fn of_two_spooled_logins_the_later_one_stays_whichever_host_recovers_first() {
    for earlier_first in [true, false] {
        let database = Database::new().await;
        database.execute(
            "create trigger rejects before update of refresh_token on oauthtoken \
             begin select raise(abort, 'no logins today'); end",
        );
        let hosts = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let start = |host: usize| {
            let store = SqliteStore::open(database.path()).unwrap();
            builder(&database.zoho, store).spool_folder(hosts[host].path()).build().unwrap()
        };
        let mut logins = Vec::new();
        for host in [0, 1] {
            let code = database.zoho.self_client_code("ada@example.com");
            logins.push(start(host).exchange(Grant::from_self_client(code)).await.unwrap());
            assert!(matches!(logins[host].persistence(), Persistence::Spooled { .. }));
        }
        database.accept_tokens();
        for host in if earlier_first { [0, 1] } else { [1, 0] } {
            start(host).recover().await.unwrap();
        }
        let rows = start(0).store().get_tokens().await.unwrap();
        let exposed = |token: &OAuthToken| token.refresh_token().unwrap().expose_secret().to_owned();
        assert_eq!((rows.len(), exposed(&rows[0])), (1, exposed(logins[1].token())));
        assert!(hosts.iter().all(|host| files_in(host.path()) == 0));
    }
}

#[tokio::test]
async fn a_login_that_is_spooled_after_a_later_one_was_stored_does_not_replace_it() {
    let database = Database::new().await;
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(database.path()).unwrap();
    let slow = builder(&database.zoho, store).spool_folder(folder.path()).build().unwrap();
    let grant = || Grant::from_self_client(database.zoho.self_client_code("ada@example.com"));
    database.zoho.fault(Fault::on("GET /crm/v8/users").hold());
    let (earlier, later) = tokio::join!(slow.exchange(grant()), async {
        until_faults_applied(&database.zoho).await;
        let later = database.start().exchange(grant()).await.unwrap();
        database.execute(
            "create trigger rejects before update of refresh_token on oauthtoken \
             begin select raise(abort, 'no logins today'); end",
        );
        database.zoho.clear_faults();
        later
    });
    assert!(matches!(earlier.unwrap().persistence(), Persistence::Spooled { .. }));
    database.accept_tokens();
    slow.recover().await.unwrap();
    let rows = slow.store().get_tokens().await.unwrap();
    let exposed = |token: &OAuthToken| token.refresh_token().unwrap().expose_secret().to_owned();
    assert_eq!((rows.len(), exposed(&rows[0])), (1, exposed(later.token())));
    assert_eq!(files_in(folder.path()), 0);
}

#[tokio::test]
async fn a_spooled_login_does_not_replace_a_later_login() {
    let zoho = Emulator::start().await;
    let (store, folder) = (FailingStore::default(), tempfile::tempdir().unwrap());
    let start = || builder(&zoho, store.clone()).spool_folder(folder.path()).build().unwrap();
    with_a_stale_token(&zoho, &store).await;
    login_while_the_store_fails(&zoho, &store, &start()).await;
    store.fail(false);
    // As another host does it, which does not see the spool.
    let elsewhere = tempfile::tempdir().unwrap();
    let other_host = builder(&zoho, store.clone()).spool_folder(elsewhere.path()).build().unwrap();
    let later = logged_in(&zoho, &other_host).await;
    assert_eq!(start().recover().await.unwrap(), 0);
    let rows = store.get_tokens().await.unwrap();
    let exposed = |token: &OAuthToken| token.refresh_token().unwrap().expose_secret().to_owned();
    assert_eq!((rows.len(), exposed(&rows[0])), (1, exposed(&later)));
    assert_eq!(files_in(folder.path()), 0);
}

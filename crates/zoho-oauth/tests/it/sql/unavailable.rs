//! Database servers without a free connection, without disk space, or without write access.

use std::fs::File;
use std::time::{Duration, Instant};

use servers::{Kind, private, private_with};
use zoho_oauth::store::coordination::{Coordination, LeaseKey};
use zoho_oauth::store::{AnyStore, StoreError, StoreErrorKind, TokenStore};

use super::support::{TestTable, found, token, users};

const SERVERS: [Kind; 2] = [Kind::MariaDb, Kind::Postgres];
const DEADLINE: Duration = Duration::from_secs(20);

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MariaDB and PostgreSQL"]
async fn too_many_connections_are_busy_until_one_is_free() {
    for kind in SERVERS {
        let few: &[&str] = match kind {
            Kind::Postgres => {
                &["--max_connections=6", "--superuser_reserved_connections=1", "--max_wal_senders=0"]
            }
            // The minimum that the server accepts.
            _ => &["--max-connections=10"],
        };
        let Some(server) = private_with(kind, few) else { continue };
        let table = TestTable::on(kind, &server).setting("timeout=2");
        let (others, rejected, error) = take_connections(&table, 12).await;
        assert_too_many_connections(&error);
        drop(others);
        save_when_possible(&rejected, "try again later").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MariaDB and PostgreSQL"]
async fn an_account_at_its_connection_limit_is_busy_until_one_is_free() {
    for kind in SERVERS {
        let Some(server) = private(kind) else { continue };
        let table = TestTable::on(kind, &server);
        let limit = match kind {
            Kind::Postgres => "alter role zoho connection limit 2",
            _ => "grant usage on *.* to zoho with max_user_connections 2",
        };
        table.for_administrator(&server).run(limit).await;
        let (others, rejected, error) = take_connections(&table.setting("timeout=2"), 3).await;
        assert_too_many_connections(&error);
        drop(others);
        save_when_possible(&rejected, "try again later").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MariaDB and PostgreSQL"]
async fn a_read_only_server_can_be_read_and_refers_writers_to_the_primary() {
    for kind in SERVERS {
        let Some(server) = private(kind) else { continue };
        let table = TestTable::on(kind, &server).setting("timeout=2");
        let store = table.open();
        store.save_token(&token("ada")).await.unwrap();
        let administrator = table.for_administrator(&server);
        let (on, off) = match kind {
            Kind::Postgres => (
                "alter role zoho set default_transaction_read_only = on",
                "alter role zoho set default_transaction_read_only = off",
            ),
            _ => ("set global read_only = on", "set global read_only = off"),
        };
        administrator.run(on).await;
        // An existing PostgreSQL session keeps its settings.
        let store = if kind == Kind::Postgres { table.open() } else { store };
        assert_read_only(&store).await;
        assert_read_only(&table.open()).await;
        let missing = table.setting("table=missing").open();
        assert!(missing.get_tokens().await.unwrap().is_empty());
        let error = missing.save_token(&token("ada")).await.expect_err("the table cannot be created");
        assert_eq!(error.kind(), StoreErrorKind::Busy, "{error}");
        administrator.run(off).await;
        let store = if kind == Kind::Postgres { table.open() } else { store };
        store.save_token(&token("bob")).await.unwrap();
    }
}

/// Triggers raise the errors of servers that a test cannot set up, such as a Galera cluster without a majority.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MariaDB and PostgreSQL"]
async fn errors_that_may_pass_are_retried_and_others_are_returned_at_once() {
    for (kind, passing, lasting) in [
        (
            Kind::MariaDb,
            &["1040", "1047", "1129", "1203", "1290", "1792", "1836", "9001"][..],
            &["1114", "1142", "1644"][..],
        ),
        (Kind::Postgres, &["25006", "53300", "57P03"], &["26000", "42501", "42P05", "53100", "P0001"]),
    ] {
        let Some(table) = TestTable::fresh(kind) else { continue };
        // The longest delay before an attempt is 0.6 s, so a call that retries lasts for more than a second.
        let table = table.setting("timeout=2");
        table.open().save_token(&token("ada")).await.unwrap();
        for (codes, is_retried) in [(passing, true), (lasting, false)] {
            for code in codes {
                raise(&table, code).await;
                let store = table.open();
                found(&store, "ada").await;
                let start = Instant::now();
                let error =
                    store.save_token(&token("ada").with_access_token(*code)).await.expect_err("raised");
                assert_eq!(error.is_transient(), is_retried, "{kind} {code}: {error}");
                let waited = start.elapsed() > Duration::from_millis(400);
                assert_eq!(waited, is_retried, "{kind} {code}: {error} after {:?}", start.elapsed());
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MariaDB and PostgreSQL"]
async fn an_error_code_is_explained_in_words() {
    for (kind, codes) in [
        (
            Kind::MariaDb,
            &[
                ("1040", "raise the server's max_connections"),
                ("1047", "this node of the Galera cluster"),
                ("1129", "flush hosts"),
                ("1130", "create the account 'zoho' for this address"),
                ("1524", "mysql_native_password"),
            ][..],
        ),
        (
            Kind::Postgres,
            &[
                ("26000", "a pooler between this program and the server"),
                ("42P05", "a pooler between this program and the server"),
                ("53300", "raise the server's max_connections"),
            ],
        ),
    ] {
        let Some(table) = TestTable::fresh(kind) else { continue };
        let store = table.setting("timeout=1").open();
        store.save_token(&token("ada")).await.unwrap();
        for (code, words) in codes {
            raise(&table, code).await;
            let error = store.save_token(&token("ada").with_access_token(*code)).await.expect_err("raised");
            assert!(error.to_string().contains(words), "{kind} {code}: {error}");
            assert!(error.to_string().contains(code), "{kind} {code}: {error}");
        }
    }
}

/// Lets every update of a row fail with this error.
async fn raise(table: &TestTable, code: &str) {
    let statements = match table.kind {
        Kind::Postgres => format!(
            "create or replace function {{}}_raise() returns trigger language plpgsql as \
            $$ begin raise exception using errcode = '{code}'; end $$; \
            create or replace trigger {{}}_raise before update on {{}} for each row execute function {{}}_raise()"
        ),
        _ => format!(
            "create or replace trigger {{}}_raise before update on {{}} for each row \
            signal sqlstate 'HY000' set mysql_errno = {code}, message_text = 'raised'"
        ),
    };
    table.run(&statements).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL"]
async fn a_standby_can_be_read_and_accepts_saves_after_its_promotion() {
    let Some(mut server) = private(Kind::Postgres) else { return };
    let table = TestTable::on(Kind::Postgres, &server);
    table.open().save_token(&token("ada")).await.unwrap();
    server.kill();
    File::create(server.folder().join("data/standby.signal")).unwrap();
    tokio::task::block_in_place(|| server.restart()).expect("it is a standby now");
    let store = table.setting("timeout=2").open();
    assert_read_only(&store).await;
    table.for_administrator(&server).run("select cast(pg_promote() as text)").await;
    store.save_token(&token("bob")).await.unwrap();
    assert_eq!(users(&store).await, ["ada", "bob"]);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MariaDB and PostgreSQL"]
async fn a_full_disk_is_reported_and_saves_resume_when_there_is_space() {
    for kind in SERVERS {
        let Some(mut server) = private(kind) else { continue };
        let disk = tokio::task::block_in_place(|| server.move_to_small_disk(200)).unwrap();
        let Some(disk) = disk else { return };
        let table = TestTable::on(kind, &server);
        let store = table.open();
        store.save_token(&token("ada")).await.unwrap();
        disk.fill();
        let mut saved = vec!["ada".to_owned()];
        for _ in 0..3 {
            let start = Instant::now();
            let error = save_until_full(&store, &mut saved).await;
            assert_eq!(error.kind(), StoreErrorKind::Full, "{error}");
            assert!(error.to_string().contains("free space on the server's disk"), "{error}");
            assert!(start.elapsed() < DEADLINE, "{:?}", start.elapsed());
        }
        let mut stored = users(&store).await;
        saved.sort();
        assert_eq!(stored, saved);
        // The server keeps running, so the store recovers without a restart.
        disk.clear();
        save_when_possible(&store, "saved later").await;
        stored.push("saved later".to_owned());
        stored.sort();
        tokio::task::block_in_place(|| server.restart()).unwrap();
        assert_eq!(users(&table.open()).await, stored);
    }
}

/// Opens stores, each of which keeps a connection, until the server rejects one.
async fn take_connections(table: &TestTable, max: usize) -> (Vec<AnyStore>, AnyStore, StoreError) {
    let mut others = Vec::new();
    loop {
        let store = table.open();
        match store.save_token(&token("ada")).await {
            Ok(_) => others.push(store),
            Err(error) => return (others, store, error),
        }
        assert!(others.len() < max, "the server rejects no connection");
    }
}

fn assert_too_many_connections(error: &StoreError) {
    assert_eq!(error.kind(), StoreErrorKind::Busy, "{error}");
    assert!(error.to_string().contains("the server's max_connections"), "{error}");
    assert!(error.to_string().contains("max_connections in the stores"), "{error}");
}

async fn assert_read_only(store: &AnyStore) {
    found(store, "ada").await;
    assert_eq!(store.get_tokens().await.unwrap().len(), 1);
    let key = LeaseKey::refresh(token("ada").refresh_token().expect("a refresh token"));
    for error in [
        store.save_token(&token("ada").with_access_token("newer")).await.expect_err("read-only"),
        store.save_token(&token("bob")).await.expect_err("read-only"),
        store.delete_token("1").await.expect_err("read-only"),
        store.acquire(&key, "one", Duration::from_secs(9)).await.expect_err("read-only"),
    ] {
        assert_eq!(error.kind(), StoreErrorKind::Busy, "{error}");
        assert!(error.to_string().contains("use the address of the primary"), "{error}");
    }
}

/// Saves batches of new users until the disk is full and appends the saved users to `saved`.
async fn save_until_full(store: &AnyStore, saved: &mut Vec<String>) -> StoreError {
    for _ in 0..200 {
        let new: Vec<_> = (0..100).map(|number| format!("user {}", saved.len() + number)).collect();
        let tokens: Vec<_> = new.iter().map(|user| token(user)).collect();
        match store.save_tokens(&tokens).await {
            Ok(_) => saved.extend(new),
            Err(error) => return error,
        }
    }
    panic!("a full disk accepted twenty thousand users");
}

/// The server can need a moment to notice the change.
async fn save_when_possible(store: &AnyStore, user: &str) {
    let start = Instant::now();
    while let Err(error) = store.save_token(&token(user)).await {
        let may_pass = matches!(error.kind(), StoreErrorKind::Busy | StoreErrorKind::Full);
        assert!(may_pass && start.elapsed() < DEADLINE, "{error}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

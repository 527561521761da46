//! Database servers that have no connection left, no room, or take no writes.

use std::fs::File;
use std::time::{Duration, Instant};

use servers::{Kind, private, private_with};
use zoho_oauth::store::coordination::{Coordination, LeaseKey};
use zoho_oauth::store::{AnyStore, StoreError, StoreErrorKind, TokenStore};

use super::support::{Place, found, token, users};

const SERVERS: [Kind; 2] = [Kind::MariaDb, Kind::Postgres];
const PATIENCE: Duration = Duration::from_secs(20);

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MariaDB and PostgreSQL"]
async fn too_many_connections_are_busy_until_one_is_free() {
    for kind in SERVERS {
        let few: &[&str] = match kind {
            Kind::Postgres => {
                &["--max_connections=6", "--superuser_reserved_connections=1", "--max_wal_senders=0"]
            }
            // The fewest that it takes.
            _ => &["--max-connections=10"],
        };
        let Some(server) = private_with(kind, few) else { continue };
        let place = Place::on(kind, &server);
        let (others, refused, error) = take_connections(&place, 12).await;
        is_one_too_many(&error);
        drop(others);
        save_when_it_may(&refused, "try again later").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MariaDB and PostgreSQL"]
async fn an_account_at_its_connection_limit_is_busy_until_one_is_free() {
    for kind in SERVERS {
        let Some(server) = private(kind) else { continue };
        let place = Place::on(kind, &server);
        let limit = match kind {
            Kind::Postgres => "alter role zoho connection limit 2",
            _ => "grant usage on *.* to zoho with max_user_connections 2",
        };
        place.for_administrator(&server).run(limit).await;
        let (others, refused, error) = take_connections(&place, 3).await;
        is_one_too_many(&error);
        drop(others);
        save_when_it_may(&refused, "try again later").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MariaDB and PostgreSQL"]
async fn a_read_only_server_can_be_read_and_refers_writers_to_the_primary() {
    for kind in SERVERS {
        let Some(server) = private(kind) else { continue };
        let place = Place::on(kind, &server);
        let store = place.open();
        store.save_token(&token("ada")).await.expect("saved");
        let administrator = place.for_administrator(&server);
        let (on, off) = match kind {
            Kind::Postgres => (
                "alter role zoho set default_transaction_read_only = on",
                "alter role zoho set default_transaction_read_only = off",
            ),
            _ => ("set global read_only = on", "set global read_only = off"),
        };
        administrator.run(on).await;
        // A session of PostgreSQL keeps what it began with.
        let store = if kind == Kind::Postgres { place.open() } else { store };
        is_read_only(&store).await;
        is_read_only(&place.open()).await;
        let error = place.setting("table=missing").open().get_tokens().await.expect_err("it cannot be made");
        assert_eq!(error.kind(), StoreErrorKind::Busy, "{error}");
        administrator.run(off).await;
        let store = if kind == Kind::Postgres { place.open() } else { store };
        store.save_token(&token("bob")).await.expect("saved");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL"]
async fn a_standby_can_be_read_and_accepts_saves_after_its_promotion() {
    let Some(mut server) = private(Kind::Postgres) else { return };
    let place = Place::on(Kind::Postgres, &server);
    place.open().save_token(&token("ada")).await.expect("saved");
    server.kill();
    File::create(server.folder().join("data/standby.signal")).expect("made");
    tokio::task::block_in_place(|| server.restart()).expect("it is a standby now");
    let store = place.open();
    is_read_only(&store).await;
    place.for_administrator(&server).run("select cast(pg_promote() as text)").await;
    store.save_token(&token("bob")).await.expect("saved");
    assert_eq!(users(&store).await, ["ada", "bob"]);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MariaDB and PostgreSQL"]
async fn a_full_disk_is_reported_and_saves_resume_when_there_is_space() {
    for kind in SERVERS {
        let Some(mut server) = private(kind) else { continue };
        let disk = tokio::task::block_in_place(|| server.move_to_small_disk(200)).expect("moved");
        let Some(disk) = disk else { return };
        let place = Place::on(kind, &server);
        let store = place.open();
        store.save_token(&token("ada")).await.expect("saved");
        disk.fill();
        let mut saved = vec!["ada".to_owned()];
        for _ in 0..3 {
            let began = Instant::now();
            let error = save_until_full(&store, &mut saved).await;
            assert_eq!(error.kind(), StoreErrorKind::Full, "{error}");
            assert!(error.to_string().contains("free space on the server's disk"), "{error}");
            assert!(began.elapsed() < PATIENCE, "{:?}", began.elapsed());
        }
        let mut there = users(&store).await;
        saved.sort();
        assert_eq!(there, saved);
        // The server goes on, and so does the store.
        disk.clear();
        save_when_it_may(&store, "room again").await;
        there.push("room again".to_owned());
        there.sort();
        tokio::task::block_in_place(|| server.restart()).expect("restarted");
        assert_eq!(users(&place.open()).await, there);
    }
}

/// Opens stores, each of which keeps a connection, until one is refused.
async fn take_connections(place: &Place, most: usize) -> (Vec<AnyStore>, AnyStore, StoreError) {
    let mut others = Vec::new();
    loop {
        let store = place.open();
        match store.save_token(&token("ada")).await {
            Ok(_) => others.push(store),
            Err(error) => return (others, store, error),
        }
        assert!(others.len() < most, "the server refuses nobody");
    }
}

fn is_one_too_many(error: &StoreError) {
    assert_eq!(error.kind(), StoreErrorKind::Busy, "{error}");
    assert!(error.to_string().contains("the server's max_connections"), "{error}");
    assert!(error.to_string().contains("max_connections in the stores"), "{error}");
}

async fn is_read_only(store: &AnyStore) {
    found(store, "ada").await;
    assert_eq!(store.get_tokens().await.expect("read").len(), 1);
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

/// Saves new users, many at once, until there is no room, and notes those that were saved.
async fn save_until_full(store: &AnyStore, saved: &mut Vec<String>) -> StoreError {
    for _ in 0..200 {
        let new: Vec<_> = (0..100).map(|number| format!("user {}", saved.len() + number)).collect();
        let tokens: Vec<_> = new.iter().map(|user| token(user)).collect();
        match store.save_tokens(&tokens).await {
            Ok(_) => saved.extend(new),
            Err(error) => return error,
        }
    }
    panic!("a full disk took twenty thousand users");
}

/// The server may need a moment to notice what has changed.
async fn save_when_it_may(store: &AnyStore, user: &str) {
    let began = Instant::now();
    while let Err(error) = store.save_token(&token(user)).await {
        let may_pass = matches!(error.kind(), StoreErrorKind::Busy | StoreErrorKind::Full);
        assert!(may_pass && began.elapsed() < PATIENCE, "{error}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

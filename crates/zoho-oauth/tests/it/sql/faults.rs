//! Database servers that are unreachable, slow, or reject a request.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use servers::{Kind, Proxy, private};
use zoho_oauth::store::coordination::{Coordination, LeaseKey};
use zoho_oauth::store::{
    AnyStore, MySqlOptions, MySqlStore, PostgresOptions, PostgresStore, StoreErrorKind, TokenStore,
};
use zoho_oauth::{ExposeSecret, OAuthToken};

use super::support::{TestTable, found, on_both_servers, token, users};

on_both_servers! {
    a_wrong_password_is_reported_without_showing_it
    a_closed_port_is_waited_for_within_the_timeout_and_then_reported
    what_cannot_change_by_itself_is_not_waited_for
    a_hanging_server_times_out_and_is_used_again_later
    dead_connections_are_replaced
    saves_whose_responses_are_lost_happen_once
    locks_of_a_vanished_host_are_released
    a_single_connection_serves_many_tasks
    a_table_with_other_columns_is_rejected_and_left_unchanged
    a_store_survives_deleted_state_and_reports_a_dropped_table
}

async fn a_wrong_password_is_reported_without_showing_it(table: TestTable) {
    let table = table.with(|url| url.set_password(Some("top-secret-guess")).expect("the URL has a host"));
    let error = table.open().get_tokens().await.expect_err("rejected");
    assert_eq!(error.kind(), StoreErrorKind::Permission, "{error}");
    assert!(error.to_string().contains("check the password of `zoho`"), "{error}");
    assert!(!format!("{error} {error:?}").contains("top-secret-guess"), "{error:?}");
}

/// What is waited for is the server: a password does not become right by itself.
async fn what_cannot_change_by_itself_is_not_waited_for(table: TestTable) {
    let another_password = |url: &mut url::Url| url.set_password(Some("guess")).expect("the URL has a host");
    let (encryption, file) = match table.kind {
        Kind::Postgres => ("sslmode=verify-full&sslrootcert=", "/nowhere.pem"),
        _ => ("ssl-mode=VERIFY_IDENTITY&ssl-ca=", "/nowhere.pem"),
    };
    for wrong in [
        table.with(another_password),
        table.with(|url| url.set_path("elsewhere")),
        table.setting(&format!("{encryption}{file}")),
    ] {
        let start = Instant::now();
        wrong.open().get_tokens().await.expect_err("rejected");
        assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
    }
}

async fn a_closed_port_is_waited_for_within_the_timeout_and_then_reported(table: TestTable) {
    let table = table.setting("timeout=2").with(|url| url.set_port(Some(1)).expect("the URL has a host"));
    let store = table.open();
    let start = Instant::now();
    let error = store.get_tokens().await.expect_err("the port is closed");
    // A delay, at most 600 ms, that does not fit into four fifths of the timeout ends the attempts.
    assert!(start.elapsed() > Duration::from_millis(900), "{:?}", start.elapsed());
    assert!(start.elapsed() < Duration::from_secs(4), "{:?}", start.elapsed());
    // The server stays away, so the next call does not wait again.
    let start = Instant::now();
    store.get_tokens().await.expect_err("the port is closed");
    assert!(start.elapsed() < Duration::from_millis(500), "{:?}", start.elapsed());
    assert!(error.is_transient(), "{error}");
    assert!(error.to_string().contains("at 127.0.0.1:1 could not read all tokens"), "{error}");
    assert!(error.to_string().contains("check that the server is running"), "{error}");
}

async fn a_hanging_server_times_out_and_is_used_again_later(table: TestTable) {
    let mut proxy = Proxy::to(table.port()).await.expect("a proxy");
    let store = table.behind(&proxy).setting("timeout=1").open();
    store.save_token(&token("ada")).await.unwrap();
    proxy.hang().await.unwrap();
    let start = Instant::now();
    let error = store.find_token(&token("ada")).await.expect_err("no response");
    assert!(start.elapsed() < Duration::from_secs(8), "{:?}", start.elapsed());
    assert!(error.is_transient(), "{error}");
    assert!(error.to_string().contains("no response within 1 s;"), "{error}");
    proxy.resume().await.unwrap();
    found(&store, "ada").await;
    store.save_token(&token("bob")).await.unwrap();
}

async fn dead_connections_are_replaced(table: TestTable) {
    let mut proxy = Proxy::to(table.port()).await.expect("a proxy");
    let store = table.behind(&proxy).open();
    store.save_token(&token("ada")).await.unwrap();
    let key = LeaseKey::refresh(token("ada").refresh_token().expect("a refresh token"));
    for round in 0..6 {
        proxy.cut().await;
        proxy.resume().await.unwrap();
        match round {
            0 => drop(found(&store, "ada").await),
            1 => drop(store.save_token(&token("ada").with_access_token("newer")).await.unwrap()),
            2 => drop(store.save_token(&token("bob")).await.unwrap()),
            3 => assert!(store.delete_token("2").await.unwrap()),
            4 => drop(store.acquire(&key, "one", Duration::from_secs(9)).await.expect("the call succeeds")),
            _ => assert_eq!(store.get_token_page(None).await.unwrap().tokens.len(), 1),
        }
    }
}

/// The caller retries each failed save. In the end each user is stored once.
async fn saves_whose_responses_are_lost_happen_once(table: TestTable) {
    let mut proxy = Proxy::to(table.port()).await.expect("a proxy");
    let store = table.behind(&proxy).open();
    store.save_token(&token("first")).await.unwrap();
    let saver = tokio::spawn({
        let store = store.clone();
        async move {
            for number in 0..40 {
                let new = token(&format!("user {number}"));
                for fields in [new.clone(), new.with_access_token("newer")] {
                    while let Err(error) = store.save_token(&fields).await {
                        assert!(error.is_transient(), "{error}");
                        tokio::time::sleep(Duration::from_millis(2)).await;
                    }
                }
            }
        }
    });
    for _ in 0..20 {
        tokio::time::sleep(Duration::from_millis(rand::random_range(10..60))).await;
        proxy.cut().await;
        proxy.resume().await.unwrap();
    }
    saver.await.expect("the saver does not fail");
    assert_eq!(users(&table.open()).await.len(), 41);
    let rows = table.open().get_tokens().await.unwrap();
    let access_tokens = rows.iter().filter_map(OAuthToken::access_token).map(ExposeSecret::expose_secret);
    assert_eq!(access_tokens.filter(|access_token| *access_token == "newer").count(), 40);
}

/// The host vanishes inside a transaction that blocks all inserts, and its connection is never closed.
async fn locks_of_a_vanished_host_are_released(table: TestTable) {
    let mut proxy = Proxy::to(table.port()).await.expect("a proxy");
    let vanishing = table.behind(&proxy).setting("timeout=2").open();
    vanishing.save_token(&token("ada")).await.unwrap();
    proxy.delay(Duration::from_millis(30));
    proxy.reset_count();
    let save = tokio::spawn(async move { vanishing.save_token(&token("vanished")).await });
    // The round trips are lookup, begin and lock. The statements are already prepared.
    while proxy.round_trips() < 3 {
        assert!(!save.is_finished(), "the save finished before the connection hung");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    proxy.hang().await.unwrap();
    let store = table.setting("timeout=1").open();
    let start = Instant::now();
    let error = store.save_token(&token("bob")).await.expect_err("the lock is held");
    assert!(error.is_transient(), "{error}");
    assert!(start.elapsed() < Duration::from_secs(8), "{:?}", start.elapsed());
    while let Err(error) = store.save_token(&token("bob")).await {
        assert!(error.is_transient() && start.elapsed() < Duration::from_secs(30), "{error}");
    }
    assert!(save.await.expect("no panic").expect_err("the host vanished").is_transient());
    assert_eq!(users(&store).await, ["ada", "bob"]);
}

async fn a_single_connection_serves_many_tasks(table: TestTable) {
    let store = table.setting("max_connections=1").open();
    let savers: Vec<_> = (0..30)
        .map(|number| {
            let store = store.clone();
            tokio::spawn(async move { store.save_token(&token(&format!("user {number}"))).await.unwrap() })
        })
        .collect();
    for saver in savers {
        saver.await.expect("no saver fails");
    }
    assert_eq!(table.count().await, 30);
}

async fn a_table_with_other_columns_is_rejected_and_left_unchanged(table: TestTable) {
    table.run("create table {} (id varchar(10) primary key, user_mail varchar(255))").await;
    let error = table.open().get_tokens().await.expect_err("rejected");
    assert_eq!(error.kind(), StoreErrorKind::Damaged, "{error}");
    assert!(error.to_string().contains("no column refresh_token"), "{error}");
    table.run("insert into {} (id, user_mail) values ('1', 'ada')").await;
}

async fn a_store_survives_deleted_state_and_reports_a_dropped_table(table: TestTable) {
    let store = table.open();
    store.save_token(&token("ada")).await.unwrap();
    table.run("delete from {}_state").await;
    assert_eq!(store.save_token(&token("bob")).await.unwrap().id(), Some("2"));
    table.run("drop table {}").await;
    let error = store.find_token(&token("ada")).await.expect_err("the table is gone");
    assert!(error.to_string().contains("open the store again"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MariaDB and PostgreSQL"]
async fn a_read_only_account_can_read_and_is_told_what_to_grant() {
    for kind in [Kind::MariaDb, Kind::Postgres] {
        let Some(server) = private(kind) else { continue };
        let owner = TestTable::on(kind, &server);
        owner.open().save_token(&token("ada")).await.unwrap();
        let administrator = owner.for_administrator(&server);
        let account = match kind {
            Kind::Postgres => "create user reader password 'pw'; grant select on {} to reader",
            _ => "create user reader identified by 'pw'; grant select on zohooauth.{} to reader",
        };
        administrator.run(account).await;
        let reader = owner.with(|url| {
            url.set_username("reader").expect("the URL has a host");
            url.set_password(Some("pw")).expect("the URL has a host");
        });
        let store = reader.open();
        found(&store, "ada").await;
        assert_eq!(store.get_tokens().await.unwrap().len(), 1);
        let key = LeaseKey::refresh(token("ada").refresh_token().expect("a refresh token"));
        let errors = [
            store.save_token(&token("ada").with_access_token("newer")).await.expect_err("no permission"),
            store.save_token(&token("bob")).await.expect_err("no permission"),
            store.delete_token("1").await.expect_err("no permission"),
            store.acquire(&key, "one", Duration::from_secs(9)).await.expect_err("no permission"),
        ];
        for error in errors {
            assert_eq!(error.kind(), StoreErrorKind::Permission, "{error}");
            assert!(error.to_string().contains("grant select, insert, update, delete"), "{error}");
        }
        // After the grant, the same store can write.
        administrator
            .run(match kind {
                Kind::Postgres => "grant select, insert, update, delete on {}, {}_state to reader",
                _ => "grant select, insert, update, delete, create, index on zohooauth.* to reader",
            })
            .await;
        store.save_token(&token("bob")).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MariaDB and PostgreSQL"]
async fn a_missing_database_is_reported_with_the_statement_that_creates_it() {
    for kind in [Kind::MariaDb, Kind::Postgres] {
        let Some(server) = private(kind) else { continue };
        let table =
            TestTable::on(kind, &server).for_administrator(&server).with(|url| url.set_path("elsewhere"));
        let error = table.open().get_tokens().await.expect_err("the database is missing");
        assert_eq!(error.kind(), StoreErrorKind::Other, "{error}");
        assert!(error.to_string().contains("run: create database elsewhere"), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MariaDB"]
async fn thirty_kills_of_mariadb_tear_no_row_and_lose_no_confirmed_save() {
    kill_repeatedly(Kind::MariaDb).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL"]
async fn thirty_kills_of_postgres_tear_no_row_and_lose_no_confirmed_save() {
    kill_repeatedly(Kind::Postgres).await;
}

/// The same store is used throughout, without being opened again.
async fn kill_repeatedly(kind: Kind) {
    let Some(mut server) = private(kind) else { return };
    let table = TestTable::on(kind, &server);
    let store = table.open();
    let confirmed: Vec<_> = (0..3).map(|_| Arc::new(AtomicU64::new(0))).collect();
    let savers: Vec<_> = confirmed
        .iter()
        .enumerate()
        .map(|(saver, confirmed)| tokio::spawn(save_forever(store.clone(), saver, confirmed.clone())))
        .collect();
    for _ in 0..30 {
        tokio::time::sleep(Duration::from_millis(rand::random_range(20..200))).await;
        tokio::task::block_in_place(|| server.restart()).unwrap();
        let before: Vec<_> = confirmed.iter().map(|confirmed| confirmed.load(Ordering::SeqCst)).collect();
        check_numbers(&table.open().get_tokens().await.unwrap(), &before);
    }
    let before = confirmed[0].load(Ordering::SeqCst);
    let start = Instant::now();
    while confirmed[0].load(Ordering::SeqCst) == before {
        assert!(start.elapsed() < Duration::from_secs(60), "the savers do not recover");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    for saver in savers {
        assert!(!saver.is_finished(), "a saver failed: {:?}", saver.await);
        saver.abort();
    }
    let names = users(&table.open()).await;
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "no user was saved twice");
}

/// Saves its own user with increasing numbers, and a new user with every tenth number.
async fn save_forever(store: AnyStore, saver: usize, confirmed: Arc<AtomicU64>) {
    for number in 1.. {
        if number % 10 == 0 {
            save_until_accepted(&store, &token(&format!("new {saver} {number}"))).await;
        }
        let numbered = OAuthToken::new()
            .with_user(format!("saver {saver}"))
            .with_client("1000.CLIENT", number.to_string())
            .with_refresh_token(number.to_string())
            .with_access_token(number.to_string());
        save_until_accepted(&store, &numbered).await;
        confirmed.store(number, Ordering::SeqCst);
    }
}

async fn save_until_accepted(store: &AnyStore, token: &OAuthToken) {
    while let Err(error) = store.save_token(token).await {
        assert!(error.is_transient(), "{error}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// Each row has the same number in all fields, at least the last confirmed one.
fn check_numbers(rows: &[OAuthToken], confirmed: &[u64]) {
    for (saver, confirmed) in confirmed.iter().enumerate().filter(|(_, confirmed)| **confirmed > 0) {
        let name = format!("saver {saver}");
        let is_it = |row: &&OAuthToken| row.user_signature().is_some_and(|user| user.name() == name);
        let row = rows.iter().find(is_it).expect("the row is there");
        let [client_secret, refresh_token, access_token] =
            [row.client_secret(), row.refresh_token(), row.access_token()]
                .map(|value| value.expect("the row is whole").expose_secret().to_owned());
        assert!(client_secret == refresh_token && refresh_token == access_token, "the row is torn");
        assert!(access_token.parse::<u64>().expect("a number") >= *confirmed, "{access_token} {confirmed}");
    }
}

#[test]
fn invalid_options_are_rejected_without_contacting_the_server() {
    let urls = [
        "mysql://zoho:top-secret@localhost/zohooauth?table=a-b",
        "mysql://zoho:top-secret@localhost/zohooauth?table=a.b",
        "mysql://zoho:top-secret@localhost/zohooauth?table=",
        "mysql://zoho:top-secret@localhost/zohooauth?table=x%60;drop",
        "mysql://zoho:top-secret@localhost/zohooauth?max_connections=0",
        "mysql://zoho:top-secret@localhost/zohooauth?timeout=soon",
        "mysql://zoho:top-secret@localhost/zohooauth?ssl-mode=top-secret",
        "mysql://zoho:top-secret@localhost/zohooauth?sslmode=require",
        "nonsense",
    ];
    for url in urls {
        let error = MySqlStore::open(url).expect_err("rejected");
        assert_eq!(error.kind(), StoreErrorKind::Rejected, "{error}");
        assert!(!error.to_string().contains("top-secret"), "{error}");
    }
    for url in ["postgres://h/d?table=a.b.c-d", "postgres://h/d?sslmode=REQUIRED", "postgres://h/d?x=1"] {
        assert_eq!(PostgresStore::open(url).expect_err("rejected").kind(), StoreErrorKind::Rejected);
    }
}

#[test]
fn the_store_name_shows_the_location_but_not_the_password() {
    let options = MySqlOptions::new().with_password("top-secret").with_host("db.example.com");
    let store = MySqlStore::new(options.clone()).unwrap();
    assert!(!format!("{store:?} {options:?}").contains("top-secret"));
    let name = "the MySQL token store oauthtoken in zohooauth at db.example.com:3306";
    assert_eq!(zoho_oauth::store::AnyStore::from(store).name(), name);
    let options = PostgresOptions::new().with_password("top-secret").with_table("crm.tokens").with_port(6000);
    let store = PostgresStore::new(options.clone()).unwrap();
    assert!(!format!("{store:?} {options:?}").contains("top-secret"));
    let name = "the PostgreSQL token store crm.tokens in zohooauth at localhost:6000";
    assert_eq!(zoho_oauth::store::AnyStore::from(store).name(), name);
}

//! `zoho tokens copy` with stores on servers: from each to the next, killed halfway, with a server that goes away during
//! the copy, and into a table with narrower columns.

use std::collections::BTreeMap;
use std::fs;
use std::process::Child;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use servers::{Kind, fresh, private};
use zoho_oauth::OAuthToken;
use zoho_oauth::store::{StoredToken, TokenStore, connect};

use crate::support::{Ran, Terminal};
use crate::tokens::ATTACKS;

/// A file as Zoho's Python SDK has written it.
const OF_THE_SDK: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../zoho-oauth/tests/golden/sdk_tokens.txt");
/// The one row in it that has values of 2,048 characters.
const LONG_ROW: &str = "9";

/// No copy takes this long, even on a busy machine.
const TIMEOUT: Duration = Duration::from_secs(180);

#[test]
#[ignore = "needs MariaDB, PostgreSQL, Redis and moto"]
fn a_file_of_the_sdk_goes_through_every_store_and_comes_back_as_it_was() {
    let kinds = [Kind::MariaDb, Kind::Postgres, Kind::Redis, Kind::RedisCluster, Kind::SecretsManager];
    let Some(servers) = kinds.into_iter().map(fresh).collect::<Option<Vec<_>>>() else { return };
    let terminal = Terminal::new();
    let first = file_of_the_sdk(&terminal);
    terminal.run(&["tokens", "delete", LONG_ROW, "--store", &first]).done();
    let tricky = |text: &str| {
        let row = StoredToken::COLUMNS.into_iter().filter(|column| !["id", "expiry_time"].contains(column));
        Value::Object(row.map(|column| (column.to_owned(), text.into())).collect())
    };
    let tricky = Value::from(ATTACKS.map(tricky).to_vec());
    terminal.run_with_input(&["tokens", "save", "--store", &first], &tricky.to_string()).done();
    let before = listed(&terminal, &first);
    assert_eq!(before.len(), 11 + ATTACKS.len());

    let mut from = first;
    for to in servers.into_iter().chain(["sqlite:zohooauth.db", "file:again.txt"].map(str::to_owned)) {
        let report = copy(&terminal, &from, &to).done().json();
        for count in ["read", "added", "verified"] {
            assert_eq!(report[count], json!(before.len()), "{to}: {report}");
        }
        assert_eq!(listed(&terminal, &to), before, "{to}");
        from = to;
    }
}

#[test]
#[ignore = "needs MariaDB"]
fn a_copy_into_mariadb_that_is_killed_goes_on_where_it_stopped() {
    a_copy_that_is_killed_goes_on_where_it_stopped(Kind::MariaDb, 20_000);
}

#[test]
#[ignore = "needs PostgreSQL"]
fn a_copy_into_postgresql_that_is_killed_goes_on_where_it_stopped() {
    a_copy_that_is_killed_goes_on_where_it_stopped(Kind::Postgres, 20_000);
}

#[test]
#[ignore = "needs Redis"]
fn a_copy_into_redis_that_is_killed_goes_on_where_it_stopped() {
    a_copy_that_is_killed_goes_on_where_it_stopped(Kind::Redis, 20_000);
}

/// Its stand-in takes milliseconds for each call.
#[test]
#[ignore = "needs moto"]
fn a_copy_into_secrets_manager_that_is_killed_goes_on_where_it_stopped() {
    a_copy_that_is_killed_goes_on_where_it_stopped(Kind::SecretsManager, 200);
}

fn a_copy_that_is_killed_goes_on_where_it_stopped(kind: Kind, rows: usize) {
    let Some(to) = fresh(kind) else { return };
    let (terminal, from) = filled(rows);
    let mut killed = begin_to_copy(&terminal, &from, &to);
    wait_for_row(rows / 3, &to, &mut killed);
    killed.kill().unwrap();
    killed.wait().unwrap();
    let there = stored(&to).len();
    assert!(there < rows, "it was killed too late");

    let report = copy(&terminal, &from, &to).done().json();
    let count = |name: &str| usize::try_from(report[name].as_u64().unwrap()).unwrap();
    assert_eq!((count("same"), count("added"), count("verified")), (there, rows - there, rows));
    assert_eq!(stored(&to), stored(&from));
}

#[test]
#[ignore = "needs MariaDB"]
fn a_copy_goes_on_when_mariadb_was_killed_and_comes_back() {
    a_copy_goes_on_when_its_server_was_killed_and_comes_back(Kind::MariaDb);
}

#[test]
#[ignore = "needs PostgreSQL"]
fn a_copy_goes_on_when_postgresql_was_killed_and_comes_back() {
    a_copy_goes_on_when_its_server_was_killed_and_comes_back(Kind::Postgres);
}

#[test]
#[ignore = "needs Redis"]
fn a_copy_goes_on_when_redis_was_killed_and_comes_back() {
    a_copy_goes_on_when_its_server_was_killed_and_comes_back(Kind::Redis);
}

fn a_copy_goes_on_when_its_server_was_killed_and_comes_back(kind: Kind) {
    const ROWS: usize = 20_000;
    let Some(mut server) = private(kind) else { return };
    let to = server.url().to_owned();
    let (terminal, from) = filled(ROWS);
    let mut copying = begin_to_copy(&terminal, &from, &to);
    wait_for_row(ROWS / 3, &to, &mut copying);
    server.kill();
    thread::sleep(Duration::from_secs(1));
    assert!(copying.try_wait().unwrap().is_none(), "it waits for the server");
    server.restart().unwrap();

    let report = ended(copying).done().json();
    assert_eq!(report["verified"], json!(ROWS), "{report}");
    assert_eq!(stored(&to), stored(&from));
}

#[test]
#[ignore = "needs MariaDB"]
fn a_copy_goes_on_when_the_server_that_it_reads_was_killed_and_comes_back() {
    const ROWS: usize = 20_000;
    let Some(mut server) = private(Kind::MariaDb) else { return };
    let from = server.url().to_owned();
    let (terminal, filled) = filled(ROWS);
    copy(&terminal, &filled, &from).done();
    let to = format!("sqlite:{}", terminal.path("copied.db").display());
    let mut copying = begin_to_copy(&terminal, &from, &to);
    wait_for_row(1, &to, &mut copying);
    server.kill();
    assert!(copying.try_wait().unwrap().is_none(), "it waits for the server");
    server.restart().unwrap();

    let report = ended(copying).done().json();
    assert_eq!(report["verified"], json!(ROWS), "{report}");
    assert_eq!(stored(&to), stored(&filled));
}

#[test]
#[ignore = "needs MariaDB"]
fn a_copy_whose_server_stays_away_says_what_to_do() {
    let Some(mut server) = private(Kind::MariaDb) else { return };
    let to = format!("{}?connect_timeout=1", server.url());
    let (terminal, from) = filled(20_000);
    let mut copying = begin_to_copy(&terminal, &from, &to);
    wait_for_row(5_000, &to, &mut copying);
    server.kill();
    let ran = ended(copying);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert!(ran.stderr.contains("run the same command again"), "{}", ran.stderr);
    assert!(ran.stderr.contains("check that the server is running"), "{}", ran.stderr);
    let password = to.split(['@', ':']).nth(2).unwrap();
    assert!(!ran.stderr.contains(password), "{}", ran.stderr);
}

#[test]
#[ignore = "needs MariaDB"]
fn a_row_that_the_server_has_no_room_for_is_named_and_all_others_are_copied() {
    let Some(to) = fresh(Kind::MariaDb) else { return };
    let terminal = Terminal::new();
    let from = file_of_the_sdk(&terminal);
    let mut expected = listed(&terminal, &from);
    expected.remove(LONG_ROW).expect("the long row is there");
    for count in ["added", "same"] {
        let ran = copy(&terminal, &from, &to).ended(1);
        let report = ran.json();
        assert_eq!(
            (&report["read"], &report[count], &report["verified"]),
            (&json!(12), &json!(11), &json!(11))
        );
        let rejected = report["rejected"].as_array().unwrap();
        assert_eq!((rejected.len(), &rejected[0]["id"]), (1, &json!(LONG_ROW)));
        let reason = rejected[0]["reason"].as_str().unwrap();
        assert!(reason.contains("has 2048 characters; the column holds at most 255"), "{reason}");
        assert!(ran.stderr.contains("1 of 12 rows"), "{}", ran.stderr);
        assert_eq!(listed(&terminal, &to), expected);
    }
}

/// The SDK's file in the terminal's folder: its URL.
fn file_of_the_sdk(terminal: &Terminal) -> String {
    fs::copy(OF_THE_SDK, terminal.path("sdk_tokens.txt")).unwrap();
    "file:sdk_tokens.txt".to_owned()
}

/// A terminal with a SQLite file that holds so many users' tokens, and its URL.
fn filled(rows: usize) -> (Terminal, String) {
    let terminal = Terminal::new();
    let url = format!("sqlite:{}", terminal.path("many.db").display());
    let tokens: Vec<_> = (1..=rows)
        .map(|number| {
            user(number).with_refresh_token(format!("refresh {number}")).with_client("app", "secret")
        })
        .collect();
    block_on(async { connect(&url).unwrap().save_tokens(&tokens).await }).unwrap();
    (terminal, url)
}

fn user(number: usize) -> OAuthToken {
    OAuthToken::new().with_user(format!("user {number}"))
}

fn copy(terminal: &Terminal, from: &str, to: &str) -> Ran {
    ended(begin_to_copy(terminal, from, to))
}

/// Starts the command; the URLs hold passwords, so they are not among its arguments.
fn begin_to_copy(terminal: &Terminal, from: &str, to: &str) -> Child {
    let mut command = terminal.command(&["tokens", "copy", "--json"]);
    command.env("ZOHO_COPY_FROM", from).env("ZOHO_COPY_TO", to).spawn().unwrap()
}

/// Waits until a command has ended, but not forever.
fn ended(mut child: Child) -> Ran {
    let deadline = Instant::now() + TIMEOUT;
    while child.try_wait().unwrap().is_none() {
        if Instant::now() > deadline {
            child.kill().unwrap();
            panic!("it does not end: {:?}", Ran::of(child.wait_with_output().unwrap()));
        }
        thread::sleep(Duration::from_millis(10));
    }
    Ran::of(child.wait_with_output().unwrap())
}

/// Waits until the copy has come to a row.
fn wait_for_row(number: usize, to: &str, copying: &mut Child) {
    let deadline = Instant::now() + TIMEOUT;
    block_on(async {
        let store = connect(to).unwrap();
        while store.find_token(&user(number)).await.unwrap().is_none() {
            assert!(copying.try_wait().unwrap().is_none(), "it has ended before it came to row {number}");
            assert!(Instant::now() < deadline, "it does not come to row {number}");
        }
    });
}

/// Every row of a store by its id, as the command lists it.
fn listed(terminal: &Terminal, store: &str) -> BTreeMap<String, Value> {
    let mut command = terminal.command(&["tokens", "list", "--json", "--reveal"]);
    let rows = Ran::of(command.env("ZOHO_STORE", store).output().unwrap()).done().json();
    let rows = rows.as_array().unwrap().iter();
    rows.map(|row| (row["id"].as_str().unwrap().to_owned(), row.clone())).collect()
}

/// The same for many rows.
fn stored(store: &str) -> BTreeMap<Option<String>, StoredToken> {
    let tokens = block_on(async { connect(store).unwrap().get_tokens().await }).unwrap();
    tokens.iter().map(StoredToken::from).map(|row| (row.id.clone(), row)).collect()
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

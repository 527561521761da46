//! Outages that are shorter than the timeout of a call: the call waits for their end. Servers with real limits, real
//! failovers and real pauses.

use std::time::{Duration, Instant};

use servers::{Kind, Proxy, Server, fresh, port_of, private, private_with};
use tokio::task::{JoinHandle, block_in_place};
use tokio::time::sleep;
use zoho_oauth::OAuthToken;
use zoho_oauth::store::coordination::{Acquired, Coordination, LeaseKey};
use zoho_oauth::store::{AnyStore, StoreError, TokenStore, connect};

use crate::redis::support::{Namespace, redis_cli, wait_for};
use crate::sql::support::TestTable;
use crate::sqlite::support::token;

const SQL: [Kind; 2] = [Kind::MariaDb, Kind::Postgres];

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MariaDB, PostgreSQL, Redis and moto"]
async fn a_port_that_comes_alive_after_three_seconds_is_waited_for() {
    for url in Kind::ALL.into_iter().filter_map(fresh) {
        let mut proxy = Proxy::to(port_of(&url).expect("a port")).await.expect("a proxy");
        proxy.cut().await;
        let store = open(&proxy.url(&url));
        let (save, read) = (saving(&store, "ada"), reading(&store));
        sleep(Duration::from_secs(3)).await;
        proxy.resume().await.unwrap();
        saved(save, &url).await;
        read.await.expect("no panic").unwrap_or_else(|error| panic!("{url}: {error}"));
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MariaDB, PostgreSQL, Redis and moto"]
async fn a_proxy_that_stops_for_three_seconds_is_waited_for() {
    for url in Kind::ALL.into_iter().filter_map(fresh) {
        let mut proxy = Proxy::to(port_of(&url).expect("a port")).await.expect("a proxy");
        let store = open(&proxy.url(&url));
        store.save_token(&token("ada")).await.unwrap();
        proxy.hang().await.unwrap();
        let (known, new) = (saving(&store, "ada"), saving(&open(&proxy.url(&url)), "bob"));
        sleep(Duration::from_secs(3)).await;
        proxy.resume().await.unwrap();
        saved(known, &url).await;
        saved(new, &url).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MariaDB, PostgreSQL and Redis"]
async fn a_server_that_restarts_is_waited_for() {
    for kind in [Kind::MariaDb, Kind::Postgres, Kind::Redis] {
        let Some(mut server) = private(kind) else { continue };
        let store = open(server.url());
        store.save_token(&token("ada")).await.unwrap();
        block_in_place(|| server.kill());
        let saves: Vec<_> = (0..20).map(|number| saving(&store, &format!("user {number}"))).collect();
        sleep(Duration::from_secs(1)).await;
        block_in_place(|| server.restart()).unwrap();
        for save in saves {
            saved(save, server.url()).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MariaDB and PostgreSQL"]
async fn a_free_connection_is_waited_for() {
    for kind in SQL {
        let Some(server) = few_connections(kind) else { continue };
        let url = server.url();
        let mut others = Vec::new();
        let waiting = loop {
            let store = open(&format!("{url}?timeout=1"));
            match store.save_token(&token("ada")).await {
                Ok(_) => others.push(store),
                Err(error) => break error,
            }
            assert!(others.len() < 12, "the server rejects no connection");
        };
        assert!(waiting.is_transient(), "{waiting}");
        let saves: Vec<_> = (0..4).map(|number| saving(&open(url), &format!("user {number}"))).collect();
        sleep(Duration::from_secs(2)).await;
        assert!(saves.iter().all(|save| !save.is_finished()), "no connection is free");
        drop(others);
        for save in saves {
            saved(save, url).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Redis"]
async fn a_free_client_of_redis_is_waited_for() {
    let Some(server) = private(Kind::Redis) else { return };
    let first = open(server.url());
    first.save_token(&token("ada")).await.unwrap();
    redis_cli(server.port(), &["CONFIG", "SET", "maxclients", "1"]);
    let save = saving(&open(server.url()), "bob");
    sleep(Duration::from_secs(2)).await;
    assert!(!save.is_finished(), "no connection is free");
    drop(first);
    saved(save, server.url()).await;
}

/// The name of the primary leads to another server, while the old primary still runs, as a replica. The connections to it
/// are of no use, and reads on them must not keep them in the pool.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MariaDB and PostgreSQL"]
async fn the_connections_to_a_demoted_primary_are_not_used_again() {
    for kind in SQL {
        let (Some(old), Some(new)) = (private(kind), private(kind)) else { continue };
        let proxy = Proxy::to(old.port()).await.expect("a proxy");
        let table = TestTable::on(kind, &old);
        let store = table.behind(&proxy).open();
        store.save_token(&token("ada")).await.unwrap();
        // Several connections are in the pool.
        let reads: Vec<_> = (0..8).map(|_| reading(&store)).collect();
        for read in reads {
            read.await.expect("no panic").unwrap();
        }
        accept_the_accounts_of(&old, &new, kind).await;
        let successor = table.with(|url| url.set_port(Some(new.port())).expect("the URL has a host"));
        successor.open().delete_tokens().await.expect("set up");
        demote(&table, &old).await;
        proxy.redirect(new.port());
        let key = LeaseKey::refresh(token("ada").refresh_token().expect("a refresh token"));
        let start = Instant::now();
        let acquired = store.acquire(&key, "one", Duration::from_secs(9)).await.expect("the new primary");
        assert!(matches!(acquired, Acquired::Granted(_)), "{kind}");
        assert!(start.elapsed() < Duration::from_secs(5), "{kind}: {:?}", start.elapsed());
        store.save_token(&token("bob")).await.unwrap();
        assert_eq!(users(&successor.open()).await, ["bob"], "{kind}");
    }
}

/// The server becomes a primary again within the timeout.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MariaDB and PostgreSQL"]
async fn a_read_only_server_is_waited_for() {
    for kind in SQL {
        let Some(server) = private(kind) else { continue };
        let table = TestTable::on(kind, &server);
        let store = table.open();
        store.save_token(&token("ada")).await.unwrap();
        demote(&table, &server).await;
        let (known, new) =
            (saving_token(&store, token("ada").with_access_token("newer")), saving(&store, "bob"));
        let unused = saving(&table.open(), "carol");
        sleep(Duration::from_secs(2)).await;
        assert!(!(known.is_finished() || new.is_finished() || unused.is_finished()), "{kind} is read-only");
        promote(&table, &server).await;
        for save in [known, new, unused] {
            saved(save, server.url()).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Redis"]
async fn a_demoted_primary_of_redis_is_left_for_the_new_one() {
    let (Some(old), Some(new)) = (private(Kind::Redis), private(Kind::Redis)) else { return };
    let proxy = Proxy::to(old.port()).await.expect("a proxy");
    let store = open(&proxy.url(old.url()));
    store.save_token(&token("ada")).await.unwrap();
    redis_cli(old.port(), &["REPLICAOF", "127.0.0.1", &new.port().to_string()]);
    wait_for("the old primary is a replica", || {
        redis_cli(old.port(), &["ROLE"]).first().is_some_and(|role| role == "slave")
    });
    let save = saving(&store, "bob");
    sleep(Duration::from_secs(1)).await;
    assert!(!save.is_finished(), "the name still leads to the replica");
    proxy.redirect(new.port());
    saved(save, new.url()).await;
    assert_eq!(users(&open(new.url())).await, ["bob"]);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Redis"]
async fn a_cluster_that_misses_a_node_is_waited_for() {
    let Some(server) = private(Kind::RedisCluster) else { return };
    let store = AnyStore::from(Namespace::on(&server).store());
    store.save_token(&token("ada")).await.unwrap();
    redis_cli(server.port(), &["CONFIG", "SET", "cluster-require-full-coverage", "yes"]);
    redis_cli(server.port(), &["CLUSTER", "DELSLOTSRANGE", "0", "100"]);
    let save = saving(&store, "bob");
    sleep(Duration::from_secs(2)).await;
    redis_cli(server.port(), &["CLUSTER", "ADDSLOTSRANGE", "0", "100"]);
    saved(save, server.url()).await;
}

fn few_connections(kind: Kind) -> Option<Server> {
    match kind {
        Kind::Postgres => private_with(
            kind,
            &["--max_connections=6", "--superuser_reserved_connections=1", "--max_wal_senders=0"],
        ),
        // The minimum that the server accepts.
        _ => private_with(kind, &["--max-connections=10"]),
    }
}

/// Lets the account of one server log in to another with the same password.
async fn accept_the_accounts_of(old: &Server, new: &Server, kind: Kind) {
    let url: url::Url = old.url().parse().expect("a URL");
    let password = url.password().expect("a password");
    let statement = match kind {
        Kind::Postgres => format!("alter role zoho password '{password}'"),
        _ => format!("alter user zoho identified by '{password}'"),
    };
    TestTable::on(kind, new).for_administrator(new).run(&statement).await;
}

async fn demote(table: &TestTable, server: &Server) {
    set_read_only(table, server, "on").await;
}

async fn promote(table: &TestTable, server: &Server) {
    set_read_only(table, server, "off").await;
}

/// Existing sessions of both servers notice the change.
async fn set_read_only(table: &TestTable, server: &Server, value: &str) {
    let administrator = table.for_administrator(server);
    match table.kind {
        Kind::Postgres => {
            administrator.run(&format!("alter system set default_transaction_read_only = {value}")).await;
            administrator.run("select cast(pg_reload_conf() as text)").await;
        }
        _ => drop(administrator.run(&format!("set global read_only = {value}")).await),
    }
}

fn open(url: &str) -> AnyStore {
    connect(url).expect("the URL is valid")
}

fn saving(store: &AnyStore, user: &str) -> JoinHandle<Result<OAuthToken, StoreError>> {
    saving_token(store, token(user))
}

fn saving_token(store: &AnyStore, token: OAuthToken) -> JoinHandle<Result<OAuthToken, StoreError>> {
    let store = store.clone();
    tokio::spawn(async move { store.save_token(&token).await })
}

fn reading(store: &AnyStore) -> JoinHandle<Result<Option<OAuthToken>, StoreError>> {
    let store = store.clone();
    tokio::spawn(async move { store.find_token(&token("ada")).await })
}

async fn saved(save: JoinHandle<Result<OAuthToken, StoreError>>, place: &str) {
    save.await.expect("no panic").unwrap_or_else(|error| panic!("{place}: {error}"));
}

async fn users(store: &AnyStore) -> Vec<String> {
    crate::sqlite::support::users(store).await
}

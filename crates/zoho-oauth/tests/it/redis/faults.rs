//! If its server cannot be used, the Redis store returns a clear error without a secret, and recovers by itself.

use std::time::{Duration, Instant};

use servers::{Kind, Proxy, private, private_with};
use zoho_oauth::store::{RedisStore, StoreError, StoreErrorKind, TokenStore};
use zoho_oauth::{ExposeSecret, OAuthToken};

use super::support::{Namespace, redis_cli, token, users, wait_for};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Redis"]
async fn a_killed_server_loses_no_confirmed_save_and_the_store_recovers() {
    let Some(mut server) = private(Kind::Redis) else { return };
    let store = RedisStore::open(&Namespace::on(&server).url("&timeout=1")).unwrap();
    let mut confirmed = Vec::new();
    for round in 0..30 {
        let savers: Vec<_> =
            (0..4).map(|saver| tokio::spawn(save_until_failure(store.clone(), round, saver))).collect();
        tokio::time::sleep(Duration::from_millis(rand::random_range(20..150))).await;
        tokio::task::block_in_place(|| server.kill());
        for saver in savers {
            confirmed.extend(saver.await.unwrap());
        }
        tokio::task::block_in_place(|| server.restart()).unwrap();
    }
    confirmed.sort();
    let stored = users(&store).await;
    assert!(confirmed.len() > 30, "{} saves", confirmed.len());
    let lost: Vec<_> = confirmed.iter().filter(|name| stored.binary_search(name).is_err()).collect();
    assert!(lost.is_empty(), "lost: {lost:?}");
    let mut once = stored.clone();
    once.dedup();
    assert_eq!(stored, once, "no user was saved twice");
}

async fn save_until_failure(store: RedisStore, round: u32, saver: u32) -> Vec<String> {
    let mut saved = Vec::new();
    loop {
        let name = format!("user {round}-{saver}-{}", saved.len());
        match store.save_token(&token(&name)).await {
            Ok(_) => saved.push(name),
            Err(error) => {
                assert_eq!(error.kind(), StoreErrorKind::Busy, "{error}");
                return saved;
            }
        }
    }
}

#[tokio::test]
async fn a_closed_port_is_busy_and_named() {
    let mut proxy = Proxy::to(1).await.unwrap();
    proxy.cut().await;
    let port = proxy.port();
    let store = RedisStore::open(&format!("redis://127.0.0.1:{port}?timeout=1")).unwrap();
    let error = store.find_token(&token("ada")).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Busy, "{error}");
    assert!(error.to_string().contains(&format!("127.0.0.1:{port}")), "{error}");
    assert!(error.to_string().contains("; "), "the message has a next step: {error}");
}

#[tokio::test]
async fn a_server_that_never_responds_is_busy_after_the_timeout() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let store = RedisStore::open(&format!("redis://{address}?timeout=1")).unwrap();
    let start = Instant::now();
    let callers: Vec<_> = (0..8)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move { store.save_token(&token("ada")).await })
        })
        .collect();
    for caller in callers {
        assert_eq!(caller.await.unwrap().unwrap_err().kind(), StoreErrorKind::Busy);
    }
    assert!(
        start.elapsed() < Duration::from_secs(6),
        "the timeouts ran one after another: {:?}",
        start.elapsed()
    );
}

#[tokio::test]
#[ignore = "needs Redis"]
async fn a_server_that_stops_responding_times_out_and_is_used_again_later() {
    let Some(server) = private(Kind::Redis) else { return };
    let store = RedisStore::open(&Namespace::on(&server).url("&timeout=1")).unwrap();
    store.save_token(&token("ada")).await.unwrap();
    redis_cli(server.port(), &["CLIENT", "PAUSE", "5000", "ALL"]);
    let start = Instant::now();
    let error = store.save_token(&token("bob")).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Busy, "{error}");
    assert!(start.elapsed() < Duration::from_secs(4), "{:?}", start.elapsed());
    while let Err(error) = store.save_token(&token("bob")).await {
        assert!(error.is_transient() && start.elapsed() < Duration::from_secs(30), "{error}");
    }
}

#[tokio::test]
#[ignore = "needs Redis"]
async fn a_wrong_password_is_not_shown_and_works_once_the_server_accepts_it() {
    let Some(server) = private(Kind::Redis) else { return };
    redis_cli(server.port(), &["CONFIG", "SET", "requirepass", "the right one"]);
    let with = |user: &str| {
        let url = Namespace::on(&server).url("").replace("redis://", &format!("redis://{user}"));
        RedisStore::open(&url).unwrap()
    };
    for store in [with(""), with(":top-secret@"), with("ada:top-secret@")] {
        let error = store.save_token(&token("ada")).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Permission, "{error}");
        assert!(error.to_string().contains("password"), "{error}");
        assert_no_secret(&error);
    }
    let store = with(":top-secret@");
    store.find_token(&token("ada")).await.unwrap_err();
    redis_cli(
        server.port(),
        &["--no-auth-warning", "-a", "the right one", "CONFIG", "SET", "requirepass", "top-secret"],
    );
    store.save_token(&token("ada")).await.unwrap();
}

#[tokio::test]
#[ignore = "needs Redis"]
async fn superfluous_url_settings_are_named() {
    let Some(server) = private(Kind::Redis) else { return };
    let url = Namespace::on(&server).url("");
    let with_password = url.replace("redis://", "redis://:top-secret@");
    let as_a_cluster = url.replace("cluster=false", "cluster=true");
    for (url, kind, next_step) in [
        (with_password, StoreErrorKind::Permission, "remove it from the URL"),
        (as_a_cluster, StoreErrorKind::Other, "remove cluster=true"),
    ] {
        let error = RedisStore::open(&url).unwrap().save_token(&token("ada")).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(next_step), "{error}");
        assert_no_secret(&error);
    }
}

#[tokio::test]
#[ignore = "needs Redis"]
async fn a_read_only_account_can_read() {
    let Some(server) = private(Kind::Redis) else { return };
    let namespace = Namespace::on(&server);
    namespace.store().save_token(&token("ada")).await.unwrap();
    redis_cli(
        server.port(),
        &["ACL", "SETUSER", "reader", "on", ">top-secret", "~*", "+@read", "+@scripting", "+time"],
    );
    let store =
        RedisStore::open(&namespace.url("").replace("redis://", "redis://reader:top-secret@")).unwrap();
    assert_eq!(users(&store).await, ["ada"]);
    let error = store.save_token(&token("bob")).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Permission, "{error}");
    assert_no_secret(&error);
    assert_eq!(users(&namespace.store()).await, ["ada"]);
}

#[tokio::test]
#[ignore = "needs Redis"]
async fn the_documented_account_has_enough_permissions() {
    let Some(server) = private(Kind::Redis) else { return };
    let namespace = Namespace::on(&server);
    let keys = format!("~{}", namespace.key("*"));
    let rights = ["+@read", "+@write", "+@scripting", "+time"];
    redis_cli(
        server.port(),
        &[&["ACL", "SETUSER", "writer", "on", ">top-secret", &keys][..], &rights].concat(),
    );
    let store =
        RedisStore::open(&namespace.url("").replace("redis://", "redis://writer:top-secret@")).unwrap();
    let row = store.save_token(&token("ada")).await.unwrap();
    assert!(store.delete_token(row.id().unwrap()).await.unwrap());
    store.delete_tokens().await.unwrap();
    super::leases::acquire_renew_and_release(&store).await;
}

#[tokio::test]
#[ignore = "needs Redis"]
async fn a_replica_can_be_read_and_is_busy_for_writers_until_it_is_promoted() {
    let Some(primary) = private(Kind::Redis) else { return };
    let follows = format!("--replicaof=127.0.0.1 {}", primary.port());
    let Some(replica) = private_with(Kind::Redis, &[&follows]) else { return };
    let namespace = Namespace::on(&replica);
    let on_primary = RedisStore::open(&namespace.url("").replace(replica.url(), primary.url())).unwrap();
    on_primary.save_token(&token("ada")).await.unwrap();
    wait_for("the replica follows", || namespace.keys().len() == 5);
    let store = RedisStore::open(&namespace.url("&timeout=1")).unwrap();
    assert_eq!(users(&store).await, ["ada"]);
    let error = store.save_token(&token("bob")).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Busy, "{error}");
    assert!(error.to_string().contains("use the address of the primary"), "{error}");
    redis_cli(replica.port(), &["REPLICAOF", "NO", "ONE"]);
    store.save_token(&token("bob")).await.unwrap();
    assert_eq!(users(&store).await, ["ada", "bob"]);
}

#[tokio::test]
#[ignore = "needs Redis"]
async fn a_server_out_of_memory_is_full_and_can_be_read() {
    let Some(server) = private(Kind::Redis) else { return };
    let store = Namespace::on(&server).store();
    store.save_token(&token("ada")).await.unwrap();
    redis_cli(server.port(), &["CONFIG", "SET", "maxmemory", "1"]);
    let error = store.save_token(&token("bob")).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Full, "{error}");
    assert!(error.to_string().contains("maxmemory"), "{error}");
    assert_eq!(users(&store).await, ["ada"]);
    redis_cli(server.port(), &["CONFIG", "SET", "maxmemory", "0"]);
    store.save_token(&token("bob")).await.unwrap();
}

#[tokio::test]
#[ignore = "needs Redis"]
async fn a_cluster_without_slots_is_busy() {
    let Some(server) = private(Kind::RedisCluster) else { return };
    let store = RedisStore::open(&Namespace::on(&server).url("&timeout=1")).unwrap();
    store.save_token(&token("ada")).await.expect("this node has all slots");
    redis_cli(server.port(), &["CLUSTER", "DELSLOTSRANGE", "0", "16383"]);
    let error = store.save_token(&token("bob")).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Busy, "{error}");
    assert!(error.to_string().contains("CLUSTERDOWN"), "{error}");
}

#[tokio::test]
#[ignore = "needs Redis"]
async fn a_missing_database_is_named_as_the_cause() {
    let Some(server) = private(Kind::Redis) else { return };
    let store = RedisStore::open(&Namespace::on(&server).url("").replace("/0?", "/99?")).unwrap();
    let error = store.find_token(&token("ada")).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Other, "{error}");
    assert!(error.to_string().contains("database"), "{error}");
}

#[tokio::test]
#[ignore = "needs Redis"]
async fn too_many_connections_are_busy_until_one_is_free() {
    for password in ["", "top-secret"] {
        let Some(server) = private(Kind::Redis) else { return };
        redis_cli(server.port(), &["CONFIG", "SET", "requirepass", password, "maxclients", "1"]);
        let url =
            Namespace::on(&server).url("&timeout=1").replace("redis://", &format!("redis://:{password}@"));
        let first = RedisStore::open(&url).unwrap();
        // The server may not have noticed yet that the previous client has disconnected.
        wait_until_saved(&first, "ada").await;
        let second = RedisStore::open(&url).unwrap();
        let error = second.save_token(&token("bob")).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Busy, "{error}");
        assert!(error.to_string().contains("maxclients"), "{error}");
        assert_no_secret(&error);
        drop(first);
        wait_until_saved(&second, "bob").await;
    }
}

async fn wait_until_saved(store: &RedisStore, user: &str) {
    let start = Instant::now();
    while let Err(error) = store.save_token(&token(user)).await {
        assert!(error.is_transient() && start.elapsed() < Duration::from_secs(10), "{error}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Redis"]
async fn a_full_disk_is_reported_and_saves_resume_when_there_is_space() {
    let Some(mut server) = private_with(Kind::Redis, &["--appendfsync=everysec"]) else { return };
    let disk = tokio::task::block_in_place(|| server.move_to_small_disk(8)).unwrap();
    let Some(disk) = disk else { return };
    let store = Namespace::on(&server).store();
    store.save_token(&token("ada")).await.unwrap();
    disk.fill();
    let mut saved = vec!["ada".to_owned()];
    let error = save_until_full(&store, &mut saved).await;
    assert_eq!(error.kind(), StoreErrorKind::Full, "{error}");
    assert!(error.to_string().contains("free space on the server's disk"), "{error}");
    assert_no_secret(&error);
    assert_eq!(users(&store).await.len(), saved.len());
    disk.clear();
    let start = Instant::now();
    // The server retries writing its log once a second.
    while let Err(error) = store.save_token(&token("saved later")).await {
        assert!(error.kind() == StoreErrorKind::Full && start.elapsed() < Duration::from_secs(10), "{error}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    saved.push("saved later".to_owned());
    saved.sort();
    tokio::task::block_in_place(|| server.restart()).unwrap();
    assert_eq!(users(&store).await, saved);
}

/// Such a server exits rather than confirm a write that is not on disk.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Redis"]
async fn a_full_disk_stops_a_server_that_always_syncs_without_losing_a_confirmed_save() {
    let Some(mut server) = private(Kind::Redis) else { return };
    let disk = tokio::task::block_in_place(|| server.move_to_small_disk(8)).unwrap();
    let Some(disk) = disk else { return };
    let store = RedisStore::open(&Namespace::on(&server).url("&timeout=2")).unwrap();
    store.save_token(&token("ada")).await.unwrap();
    disk.fill();
    let mut saved = vec!["ada".to_owned()];
    let error = save_until_full(&store, &mut saved).await;
    assert_eq!(error.kind(), StoreErrorKind::Busy, "{error}");
    assert!(error.to_string().contains("check that the server is running"), "{error}");
    disk.clear();
    tokio::task::block_in_place(|| server.restart()).unwrap();
    store.save_token(&token("saved later")).await.unwrap();
    saved.push("saved later".to_owned());
    let stored = users(&store).await;
    assert!(saved.iter().all(|user| stored.contains(user)), "{saved:?} {stored:?}");
}

/// Saves new users until the disk is full and appends the saved users to `saved`.
async fn save_until_full(store: &RedisStore, saved: &mut Vec<String>) -> StoreError {
    for number in 0..10_000 {
        let user = format!("user {number}");
        match store.save_token(&token(&user)).await {
            Ok(_) => saved.push(user),
            Err(error) => return error,
        }
    }
    panic!("a full disk accepted ten thousand users");
}

#[tokio::test]
#[ignore = "needs Redis"]
async fn an_unknown_command_is_reported_without_its_arguments() {
    let Some(server) = private_with(Kind::Redis, &["--rename-command=HGET "]) else { return };
    let error = Namespace::on(&server).store().find_token_by_id("top-secret").await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Other, "{error}");
    assert!(error.to_string().contains("unknown command"), "{error}");
    assert_no_secret(&error);
}

#[tokio::test]
#[ignore = "needs Redis"]
async fn a_three_node_cluster_keeps_a_store_on_one_node_and_every_node_redirects_to_it() {
    let servers: Vec<_> =
        (0..3).map_while(|_| private_with(Kind::RedisCluster, &["--cluster-node-timeout=2000"])).collect();
    let [one, _, _] = &servers[..] else { return };
    let [port_of_one, bus_of_one] = ["port", "cluster-port"].map(|setting| {
        let value = redis_cli(one.port(), &["CONFIG", "GET", setting]);
        value.last().unwrap().clone()
    });
    for (server, slots) in servers.iter().zip([["0", "5460"], ["5461", "10922"], ["10923", "16383"]]) {
        // Each node started as its own cluster with all slots.
        redis_cli(server.port(), &["CLUSTER", "RESET", "HARD"]);
        redis_cli(server.port(), &["CLUSTER", "ADDSLOTSRANGE", slots[0], slots[1]]);
        redis_cli(server.port(), &["CLUSTER", "MEET", "127.0.0.1", &port_of_one, &bus_of_one]);
    }
    for server in &servers {
        wait_for("the cluster is complete", || {
            redis_cli(server.port(), &["CLUSTER", "INFO"]).concat().contains("cluster_state:ok")
        });
    }
    let mut sizes = Vec::new();
    for number in 0..12 {
        let namespace = Namespace::on_cluster(&servers[number % 3]);
        let store = namespace.store();
        store.save_token(&token("ada")).await.unwrap();
        store.save_token(&token("ada").with_access_token("newer")).await.unwrap();
        super::leases::acquire_renew_and_release(&store).await;
        let found = store.find_token(&OAuthToken::new().with_user("ada")).await.unwrap().unwrap();
        assert_eq!(found.access_token().unwrap().expose_secret(), "newer");
        sizes = servers
            .iter()
            .map(|server| redis_cli(server.port(), &["DBSIZE"]).concat().parse::<usize>().unwrap())
            .collect();
    }
    assert_eq!(sizes.iter().sum::<usize>(), 12 * 6, "{sizes:?}");
    assert!(sizes.iter().all(|size| size % 6 == 0), "no store is on two nodes: {sizes:?}");
    assert!(sizes.iter().filter(|size| **size > 0).count() > 1, "stores spread over the nodes: {sizes:?}");

    // Without `cluster=true`, the error gives advice unless the slot happens to be on this node.
    let mut rejected = 0;
    for _ in 0..12 {
        if let Err(error) = Namespace::on(one).store().save_token(&token("ada")).await {
            assert!(error.to_string().contains("cluster=true"), "{error}");
            rejected += 1;
        }
    }
    assert!(rejected > 0, "the node has only a third of the slots");
}

/// Neither the error nor any of its causes contains the secret.
fn assert_no_secret(error: &StoreError) {
    let mut next: Option<&dyn std::error::Error> = Some(error);
    while let Some(error) = next {
        assert!(!format!("{error} {error:?}").contains("top-secret"), "{error}");
        next = error.source();
    }
}

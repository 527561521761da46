//! What the Redis store does when its server cannot be used: a clear error, no secret in it, and a store that
//! recovers by itself.

use std::time::{Duration, Instant};

use zoho_oauth::store::{RedisStore, StoreError, StoreErrorKind, TokenStore};
use zoho_oauth::{ExposeSecret, OAuthToken};

use crate::redis_support::{Server, free_port, token, users, wait_for};

const DURABLE: [&str; 4] = ["--appendonly", "yes", "--appendfsync", "always"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_killed_loses_no_save_that_was_answered_for_and_the_store_recovers() {
    let Some(mut server) = Server::start(&DURABLE) else { return };
    let store = server.place().store();
    let mut answered = Vec::new();
    for round in 0..3 {
        let savers: Vec<_> =
            (0..4).map(|saver| tokio::spawn(save_until_failure(store.clone(), round, saver))).collect();
        tokio::time::sleep(Duration::from_millis(300)).await;
        server.kill();
        for saver in savers {
            answered.extend(saver.await.unwrap());
        }
        server.restart();
    }
    answered.sort();
    let there = users(&store).await;
    assert!(answered.len() > 30, "{} saves", answered.len());
    let lost: Vec<_> = answered.iter().filter(|name| there.binary_search(name).is_err()).collect();
    assert!(lost.is_empty(), "lost: {lost:?}");
    let mut once = there.clone();
    once.dedup();
    assert_eq!(there, once, "no user was saved twice");
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
async fn a_refused_port_is_busy_and_named() {
    let port = free_port();
    let store = RedisStore::open(&format!("redis://127.0.0.1:{port}")).unwrap();
    let error = store.find_token(&token("ada")).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Busy, "{error}");
    assert!(error.to_string().contains(&format!("127.0.0.1:{port}")), "{error}");
    assert!(error.to_string().contains("; "), "there is a next step: {error}");
}

#[tokio::test]
async fn a_server_that_never_answers_is_busy_in_time() {
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
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_server_that_stops_answering_is_busy_in_time_and_then_is_found_again() {
    let Some(server) = Server::start(&[]) else { return };
    let store = RedisStore::open(&server.place().url("&timeout=1")).unwrap();
    store.save_token(&token("ada")).await.unwrap();
    server.ask(&["CLIENT", "PAUSE", "1500", "ALL"]);
    let start = Instant::now();
    let error = store.save_token(&token("bob")).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Busy, "{error}");
    assert!(start.elapsed() < Duration::from_millis(1_400));
    tokio::time::sleep(Duration::from_secs(1)).await;
    store.save_token(&token("bob")).await.unwrap();
}

#[tokio::test]
async fn a_wrong_password_is_told_without_it_and_the_right_one_later_is_taken() {
    let Some(server) = Server::start(&["--requirepass", "the right one"]) else { return };
    let with = |user: &str| {
        let url = server.place().url("").replace("redis://", &format!("redis://{user}"));
        RedisStore::open(&url).unwrap()
    };
    for store in [with(""), with(":top-secret@"), with("ada:top-secret@")] {
        let error = store.save_token(&token("ada")).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Permission, "{error}");
        assert!(error.to_string().contains("password"), "{error}");
        assert_silent(&error);
    }
    let store = with(":top-secret@");
    store.find_token(&token("ada")).await.unwrap_err();
    server.ask(&["--no-auth-warning", "-a", "the right one", "CONFIG", "SET", "requirepass", "top-secret"]);
    store.save_token(&token("ada")).await.unwrap();
}

#[tokio::test]
async fn what_the_url_says_too_much_is_named() {
    let Some(server) = Server::start(&[]) else { return };
    let url = server.place().url("");
    let with_password = url.replace("redis://", "redis://:top-secret@");
    let as_a_cluster = url.replace("cluster=false", "cluster=true");
    for (url, kind, next_step) in [
        (with_password, StoreErrorKind::Permission, "leave it out"),
        (as_a_cluster, StoreErrorKind::Other, "leave cluster=true out"),
    ] {
        let error = RedisStore::open(&url).unwrap().save_token(&token("ada")).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(next_step), "{error}");
        assert_silent(&error);
    }
}

#[tokio::test]
async fn an_account_without_the_right_to_write_may_read() {
    let Some(server) = Server::start(&[]) else { return };
    let place = server.place();
    place.store().save_token(&token("ada")).await.unwrap();
    server.ask(&["ACL", "SETUSER", "reader", "on", ">top-secret", "~*", "+@read", "+@scripting", "+time"]);
    let store = RedisStore::open(&place.url("").replace("redis://", "redis://reader:top-secret@")).unwrap();
    assert_eq!(users(&store).await, ["ada"]);
    let error = store.save_token(&token("bob")).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Permission, "{error}");
    assert_silent(&error);
    assert_eq!(users(&place.store()).await, ["ada"]);
}

#[tokio::test]
async fn the_account_that_the_documentation_speaks_of_is_enough() {
    let Some(server) = Server::start(&[]) else { return };
    let place = server.place();
    let keys = format!("~{}", place.key("*"));
    let rights = ["+@read", "+@write", "+@scripting", "+time"];
    server.ask(&[&["ACL", "SETUSER", "writer", "on", ">top-secret", &keys][..], &rights].concat());
    let store = RedisStore::open(&place.url("").replace("redis://", "redis://writer:top-secret@")).unwrap();
    let row = store.save_token(&token("ada")).await.unwrap();
    assert!(store.delete_token(row.id().unwrap()).await.unwrap());
    store.delete_tokens().await.unwrap();
    crate::redis_leases::takes_and_gives_back_a_lease(&store).await;
}

#[tokio::test]
async fn a_replica_may_be_read_and_is_busy_for_writers_until_it_is_the_primary() {
    let Some(primary) = Server::start(&[]) else { return };
    let port = primary.port.to_string();
    let Some(replica) = Server::start(&["--replicaof", "127.0.0.1", &port]) else { return };
    let place = replica.place();
    let on_primary =
        RedisStore::open(&place.url("").replace(&replica.address(), &primary.address())).unwrap();
    on_primary.save_token(&token("ada")).await.unwrap();
    wait_for("the replica follows", || place.keys().len() == 4);
    let store = place.store();
    assert_eq!(users(&store).await, ["ada"]);
    let error = store.save_token(&token("bob")).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Busy, "{error}");
    assert!(error.to_string().contains("replica"), "{error}");
    replica.ask(&["REPLICAOF", "NO", "ONE"]);
    store.save_token(&token("bob")).await.unwrap();
    assert_eq!(users(&store).await, ["ada", "bob"]);
}

#[tokio::test]
async fn a_server_without_memory_is_full_and_may_be_read() {
    let Some(server) = Server::start(&[]) else { return };
    let store = server.place().store();
    store.save_token(&token("ada")).await.unwrap();
    server.ask(&["CONFIG", "SET", "maxmemory", "1"]);
    let error = store.save_token(&token("bob")).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Full, "{error}");
    assert!(error.to_string().contains("maxmemory"), "{error}");
    assert_eq!(users(&store).await, ["ada"]);
    server.ask(&["CONFIG", "SET", "maxmemory", "0"]);
    store.save_token(&token("bob")).await.unwrap();
}

#[tokio::test]
async fn a_cluster_that_has_lost_its_slots_is_busy() {
    let Some(server) = cluster_of_one() else { return };
    let store = server.place().store();
    store.save_token(&token("ada")).await.expect("this node has all slots");
    server.ask(&["CLUSTER", "DELSLOTSRANGE", "0", "16383"]);
    let error = store.save_token(&token("bob")).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Busy, "{error}");
    assert!(error.to_string().contains("CLUSTERDOWN"), "{error}");
}

#[tokio::test]
async fn a_database_that_is_not_there_is_named_as_the_cause() {
    let Some(server) = Server::start(&[]) else { return };
    let store = RedisStore::open(&server.place().url("").replace("/0?", "/99?")).unwrap();
    let error = store.find_token(&token("ada")).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Other, "{error}");
    assert!(error.to_string().contains("database"), "{error}");
}

#[tokio::test]
async fn too_many_connections_are_busy() {
    for password in ["", "top-secret"] {
        let Some(server) = Server::start(&["--maxclients", "1", "--requirepass", password]) else { return };
        let url = server.place().url("").replace("redis://", &format!("redis://:{password}@"));
        let first = RedisStore::open(&url).unwrap();
        first.save_token(&token("ada")).await.unwrap();
        let error = RedisStore::open(&url).unwrap().save_token(&token("bob")).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Busy, "{error}");
        assert_silent(&error);
    }
}

#[tokio::test]
async fn a_command_that_the_server_lacks_is_told_without_what_it_was_given() {
    let Some(server) = Server::start(&["--rename-command", "HGET", ""]) else { return };
    let error = server.place().store().find_token_by_id("top-secret").await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Other, "{error}");
    assert!(error.to_string().contains("unknown command"), "{error}");
    assert_silent(&error);
}

#[tokio::test]
async fn a_cluster_of_three_keeps_a_store_on_one_node_and_every_node_leads_there() {
    let servers: Vec<_> = (0..3)
        .map_while(|_| Server::start(&["--cluster-enabled", "yes", "--cluster-node-timeout", "2000"]))
        .collect();
    let [one, two, three] = &servers[..] else { return };
    let addresses = [one, two, three].map(|server| format!("127.0.0.1:{}", server.port));
    let [first, second, third] = &addresses;
    one.ask(&["--cluster", "create", first, second, third, "--cluster-yes"]);
    for server in &servers {
        wait_for("the cluster is complete", || {
            server.ask(&["CLUSTER", "INFO"]).concat().contains("cluster_state:ok")
        });
    }
    let mut sizes = Vec::new();
    for number in 0..12 {
        let place = servers[number % 3].place_on_cluster();
        let store = place.store();
        store.save_token(&token("ada")).await.unwrap();
        store.save_token(&token("ada").with_access_token("newer")).await.unwrap();
        crate::redis_leases::takes_and_gives_back_a_lease(&store).await;
        let found = store.find_token(&OAuthToken::new().with_user("ada")).await.unwrap().unwrap();
        assert_eq!(found.access_token().unwrap().expose_secret(), "newer");
        sizes =
            servers.iter().map(|server| server.ask(&["DBSIZE"]).concat().parse::<usize>().unwrap()).collect();
    }
    assert_eq!(sizes.iter().sum::<usize>(), 12 * 5, "{sizes:?}");
    assert!(sizes.iter().all(|size| size % 5 == 0), "no store is on two nodes: {sizes:?}");
    assert!(sizes.iter().filter(|size| **size > 0).count() > 1, "stores spread over the nodes: {sizes:?}");

    // A program that does not know of the cluster hears what to do, unless it asks the right node by chance.
    let mut told = 0;
    for _ in 0..12 {
        if let Err(error) = one.place().store().save_token(&token("ada")).await {
            assert!(error.to_string().contains("cluster=true"), "{error}");
            told += 1;
        }
    }
    assert!(told > 0, "one node has a third of the slots");
}

pub(crate) fn cluster_of_one() -> Option<Server> {
    let server = Server::start(&["--cluster-enabled", "yes"])?;
    server.ask(&["CLUSTER", "ADDSLOTSRANGE", "0", "16383"]);
    wait_for("the cluster is complete", || {
        server.ask(&["CLUSTER", "INFO"]).concat().contains("cluster_state:ok")
    });
    Some(server)
}

/// Neither the error nor any of its causes says what is nobody's business.
fn assert_silent(error: &StoreError) {
    let mut next: Option<&dyn std::error::Error> = Some(error);
    while let Some(error) = next {
        assert!(!format!("{error} {error:?}").contains("top-secret"), "{error}");
        next = error.source();
    }
}

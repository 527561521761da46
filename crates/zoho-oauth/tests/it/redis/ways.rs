//! The ways to a server: Sentinel, several nodes of a cluster, a Unix socket, passwords that change, a restricted account.

use std::fs;
use std::net::TcpListener;

use servers::{Kind, private, private_with, sentinel};
use zoho_oauth::store::{RedisOptions, RedisStore, StoreErrorKind, TokenStore};
use zoho_oauth::{OAuthToken, SecretString};

use super::leases::acquire_renew_and_release;
use super::support::{Namespace, namespaces, redis_cli, token, users, wait_for};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Redis"]
async fn a_store_follows_sentinel_to_a_promoted_replica() {
    let Some(mut primary) = private(Kind::Redis) else { return };
    let follows = format!("--replicaof=127.0.0.1 {}", primary.port());
    let Some(replica) = private_with(Kind::Redis, &[&follows]) else { return };
    let Some(sentinel) = sentinel(&primary, &[]) else { return };
    let url = sentinel.url().replace("127.0.0.1", &format!("127.0.0.1:{},127.0.0.1", closed_port()));
    let store = RedisStore::open(&format!("{url}/0?timeout=60")).unwrap();
    store.save_token(&token("ada")).await.unwrap();
    assert_eq!(redis_cli(primary.port(), &["WAIT", "1", "30000"]), ["1"], "the replica follows");
    wait_for("the Sentinel knows that the replica can be promoted", || {
        let replicas = redis_cli(sentinel.port(), &["SENTINEL", "REPLICAS", "main"]);
        replicas.windows(2).any(|pair| pair == ["master-link-status", "ok"])
    });
    tokio::task::block_in_place(|| primary.kill());
    store.save_token(&token("bob")).await.unwrap();
    assert_eq!(users(&store).await, ["ada", "bob"]);
    assert_eq!(redis_cli(replica.port(), &["ROLE"])[0], "master");
}

#[tokio::test]
#[ignore = "needs Redis"]
async fn a_service_that_sentinel_does_not_know_is_named() {
    let Some(primary) = private(Kind::Redis) else { return };
    let Some(sentinel) = sentinel(&primary, &[]) else { return };
    let url = sentinel.url().replace("/main", "/other");
    let error = RedisStore::open(&url).unwrap().get_tokens().await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Other, "{error}");
    assert!(error.to_string().contains("`other`"), "{error}");
}

#[tokio::test]
#[ignore = "needs Redis"]
async fn a_server_in_place_of_a_sentinel_is_an_error_that_says_so() {
    let Some(server) = private(Kind::Redis) else { return };
    let url = format!("redis+sentinel://127.0.0.1:{}/main", server.port());
    let error = RedisStore::open(&url).unwrap().get_tokens().await.unwrap_err();
    assert!(error.to_string().contains("not a Sentinel"), "{error}");
}

#[tokio::test]
#[ignore = "needs Redis"]
async fn a_sentinel_and_its_server_have_their_own_passwords() {
    let Some(primary) = private(Kind::Redis) else { return };
    let Some(sentinel) = sentinel(&primary, &[]) else { return };
    redis_cli(primary.port(), &["CONFIG", "SET", "requirepass", "of-the-server"]);
    redis_cli(sentinel.port(), &["ACL", "SETUSER", "default", "resetpass", ">of-the-sentinel"]);
    let url = sentinel.url().replace("//", "//:of-the-server@");
    let store = RedisStore::open(&format!("{url}?sentinel_password=of-the-sentinel")).unwrap();
    store.save_token(&token("ada")).await.unwrap();
    let error = RedisStore::open(&format!("{url}?sentinel_password=wrong")).unwrap().get_tokens().await;
    assert_eq!(error.unwrap_err().kind(), StoreErrorKind::Permission);
}

#[tokio::test]
#[ignore = "needs Redis"]
async fn a_cluster_is_reached_although_its_first_seeds_are_away() {
    let Some(server) = private(Kind::RedisCluster) else { return };
    // It accepts connections and says nothing.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = silent.local_addr().unwrap().port();
    let (dead, port) = (closed_port(), server.port());
    let url = format!("redis://127.0.0.1:{dead},127.0.0.1:{silent},127.0.0.1:{port}?cluster=true");
    let store = RedisStore::open(&format!("{url}&connect_timeout=2")).unwrap();
    store.save_token(&token("ada")).await.unwrap();
    assert_eq!(users(&store).await, ["ada"]);
}

#[tokio::test]
#[ignore = "needs Redis"]
async fn a_server_is_reached_through_its_unix_socket() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("redis.sock");
    let option = format!("--unixsocket={}", socket.display());
    let Some(_server) = private_with(Kind::Redis, &[&option]) else { return };
    let store = RedisStore::open(&format!("redis:///3?socket={}", socket.display())).unwrap();
    store.save_token(&token("ada")).await.unwrap();
    assert_eq!(users(&store).await, ["ada"]);
    let missing = RedisStore::open("redis:///?socket=/nowhere/redis.sock&timeout=1").unwrap();
    let error = missing.get_tokens().await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Busy, "{error}");
    assert!(error.to_string().contains("/nowhere/redis.sock"), "{error}");
}

#[tokio::test]
#[ignore = "needs Redis"]
async fn a_password_is_read_for_every_new_connection() {
    let Some(server) = private(Kind::Redis) else { return };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("password");
    let url = format!("redis://127.0.0.1:{}", server.port());
    let from_file = RedisStore::open(&format!("{url}?password_file={}", file.display())).unwrap();
    let command = format!("cat {}", file.display()).replace(' ', "%20");
    let from_command = RedisStore::open(&format!("{url}?password_command={command}")).unwrap();
    let provided = {
        let file = file.clone();
        let provider = move || {
            let text = fs::read_to_string(&file);
            async move { Ok(SecretString::from(text?.trim().to_owned())) }
        };
        let options = RedisOptions::new().with_host("127.0.0.1").with_port(server.port());
        RedisStore::new(options.with_password_provider(provider)).unwrap()
    };
    let mut earlier = None;
    for password in ["first", "second"] {
        fs::write(&file, format!("{password}\n")).unwrap();
        let log_in: &[&str] = &earlier.map_or(vec![], |earlier| vec!["-a", earlier]);
        redis_cli(server.port(), &[log_in, &["CONFIG", "SET", "requirepass", password]].concat());
        redis_cli(server.port(), &["-a", password, "CLIENT", "KILL", "TYPE", "normal"]);
        for store in [&from_file, &from_command, &provided] {
            store.save_token(&token("ada")).await.unwrap();
        }
        earlier = Some(password);
    }
    fs::remove_file(&file).unwrap();
    let error = RedisStore::open(&format!("{url}?password_file={}", file.display())).unwrap();
    let error = error.get_tokens().await.unwrap_err();
    assert!(error.to_string().contains("password file"), "{error}");
}

#[tokio::test]
#[ignore = "needs Redis"]
async fn the_account_in_the_documentation_is_sufficient() {
    const PAGE: &str = include_str!("../../../../../docs/operators/redis.md");
    let command = PAGE.split("```").nth(1).and_then(|block| block.split_once('\n')).expect("a command").1;
    for namespace in namespaces() {
        let name = format!("zoho-{:016x}", rand::random::<u64>());
        let keys = format!("~{}", namespace.key("*"));
        let words: Vec<&str> = command
            .split_whitespace()
            .map(|word| match word {
                "zoho" => &name,
                ">…" => ">top-secret",
                "~{zohooauth}:*" => &keys,
                word => word,
            })
            .collect();
        assert_eq!(namespace.redis_cli(&words), ["OK"]);
        let url = namespace.url("").replace("redis://", &format!("redis://{name}:top-secret@"));
        let store = RedisStore::open(&url).unwrap();
        store.save_token(&token("ada")).await.unwrap();
        assert!(store.find_token(&OAuthToken::new().with_user("ada")).await.unwrap().is_some());
        acquire_renew_and_release(&store).await;
        store.delete_tokens().await.unwrap();
        let elsewhere = RedisStore::open(&Namespace::elsewhere(&url)).unwrap();
        assert_eq!(elsewhere.get_tokens().await.unwrap_err().kind(), StoreErrorKind::Permission);
        namespace.redis_cli(&["ACL", "DELUSER", &name]);
    }
}

impl Namespace {
    /// The URL with another prefix.
    fn elsewhere(url: &str) -> String {
        url.replace("prefix=test-", "prefix=other-")
    }
}

/// A port of this machine on which nothing listens.
fn closed_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

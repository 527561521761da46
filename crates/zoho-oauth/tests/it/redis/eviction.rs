//! A server that evicts keys takes a store's rows or index as a whole.

use std::time::Duration;

use servers::{Kind, private_with};
use zoho_emulator::Emulator;
use zoho_oauth::store::coordination::{Coordination, LeaseKey};
use zoho_oauth::store::{
    AnyStore, FindingKind, RedisStore, StoreError, StoreErrorKind, TokenStore, check, repair,
};
use zoho_oauth::{Grant, OAuthToken, SecretString};

use crate::authenticator::support::{authenticator, token_requests};

use super::support::{Namespace, namespaces, token, users};

#[tokio::test]
#[ignore = "needs Redis"]
async fn lost_rows_are_an_error_until_a_repair() {
    for lost in [&["tokens"][..], &["tokens", "index"], &["tokens", "version"], &["tokens", "index", "rows"]]
    {
        for namespace in namespaces() {
            let store = namespace.with_users().await;
            namespace.lose(lost);
            for error in failures(&store).await {
                assert!(error.to_string().contains("rows are gone"), "{lost:?}: {error}");
            }
            let store = AnyStore::from(store);
            let mut expected = vec![FindingKind::LostRows];
            // What is left of the index belongs to no row.
            expected.extend((!lost.contains(&"index")).then_some(FindingKind::DamagedIndex));
            assert_eq!(kinds(&store).await, expected, "{lost:?}");
            repair(&store, None).await.unwrap();
            assert_eq!(kinds(&store).await, [], "{lost:?}");
            assert!(store.find_token(&user("ada")).await.unwrap().is_none());
            assert_eq!(store.save_token(&token("ada")).await.unwrap().id(), Some("3"));
        }
    }
}

#[tokio::test]
#[ignore = "needs Redis"]
async fn a_lost_index_is_an_error_until_a_repair_creates_it_again() {
    for namespace in namespaces() {
        let store = namespace.with_users().await;
        let index = namespace.redis_cli(&["ZRANGE", &namespace.key("index"), "0", "-1"]);
        namespace.lose(&["index"]);
        for error in failures(&store).await {
            assert!(error.to_string().contains("the index has 0 entries for 2 rows"), "{error}");
        }
        let store = AnyStore::from(store);
        let report = check(&store).await.unwrap();
        assert_eq!((report.rows, kinds(&store).await), (2, vec![FindingKind::DamagedIndex]));
        let report = repair(&store, None).await.unwrap();
        assert_eq!(report.backup, None, "no row has changed");
        assert_eq!((report.remaining.rows, report.remaining.findings), (2, vec![]));
        assert_eq!(namespace.redis_cli(&["ZRANGE", &namespace.key("index"), "0", "-1"]), index);
        assert_eq!(users(&store).await, ["ada", "bob"]);
        assert_eq!(store.find_token(&user("ada")).await.unwrap().unwrap().id(), Some("1"));
    }
}

#[tokio::test]
#[ignore = "needs Redis"]
async fn a_repair_of_the_index_touches_only_what_is_wrong() {
    for namespace in namespaces() {
        let store = AnyStore::from(namespace.with_users().await);
        let key = namespace.key("index");
        let index = namespace.redis_cli(&["ZRANGE", &key, "0", "-1"]);
        let entry = index.iter().find(|entry| entry.starts_with("user_name:")).expect("an entry");
        namespace.redis_cli(&["ZREM", &key, entry]);
        namespace.redis_cli(&["ZADD", &key, "0", "user_name:nobody:2", "0", "nonsense"]);
        namespace.lose(&["highest_id"]);
        assert_eq!(kinds(&store).await, [FindingKind::DamagedIndex]);
        let report = repair(&store, None).await.unwrap();
        assert!(report.repaired[0].text.contains("lacks 2") && report.repaired[0].text.contains("has 2"));
        assert_eq!(report.remaining.findings, []);
        assert_eq!(namespace.redis_cli(&["ZRANGE", &key, "0", "-1"]), index);
        assert_eq!(store.save_token(&token("carol")).await.unwrap().id(), Some("3"));
    }
}

#[tokio::test]
#[ignore = "needs Redis"]
async fn a_login_on_a_store_that_lost_a_key_does_not_spend_its_code() {
    for lost in ["tokens", "index"] {
        for namespace in namespaces() {
            let zoho = Emulator::start().await;
            let store = namespace.with_users().await;
            namespace.lose(&[lost]);
            let authenticator = authenticator(&zoho, store.clone());
            let code = zoho.self_client_code("ada@example.com");
            let error = authenticator.exchange(Grant::from_self_client(code.as_str())).await.unwrap_err();
            assert_eq!(token_requests(&zoho), 0, "{lost}: {error}");
            repair(&store.into(), None).await.unwrap();
            authenticator.exchange(Grant::from_self_client(code)).await.unwrap();
        }
    }
}

#[tokio::test]
#[ignore = "needs Redis"]
async fn rows_that_were_lost_can_be_deleted() {
    for lost in ["tokens", "index"] {
        for namespace in namespaces() {
            let store = namespace.with_users().await;
            namespace.lose(&[lost]);
            store.delete_tokens().await.unwrap();
            assert!(store.get_tokens().await.unwrap().is_empty());
            assert!(store.find_token(&user("ada")).await.unwrap().is_none());
        }
    }
}

#[tokio::test]
#[ignore = "needs Redis"]
async fn an_emptied_store_is_not_mistaken_for_a_lost_one() {
    for namespace in namespaces() {
        let store = namespace.with_users().await;
        store.delete_token("1").await.unwrap();
        store.delete_token("2").await.unwrap();
        assert!(store.find_token(&user("ada")).await.unwrap().is_none());
        assert_eq!(kinds(&AnyStore::from(store)).await, []);
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Redis"]
async fn a_server_that_evicted_a_key_is_noticed_and_repaired() {
    let options = ["--maxmemory=4mb", "--maxmemory-policy=allkeys-lru", "--maxmemory-samples=64"];
    let Some(server) = private_with(Kind::Redis, &options) else { return };
    let namespace = Namespace::on(&server);
    let store = RedisStore::open(&namespace.url("&allow_eviction=true")).unwrap();
    let tokens: Vec<_> = (0..50).map(|number| token(&format!("user {number:02}"))).collect();
    store.save_tokens(&tokens).await.unwrap();
    let fill = "for i = 1, 100 do redis.call('SET', ARGV[1] .. i, string.rep('x', 2000)) end";
    for round in 0.. {
        assert!(round < 5_000, "nothing was evicted");
        namespace.redis_cli(&["EVAL", fill, "0", &format!("filler:{round}:")]);
        // The watch of a program does this once a second.
        store.version().await.unwrap();
        let left = namespace.redis_cli(&["EXISTS", &namespace.key("tokens"), &namespace.key("index")]);
        if left != ["2"] {
            break;
        }
    }
    namespace.redis_cli(&["CONFIG", "SET", "maxmemory", "0"]);
    for error in failures(&store).await {
        assert!(error.to_string().contains("eviction"), "{error}");
    }
    let has_rows = namespace.redis_cli(&["EXISTS", &namespace.key("tokens")]) == ["1"];
    let store = AnyStore::from(store);
    assert!(!kinds(&store).await.is_empty());
    assert_eq!(repair(&store, None).await.unwrap().remaining.findings, []);
    assert_eq!(users(&store).await.len(), if has_rows { 50 } else { 0 });
    store.save_token(&token("user 07")).await.unwrap();
    assert!(store.find_token(&user("user 07")).await.unwrap().is_some());
}

#[tokio::test]
#[ignore = "needs Redis"]
async fn a_policy_that_deletes_rows_is_an_error_unless_it_is_allowed() {
    for kind in [Kind::Redis, Kind::RedisCluster] {
        for hidden in [&[][..], &["--rename-command=CONFIG "]] {
            let policy = ["--maxmemory=1gb", "--maxmemory-policy=allkeys-lru"];
            let Some(server) = private_with(kind, &[&policy[..], hidden].concat()) else { return };
            let namespace = match kind {
                Kind::RedisCluster => Namespace::on_cluster(&server),
                _ => Namespace::on(&server),
            };
            let error = namespace.store().save_token(&token("ada")).await.unwrap_err();
            assert_eq!(error.kind(), StoreErrorKind::Other, "{error}");
            assert!(error.to_string().contains("allkeys-lru"), "{kind} {hidden:?}: {error}");
            assert!(error.to_string().contains("allow_eviction=true"), "{error}");
            let store = RedisStore::open(&namespace.url("&allow_eviction=true")).unwrap();
            store.save_token(&token("ada")).await.unwrap();
        }
    }
}

#[tokio::test]
#[ignore = "needs Redis"]
async fn a_policy_that_nobody_may_read_is_no_error() {
    let options = ["--maxmemory=1gb", "--maxmemory-policy=allkeys-lru"];
    let hidden = ["--rename-command=CONFIG ", "--rename-command=INFO "];
    let Some(server) = private_with(Kind::Redis, &[options, hidden].concat()) else { return };
    Namespace::on(&server).store().save_token(&token("ada")).await.unwrap();
}

/// What each kind of call returns in place of "no token".
async fn failures(store: &RedisStore) -> Vec<StoreError> {
    let key = LeaseKey::refresh(&SecretString::from("any"));
    let failures = [
        store.find_token(&user("user 07")).await.err(),
        store.find_token_by_id("1000").await.err(),
        store.get_tokens().await.err(),
        store.delete_token("1000").await.err(),
        store.save_token(&token("carol")).await.err(),
        // A login acquires a lease before it spends its code.
        store.acquire(&key, "login", Duration::from_secs(1)).await.err(),
    ];
    let failures: Vec<_> = failures.into_iter().map(|error| error.expect("an error")).collect();
    assert!(failures.iter().all(|error| error.kind() == StoreErrorKind::Damaged), "{failures:?}");
    failures
}

async fn kinds(store: &AnyStore) -> Vec<FindingKind> {
    check(store).await.unwrap().findings.into_iter().map(|finding| finding.kind).collect()
}

fn user(name: &str) -> OAuthToken {
    OAuthToken::new().with_user(name)
}

impl Namespace {
    /// A store with two users.
    async fn with_users(&self) -> RedisStore {
        let store = self.store();
        store.save_tokens(&[token("ada"), token("bob")]).await.unwrap();
        store
    }

    /// Deletes keys, as an eviction does.
    fn lose(&self, names: &[&str]) {
        for name in names {
            assert_eq!(self.redis_cli(&["DEL", &self.key(name)]), ["1"], "{name}");
        }
    }
}

//! Promises of the Redis store beyond the contract: keys on the server, and concurrent use.

use servers::{Kind, private};
use zoho_oauth::store::coordination::Coordination;
use zoho_oauth::store::{AnyStore, RedisOptions, RedisStore, StoreErrorKind, TokenStore};
use zoho_oauth::{ExposeSecret, OAuthToken};

use super::support::{Namespace, namespaces, redis_cli, token, users};

#[tokio::test]
#[ignore = "needs Redis"]
async fn a_row_is_found_only_by_its_current_values() {
    for namespace in namespaces() {
        let store = namespace.store();
        let first = token("ada").with_id("7").with_grant_token("first grant");
        store.save_token(&first).await.unwrap();
        let second = first
            .clone()
            .with_user("bob")
            .with_access_token("second access")
            .with_refresh_token("second refresh")
            .with_grant_token("second grant");
        store.save_token(&second).await.unwrap();
        for (old, new) in lookups(&first).into_iter().zip(lookups(&second)) {
            assert!(store.find_token(&old).await.unwrap().is_none(), "{old:?}");
            let found = store.find_token(&new).await.unwrap().expect("found by its current values");
            assert_eq!(found.id(), Some("7"), "{new:?}");
        }
        assert_eq!(
            namespace.redis_cli(&["ZCARD", &namespace.key("index")]),
            ["5"],
            "four columns and the id"
        );
        assert!(store.delete_token("7").await.unwrap());
        for gone in lookups(&second) {
            assert!(store.find_token(&gone).await.unwrap().is_none(), "{gone:?}");
        }
        assert_eq!(namespace.keys(), ["highest_id", "rows", "version"]);
    }
}

#[tokio::test]
#[ignore = "needs Redis"]
async fn deleting_all_leaves_only_the_counters() {
    for namespace in namespaces() {
        let store = namespace.store();
        for number in 0..20 {
            store.save_token(&token(&format!("user {number}"))).await.unwrap();
        }
        assert_eq!(namespace.keys(), ["highest_id", "index", "rows", "tokens", "version"]);
        let before = store.version().await.unwrap();
        store.delete_tokens().await.unwrap();
        assert_eq!(namespace.keys(), ["highest_id", "rows", "version"]);
        assert_ne!(store.version().await.unwrap(), before);
        assert_eq!(store.save_token(&token("ada")).await.unwrap().id(), Some("21"));
    }
}

#[tokio::test]
#[ignore = "needs Redis"]
async fn no_key_name_contains_a_secret() {
    for namespace in namespaces() {
        namespace.store().save_token(&token("ada").with_grant_token("top-secret-grant")).await.unwrap();
        let names = [namespace.keys(), namespace.redis_cli(&["ZRANGE", &namespace.key("index"), "0", "-1"])]
            .concat()
            .concat();
        assert!(names.contains("refresh_token:"), "{names}");
        assert!(!names.contains("top-secret"), "{names}");
    }
}

#[tokio::test]
#[ignore = "needs Redis"]
async fn eight_clients_inserting_concurrently_lose_nothing_and_share_no_id() {
    for namespace in namespaces() {
        let clients: Vec<_> = (0..8)
            .map(|client| {
                let store = namespace.store();
                tokio::spawn(async move {
                    let mut ids = Vec::new();
                    for number in 0..50 {
                        let saved = store.save_token(&token(&format!("user {client}-{number}"))).await;
                        ids.push(saved.unwrap().id().unwrap().to_owned());
                    }
                    ids
                })
            })
            .collect();
        let mut ids = Vec::new();
        for client in clients {
            ids.extend(client.await.unwrap());
        }
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), 400);
        assert_eq!(users(&namespace.store()).await.len(), 400);
    }
}

#[tokio::test]
#[ignore = "needs Redis"]
async fn concurrent_saves_of_one_row_are_serialized() {
    for namespace in namespaces() {
        let row = namespace.store().save_token(&token("ada")).await.unwrap();
        let clients: Vec<_> = (0..8)
            .map(|client| {
                let (store, row) = (namespace.store(), row.clone());
                tokio::spawn(async move {
                    for number in 0..20 {
                        let name = format!("access {client}-{number}");
                        store.save_token(&row.clone().with_access_token(name)).await.unwrap();
                    }
                })
            })
            .collect();
        for client in clients {
            client.await.unwrap();
        }
        let rows = namespace.store().get_tokens().await.unwrap();
        assert_eq!(rows.len(), 1);
        let access = rows[0].access_token().unwrap().expose_secret();
        assert!(access.ends_with("-19"), "the last save of one client wins: {access}");
        assert_eq!(
            namespace.redis_cli(&["ZCARD", &namespace.key("index")]),
            ["4"],
            "no entry of an earlier access token"
        );
        assert_eq!(
            namespace.redis_cli(&["GET", &namespace.key("version")]),
            ["161"],
            "every save changed the row once"
        );
    }
}

#[tokio::test]
#[ignore = "needs Redis"]
async fn of_two_concurrent_deletes_one_reports_that_the_row_existed() {
    for namespace in namespaces() {
        for _ in 0..20 {
            let row = namespace.store().save_token(&token("ada")).await.unwrap();
            let id = row.id().unwrap();
            let (one, other) = (namespace.store(), namespace.store());
            let (one, other) = tokio::join!(one.delete_token(id), other.delete_token(id));
            assert_ne!(one.unwrap(), other.unwrap());
        }
    }
}

#[tokio::test]
#[ignore = "needs Redis"]
async fn paging_returns_each_row_once() {
    for namespace in namespaces() {
        let store = namespace.store();
        let tokens: Vec<_> = (0..2_345).map(|number| token(&format!("user {number:04}"))).collect();
        let saved = store.save_tokens(&tokens).await.unwrap();
        assert_eq!(saved.len(), tokens.len());
        let (mut names, mut pages, mut next) = (Vec::new(), 0, None::<String>);
        loop {
            let page = store.get_token_page(next.as_deref()).await.unwrap();
            names.extend(page.tokens.iter().map(|token| token.user_signature().unwrap().name().to_owned()));
            pages += 1;
            next = page.next;
            if next.is_none() {
                break;
            }
        }
        assert_eq!(pages, 3);
        names.sort();
        names.dedup();
        assert_eq!(names.len(), tokens.len());
        assert_eq!(users(&store).await, names);
        let error = store.get_token_page(Some("nonsense")).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Rejected, "{error}");
    }
}

#[tokio::test]
#[ignore = "needs Redis"]
async fn save_tokens_behaves_like_consecutive_saves() {
    for namespace in namespaces() {
        let store = namespace.store();
        let kept = store.save_token(&token("kept")).await.unwrap();
        let tokens = [
            token("ada"),
            token("ada").with_access_token("newer"),
            token("kept").with_access_token("newer"),
            token("chosen").with_id("3"),
            OAuthToken::new().with_access_token("1").with_client("c", "s"),
            OAuthToken::new().with_access_token("2").with_client("c", "s"),
            token("kept").with_access_token("newest"),
        ];
        let saved = store.save_tokens(&tokens).await.unwrap();
        assert_eq!(saved[0].id(), saved[1].id());
        assert_eq!(saved[2].id(), kept.id());
        assert_eq!(saved[3].id(), Some("3"));
        assert_ne!(saved[4].id(), saved[5].id());
        let row = store.find_token(&OAuthToken::new().with_user("kept")).await.unwrap().unwrap();
        assert_eq!(row.access_token().unwrap().expose_secret(), "newest");
        assert_eq!(store.get_tokens().await.unwrap().len(), 5);
    }
}

#[tokio::test]
#[ignore = "needs Redis"]
async fn save_tokens_keeps_the_saves_before_a_failure() {
    for namespace in namespaces() {
        let store = namespace.store();
        let empty = OAuthToken::new().with_user("nobody");
        let error = store.save_tokens(&[token("ada"), empty, token("bob")]).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Rejected, "{error}");
        assert_eq!(users(&store).await, ["ada"]);

        store.save_token(&token("twice").with_client("app-1", "s")).await.unwrap();
        store.save_token(&token("twice").with_client("app-2", "s")).await.unwrap();
        let ambiguous = OAuthToken::new().with_user("twice").with_access_token("a");
        let error = store.save_tokens(&[token("carol"), ambiguous, token("dora")]).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Ambiguous, "{error}");
        assert_eq!(users(&store).await, ["ada", "carol", "twice", "twice"]);
    }
}

#[tokio::test]
#[ignore = "needs Redis"]
async fn scripts_are_loaded_again_after_a_flush() {
    for namespace in namespaces() {
        let store = namespace.store();
        for number in 0..5 {
            store.save_token(&token(&format!("user {number}"))).await.unwrap();
            namespace.redis_cli(&["SCRIPT", "FLUSH"]);
            assert!(store.find_token(&token(&format!("user {number}"))).await.unwrap().is_some());
            namespace.redis_cli(&["SCRIPT", "FLUSH"]);
        }
        assert_eq!(users(&store).await.len(), 5);
    }
}

#[tokio::test]
#[ignore = "needs Redis"]
async fn any_id_is_accepted_and_numbering_restarts_after_the_highest_number() {
    for namespace in namespaces() {
        let store = namespace.store();
        for id in ["\0", "a:b", "id:", "0010", &"x".repeat(4_096)] {
            assert_eq!(store.save_token(&token(id).with_id(id)).await.unwrap().id(), Some(id));
            assert!(store.find_token_by_id(id).await.unwrap().is_some());
            assert_eq!(store.find_token(&token(id)).await.unwrap().unwrap().id(), Some(id));
        }
        assert_eq!(store.save_token(&token("after 10")).await.unwrap().id(), Some("11"));
        store.save_token(&token("last").with_id("9999999999")).await.unwrap();
        store.save_token(&token("first").with_id("1")).await.unwrap();
        assert_eq!(store.save_token(&token("passed over")).await.unwrap().id(), Some("2"));
        assert_eq!(store.save_token(&token("next")).await.unwrap().id(), Some("3"));
    }
}

#[tokio::test]
#[ignore = "needs Redis"]
async fn stores_with_different_prefixes_share_nothing() {
    for namespace in namespaces() {
        let other = namespaces().into_iter().next().expect("there is a server");
        namespace.store().save_token(&token("ada")).await.unwrap();
        assert!(users(&other.store()).await.is_empty());
        other.store().delete_tokens().await.unwrap();
        assert_eq!(users(&namespace.store()).await, ["ada"]);
    }
}

#[tokio::test]
#[ignore = "needs Redis"]
async fn invalid_content_is_reported_without_showing_it() {
    for namespace in namespaces() {
        let store = namespace.store();
        store.save_token(&token("ada")).await.unwrap();
        for nonsense in [r#"{"top-secret": 1}"#, "top-secret", "\u{1}"] {
            namespace.redis_cli(&["HSET", &namespace.key("tokens"), "1", nonsense]);
            let error = store.get_tokens().await.unwrap_err();
            assert_eq!(error.kind(), StoreErrorKind::Damaged, "{error}");
            assert!(!chain(&error).contains("top-secret"), "{}", chain(&error));
            store.find_token(&token("ada")).await.unwrap_err();
        }
        namespace.redis_cli(&["HDEL", &namespace.key("tokens"), "1"]);
        assert_eq!(store.find_token(&token("ada")).await.unwrap_err().kind(), StoreErrorKind::Damaged);
        namespace.redis_cli(&["DEL", &namespace.key("tokens"), &namespace.key("index")]);
        namespace.redis_cli(&["SET", &namespace.key("tokens"), "another program's"]);
        let error = store.save_token(&token("ada")).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Damaged, "{error}");
        assert!(error.to_string().contains("prefix"), "{error}");
    }
}

#[tokio::test]
#[ignore = "needs Redis"]
async fn sixty_four_tasks_share_one_connection() {
    let Some(server) = private(Kind::Redis) else { return };
    let store = Namespace::on(&server).store();
    let tasks: Vec<_> = (0..64)
        .map(|number| {
            let store = store.clone();
            tokio::spawn(async move { store.save_token(&token(&format!("user {number}"))).await })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    let clients = redis_cli(server.port(), &["CLIENT", "LIST"]);
    let others = clients.iter().filter(|client| client.contains("cmd=evalsha")).count();
    assert_eq!(others, 1, "{clients:?}");
}

#[test]
fn the_store_name_contains_neither_user_nor_password() {
    let store = RedisStore::open("redis://ada:top-secret@db.example.com:6380/3?prefix=crm").unwrap();
    let store = AnyStore::from(store);
    assert_eq!(store.name(), "the Redis token store crm at db.example.com:6380/3");
    let options = RedisOptions::new().with_password("top-secret").with_user("ada");
    assert!(!format!("{options:?} {:?}", RedisStore::new(options.clone())).contains("top-secret"));
}

/// The error with all its causes, as a log shows them.
fn chain(error: &dyn std::error::Error) -> String {
    let cause = error.source().map(chain).unwrap_or_default();
    format!("{error} {error:?} {cause}")
}

fn lookups(token: &OAuthToken) -> [OAuthToken; 4] {
    let text = |secret: Option<&zoho_oauth::SecretString>| secret.unwrap().expose_secret().to_owned();
    let client = OAuthToken::new().with_client("1000.CLIENT", "top-secret-client");
    [
        OAuthToken::new().with_user(token.user_signature().unwrap().name()),
        OAuthToken::new().with_access_token(text(token.access_token())),
        client.clone().with_refresh_token(text(token.refresh_token())),
        client.with_grant_token(text(token.grant_token())),
    ]
}

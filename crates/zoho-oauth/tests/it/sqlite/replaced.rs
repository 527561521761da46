//! A database whose file is replaced or deleted while a store has it open.

use std::path::Path;
use std::time::{Duration, Instant};

use zoho_oauth::OAuthToken;
use zoho_oauth::store::coordination::Coordination;
use zoho_oauth::store::{SqliteStore, TokenStore};

use super::support::{fresh_path, open, token, users, with_suffix};

#[tokio::test]
async fn a_file_that_is_renamed_over_the_database_is_read_within_two_seconds() {
    let (path, other) = (fresh_path(), with_one_user("bob").await);
    let store = open(&path);
    store.save_token(&token("ada")).await.unwrap();
    assert_eq!(users(&store).await, ["ada"]);
    let version = store.version().await.unwrap();
    std::fs::rename(&other, &path).unwrap();
    eventually(&store, &["bob"]).await;
    assert_ne!(store.version().await.unwrap(), version);
    assert!(store.find_token(&OAuthToken::new().with_user("ada")).await.unwrap().is_none());
}

#[tokio::test]
async fn a_save_after_a_rename_goes_into_the_new_file() {
    let (path, other) = (fresh_path(), with_one_user("bob").await);
    let store = open(&path);
    store.save_token(&token("ada")).await.unwrap();
    std::fs::rename(&other, &path).unwrap();
    assert_eq!(store.save_token(&token("carol")).await.unwrap().id(), Some("2"));
    assert_eq!(users(&store).await, ["bob", "carol"]);
    drop(store);
    assert_eq!(users(&open(&path)).await, ["bob", "carol"]);
}

#[tokio::test]
async fn a_deleted_database_is_reported_until_it_is_restored() {
    let path = fresh_path();
    let store = open(&path);
    store.save_token(&token("ada")).await.unwrap();
    let backup = with_suffix(&path, ".backup");
    rusqlite::Connection::open(&path).unwrap().execute("vacuum into ?", [backup.to_str().unwrap()]).unwrap();
    for suffix in ["", "-wal", "-shm"] {
        std::fs::remove_file(with_suffix(&path, suffix)).unwrap();
    }
    let error = store.save_token(&token("bob")).await.expect_err("the file is gone");
    assert!(error.to_string().contains("was deleted while it was open; restore it"), "{error}");
    let deadline = Instant::now() + Duration::from_secs(30);
    while store.get_tokens().await.is_ok() {
        assert!(Instant::now() < deadline, "the deletion is not noticed");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(!path.exists(), "nothing replaces it");
    std::fs::rename(&backup, &path).unwrap();
    eventually(&store, &["ada"]).await;
    store.save_token(&token("bob")).await.unwrap();
    assert_eq!(users(&open(&path)).await, ["ada", "bob"]);
}

#[tokio::test]
async fn the_new_file_may_have_another_table() {
    let (path, other) = (fresh_path(), fresh_path());
    let store = open(&path);
    store.save_token(&token("ada")).await.unwrap();
    let table = super::support::OFFICIAL_TABLE.replace("user_name", "user_mail");
    let row = "insert into oauthtoken (id, user_mail, access_token) values ('1', 'bob', 'a')";
    rusqlite::Connection::open(&other).unwrap().execute_batch(&format!("{table}; {row}")).unwrap();
    std::fs::rename(&other, &path).unwrap();
    eventually(&store, &["bob"]).await;
    store.save_token(&token("carol")).await.unwrap();
    assert_eq!(users(&store).await, ["bob", "carol"]);
}

/// A closed database with one user.
async fn with_one_user(user: &str) -> std::path::PathBuf {
    let path = fresh_path();
    let store = open(&path);
    store.save_token(&token(user)).await.unwrap();
    drop(store);
    assert!(is_empty(&with_suffix(&path, "-wal")), "the database is complete");
    path
}

fn is_empty(path: &Path) -> bool {
    path.metadata().map_or(true, |metadata| metadata.len() == 0)
}

/// Waits until the store has these users. The time is generous: the machine may be loaded.
async fn eventually(store: &SqliteStore, expected: &[&str]) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while users(store).await != expected {
        assert!(Instant::now() < deadline, "{:?}", users(store).await);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

//! Leases and versions that programs share through one SQLite file.

use std::time::Duration;

use rusqlite::Connection;
use zoho_oauth::store::coordination::{Acquired, Coordination, Lease, LeaseKey};
use zoho_oauth::store::{AnyStore, SqliteStore, StoreErrorKind, TokenStore};
use zoho_oauth::{ExposeSecret, OAuthToken, Quota, SecretString};

use super::support::{fresh_path, open, token, users};

const LIFE: Duration = Duration::from_secs(30);

#[tokio::test]
async fn the_ledger_and_the_epoch_survive_a_restart() {
    let path = fresh_path();
    let store = open(&path);
    let mut lease = granted(&store, "one").await;
    lease.ledger.note_issue(lease.granted_at, Quota::default());
    assert!(store.renew(&lease, LIFE).await.unwrap());
    assert!(store.release(&lease).await.unwrap());
    drop(store);
    let state = open(&path).lease_state(&key()).await.unwrap();
    assert_eq!(state.epoch, lease.epoch);
    assert_eq!(state.remaining, Duration::ZERO);
    assert_eq!(state.ledger, lease.ledger);
}

/// The save and the release are one transaction: if the release fails, nothing is saved.
#[tokio::test]
async fn a_failed_save_keeps_the_lease() {
    let path = fresh_path();
    let store = open(&path);
    let row = store.save_token(&token("ada")).await.unwrap();
    let lease = granted(&store, "one").await;
    let guard = "create trigger guard before insert on oauthtoken_state when new.holder = '' \
        begin select raise(abort, 'no'); end";
    Connection::open(&path).unwrap().execute_batch(guard).unwrap();
    let error = store.save_and_release(&lease, &newer(&row)).await.expect_err("the release fails");
    assert_eq!(error.kind(), StoreErrorKind::Rejected, "{error}");
    let kept = store.find_token_by_id("1").await.unwrap().unwrap();
    assert_eq!(kept.access_token().map(ExposeSecret::expose_secret), Some("top-secret-access of ada"));
    assert!(store.lease_state(&key()).await.unwrap().remaining > Duration::ZERO);
}

#[tokio::test]
async fn the_version_changes_only_when_any_program_writes() {
    let path = fresh_path();
    for store in [open(&path), SqliteStore::in_memory().unwrap()] {
        let first = store.version().await.expect("the call succeeds").expect("a number");
        store.find_token(&token("ada")).await.unwrap();
        assert_eq!(store.version().await.expect("the call succeeds"), Some(first));
        store.save_token(&token("ada")).await.unwrap();
        let second = store.version().await.expect("the call succeeds").expect("a number");
        assert_ne!(second, first);
        store.save_token(&token("ada")).await.unwrap();
        assert_eq!(
            store.version().await.expect("the call succeeds"),
            Some(second),
            "an identical save changes nothing"
        );
    }
    let store = open(&path);
    let before = store.version().await.expect("the call succeeds");
    Connection::open(&path).unwrap().execute_batch("delete from oauthtoken").unwrap();
    assert_ne!(store.version().await.expect("the call succeeds"), before);
}

#[tokio::test]
async fn old_leases_are_deleted_but_ids_are_not_reused() {
    let path = fresh_path();
    let store = open(&path);
    store.save_token(&token("ada")).await.unwrap();
    let lease = granted(&store, "one").await;
    store.release(&lease).await.unwrap();
    store.delete_tokens().await.unwrap();
    drop(store);
    let connection = Connection::open(&path).unwrap();
    connection.execute_batch("update oauthtoken_state set touched = 1").expect("made old");
    drop(connection);
    let store = open(&path);
    assert_eq!(store.lease_state(&key()).await.unwrap().epoch, 0);
    assert_eq!(store.save_token(&token("bob")).await.unwrap().id(), Some("2"));
}

#[tokio::test]
async fn an_accepted_save_completes_after_its_caller_is_dropped() {
    let path = fresh_path();
    let store = open(&path);
    for number in 0..50 {
        let saver = token(&format!("user {number}"));
        // The call hands over its job and is dropped immediately.
        let _ = tokio::time::timeout(Duration::ZERO, store.save_token(&saver)).await;
    }
    drop(store);
    assert_eq!(users(&open(&path)).await.len(), 50);
}

#[test]
fn the_store_knows_its_name_and_path() {
    let path = fresh_path();
    let store = AnyStore::from(open(&path));
    assert_eq!(store.name(), format!("the SQLite token store {}", path.display()));
    assert_eq!(store.place(), Some(path.as_path()));
    let memory = AnyStore::from(SqliteStore::open(":memory:").unwrap());
    assert_eq!((memory.name(), memory.place()), ("the SQLite token store in memory", None));
}

fn key() -> LeaseKey {
    LeaseKey::refresh(&SecretString::from("top-secret-refresh of ada"))
}

fn newer(row: &OAuthToken) -> OAuthToken {
    row.clone().with_access_token("newer")
}

async fn granted(store: &SqliteStore, holder: &str) -> Lease {
    match store.acquire(&key(), holder, LIFE).await.expect("the call succeeds") {
        Acquired::Granted(lease) => lease,
        held => panic!("{held:?}"),
    }
}

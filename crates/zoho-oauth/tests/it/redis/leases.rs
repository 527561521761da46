//! Leases that programs share through one Redis server.

use std::time::{Duration, SystemTime};

use zoho_oauth::store::coordination::{Acquired, Coordination, Fenced, Lease, LeaseKey};
use zoho_oauth::store::{RedisStore, TokenStore};
use zoho_oauth::{ExposeSecret, OAuthToken, Quota, SecretString};

use super::support::{namespaces, token, users};

const LIFE: Duration = Duration::from_secs(30);

#[tokio::test]
#[ignore = "needs Redis"]
async fn a_lease_held_by_one_program_is_seen_by_another() {
    for namespace in namespaces() {
        let (one, other) = (namespace.store(), namespace.store());
        let lease = granted(&one, "one").await;
        assert!(matches!(other.acquire(&key(), "other", LIFE).await.unwrap(), Acquired::Held(_)));
        assert!(other.lease_state(&key()).await.unwrap().remaining > Duration::ZERO);
        assert!(one.release(&lease).await.unwrap());
        assert!(!one.release(&lease).await.unwrap(), "it was already released");
        assert!(granted(&other, "other").await.epoch > lease.epoch);
    }
}

#[tokio::test]
#[ignore = "needs Redis"]
async fn of_forty_concurrent_callers_one_gets_the_lease() {
    for namespace in namespaces() {
        let (one, other) = (namespace.store(), namespace.store());
        let callers: Vec<_> = (0..40)
            .map(|number| {
                let store = if number % 2 == 0 { one.clone() } else { other.clone() };
                tokio::spawn(async move { store.acquire(&key(), &format!("holder {number}"), LIFE).await })
            })
            .collect();
        let mut granted = 0;
        for caller in callers {
            granted += u32::from(matches!(caller.await.unwrap().unwrap(), Acquired::Granted(_)));
        }
        assert_eq!(granted, 1);
    }
}

#[tokio::test]
#[ignore = "needs Redis"]
async fn the_ledger_and_the_epoch_survive_a_restart() {
    for namespace in namespaces() {
        let store = namespace.store();
        let mut lease = granted(&store, "one").await;
        lease.ledger.note_issue(lease.granted_at, Quota::default());
        assert!(store.renew(&lease, LIFE * 2).await.unwrap());
        assert!(store.lease_state(&key()).await.unwrap().remaining > LIFE);
        assert!(store.release(&lease).await.unwrap());
        drop(store);
        let state = namespace.store().lease_state(&key()).await.unwrap();
        assert_eq!(state.epoch, lease.epoch);
        assert_eq!(state.remaining, Duration::ZERO);
        assert_eq!(state.ledger, lease.ledger);
    }
}

#[tokio::test]
#[ignore = "needs Redis"]
async fn a_save_under_a_lease_releases_it() {
    for namespace in namespaces() {
        let (one, other) = (namespace.store(), namespace.store());
        let row = one.save_token(&token("ada")).await.unwrap();
        let lease = Lease { row: row.id().map(str::to_owned), ..granted(&one, "one").await };
        let Fenced::Saved(saved) = one.save_and_release(&lease, &newer(&row)).await.unwrap() else {
            panic!("the lease was lost");
        };
        assert_eq!(saved.id(), row.id());
        let found = other.find_token(&OAuthToken::new().with_user("ada")).await.unwrap().unwrap();
        assert_eq!(found.access_token().unwrap().expose_secret(), "newer");
        granted(&other, "other").await;
    }
}

#[tokio::test]
#[ignore = "needs Redis"]
async fn a_first_login_is_saved_under_its_lease() {
    for namespace in namespaces() {
        let store = namespace.store();
        let lease = granted(&store, "one").await;
        let Fenced::Saved(saved) = store.save_and_release(&lease, &token("ada")).await.unwrap() else {
            panic!("the lease was lost");
        };
        assert_eq!(saved.id(), Some("1"));
        assert_eq!(users(&store).await, ["ada"]);
    }
}

#[tokio::test]
#[ignore = "needs Redis"]
async fn a_superseded_holder_cannot_save_renew_or_release() {
    for namespace in namespaces() {
        let (one, other) = (namespace.store(), namespace.store());
        let row = one.save_token(&token("ada")).await.unwrap();
        let paused = match one.acquire(&key(), "one", Duration::ZERO).await.unwrap() {
            Acquired::Granted(lease) => lease,
            held => panic!("{held:?}"),
        };
        granted(&other, "other").await;
        let fenced = one.save_and_release(&paused, &newer(&row)).await.unwrap();
        assert!(matches!(fenced, Fenced::Superseded));
        assert!(!one.release(&paused).await.unwrap());
        assert!(!one.renew(&paused, LIFE).await.unwrap());
        assert_eq!(access_token(&other).await, "top-secret-access of ada");
        assert!(other.lease_state(&key()).await.unwrap().remaining > Duration::ZERO);
    }
}

/// In about half of the rounds, the other program gets the lease between the stale holder's check and its write.
#[tokio::test]
#[ignore = "needs Redis"]
async fn a_stale_holder_is_rejected_in_the_step_that_writes() {
    for namespace in namespaces() {
        let (one, other) = (namespace.store(), namespace.store());
        for _ in 0..100 {
            let row = one.save_token(&token("ada")).await.unwrap();
            let stale = match one.acquire(&key(), "one", Duration::ZERO).await.unwrap() {
                Acquired::Granted(lease) => Lease { row: row.id().map(str::to_owned), ..lease },
                held => panic!("{held:?}"),
            };
            let (token, key) = (newer(&row), key());
            let (fenced, next) =
                tokio::join!(one.save_and_release(&stale, &token), other.acquire(&key, "other", LIFE));
            let Acquired::Granted(next) = next.unwrap() else { panic!("the stale lease has expired") };
            match fenced.unwrap() {
                // The stale holder wrote before the other program got the lease.
                Fenced::Saved(_) => assert_eq!(access_token(&other).await, "newer"),
                _ => assert_eq!(access_token(&other).await, "top-secret-access of ada"),
            }
            assert!(other.release(&next).await.unwrap(), "the other program still has the lease");
        }
    }
}

#[tokio::test]
#[ignore = "needs Redis"]
async fn a_deletion_or_new_login_wins_over_a_renewal_and_frees_the_lease() {
    for namespace in namespaces() {
        let (one, other) = (namespace.store(), namespace.store());
        let row = one.save_token(&token("ada")).await.unwrap();
        let lease = Lease { row: row.id().map(str::to_owned), ..granted(&one, "one").await };
        other.save_token(&row.clone().with_refresh_token("of a new login")).await.unwrap();
        let fenced = one.save_and_release(&lease, &newer(&row)).await.unwrap();
        assert!(matches!(fenced, Fenced::Superseded));
        let lease = Lease { row: row.id().map(str::to_owned), ..granted(&other, "other").await };
        other.delete_tokens().await.unwrap();
        let fenced = other.save_and_release(&lease, &newer(&row)).await.unwrap();
        assert!(matches!(fenced, Fenced::Superseded));
        assert!(users(&other).await.is_empty());
        granted(&one, "one").await;
    }
}

#[tokio::test]
#[ignore = "needs Redis"]
async fn the_version_changes_only_when_a_row_changes() {
    for namespace in namespaces() {
        let store = namespace.store();
        let first = store.version().await.unwrap().unwrap();
        store.find_token(&token("ada")).await.unwrap();
        let lease = granted(&store, "one").await;
        store.release(&lease).await.unwrap();
        store.delete_tokens().await.unwrap();
        assert_eq!(store.version().await.unwrap(), Some(first));
        store.save_token(&token("ada")).await.unwrap();
        let second = store.version().await.unwrap().unwrap();
        assert_ne!(second, first);
        store.save_token(&token("ada")).await.unwrap();
        assert_eq!(store.version().await.unwrap(), Some(second), "an identical save changes nothing");
        assert!(namespace.store().delete_token("1").await.unwrap());
        assert_ne!(store.version().await.unwrap(), Some(second));
    }
}

#[tokio::test]
#[ignore = "needs Redis"]
async fn the_server_deletes_a_lease_a_month_after_its_last_use() {
    for namespace in namespaces() {
        let store = namespace.store();
        let month = 30 * 24 * 60 * 60;
        let lease = granted(&store, "one").await;
        let left = || -> u64 {
            namespace.redis_cli(&["TTL", &namespace.key(&format!("lease:{}", key().as_str()))])[0]
                .parse()
                .unwrap()
        };
        assert!(left() > month);
        namespace.redis_cli(&["EXPIRE", &namespace.key(&format!("lease:{}", key().as_str())), "100"]);
        assert!(store.renew(&lease, LIFE).await.unwrap());
        assert!(left() > month);
        namespace.redis_cli(&["EXPIRE", &namespace.key(&format!("lease:{}", key().as_str())), "100"]);
        assert!(store.release(&lease).await.unwrap());
        assert!(left() > month);
    }
}

#[tokio::test]
#[ignore = "needs Redis"]
async fn the_clock_is_that_of_the_server() {
    for namespace in namespaces() {
        let clock = namespace.store().clock().await.unwrap();
        let apart = clock.duration_since(SystemTime::now()).unwrap_or_else(|error| error.duration());
        assert!(apart < Duration::from_secs(5), "the server runs on this machine");
    }
}

/// The calls of one renewal, for tests of other subjects.
pub(crate) async fn acquire_renew_and_release(store: &RedisStore) {
    let lease = granted(store, "one").await;
    assert!(store.renew(&lease, LIFE).await.unwrap());
    assert!(store.release(&lease).await.unwrap());
}

fn key() -> LeaseKey {
    LeaseKey::refresh(&SecretString::from("top-secret-refresh of ada"))
}

fn newer(row: &OAuthToken) -> OAuthToken {
    row.clone().with_access_token("newer")
}

async fn granted(store: &RedisStore, holder: &str) -> Lease {
    match store.acquire(&key(), holder, LIFE).await.unwrap() {
        Acquired::Granted(lease) => lease,
        held => panic!("{held:?}"),
    }
}

async fn access_token(store: &RedisStore) -> String {
    let row = store.find_token(&OAuthToken::new().with_user("ada")).await.unwrap().unwrap();
    row.access_token().unwrap().expose_secret().to_owned()
}

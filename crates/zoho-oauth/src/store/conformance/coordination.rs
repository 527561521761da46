//! The promises of [`Coordination`], each a function over one store that two programs have open.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use secrecy::{ExposeSecret, SecretString};

use crate::ledger::Quota;
use crate::token::OAuthToken;

use super::super::coordination::{Acquired, Coordination, Fenced, Lease, LeaseKey};
use super::super::token_store::TokenStore;
use super::fixture::{all, full, joined};

const LIFE: Duration = Duration::from_secs(60);
/// A store whose clock counts whole seconds is asked for no less.
const SHORT_LIFE: Duration = Duration::from_secs(2);

promises! {
    __coordination_promises over two programs:

    /// A lease is one holder's, among all programs, until it is given back; the next one has a higher epoch.
    async fn a_lease_is_one_holders_until_it_is_given_back(one, other) {
        let lease = granted(&one, "one").await;
        assert!(matches!(other.acquire(&key(), "other", LIFE).await.expect("asked"), Acquired::Held(_)));
        let state = other.lease_state(&key()).await.expect("read");
        assert_eq!(state.epoch, lease.epoch);
        assert!(state.remaining > LIFE / 2 && state.remaining <= LIFE, "{state:?}");
        assert!(one.release(&lease).await.expect("released"));
        assert!(other.lease_state(&key()).await.expect("read").remaining.is_zero());
        assert!(granted(&other, "other").await.epoch > lease.epoch);
    }

    /// A lease ends by itself; whoever takes it then has a higher epoch.
    async fn a_lease_ends_by_itself(one, other) {
        let lease = granted_for(&one, "one", SHORT_LIFE).await;
        let next = loop {
            match other.acquire(&key(), "other", LIFE).await.expect("asked") {
                Acquired::Granted(next) => break next,
                Acquired::Held(state) => tokio::time::sleep(pause(state.remaining)).await,
            }
        };
        assert!(next.epoch > lease.epoch);
    }

    /// A lease that is renewed does not end.
    async fn a_lease_that_is_renewed_does_not_end(one, other) {
        let lease = granted_for(&one, "one", SHORT_LIFE).await;
        assert!(one.renew(&lease, LIFE).await.expect("renewed"));
        tokio::time::sleep(SHORT_LIFE + Duration::from_millis(100)).await;
        assert!(matches!(other.acquire(&key(), "other", LIFE).await.expect("asked"), Acquired::Held(_)));
    }

    /// Of many who ask at once, in both programs, one gets the lease.
    async fn of_many_who_ask_at_once_one_gets_the_lease(one, other) {
        let stores = [Arc::new(one), Arc::new(other)];
        let askers = (0..40).map(|number| {
            let store = stores[number % 2].clone();
            tokio::spawn(async move {
                let answer = store.acquire(&key(), &format!("holder {number}"), LIFE).await;
                matches!(answer.expect("asked"), Acquired::Granted(_))
            })
        });
        let granted = joined(askers.collect()).await;
        assert_eq!(granted.into_iter().filter(|granted| *granted).count(), 1);
    }

    /// Leases on different credentials have nothing to do with each other.
    async fn leases_on_different_credentials_are_independent(one, other) {
        granted(&one, "one").await;
        let another = LeaseKey::exchange(&SecretString::from("another"));
        assert!(matches!(other.acquire(&another, "other", LIFE).await.expect("asked"), Acquired::Granted(_)));
    }

    /// The ledger goes with the lease: a renewal and a release store it, and everybody sees it.
    async fn the_ledger_is_stored_with_the_lease(one, other) {
        let mut lease = granted(&one, "one").await;
        lease.ledger.note_issue(lease.granted_at, Quota::default());
        assert!(one.renew(&lease, LIFE).await.expect("renewed"));
        assert_eq!(other.lease_state(&key()).await.expect("read").ledger, lease.ledger);
        lease.ledger.note_throttle(lease.granted_at, Quota::default());
        assert!(one.release(&lease).await.expect("released"));
        assert_eq!(granted(&other, "other").await.ledger, lease.ledger);
    }

    /// A save under a lease saves the row and gives the lease back.
    async fn a_save_under_a_lease_saves_and_gives_it_back(one, other) {
        let row = saved(&one, full("ada")).await;
        let lease = over(&row, granted(&one, "one").await);
        let Fenced::Saved(saved) = one.save_and_release(&lease, &newer(&row)).await.expect("saved") else {
            panic!("nobody else had the lease");
        };
        assert_eq!(saved.id(), row.id());
        assert_eq!(access_token(&other).await, "newer");
        granted(&other, "other").await;
    }

    /// A login saves a row that was not there before under its lease.
    async fn a_save_under_a_lease_may_be_of_a_new_row(one, other) {
        let lease = granted(&one, "one").await;
        let fenced = one.save_and_release(&lease, &full("ada")).await.expect("saved");
        assert!(matches!(fenced, Fenced::Saved(_)));
        assert_eq!(access_token(&other).await, "access of ada");
        granted(&other, "other").await;
    }

    /// A holder that somebody has followed can neither save, nor renew, nor release.
    async fn a_holder_that_was_followed_can_do_nothing(one, other) {
        let row = saved(&one, full("ada")).await;
        let paused = over(&row, granted_for(&one, "one", Duration::ZERO).await);
        let next = over(&row, granted(&other, "other").await);
        let fenced = one.save_and_release(&paused, &newer(&row)).await.expect("asked");
        assert!(matches!(fenced, Fenced::Superseded));
        assert!(!one.renew(&paused, LIFE).await.expect("asked"));
        assert!(!one.release(&paused).await.expect("asked"));
        assert_eq!(access_token(&other).await, "access of ada");
        // Its successor has lost nothing by that.
        let fenced = other.save_and_release(&next, &row.clone().with_access_token("newest")).await.expect("saved");
        assert!(matches!(fenced, Fenced::Saved(_)));
        assert!(matches!(one.save_and_release(&paused, &newer(&row)).await.expect("asked"), Fenced::Superseded));
        assert_eq!(access_token(&one).await, "newest");
    }

    /// A row that was deleted meanwhile stays deleted; the lease is free again.
    async fn a_row_that_was_deleted_stays_deleted(one, other) {
        let row = saved(&one, full("ada")).await;
        let lease = over(&row, granted(&one, "one").await);
        assert!(other.delete_token(row.id().unwrap_or_default()).await.expect("deleted"));
        let fenced = one.save_and_release(&lease, &newer(&row)).await.expect("asked");
        assert!(matches!(fenced, Fenced::Superseded));
        assert!(all(&other).await.is_empty());
        granted(&other, "other").await;
    }

    /// A row that a new login has given another refresh token is left alone.
    async fn a_row_with_a_new_login_is_left_alone(one, other) {
        let row = saved(&one, full("ada")).await;
        let lease = over(&row, granted(&one, "one").await);
        let login = full("ada").with_refresh_token("of a new login").with_access_token("of a new login");
        saved(&other, login).await;
        let fenced = one.save_and_release(&lease, &newer(&row)).await.expect("asked");
        assert!(matches!(fenced, Fenced::Superseded));
        assert_eq!(access_token(&other).await, "of a new login");
    }

    /// A save that is refused keeps the lease: nothing of the two happened.
    async fn a_save_that_is_refused_keeps_the_lease(one, other) {
        let lease = granted(&one, "one").await;
        one.save_and_release(&lease, &OAuthToken::new().with_user("ada")).await.expect_err("nothing to save");
        assert!(other.lease_state(&key()).await.expect("read").remaining > LIFE / 2);
        assert!(one.release(&lease).await.expect("released"));
    }

    /// Everybody is told the time by the same clock.
    async fn everybody_has_the_same_clock(one, other) {
        let first = one.clock().await.expect("asked");
        let lease = granted(&other, "other").await;
        let last = one.lease_state(&key()).await.expect("read").now;
        // A clock of whole seconds may have just gone on.
        let slack = Duration::from_secs(2);
        let apart = |from: SystemTime, to: SystemTime| to.duration_since(from).unwrap_or_default();
        assert!(apart(lease.granted_at, first) < slack && apart(last, lease.granted_at) < slack);
        assert!(apart(first, last) < Duration::from_secs(30));
    }

    /// The version, where there is one, changes with whatever the other program writes.
    async fn the_version_changes_with_every_change(one, other) {
        let Some(before) = one.version().await.expect("asked") else { return };
        assert_eq!(one.version().await.expect("asked"), Some(before));
        let row = saved(&other, full("ada")).await;
        let after = one.version().await.expect("asked");
        assert_ne!(after, Some(before));
        assert!(other.delete_token(row.id().unwrap_or_default()).await.expect("deleted"));
        assert_ne!(one.version().await.expect("asked"), after);
    }
}

fn key() -> LeaseKey {
    LeaseKey::refresh(&SecretString::from("refresh of ada"))
}

async fn granted(store: &impl Coordination, holder: &str) -> Lease {
    granted_for(store, holder, LIFE).await
}

async fn granted_for(store: &impl Coordination, holder: &str, life: Duration) -> Lease {
    match store.acquire(&key(), holder, life).await.expect("asked") {
        Acquired::Granted(lease) => lease,
        Acquired::Held(state) => panic!("the lease is somebody else's: {state:?}"),
    }
}

/// The lease as it is held for renewing a row.
fn over(row: &OAuthToken, lease: Lease) -> Lease {
    Lease { row: row.id().map(str::to_owned), ..lease }
}

fn newer(row: &OAuthToken) -> OAuthToken {
    row.clone().with_access_token("newer")
}

async fn saved(store: &impl TokenStore, token: OAuthToken) -> OAuthToken {
    store.save_token(&token).await.expect("saved")
}

/// Ada's access token, as it is stored.
async fn access_token(store: &impl TokenStore) -> String {
    let found = store.find_token(&OAuthToken::new().with_user("ada")).await.expect("read").expect("there");
    found.access_token().map(|secret| secret.expose_secret().to_owned()).unwrap_or_default()
}

fn pause(left: Duration) -> Duration {
    left.clamp(Duration::from_millis(10), Duration::from_millis(200))
}

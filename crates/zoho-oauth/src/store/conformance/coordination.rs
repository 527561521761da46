//! The promises of [`Coordination`]. Each is a function of a store that two programs have open.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use secrecy::{ExposeSecret, SecretString};

use crate::ledger::Quota;
use crate::token::OAuthToken;

use super::super::coordination::{Acquired, Coordination, Fenced, Lease, LeaseEntry, LeaseKey};
use super::super::token_store::TokenStore;
use super::fixture::{all, full, joined};

const LIFE: Duration = Duration::from_secs(60);
/// The shortest lease that also works with a clock of whole seconds.
const SHORT_LIFE: Duration = Duration::from_secs(2);

promises! {
    __coordination_promises over two programs:

    /// A lease has one holder among all programs until it is released. The next lease has a higher epoch.
    async fn a_lease_has_one_holder_until_it_is_released(one, other) {
        let lease = granted(&one, "one").await;
        assert!(matches!(other.acquire(&key(), "other", LIFE).await.expect("the store responds"), Acquired::Held(_)));
        let state = other.lease_state(&key()).await.expect("the store is read");
        assert_eq!(state.epoch, lease.epoch);
        assert!(state.remaining > LIFE / 2 && state.remaining <= LIFE, "{state:?}");
        assert!(one.release(&lease).await.expect("the lease is released"));
        assert!(other.lease_state(&key()).await.expect("the store is read").remaining.is_zero());
        assert!(granted(&other, "other").await.epoch > lease.epoch);
    }

    /// A lease expires. The next lease has a higher epoch.
    async fn a_lease_expires(one, other) {
        let lease = granted_for(&one, "one", SHORT_LIFE).await;
        let next = loop {
            match other.acquire(&key(), "other", LIFE).await.expect("the store responds") {
                Acquired::Granted(next) => break next,
                Acquired::Held(state) => tokio::time::sleep(poll_delay(state.remaining)).await,
            }
        };
        assert!(next.epoch > lease.epoch);
    }

    /// A lease that is renewed does not expire.
    async fn a_lease_that_is_renewed_does_not_expire(one, other) {
        let mut renewed = false;
        // On a busy machine, the lease may expire before it is renewed.
        for _ in 0..5 {
            let lease = granted_for(&one, "one", SHORT_LIFE).await;
            renewed = one.renew(&lease, LIFE).await.expect("the store responds");
            if renewed {
                break;
            }
        }
        assert!(renewed);
        tokio::time::sleep(SHORT_LIFE + Duration::from_millis(100)).await;
        assert!(matches!(other.acquire(&key(), "other", LIFE).await.expect("the store responds"), Acquired::Held(_)));
    }

    /// A lease lasts at most five minutes, whatever life is asked for.
    async fn a_lease_lasts_at_most_the_longest_life(one, other) {
        let lease = granted_for(&one, "one", Duration::MAX).await;
        let remaining = async || other.lease_state(&key()).await.expect("the store is read").remaining;
        assert!(remaining().await <= LeaseEntry::MAX_LIFE);
        assert!(one.renew(&lease, Duration::MAX).await.expect("the lease is renewed"));
        assert!(remaining().await <= LeaseEntry::MAX_LIFE && remaining().await > LIFE);
    }

    /// Of many concurrent requests for a lease, from both programs, one is granted.
    async fn one_of_many_concurrent_requests_gets_the_lease(one, other) {
        let stores = [Arc::new(one), Arc::new(other)];
        let requests = (0..40).map(|number| {
            let store = stores[number % 2].clone();
            tokio::spawn(async move {
                let acquired = store.acquire(&key(), &format!("holder {number}"), LIFE).await;
                matches!(acquired.expect("the store responds"), Acquired::Granted(_))
            })
        });
        let granted = joined(requests.collect()).await;
        assert_eq!(granted.into_iter().filter(|granted| *granted).count(), 1);
    }

    /// Leases on different credentials are independent.
    async fn leases_on_different_credentials_are_independent(one, other) {
        granted(&one, "one").await;
        let another = LeaseKey::exchange(&SecretString::from("another"));
        assert!(matches!(other.acquire(&another, "other", LIFE).await.expect("the store responds"), Acquired::Granted(_)));
    }

    /// The ledger is stored with the lease. A renewal and a release store it, and all programs see it.
    async fn the_ledger_is_stored_with_the_lease(one, other) {
        let mut lease = granted(&one, "one").await;
        lease.ledger.note_issue(lease.granted_at, Quota::default());
        assert!(one.renew(&lease, LIFE).await.expect("the lease is renewed"));
        assert_eq!(other.lease_state(&key()).await.expect("the store is read").ledger, lease.ledger);
        lease.ledger.note_throttle(lease.granted_at, Quota::default());
        assert!(one.release(&lease).await.expect("the lease is released"));
        assert_eq!(granted(&other, "other").await.ledger, lease.ledger);
    }

    /// A save under a lease saves the row and releases the lease.
    async fn a_save_under_a_lease_saves_the_row_and_releases_the_lease(one, other) {
        let row = saved(&one, full("ada")).await;
        let lease = over(&row, granted(&one, "one").await);
        let Fenced::Saved(saved) = one.save_and_release(&lease, &newer(&row)).await.expect("the token is saved") else {
            panic!("no other holder had the lease");
        };
        assert_eq!(saved.id(), row.id());
        assert_eq!(access_token(&other).await, "newer");
        granted(&other, "other").await;
    }

    /// A save under a lease can add a row, as a login does.
    async fn a_save_under_a_lease_can_add_a_row(one, other) {
        let lease = granted(&one, "one").await;
        let fenced = one.save_and_release(&lease, &full("ada")).await.expect("the token is saved");
        assert!(matches!(fenced, Fenced::Saved(_)));
        assert_eq!(access_token(&other).await, "access of ada");
        granted(&other, "other").await;
    }

    /// A superseded holder can neither save, nor renew, nor release.
    async fn a_superseded_holder_can_do_nothing(one, other) {
        let row = saved(&one, full("ada")).await;
        let paused = over(&row, granted_for(&one, "one", Duration::ZERO).await);
        let next = over(&row, granted(&other, "other").await);
        let fenced = one.save_and_release(&paused, &newer(&row)).await.expect("the store responds");
        assert!(matches!(fenced, Fenced::Superseded));
        assert!(!one.renew(&paused, LIFE).await.expect("the store responds"));
        assert!(!one.release(&paused).await.expect("the store responds"));
        assert_eq!(access_token(&other).await, "access of ada");
        // Its successor is not affected.
        let fenced = other.save_and_release(&next, &row.clone().with_access_token("newest")).await.expect("the token is saved");
        assert!(matches!(fenced, Fenced::Saved(_)));
        assert!(matches!(one.save_and_release(&paused, &newer(&row)).await.expect("the store responds"), Fenced::Superseded));
        assert_eq!(access_token(&one).await, "newest");
    }

    /// A row that is deleted during a lease stays deleted, and the lease is released.
    async fn a_row_that_was_deleted_stays_deleted(one, other) {
        let row = saved(&one, full("ada")).await;
        let lease = over(&row, granted(&one, "one").await);
        assert!(other.delete_token(row.id().unwrap_or_default()).await.expect("the row is deleted"));
        let fenced = one.save_and_release(&lease, &newer(&row)).await.expect("the store responds");
        assert!(matches!(fenced, Fenced::Superseded));
        assert!(all(&other).await.is_empty());
        granted(&other, "other").await;
    }

    /// A row that has another refresh token after a new login is not changed.
    async fn a_row_with_a_new_login_is_not_changed(one, other) {
        let row = saved(&one, full("ada")).await;
        let lease = over(&row, granted(&one, "one").await);
        let login = full("ada").with_refresh_token("of a new login").with_access_token("of a new login");
        saved(&other, login).await;
        let fenced = one.save_and_release(&lease, &newer(&row)).await.expect("the store responds");
        assert!(matches!(fenced, Fenced::Superseded));
        assert_eq!(access_token(&other).await, "of a new login");
    }

    /// A rejected save neither changes the row nor releases the lease.
    async fn a_rejected_save_keeps_the_lease(one, other) {
        let lease = granted(&one, "one").await;
        one.save_and_release(&lease, &OAuthToken::new().with_user("ada")).await.expect_err("nothing to save");
        assert!(other.lease_state(&key()).await.expect("the store is read").remaining > LIFE / 2);
        assert!(one.release(&lease).await.expect("the lease is released"));
    }

    /// All programs have the same clock.
    async fn all_programs_have_the_same_clock(one, other) {
        let first = one.clock().await.expect("the store responds");
        let lease = granted(&other, "other").await;
        let last = one.lease_state(&key()).await.expect("the store is read").now;
        // A clock of whole seconds may have just ticked.
        let slack = Duration::from_secs(2);
        let apart = |from: SystemTime, to: SystemTime| to.duration_since(from).unwrap_or_default();
        assert!(apart(lease.granted_at, first) < slack && apart(last, lease.granted_at) < slack);
        assert!(apart(first, last) < Duration::from_secs(30));
    }

    /// The identity that the store holds, if it has one, is the same for all programs and does not change.
    async fn all_programs_see_the_same_identity(one, other) {
        let (first, second) = tokio::join!(one.stored_identity(), other.stored_identity());
        let first = first.expect("the store responds");
        assert_eq!(second.expect("the store responds"), first);
        saved(&one, full("ada")).await;
        one.delete_tokens().await.expect("the row is deleted");
        assert_eq!(other.stored_identity().await.expect("the store responds"), first);
    }

    /// The version, if the store has one, changes with every write of the other program.
    async fn the_version_changes_with_every_change(one, other) {
        let Some(before) = one.version().await.expect("the store responds") else { return };
        assert_eq!(one.version().await.expect("the store responds"), Some(before));
        let row = saved(&other, full("ada")).await;
        let after = one.version().await.expect("the store responds");
        assert_ne!(after, Some(before));
        assert!(other.delete_token(row.id().unwrap_or_default()).await.expect("the row is deleted"));
        assert_ne!(one.version().await.expect("the store responds"), after);
    }
}

fn key() -> LeaseKey {
    LeaseKey::refresh(&SecretString::from("refresh of ada"))
}

async fn granted(store: &impl Coordination, holder: &str) -> Lease {
    granted_for(store, holder, LIFE).await
}

async fn granted_for(store: &impl Coordination, holder: &str, life: Duration) -> Lease {
    match store.acquire(&key(), holder, life).await.expect("the store responds") {
        Acquired::Granted(lease) => lease,
        Acquired::Held(state) => panic!("another holder has the lease: {state:?}"),
    }
}

/// Returns the lease as it is held while a row is renewed.
fn over(row: &OAuthToken, lease: Lease) -> Lease {
    Lease { row: row.id().map(str::to_owned), ..lease }
}

fn newer(row: &OAuthToken) -> OAuthToken {
    row.clone().with_access_token("newer")
}

async fn saved(store: &impl TokenStore, token: OAuthToken) -> OAuthToken {
    store.save_token(&token).await.expect("the token is saved")
}

/// Returns Ada's stored access token.
async fn access_token(store: &impl TokenStore) -> String {
    let found = store
        .find_token(&OAuthToken::new().with_user("ada"))
        .await
        .expect("the store is read")
        .expect("the row is there");
    found.access_token().map(|secret| secret.expose_secret().to_owned()).unwrap_or_default()
}

fn poll_delay(left: Duration) -> Duration {
    left.clamp(Duration::from_millis(10), Duration::from_millis(200))
}

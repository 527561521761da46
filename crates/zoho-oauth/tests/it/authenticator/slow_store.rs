//! A store that does not respond delays no caller with a valid token, and a store that does is looked at soon enough.

use std::time::{Duration, Instant};

use tokio::time::sleep;
use zoho_emulator::Emulator;
use zoho_oauth::store::{AnyStore, TokenStore};
use zoho_oauth::{Authenticator, OAuthToken, UserSignature};

use super::server_store::ServerStore;
use super::support::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_valid_token_is_served_within_milliseconds_while_the_store_hangs() {
    for store in [ServerStore::with_version(), ServerStore::without_version()] {
        let (zoho, authenticator) = with_a_valid_token(&store).await;
        let user = ada(&zoho);
        let healthy = times(&authenticator, &user, 1_000).await;
        store.hang(true);
        let hung = times(&authenticator, &user, 3_000).await;
        let name = AnyStore::from(store).name().to_owned();
        assert!(percentile(&hung, 0.99) < Duration::from_millis(5), "{name}: {:?}", percentile(&hung, 0.99));
        assert!(hung[hung.len() - 1] < Duration::from_secs(1), "{name}: {:?}", hung[hung.len() - 1]);
        assert!(percentile(&healthy, 0.99) < Duration::from_millis(5), "{name}: healthy");
        assert_eq!(token_requests(&zoho), 1);
    }
}

#[tokio::test]
async fn a_caller_that_comes_back_to_a_hung_store_waits_for_a_moment_and_the_next_one_not() {
    for store in [ServerStore::with_version(), ServerStore::without_version()] {
        let (zoho, authenticator) = with_a_valid_token(&store).await;
        sleep(Duration::from_millis(1_500)).await;
        store.hang(true);
        let times = times(&authenticator, &ada(&zoho), 100).await;
        assert!(times[99] < Duration::from_millis(600), "{times:?}");
        assert!(times[98] < Duration::from_millis(5), "{times:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hung_store_is_asked_by_one_task_at_growing_intervals() {
    for store in [ServerStore::with_version(), ServerStore::without_version()] {
        let (zoho, authenticator) = with_a_valid_token(&store).await;
        store.hang(true);
        let before = store.calls();
        let started = Instant::now();
        while started.elapsed() < Duration::from_secs(6) {
            times(&authenticator, &ada(&zoho), 100).await;
        }
        // Each look takes the store's timeout of three seconds.
        let calls = store.calls() - before;
        assert!((1..=4).contains(&calls), "{calls} calls");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_are_visible_again_once_the_store_has_recovered() {
    for store in [ServerStore::with_version(), ServerStore::without_version()] {
        let (zoho, authenticator) = with_a_valid_token(&store).await;
        let user = ada(&zoho);
        store.hang(true);
        let started = Instant::now();
        while started.elapsed() < Duration::from_secs(2) {
            authenticator.access_token(&user).await.unwrap();
            sleep(Duration::from_millis(20)).await;
        }
        store.hang(false);
        change(&store, &user).await;
        sleep(Duration::from_secs(6)).await;
        assert_eq!(authenticator.access_token(&user).await.unwrap().expose_secret(), "1000.changed");
    }
}

#[tokio::test]
async fn a_change_is_visible_within_a_second_however_rarely_a_caller_asks() {
    for store in [ServerStore::with_version(), ServerStore::without_version()] {
        let (zoho, authenticator) = with_a_valid_token(&store).await;
        let user = ada(&zoho);
        sleep(Duration::from_millis(2_500)).await;
        change(&store, &user).await;
        sleep(Duration::from_millis(1_000)).await;
        assert_eq!(authenticator.access_token(&user).await.unwrap().expose_secret(), "1000.changed");
    }
}

#[tokio::test]
async fn a_change_is_visible_within_a_second_to_a_caller_that_asks_all_the_time() {
    for store in [ServerStore::with_version(), ServerStore::without_version()] {
        let (zoho, authenticator) = with_a_valid_token(&store).await;
        let user = ada(&zoho);
        times(&authenticator, &user, 700).await;
        change(&store, &user).await;
        let changed = Instant::now();
        while authenticator.access_token(&user).await.unwrap().expose_secret() != "1000.changed" {
            assert!(changed.elapsed() < Duration::from_millis(1_050), "{:?}", changed.elapsed());
            sleep(Duration::from_millis(1)).await;
        }
    }
}

#[tokio::test]
async fn a_token_that_this_process_deleted_is_not_served_from_memory() {
    for store in [ServerStore::with_version(), ServerStore::without_version()] {
        let (zoho, authenticator) = with_a_valid_token(&store).await;
        let user = ada(&zoho);
        authenticator.logout(&OAuthToken::new().with_user(&user)).await.unwrap();
        assert!(authenticator.access_token(&user).await.unwrap_err().needs_login());
    }
}

/// An authenticator that has a token of Ada's in memory, which it has just renewed.
async fn with_a_valid_token(store: &ServerStore) -> (Emulator, Authenticator) {
    let zoho = Emulator::start().await;
    with_a_stale_token(&zoho, store).await;
    let authenticator = authenticator(&zoho, store.clone());
    authenticator.access_token(&ada(&zoho)).await.unwrap();
    (zoho, authenticator)
}

/// Another process stores another token.
async fn change(store: &ServerStore, user: &UserSignature) {
    let row = store.find_token(&OAuthToken::new().with_user(user)).await.unwrap().unwrap();
    store.save_token(&row.with_access_token("1000.changed")).await.unwrap();
}

/// How long each of `calls` calls takes, a millisecond after the one before; sorted.
async fn times(authenticator: &Authenticator, user: &UserSignature, calls: usize) -> Vec<Duration> {
    let mut times = Vec::with_capacity(calls);
    for _ in 0..calls {
        let started = Instant::now();
        authenticator.access_token(user).await.expect("a valid token is in memory");
        times.push(started.elapsed());
        sleep(Duration::from_millis(1)).await;
    }
    times.sort_unstable();
    times
}

fn percentile(sorted: &[Duration], share: f64) -> Duration {
    sorted[(sorted.len() as f64 * share) as usize]
}

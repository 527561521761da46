//! Zoho's quota: ten tokens in ten minutes. The eleventh request is never sent.

use std::time::{Duration, SystemTime};

use zoho_emulator::{Emulator, Fault};
use zoho_oauth::store::MemoryStore;
use zoho_oauth::{Error, Quota};

use super::support::*;

/// Sixty simulated seconds pass in one: ten minutes are ten seconds.
const SPEED: f64 = 60.0;
const WINDOW: Duration = Duration::from_secs(10);

#[tokio::test]
async fn in_ten_simulated_minutes_the_eleventh_request_is_never_sent() {
    let zoho =
        Emulator::builder().clock_speed(SPEED).token_lifetime(Duration::from_secs(36_000)).start().await;
    let store = MemoryStore::new();
    with_a_stale_token(&zoho, &store).await;
    let authenticator = builder(&zoho, store).quota(Quota::new(10, WINDOW)).build().unwrap();
    let user = ada(&zoho);
    let started = SystemTime::now();
    let mut last = String::new();
    while started.elapsed().unwrap() < WINDOW - Duration::from_millis(500) {
        let served = authenticator.refresh(&user).await.expect("a valid token is served until then");
        assert!(zoho.is_access_token_valid(served.expose_secret()));
        served.expose_secret().clone_into(&mut last);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(token_requests(&zoho), 10);
    assert_eq!(zoho.throttle_events(), 0);
    tokio::time::sleep(Duration::from_secs(1)).await;
    let next = authenticator.refresh(&user).await.unwrap();
    assert_ne!(next.expose_secret(), last);
    assert_eq!(zoho.throttle_events(), 0);
}

#[tokio::test]
async fn retry_at_is_right_to_the_second() {
    let zoho = Emulator::start().await;
    let store = MemoryStore::new();
    with_a_stale_token(&zoho, &store).await;
    let authenticator = authenticator(&zoho, store);
    let started = SystemTime::now();
    let mut served = authenticator.access_token(&ada(&zoho)).await.unwrap();
    for _ in 0..9 {
        zoho.invalidate_access_token(served.expose_secret());
        served = authenticator.replace(&served).await.unwrap();
    }
    zoho.invalidate_access_token(served.expose_secret());
    let error = authenticator.replace(&served).await.unwrap_err();
    let retry_at = error.retry_at().unwrap_or_else(|| panic!("{error}"));
    let wait = retry_at.duration_since(started).unwrap();
    assert!(wait.abs_diff(Duration::from_secs(600)) < Duration::from_secs(1), "{wait:?}");
    assert!(!error.is_transient() && !error.needs_login());
    assert_eq!(token_requests(&zoho), 10);
}

#[tokio::test]
async fn a_throttle_by_zoho_stops_every_process_for_the_window() {
    for fault in [Fault::on(TOKEN_REQUEST).throttle(), Fault::on(TOKEN_REQUEST).throttle_localized()] {
        let zoho = Emulator::start().await;
        let store = MemoryStore::new();
        with_a_stale_token(&zoho, &store).await;
        zoho.fault(fault);
        let first = authenticator(&zoho, store.clone()).access_token(&ada(&zoho)).await.unwrap_err();
        let second = authenticator(&zoho, store.clone()).access_token(&ada(&zoho)).await.unwrap_err();
        for error in [first, second] {
            assert!(matches!(error, Error::Throttled { .. }), "{error}");
            let wait = error.retry_at().unwrap().duration_since(SystemTime::now()).unwrap();
            assert!(wait > Duration::from_secs(595) && wait <= Duration::from_secs(600), "{wait:?}");
        }
        assert_eq!(token_requests(&zoho), 1);
    }
}

#[tokio::test]
async fn a_token_that_lives_for_seconds_is_not_renewed_on_every_call() {
    let zoho = Emulator::builder().token_lifetime(Duration::from_secs(20)).start().await;
    let store = MemoryStore::new();
    with_a_stale_token(&zoho, &store).await;
    for _ in 0..20 {
        authenticator(&zoho, store.clone()).access_token(&ada(&zoho)).await.unwrap();
    }
    assert_eq!(token_requests(&zoho), 1);
}

//! Zoho's quota: ten tokens in ten minutes. The eleventh request is never sent.

use std::time::{Duration, Instant, SystemTime};

use zoho_emulator::{Emulator, Fault};
use zoho_oauth::store::MemoryStore;
use zoho_oauth::{Error, Quota};

use super::support::*;

/// Sixty simulated seconds pass in one: ten minutes are ten seconds.
const SPEED: f64 = 60.0;
const WINDOW: Duration = Duration::from_secs(10);
/// Zoho's window, in real time.
const TEN_MINUTES: Duration = Duration::from_secs(600);

#[tokio::test]
async fn in_ten_simulated_minutes_the_eleventh_request_is_never_sent() {
    let zoho =
        Emulator::builder().clock_speed(SPEED).token_lifetime(Duration::from_secs(36_000)).start().await;
    let store = MemoryStore::new();
    with_a_stale_token(&zoho, &store).await;
    let authenticator = builder(&zoho, store).quota(Quota::new(10, WINDOW)).build().unwrap();
    let user = ada(&zoho);
    let started = Instant::now();
    let (mut last, mut sent) = (String::new(), 0);
    loop {
        let served = authenticator.refresh(&user).await.expect("a valid token is served until then");
        // On a busy machine this renewal may have been the first of the next window.
        if started.elapsed() >= WINDOW {
            break;
        }
        assert!(zoho.is_access_token_valid(served.expose_secret()));
        sent = token_requests(&zoho);
        served.expose_secret().clone_into(&mut last);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(sent, 10);
    until("a new token is served", async || {
        authenticator.refresh(&user).await.unwrap().expose_secret() != last
    })
    .await;
    assert_eq!(zoho.throttle_events(), 0);
}

#[tokio::test]
async fn retry_at_is_ten_minutes_after_the_first_of_ten_requests() {
    let zoho = Emulator::start().await;
    let store = MemoryStore::new();
    with_a_stale_token(&zoho, &store).await;
    let authenticator = authenticator(&zoho, store);
    let before = SystemTime::now();
    let mut served = authenticator.access_token(&ada(&zoho)).await.unwrap();
    let after = SystemTime::now();
    for _ in 0..9 {
        zoho.invalidate_access_token(served.expose_secret());
        served = authenticator.replace(&served).await.unwrap();
    }
    zoho.invalidate_access_token(served.expose_secret());
    let error = authenticator.replace(&served).await.unwrap_err();
    let retry_at = error.retry_at().unwrap_or_else(|| panic!("{error}"));
    let (earliest, latest) = (before + TEN_MINUTES, after + TEN_MINUTES + Duration::from_secs(1));
    assert!(retry_at > earliest - Duration::from_secs(1) && retry_at <= latest, "{retry_at:?}");
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
        let before = SystemTime::now();
        let first = authenticator(&zoho, store.clone()).access_token(&ada(&zoho)).await.unwrap_err();
        let second = authenticator(&zoho, store.clone()).access_token(&ada(&zoho)).await.unwrap_err();
        for error in [first, second] {
            assert!(matches!(error, Error::Throttled { .. }), "{error}");
            let retry_at = error.retry_at().unwrap();
            let earliest = before + TEN_MINUTES - Duration::from_secs(1);
            assert!(retry_at > earliest && retry_at <= SystemTime::now() + TEN_MINUTES, "{retry_at:?}");
        }
        assert_eq!(token_requests(&zoho), 1);
    }
}

#[tokio::test]
async fn a_token_that_lives_for_seconds_is_not_renewed_on_every_call() {
    let zoho = Emulator::builder().token_lifetime(Duration::from_secs(50)).start().await;
    let store = MemoryStore::new();
    with_a_stale_token(&zoho, &store).await;
    for _ in 0..20 {
        authenticator(&zoho, store.clone()).access_token(&ada(&zoho)).await.unwrap();
    }
    assert_eq!(token_requests(&zoho), 1);
}

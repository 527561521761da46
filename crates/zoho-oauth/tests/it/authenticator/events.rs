//! What a program sees at INFO: one event for each login, renewal and removal, with its reason and duration.

use std::time::{Duration, SystemTime};

use tokio::time::sleep;
use tracing::Level;
use zoho_emulator::{Emulator, Fault};
use zoho_oauth::store::{MemoryStore, TokenStore};
use zoho_oauth::{Error, Grant, OAuthToken};

use super::support::*;
use crate::log::Log;

#[track_caller]
fn assert_event(line: &str, parts: &[&str]) {
    assert!(line.starts_with("INFO zoho_oauth"), "{line}");
    for part in parts.iter().chain(&["operation=", "user=\"", "reason=\"", "duration="]) {
        assert!(line.contains(part), "`{part}` is missing: {line}");
    }
}

/// Asserts that there was one event, with these parts.
#[track_caller]
fn assert_one_event(log: &Log, parts: &[&str]) {
    let lines = log.take_lines();
    assert_eq!(lines.len(), 1, "{lines:#?}");
    assert_event(&lines[0], parts);
}

#[tokio::test]
async fn login_renewal_revocation_and_logout_are_one_event_each() {
    let zoho = Emulator::start().await;
    let authenticator = authenticator(&zoho, MemoryStore::new());
    let (user, row) = (ada(&zoho), OAuthToken::new().with_user(ada(&zoho)));
    let (log, _guard) = Log::start(Level::INFO);

    for _ in 0..2 {
        logged_in(&zoho, &authenticator).await;
        assert_one_event(
            &log,
            &["logged in", "user=\"ada@example.com:60000001\"", "Self Client", "leader=this"],
        );
        authenticator.access_token(&user).await.unwrap();
        assert_eq!(log.take_lines(), [""; 0], "a valid token is no event");
        authenticator.refresh(&user).await.unwrap();
        assert_one_event(
            &log,
            &["renewed an access token", "a new one was requested", "leader=this process"],
        );
        assert!(authenticator.logout(&row).await.unwrap());
        assert_one_event(&log, &["deleted a token", "user=\"ada@example.com:60000001\""]);
    }
    assert!(!authenticator.logout(&row).await.unwrap());
    assert_eq!(log.take_lines(), [""; 0], "nothing was deleted");

    logged_in(&zoho, &authenticator).await;
    log.take_lines();
    authenticator.revoke(&row).await.unwrap();
    assert_one_event(&log, &["revoked a token", "user=\"ada@example.com:60000001\""]);
}

#[tokio::test]
async fn a_renewal_says_whether_this_process_led_it_and_how_long_it_took() {
    let zoho = Emulator::start().await;
    let store = MemoryStore::new();
    with_a_stale_token(&zoho, &store).await;
    // Each authenticator stands for a process.
    let [one, other] = [(); 2].map(|()| authenticator(&zoho, store.clone()));
    zoho.fault(Fault::on(TOKEN_REQUEST).delay(Duration::from_millis(300)));
    let (log, _guard) = Log::start(Level::INFO);
    let user = ada(&zoho);
    let (one, other) = tokio::join!(one.access_token(&user), other.access_token(&user));
    assert_eq!(one.unwrap().expose_secret(), other.unwrap().expose_secret());

    let mut lines = log.take_lines();
    lines.sort_by_key(|line| line.contains("another process"));
    assert_eq!(lines.len(), 2, "{lines:#?}");
    assert_event(&lines[0], &["renewed an access token", "it has expired", "leader=this process"]);
    assert_event(&lines[1], &["renewed an access token", "it has expired", "leader=another process"]);
    let tenths = lines[0].split("duration=").nth(1).unwrap();
    assert!(tenths.starts_with(['3', '4', '5']) && tenths.contains("ms"), "{tenths}");
}

#[tokio::test]
async fn an_early_renewal_and_the_replacement_of_a_rejected_token_say_so() {
    let zoho = Emulator::start().await;
    let store = MemoryStore::new();
    with_an_ending_token(&zoho, &store).await;
    let authenticator = authenticator(&zoho, store);
    let (log, _guard) = Log::start(Level::INFO);
    authenticator.access_token(&ada(&zoho)).await.unwrap();
    until("the token was renewed", async || token_requests(&zoho) == 1).await;
    sleep(Duration::from_millis(100)).await;
    assert_one_event(&log, &["renewed an access token", "it expires soon"]);

    let token = authenticator.access_token(&ada(&zoho)).await.unwrap();
    authenticator.replace(&token).await.unwrap();
    assert_one_event(&log, &["renewed an access token", "Zoho rejected it"]);
}

#[tokio::test]
async fn a_failure_is_one_event_however_many_attempts_it_took() {
    let zoho = Emulator::start().await;
    let store = MemoryStore::new();
    with_an_ending_token(&zoho, &store).await;
    let authenticator = builder(&zoho, store).attempts(3).build().unwrap();
    zoho.fault(Fault::on(TOKEN_REQUEST).times(3).status_500());
    let (log, _guard) = Log::start(Level::INFO);
    authenticator.refresh(&ada(&zoho)).await.unwrap_err();
    assert_one_event(&log, &["could not renew an access token", "a new one was requested", "error=", "500"]);
}

#[tokio::test]
async fn a_failure_of_which_the_caller_learns_nothing_is_an_event_too() {
    let zoho = Emulator::start().await;
    let store = MemoryStore::new();
    let ending = with_an_ending_token(&zoho, &store).await;
    let soon = SystemTime::now() + Duration::from_secs(20);
    store.save_token(&ending.with_expires_at(soon)).await.unwrap();
    let authenticator = authenticator(&zoho, store);
    zoho.fault(Fault::on(TOKEN_REQUEST).status_500());
    let (log, _guard) = Log::start(Level::INFO);
    let token = authenticator.access_token(&ada(&zoho)).await.unwrap();
    assert_eq!(token.expose_secret(), "1000.ending");
    assert_one_event(&log, &["could not renew an access token", "it has expired", "error=", "500"]);
}

#[tokio::test]
async fn a_login_that_fails_is_one_event() {
    let zoho = Emulator::start().await;
    let authenticator = authenticator(&zoho, MemoryStore::new());
    let (log, _guard) = Log::start(Level::INFO);
    let error = authenticator.exchange(Grant::from_self_client("1000.secret-code")).await.unwrap_err();
    assert!(matches!(error, Error::LoginRequired { .. } | Error::Rejected { .. }), "{error:?}");
    let text = log.text();
    assert_one_event(&log, &["could not log in", "Self Client", "error="]);
    assert!(!text.contains("secret-code"), "{text}");
}

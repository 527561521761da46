//! The clock of a host is set while its programs run, or the host sleeps. Nothing depends on when that happens.

use std::time::{Duration, SystemTime};

use tokio::time::{sleep, timeout};
use zoho_emulator::{Emulator, Fault};
use zoho_oauth::store::{AnyStore, MemoryStore, TokenStore};
use zoho_oauth::{Authenticator, Error, Grant, OAuthToken};

use super::host::Host;
use super::server_store::ServerStore;
use super::support::*;

/// By how much a clock is set.
const STEP: Duration = Duration::from_secs(7_200);

const HOUR: Duration = Duration::from_secs(3_600);

#[tokio::test]
async fn a_host_whose_clock_is_set_back_hands_out_no_expired_token() {
    let zoho = Emulator::start().await;
    let store = AnyStore::from(MemoryStore::new());
    let row = with_an_ending_token(&zoho, &store).await;
    let host = Host::healthy("set");
    host.set_clock(STEP);
    let program = on(&zoho, &store, &host);
    let served = program.access_token(&ada(&zoho)).await.unwrap();
    assert_eq!(served.expose_secret(), ENDING);
    assert!(served.expires_at().unwrap() > SystemTime::now() + STEP, "it expires by the clock of its host");
    host.set_clock(Duration::ZERO);
    let served = program.access_token(&ada(&zoho)).await.unwrap();
    assert_eq!(served.expose_secret(), ENDING, "it is as valid as before");
    assert!(served.expires_at().unwrap() < SystemTime::now() + HOUR);
    let ended = SystemTime::now() - Duration::from_secs(1);
    store.save_token(&row.with_access_token("1000.ended").with_expires_at(ended)).await.unwrap();
    sleep(Duration::from_millis(1_100)).await;
    let served = program.access_token(&ada(&zoho)).await.unwrap();
    assert!(zoho.is_access_token_valid(served.expose_secret()), "{served:?}");
    assert_near(served.expires_at(), SystemTime::now() + HOUR);
}

#[tokio::test]
async fn a_row_that_was_read_before_the_clock_was_set_back_is_not_handed_out_after_its_expiry() {
    let (zoho, store) = (Emulator::start().await, AnyStore::from(MemoryStore::new()));
    with_a_token_for(&zoho, &store, Duration::from_millis(1_500)).await;
    let host = Host::cut_off("cut off", Duration::from_secs(2));
    // Its margin is a minute, so the token is to be renewed.
    let program = builder(&zoho, store).machine(host.clone()).build().unwrap();
    host.set_clock(STEP);
    let asked = tokio::spawn({
        let (program, user) = (program.clone(), ada(&zoho));
        async move { program.access_token(&user).await }
    });
    sleep(Duration::from_secs(1)).await;
    assert_eq!(host.attempts(), 1, "the row was read, and the request is on its way");
    host.set_clock(Duration::ZERO);
    let outcome = asked.await.unwrap();
    assert!(matches!(outcome, Err(Error::Unreachable { .. })), "{outcome:?}");
}

#[tokio::test]
async fn a_token_gets_the_right_expiry_although_the_clock_is_set_while_it_is_requested() {
    for (before, after) in [(STEP, Duration::ZERO), (Duration::ZERO, STEP)] {
        let (zoho, store) = (Emulator::start().await, AnyStore::from(MemoryStore::new()));
        with_a_stale_token(&zoho, &store).await;
        let host = Host::healthy("set");
        let program = on(&zoho, &store, &host);
        host.set_clock(before);
        zoho.fault(Fault::on(TOKEN_REQUEST).hold());
        let user = ada(&zoho);
        let (served, ()) = tokio::join!(program.access_token(&user), async {
            until_faults_applied(&zoho).await;
            host.set_clock(after);
            zoho.clear_faults();
        });
        let row = store.find_token(&OAuthToken::new().with_user(ada(&zoho))).await.unwrap().unwrap();
        assert_near(row.expires_at(), SystemTime::now() + HOUR);
        assert_near(served.unwrap().expires_at(), SystemTime::now() + after + HOUR);
    }
}

#[tokio::test]
async fn a_login_gets_the_right_expiry_although_the_clock_is_set_while_its_code_is_spent() {
    let (zoho, store) = (Emulator::start().await, AnyStore::from(MemoryStore::new()));
    let host = Host::healthy("set");
    let program = on(&zoho, &store, &host);
    host.set_clock(STEP);
    zoho.fault(Fault::on(TOKEN_REQUEST).hold());
    let code = zoho.self_client_code("ada@example.com");
    let (login, ()) = tokio::join!(program.exchange(Grant::from_self_client(code)), async {
        until_faults_applied(&zoho).await;
        host.set_clock(Duration::ZERO);
        zoho.clear_faults();
    });
    let row = store.find_token(&OAuthToken::new().with_user(ada(&zoho))).await.unwrap().unwrap();
    assert_near(row.expires_at(), SystemTime::now() + HOUR);
    assert_near(login.unwrap().token().expires_at(), SystemTime::now() + HOUR);
}

#[tokio::test]
async fn a_token_that_expires_while_the_store_hangs_is_not_handed_out_after_the_clock_was_set_back() {
    for store in [ServerStore::with_version(), ServerStore::without_version()] {
        let zoho = Emulator::start().await;
        with_a_token_for(&zoho, &store, Duration::from_secs(6)).await;
        let host = Host::healthy("set");
        host.set_clock(STEP);
        let program = on(&zoho, &AnyStore::from(store.clone()), &host);
        let user = ada(&zoho);
        assert_eq!(program.access_token(&user).await.unwrap().expose_secret(), ENDING);
        store.hang(true);
        sleep(Duration::from_millis(1_200)).await;
        assert_eq!(program.access_token(&user).await.unwrap().expose_secret(), ENDING, "it is still valid");
        host.set_clock(Duration::ZERO);
        sleep(Duration::from_secs(5)).await;
        let outcome = timeout(Duration::from_secs(20), program.access_token(&user)).await;
        assert!(matches!(outcome, Ok(Err(Error::Store(_)))), "{outcome:?}");
    }
}

#[tokio::test]
async fn the_expiry_that_a_caller_is_told_follows_the_clock() {
    let (zoho, store) = (Emulator::start().await, AnyStore::from(MemoryStore::new()));
    with_a_stale_token(&zoho, &store).await;
    let host = Host::healthy("set");
    let served = on(&zoho, &store, &host).access_token(&ada(&zoho)).await.unwrap();
    assert_near(served.expires_at(), SystemTime::now() + HOUR);
    assert_eq!(served.expires_at(), served.expires_at());
    host.set_clock(STEP);
    assert_near(served.expires_at(), SystemTime::now() + STEP + HOUR);
    assert_eq!(served.expires_at(), served.expires_at());
}

#[tokio::test]
async fn a_token_that_expired_while_the_machine_slept_is_replaced_even_if_the_uptime_does_not_count_that() {
    let (zoho, store) = (Emulator::start().await, AnyStore::from(MemoryStore::new()));
    with_a_token_for(&zoho, &store, Duration::from_secs(4)).await;
    let host = Host::healthy("asleep");
    let (program, user) = (on(&zoho, &store, &host), ada(&zoho));
    assert_eq!(program.access_token(&user).await.unwrap().expose_secret(), ENDING);
    host.fall_asleep_for(Duration::from_secs(4)).await;
    // The first look after that reads the store's clock.
    let mut served = program.access_token(&user).await.unwrap();
    for _ in 0..15 {
        sleep(Duration::from_millis(100)).await;
        served = program.access_token(&user).await.unwrap();
    }
    assert!(zoho.is_access_token_valid(served.expose_secret()), "{served:?}");
}

/// The access token of [`with_a_token_for`] and [`with_an_ending_token`].
const ENDING: &str = "1000.ending";

/// A row whose access token is valid for `left`.
async fn with_a_token_for(zoho: &Emulator, store: &impl TokenStore, left: Duration) {
    let row = with_a_stale_token(zoho, store).await;
    let row = row.with_access_token(ENDING).with_expires_at(SystemTime::now() + left);
    store.save_token(&row).await.unwrap();
}

/// A program that uses a token to its end.
fn on(zoho: &Emulator, store: &AnyStore, host: &Host) -> Authenticator {
    let builder = builder(zoho, store.clone()).margin(Duration::ZERO).early_window(Duration::ZERO);
    builder.machine(host.clone()).build().unwrap()
}

#[track_caller]
fn assert_near(moment: Option<SystemTime>, expected: SystemTime) {
    let moment = moment.expect("a moment");
    let apart = moment.duration_since(expected).unwrap_or_else(|error| error.duration());
    assert!(apart < Duration::from_secs(60), "{apart:?}");
}

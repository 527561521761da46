//! A token in use is renewed once, in the background, before it expires.

use std::time::{Duration, SystemTime};

use tokio::time::sleep;
use zoho_emulator::Emulator;
use zoho_oauth::store::{AnyStore, MemoryStore, SqliteStore, TokenStore};
use zoho_oauth::{Authenticator, OAuthToken, UserSignature};

use super::server_store::ServerStore;
use super::support::*;

#[tokio::test(flavor = "multi_thread")]
async fn eight_programs_that_ask_one_after_the_other_make_one_renewal_for_each_token() {
    for store in [
        AnyStore::from(MemoryStore::new()),
        ServerStore::without_version().into(),
        SqliteStore::in_memory().unwrap().into(),
    ] {
        let zoho = Emulator::start().await;
        let row = with_a_stale_token(&zoho, &store).await;
        let programs: Vec<_> = (0..8).map(|_| authenticator(&zoho, store.clone())).collect();
        for round in 1..=5 {
            ends_soon(&store, &row, round).await;
            // They learn of the token at different moments, and of its renewal up to a second later.
            for _ in 0..4 {
                for program in &programs {
                    program.access_token(&ada(&zoho)).await.unwrap();
                    sleep(Duration::from_millis(60)).await;
                }
            }
            assert_eq!(token_requests(&zoho), round, "{}, round {round}", store.name());
            all_have_the_stored_one(&programs, &store, &ada(&zoho)).await;
        }
    }
}

#[tokio::test]
async fn a_user_who_is_asked_for_rarely_gets_an_early_renewal_on_a_store_without_a_version() {
    let zoho = Emulator::start().await;
    let store = AnyStore::from(ServerStore::without_version());
    let row = with_a_stale_token(&zoho, &store).await;
    ends_soon(&store, &row, 1).await;
    let authenticator = authenticator(&zoho, store);
    let first = authenticator.access_token(&ada(&zoho)).await.unwrap();
    sleep(Duration::from_millis(1_500)).await;
    let second = authenticator.access_token(&ada(&zoho)).await.unwrap();
    assert_eq!(first.expose_secret(), "1000.soon-1", "no caller waits for an early renewal");
    assert_ne!(second.expose_secret(), first.expose_secret());
    assert_eq!(token_requests(&zoho), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_do_not_renew_each_others_short_lived_tokens() {
    for store in [AnyStore::from(MemoryStore::new()), ServerStore::without_version().into()] {
        let zoho = Emulator::builder().token_lifetime(Duration::from_secs(200)).start().await;
        with_a_stale_token(&zoho, &store).await;
        let programs: Vec<_> = (0..8).map(|_| authenticator(&zoho, store.clone())).collect();
        let started = SystemTime::now();
        while started.elapsed().unwrap() < Duration::from_secs(3) {
            for program in &programs {
                program.access_token(&ada(&zoho)).await.unwrap();
            }
            sleep(Duration::from_millis(50)).await;
        }
        assert_eq!(token_requests(&zoho), 1, "{}", store.name());
    }
}

/// Stores another token, which ends in 299 seconds.
async fn ends_soon(store: &AnyStore, row: &OAuthToken, round: usize) {
    let end = SystemTime::now() + Duration::from_secs(299);
    let row = row.clone().with_access_token(format!("1000.soon-{round}")).with_expires_at(end);
    store.save_token(&row).await.unwrap();
}

async fn all_have_the_stored_one(programs: &[Authenticator], store: &AnyStore, user: &UserSignature) {
    sleep(Duration::from_secs(1)).await;
    let stored = store.get_tokens().await.unwrap().remove(0);
    for program in programs {
        let served = program.access_token(user).await.unwrap();
        assert_eq!(served.expires_at(), stored.expires_at());
    }
}

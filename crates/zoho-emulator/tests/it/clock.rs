//! Simulated time.

use std::time::Duration;

use zoho_emulator::Emulator;

use crate::{access_token, refresh, refresh_token};

#[tokio::test]
async fn a_fast_clock_ends_tokens_early_in_real_time() {
    let zoho =
        Emulator::builder().clock_speed(10_000.0).token_lifetime(Duration::from_secs(3600)).start().await;
    let token = access_token(&zoho);
    assert!(zoho.is_access_token_valid(&token));
    tokio::time::sleep(Duration::from_millis(400)).await;
    assert!(!zoho.is_access_token_valid(&token));
}

#[tokio::test]
async fn a_fast_clock_passes_as_many_seconds_as_it_was_told() {
    let zoho = Emulator::builder().clock_speed(1000.0).start().await;
    let (real, before) = (std::time::Instant::now(), zoho.now_ms());
    tokio::time::sleep(Duration::from_millis(100)).await;
    let passed = zoho.now_ms() - before;
    assert!(passed >= 100_000 && passed <= 1000 * real.elapsed().as_millis() as u64 + 1000);
}

#[tokio::test]
async fn expires_in_is_simulated_unless_real_seconds_are_wanted() {
    for (real, told) in [(false, 3600), (true, 60)] {
        let zoho = Emulator::builder().clock_speed(60.0).expiry_in_real_seconds(real).start().await;
        assert_eq!(refresh(&zoho, &refresh_token(&zoho)).await.json()["expires_in"], told);
    }
}

#[tokio::test]
async fn a_clock_has_to_go_forward() {
    for speed in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(Emulator::builder().clock_speed(speed).try_start().await.is_err());
    }
}

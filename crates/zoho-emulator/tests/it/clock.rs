//! Simulated time.

use std::time::Duration;

use zoho_emulator::Emulator;

use crate::{access_token, refresh, refresh_token};

#[tokio::test]
async fn tokens_expire_earlier_in_real_time_if_the_clock_is_fast() {
    let zoho =
        Emulator::builder().clock_speed(10_000.0).token_lifetime(Duration::from_secs(3600)).start().await;
    let issued = zoho.now_ms();
    let token = access_token(&zoho);
    while zoho.is_access_token_valid(&token) {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(zoho.now_ms() - issued >= 3_600_000);
}

#[tokio::test]
async fn the_clock_speed_is_simulated_seconds_per_real_second() {
    let zoho = Emulator::builder().clock_speed(1000.0).start().await;
    let (real, before) = (std::time::Instant::now(), zoho.now_ms());
    tokio::time::sleep(Duration::from_millis(100)).await;
    let passed = zoho.now_ms() - before;
    assert!(passed >= 100_000 && passed <= 1000 * real.elapsed().as_millis() as u64 + 1000);
}

#[tokio::test]
async fn expires_in_is_in_simulated_seconds_by_default() {
    for (real, reported) in [(false, 3600), (true, 60)] {
        let zoho = Emulator::builder().clock_speed(60.0).expiry_in_real_seconds(real).start().await;
        assert_eq!(refresh(&zoho, &refresh_token(&zoho)).await.json()["expires_in"], reported);
    }
}

#[tokio::test]
async fn a_clock_speed_must_be_positive() {
    for speed in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(Emulator::builder().clock_speed(speed).try_start().await.is_err());
    }
}

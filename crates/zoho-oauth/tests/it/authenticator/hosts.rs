//! Several hosts, some of which cannot reach Zoho.

use std::time::{Duration, Instant};

use tokio::time::sleep;
use zoho_emulator::Emulator;
use zoho_oauth::store::{AnyStore, MemoryStore};
use zoho_oauth::{Authenticator, Error, NetworkFailure};

use super::host::Host;
use super::server_store::ServerStore;
use super::support::*;

#[tokio::test(flavor = "multi_thread")]
async fn ten_followers_of_a_leader_that_is_cut_off_succeed() {
    for store in [AnyStore::from(MemoryStore::new()), ServerStore::without_version().into()] {
        let zoho = Emulator::start().await;
        with_a_stale_token(&zoho, &store).await;
        let cut_off = Host::cut_off("cut off", Duration::from_millis(300));
        let leader = on(&zoho, &store, cut_off);
        let followers: Vec<_> = (0..10).map(|n| on(&zoho, &store, Host::healthy(&format!("{n}")))).collect();
        let (led, followed) = lead_and_follow(&zoho, leader, followers).await;
        assert!(led.is_ok(), "the leader gets what a healthy host obtained: {led:?}");
        for (outcome, _) in &followed {
            assert!(outcome.is_ok(), "{outcome:?}");
        }
        assert_eq!(token_requests(&zoho), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leader_that_hangs_in_connecting_holds_others_up_for_no_longer_than_that() {
    let zoho = Emulator::start().await;
    let store = AnyStore::from(MemoryStore::new());
    with_a_stale_token(&zoho, &store).await;
    let connect_timeout = Duration::from_secs(2);
    let leader = on(&zoho, &store, Host::cut_off("cut off", connect_timeout));
    let followers = (0..10).map(|n| on(&zoho, &store, Host::healthy(&format!("{n}")))).collect();
    let (_, followed) = lead_and_follow(&zoho, leader, followers).await;
    for (outcome, took) in followed {
        assert!(outcome.is_ok(), "{outcome:?}");
        assert!(took < connect_timeout + Duration::from_secs(1), "{took:?}");
    }
    assert_eq!(token_requests(&zoho), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_on_a_network_without_a_connection_share_its_failure() {
    let zoho = Emulator::start().await;
    let store = AnyStore::from(MemoryStore::new());
    with_a_stale_token(&zoho, &store).await;
    let cut_off = Host::cut_off("cut off", Duration::from_millis(20));
    let leader = on(&zoho, &store, cut_off.clone());
    let followers = (0..10).map(|_| on(&zoho, &store, cut_off.clone())).collect();
    let (led, followed) = lead_and_follow(&zoho, leader, followers).await;
    let error = led.unwrap_err();
    assert!(matches!(error, Error::Unreachable { failure: NetworkFailure::Connect, .. }), "{error}");
    for (outcome, _) in followed {
        let error = outcome.unwrap_err();
        assert!(error.is_transient(), "{error}");
    }
    assert_eq!(cut_off.attempts(), 3, "the leader's attempts are everybody's");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_without_a_connection_takes_no_quota_from_the_others() {
    let zoho = Emulator::start().await;
    let store = AnyStore::from(MemoryStore::new());
    with_a_stale_token(&zoho, &store).await;
    let cut_off = Host::cut_off("cut off", Duration::ZERO);
    for _ in 0..5 {
        let program = on(&zoho, &store, cut_off.clone());
        assert!(program.access_token(&ada(&zoho)).await.unwrap_err().is_transient());
        sleep(Duration::from_millis(1_050)).await;
    }
    assert_eq!(cut_off.attempts(), 15);
    assert!(on(&zoho, &store, Host::healthy("healthy")).access_token(&ada(&zoho)).await.is_ok());
    assert_eq!(token_requests(&zoho), 1);
}

type Outcome = Result<zoho_oauth::AccessToken, Error>;

/// Has the leader ask first, then the followers.
async fn lead_and_follow(
    zoho: &Emulator,
    leader: Authenticator,
    followers: Vec<Authenticator>,
) -> (Outcome, Vec<(Outcome, Duration)>) {
    let user = ada(zoho);
    let leading = tokio::spawn({
        let user = user.clone();
        async move { leader.access_token(&user).await }
    });
    sleep(Duration::from_millis(10)).await;
    let following: Vec<_> = followers
        .into_iter()
        .map(|follower| {
            let user = user.clone();
            tokio::spawn(async move {
                let started = Instant::now();
                (follower.access_token(&user).await, started.elapsed())
            })
        })
        .collect();
    let mut followed = Vec::new();
    for follower in following {
        followed.push(follower.await.unwrap());
    }
    (leading.await.unwrap(), followed)
}

fn on(zoho: &Emulator, store: &AnyStore, host: Host) -> Authenticator {
    builder(zoho, store.clone()).attempts(3).machine(host).build().unwrap()
}

//! However many tasks of this process want the same token, one request is sent.

use std::time::{Duration, Instant};

use zoho_emulator::{Emulator, Fault};
use zoho_oauth::store::{MemoryStore, SqliteStore, TokenStore};
use zoho_oauth::{AccessToken, Authenticator, Error};

use super::server_store::ServerStore;
use super::support::*;

async fn callers(
    authenticator: &Authenticator,
    zoho: &Emulator,
    count: usize,
) -> Vec<Result<AccessToken, Error>> {
    let tasks: Vec<_> = (0..count)
        .map(|_| {
            let (authenticator, user) = (authenticator.clone(), ada(zoho));
            tokio::spawn(async move { authenticator.access_token(&user).await })
        })
        .collect();
    let mut outcomes = Vec::new();
    for task in tasks {
        outcomes.push(task.await.unwrap());
    }
    outcomes
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_callers_cause_one_request_and_get_the_same_token() {
    for store in [
        MemoryStore::new().into_any(),
        FailingStore::default().into_any(),
        SqliteStore::in_memory().unwrap().into_any(),
    ] {
        let zoho = Emulator::start().await;
        with_a_stale_token(&zoho, &store).await;
        let outcomes = callers(&authenticator(&zoho, store), &zoho, 200).await;
        let first = outcomes[0].as_ref().unwrap().expose_secret();
        assert!(zoho.is_access_token_valid(first));
        assert!(outcomes.iter().all(|outcome| outcome.as_ref().unwrap().expose_secret() == first));
        assert_eq!(token_requests(&zoho), 1);
    }
}

#[tokio::test]
async fn processes_renew_once_on_a_store_of_this_crate_and_each_for_itself_on_one_with_six_methods() {
    assert_eq!(requests_of_two_processes(MemoryStore::new()).await, 1);
    assert_eq!(requests_of_two_processes(FailingStore::default()).await, 2);
}

/// Each of two authenticators stands for a process.
async fn requests_of_two_processes(store: impl TokenStore + Clone) -> usize {
    let zoho = Emulator::start().await;
    with_a_stale_token(&zoho, &store).await;
    zoho.fault(Fault::on(TOKEN_REQUEST).times(2).delay(Duration::from_millis(200)));
    let [one, other] = [(); 2].map(|()| authenticator(&zoho, store.clone()));
    let user = ada(&zoho);
    let (one, other) = tokio::join!(one.access_token(&user), other.access_token(&user));
    assert!(one.is_ok() && other.is_ok(), "{one:?} {other:?}");
    token_requests(&zoho)
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_callers_share_one_failure() {
    let zoho = Emulator::start().await;
    let store = MemoryStore::new();
    with_a_stale_token(&zoho, &store).await;
    zoho.fault(Fault::on(TOKEN_REQUEST).forever().status_500());
    let authenticator = authenticator(&zoho, store);
    let outcomes = callers(&authenticator, &zoho, 200).await;
    assert!(outcomes.iter().all(|outcome| outcome.as_ref().unwrap_err().is_transient()));
    assert_eq!(token_requests(&zoho), 1);
    zoho.clear_faults();
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    assert!(authenticator.access_token(&ada(&zoho)).await.is_ok(), "a failure is not shared forever");
}

#[tokio::test]
async fn a_dropped_caller_does_not_stop_the_renewal() {
    let zoho = Emulator::start().await;
    let store = MemoryStore::new();
    let stale = with_a_stale_token(&zoho, &store).await;
    zoho.fault(Fault::on(TOKEN_REQUEST).hold());
    let authenticator = authenticator(&zoho, store.clone());
    let user = ada(&zoho);
    tokio::select! {
        outcome = authenticator.access_token(&user) => panic!("a token before the response: {outcome:?}"),
        () = until_faults_applied(&zoho) => {}
    }
    zoho.clear_faults();
    let stored_end = async || store.get_tokens().await.unwrap()[0].expires_at();
    until("the renewed token is stored", async || stored_end().await != stale.expires_at()).await;
    let served = authenticator.access_token(&user).await.unwrap();
    assert_eq!(stored_end().await, served.expires_at());
    assert_eq!(token_requests(&zoho), 1);
}

#[tokio::test]
async fn a_temporary_failure_is_retried_a_bounded_number_of_times() {
    for (faults, attempts, succeeds) in [(2, 3, true), (3, 3, false)] {
        let zoho = Emulator::start().await;
        let store = MemoryStore::new();
        with_a_stale_token(&zoho, &store).await;
        zoho.fault(Fault::on(TOKEN_REQUEST).times(faults).html());
        let authenticator = builder(&zoho, store).attempts(attempts).build().unwrap();
        assert_eq!(authenticator.access_token(&ada(&zoho)).await.is_ok(), succeeds);
        assert_eq!(token_requests(&zoho), 3);
    }
}

#[tokio::test]
async fn a_request_to_a_hanging_server_times_out() {
    let zoho = Emulator::start().await;
    let store = MemoryStore::new();
    with_a_stale_token(&zoho, &store).await;
    zoho.fault(Fault::on(TOKEN_REQUEST).forever().hang());
    let timeout = Duration::from_millis(300);
    let authenticator = builder(&zoho, store).request_timeout(timeout).attempts(2).build().unwrap();
    let started = Instant::now();
    let error = authenticator.access_token(&ada(&zoho)).await.unwrap_err();
    assert!(matches!(error, Error::Unreachable { .. }) && error.is_transient(), "{error}");
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
}

#[tokio::test]
async fn a_connection_that_closes_before_the_response_is_a_temporary_failure() {
    let zoho = Emulator::start().await;
    let store = MemoryStore::new();
    with_a_stale_token(&zoho, &store).await;
    zoho.fault(Fault::on(TOKEN_REQUEST).drop_after());
    let authenticator = builder(&zoho, store).attempts(2).build().unwrap();
    assert!(authenticator.access_token(&ada(&zoho)).await.is_ok());
    assert_eq!(token_requests(&zoho), 2);
}

#[tokio::test]
async fn the_lease_is_extended_while_a_response_is_slow() {
    let zoho = Emulator::start().await;
    let store = MemoryStore::new();
    with_a_stale_token(&zoho, &store).await;
    // A lease is extended after a third of its life, so more than a second is left for a busy machine.
    let life = Duration::from_secs(2);
    let one = builder(&zoho, store.clone()).lease_life(life).build().unwrap();
    let other = builder(&zoho, store).lease_life(life).build().unwrap();
    let user = ada(&zoho);
    zoho.fault(Fault::on(TOKEN_REQUEST).hold());
    let (a, b, ()) = tokio::join!(
        one.access_token(&user),
        async {
            until_faults_applied(&zoho).await;
            other.access_token(&user).await
        },
        async {
            until_faults_applied(&zoho).await;
            tokio::time::sleep(life * 2).await;
            zoho.clear_faults();
        }
    );
    assert_eq!(a.unwrap().expose_secret(), b.unwrap().expose_secret());
    assert_eq!(token_requests(&zoho), 1);
}

#[tokio::test]
async fn nothing_is_sent_under_a_lease_that_may_have_expired_before_the_store_responded() {
    let zoho = Emulator::start().await;
    let store = ServerStore::without_version();
    with_a_stale_token(&zoho, &store).await;
    let life = Duration::from_millis(300);
    let program = || builder(&zoho, store.clone()).lease_life(life).build().unwrap();
    let (slow, other, user) = (program(), program(), ada(&zoho));
    store.delay_next_extension(life * 4);
    let (a, b) = tokio::join!(slow.access_token(&user), async {
        until("the lease is extended", async || store.has_delayed_an_extension()).await;
        other.access_token(&user).await
    });
    assert_eq!(a.unwrap().expose_secret(), b.unwrap().expose_secret());
    assert_eq!(token_requests(&zoho), 1);
}

//! A rejection outlives neither its cause nor an hour, and concerns only those who would send the same request.

use std::time::{Duration, SystemTime};

use zoho_emulator::{Emulator, Fault};
use zoho_oauth::store::coordination::{Acquired, Coordination, LeaseKey};
use zoho_oauth::store::{AnyStore, MemoryStore, TokenStore};
use zoho_oauth::{Error, ExposeSecret, LoginReason, OAuthClient, OAuthErrorCode, OAuthToken, Requester};

use super::support::*;

const MINUTE: Duration = Duration::from_secs(60);

fn is_remembered(error: &Error) -> bool {
    matches!(error, Error::LoginRequired { reason: LoginReason::RefreshTokenRejected { .. }, .. })
}

/// Two accounts servers that know the same client app.
async fn two_hosts() -> (Emulator, Emulator) {
    let zoho = Emulator::start().await;
    let elsewhere = Emulator::builder().client(zoho.default_client()).start().await;
    (zoho, elsewhere)
}

#[tokio::test]
async fn a_refresh_token_that_a_wrong_host_rejected_is_sent_to_the_right_one() {
    let (zoho, elsewhere) = two_hosts().await;
    let store = AnyStore::from(MemoryStore::new());
    with_a_stale_token(&zoho, &store).await;
    let wrong = || authenticator(&elsewhere, store.clone());
    let error = wrong().access_token(&ada(&zoho)).await.unwrap_err();
    assert!(matches!(error, Error::Rejected { code: OAuthErrorCode::InvalidCode, .. }), "{error}");
    for _ in 0..3 {
        let error = wrong().access_token(&ada(&zoho)).await.unwrap_err();
        assert!(is_remembered(&error) && error.needs_login(), "{error}");
        let host = elsewhere.base_url();
        assert!(error.to_string().contains(host.trim_start_matches("http://")), "{error}");
    }
    assert_eq!(token_requests(&elsewhere), 1);
    assert!(authenticator(&zoho, store.clone()).access_token(&ada(&zoho)).await.is_ok());
}

#[tokio::test]
async fn programs_with_wrong_settings_take_no_quota_from_those_with_the_right_ones() {
    let zoho = Emulator::start().await;
    let app = zoho.default_client();
    for (client, expected) in [
        (OAuthClient::new(app.id(), "an old secret"), OAuthErrorCode::InvalidClientSecret),
        (OAuthClient::new("1000.UNKNOWN", "secret"), OAuthErrorCode::InvalidClient),
    ] {
        zoho.journal().clear();
        let store = AnyStore::from(MemoryStore::new());
        let row = with_a_stale_token(&zoho, &store).await;
        let wanted = OAuthToken::new().with_id(row.id().unwrap());
        store.save_token(&row.clone().with_client_id(client.id())).await.unwrap();
        for _ in 0..20 {
            let program = builder(&zoho, store.clone()).client(client.clone()).build().unwrap();
            let error = program.access_token_for(&wanted).await.unwrap_err();
            assert!(matches!(&error, Error::Rejected { code, .. } if *code == expected), "{error}");
            assert!(!error.is_transient(), "{error}");
        }
        assert_eq!(token_requests(&zoho), 1);
        store.save_token(&row.with_client(app.id(), app.secret())).await.unwrap();
        assert!(authenticator(&zoho, store).access_token(&ada(&zoho)).await.is_ok());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_waited_for_one_at_another_host_asks_its_own() {
    let (zoho, elsewhere) = two_hosts().await;
    for fault in [
        Fault::on(TOKEN_REQUEST).delay(Duration::from_millis(300)),
        Fault::on(TOKEN_REQUEST).hang_for(Duration::from_millis(300)),
    ] {
        elsewhere.fault(fault);
        let store = AnyStore::from(MemoryStore::new());
        with_a_stale_token(&zoho, &store).await;
        let wrong = authenticator(&elsewhere, store.clone());
        let user = ada(&zoho);
        let leading = tokio::spawn(async move { wrong.access_token(&user).await });
        until_faults_applied(&elsewhere).await;
        let followed = authenticator(&zoho, store).access_token(&ada(&zoho)).await;
        assert!(followed.is_ok(), "{followed:?}");
        assert!(leading.await.unwrap().is_err());
    }
}

#[tokio::test]
async fn a_rejection_by_a_proxy_can_be_forgotten() {
    let zoho = Emulator::start().await;
    let store = AnyStore::from(MemoryStore::new());
    let row = with_a_stale_token(&zoho, &store).await;
    let program = || authenticator(&zoho, store.clone());
    assert!(!program().forget_rejections(&row).await.unwrap(), "there is none");
    zoho.fault(Fault::on(TOKEN_REQUEST).respond(200, r#"{"error":"invalid_code"}"#));
    assert!(program().access_token(&ada(&zoho)).await.is_err());
    assert!(is_remembered(&program().access_token(&ada(&zoho)).await.unwrap_err()));
    assert!(program().forget_rejections(&OAuthToken::new().with_user(ada(&zoho))).await.unwrap());
    assert!(program().access_token(&ada(&zoho)).await.is_ok());
    assert!(!program().forget_rejections(&row).await.unwrap(), "a token was issued since");
    assert!(!program().forget_rejections(&OAuthToken::new().with_user("nobody")).await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn after_an_hour_one_program_of_ten_sends_it_again() {
    let zoho = Emulator::start().await;
    for (age, requests) in [(59 * MINUTE, 0), (61 * MINUTE, 1)] {
        zoho.journal().clear();
        let store = MemoryStore::new();
        let row = with_a_stale_token(&zoho, &store).await;
        let refresh_token = row.refresh_token().unwrap();
        zoho.evict_refresh_token(refresh_token.expose_secret());
        reject(&zoho, &store, &row, SystemTime::now() - age).await;
        let programs: Vec<_> = (0..10).map(|_| authenticator(&zoho, AnyStore::from(store.clone()))).collect();
        let asked = programs.into_iter().map(|program| {
            let user = ada(&zoho);
            tokio::spawn(async move { program.access_token(&user).await.unwrap_err() })
        });
        for program in asked.collect::<Vec<_>>() {
            let error = program.await.unwrap();
            assert!(error.needs_login(), "{error}");
        }
        assert_eq!(token_requests(&zoho), requests, "{age:?}");
    }
}

/// Has the ledger of a row say that Zoho rejected its refresh token at `at`.
async fn reject(zoho: &Emulator, store: &MemoryStore, row: &OAuthToken, at: SystemTime) {
    let refresh_token = row.refresh_token().unwrap();
    let acquired = store.acquire(&LeaseKey::refresh(refresh_token), "a test", MINUTE).await.unwrap();
    let Acquired::Granted(mut lease) = acquired else { panic!("the lease is held") };
    let (id, secret) = (row.client_id().unwrap(), row.client_secret().unwrap());
    let requester = Requester::new(refresh_token, environment(zoho).accounts_url(), id, secret);
    lease.ledger.note_rejection(&requester, "invalid_code", at, 60 * MINUTE);
    assert!(store.release(&lease).await.unwrap());
}

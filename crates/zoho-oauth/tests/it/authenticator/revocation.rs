//! Tokens are revoked at Zoho and deleted from the store, or only deleted.

use zoho_emulator::{Emulator, Fault};
use zoho_oauth::store::{MemoryStore, TokenStore};
use zoho_oauth::{ExposeSecret, OAuthToken};

use super::support::*;

#[tokio::test]
async fn a_revocation_that_zoho_rejects_keeps_the_row() {
    let zoho = Emulator::start().await;
    let store = MemoryStore::new();
    let authenticator = authenticator(&zoho, store.clone());
    logged_in(&zoho, &authenticator).await;
    let revoke = || Fault::on("POST /oauth/v2/token/revoke");
    for fault in [revoke().throttle(), revoke().respond(200, r#"{"error":"general_error"}"#), revoke().html()]
    {
        zoho.fault(fault);
        assert!(authenticator.revoke(&OAuthToken::new().with_user(ada(&zoho))).await.is_err());
        assert_eq!(store.get_tokens().await.unwrap().len(), 1);
    }
    authenticator.revoke(&OAuthToken::new().with_user(ada(&zoho))).await.unwrap();
    assert!(store.get_tokens().await.unwrap().is_empty());
}

#[tokio::test]
async fn revoking_invalidates_the_token_at_zoho_and_deletes_only_its_row() {
    let zoho = Emulator::start().await;
    let store = MemoryStore::new();
    let authenticator = authenticator(&zoho, store.clone());
    let token = logged_in(&zoho, &authenticator).await;
    let other = store.save_token(&OAuthToken::new().with_user("bob").with_access_token("b")).await.unwrap();
    authenticator.revoke(&OAuthToken::new().with_id(token.id().unwrap())).await.unwrap();
    assert!(!zoho.is_refresh_token_valid(token.refresh_token().unwrap().expose_secret()));
    assert!(!zoho.is_access_token_valid(token.access_token().unwrap().expose_secret()));
    let left = store.get_tokens().await.unwrap();
    assert_eq!(left.iter().map(OAuthToken::id).collect::<Vec<_>>(), [other.id()]);
    assert!(authenticator.access_token(&ada(&zoho)).await.unwrap_err().needs_login());
}

#[tokio::test]
async fn a_revocation_that_does_not_reach_zoho_keeps_the_row() {
    let zoho = Emulator::start().await;
    let store = MemoryStore::new();
    let authenticator = authenticator(&zoho, store.clone());
    logged_in(&zoho, &authenticator).await;
    zoho.fault(Fault::on("POST /oauth/v2/token/revoke").drop_before());
    let error = authenticator.revoke(&OAuthToken::new().with_user(ada(&zoho))).await.unwrap_err();
    assert!(error.is_transient(), "{error}");
    assert_eq!(store.get_tokens().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_login_during_a_revocation_is_not_deleted_with_the_old_token() {
    let zoho = Emulator::start().await;
    let store = MemoryStore::new();
    let authenticator = authenticator(&zoho, store.clone());
    logged_in(&zoho, &authenticator).await;
    zoho.fault(Fault::on("POST /oauth/v2/token/revoke").hold());
    let user = OAuthToken::new().with_user(ada(&zoho));
    let (revoked, newer) = tokio::join!(authenticator.revoke(&user), async {
        until_faults_applied(&zoho).await;
        let newer = logged_in(&zoho, &authenticator).await;
        zoho.clear_faults();
        newer
    });
    revoked.unwrap();
    let rows = store.get_tokens().await.unwrap();
    let secret = |token: &OAuthToken| token.refresh_token().unwrap().expose_secret().to_owned();
    assert_eq!(rows.iter().map(secret).collect::<Vec<_>>(), [secret(&newer)]);
}

#[tokio::test]
async fn logging_out_deletes_the_row_without_informing_zoho() {
    let zoho = Emulator::start().await;
    let store = MemoryStore::new();
    let authenticator = authenticator(&zoho, store.clone());
    let token = logged_in(&zoho, &authenticator).await;
    let user = OAuthToken::new().with_user(ada(&zoho));
    assert!(authenticator.logout(&user).await.unwrap());
    assert!(!authenticator.logout(&user).await.unwrap());
    assert!(zoho.is_refresh_token_valid(token.refresh_token().unwrap().expose_secret()));
    assert_eq!(zoho.journal().entries().len(), 0);
}

//! Use, renew, replace: which token a caller gets.

use std::time::{Duration, SystemTime};

use zoho_emulator::{Emulator, Fault};
use zoho_oauth::store::{MemoryStore, SqliteStore, TokenStore};
use zoho_oauth::{Error, ExposeSecret, Grant, OAuthToken, UserSignature};

use super::support::*;

#[tokio::test]
async fn a_valid_token_is_served_without_a_request_even_after_a_restart() {
    let zoho = Emulator::start().await;
    let file = tempfile::tempdir().unwrap();
    let path = file.path().join("zohooauth.db");
    let first = logged_in(&zoho, &authenticator(&zoho, SqliteStore::open(&path).unwrap())).await;
    let restarted = authenticator(&zoho, SqliteStore::open(&path).unwrap());
    let served = restarted.access_token(&ada(&zoho)).await.unwrap();
    assert_eq!(served.expose_secret(), first.access_token().unwrap().expose_secret());
    assert_eq!(zoho.journal().entries().len(), 0);
}

#[tokio::test]
async fn an_expired_token_is_renewed_and_keeps_its_refresh_token() {
    let zoho = Emulator::start().await;
    let store = MemoryStore::new();
    let stale = with_a_stale_token(&zoho, &store).await;
    let served = authenticator(&zoho, store.clone()).access_token(&ada(&zoho)).await.unwrap();
    assert!(zoho.is_access_token_valid(served.expose_secret()));
    let row = store.find_token_by_id(stale.id().unwrap()).await.unwrap().unwrap();
    assert_eq!(row.access_token().unwrap().expose_secret(), served.expose_secret());
    assert_eq!(row.refresh_token().unwrap().expose_secret(), stale.refresh_token().unwrap().expose_secret());
    assert_eq!(token_requests(&zoho), 1);
}

#[tokio::test]
async fn a_token_that_expires_before_it_is_stored_is_replaced() {
    let zoho = Emulator::builder().token_lifetime(Duration::from_secs(2)).start().await;
    let store = MemoryStore::new();
    let app = zoho.default_client();
    // Its user's name is looked up before it is stored.
    let unnamed = OAuthToken::new()
        .with_client(app.id(), app.secret())
        .with_refresh_token(zoho.grant_refresh_token(app.id(), "ada@example.com"))
        .with_api_domain(zoho.base_url());
    let id = store.save_token(&unnamed).await.unwrap().id().unwrap().to_owned();
    zoho.fault(Fault::on("GET /crm/v8/users").hold());
    let authenticator = authenticator(&zoho, store);
    let wanted = OAuthToken::new().with_id(id);
    let (served, ()) = tokio::join!(authenticator.access_token_for(&wanted), async {
        until_faults_applied(&zoho).await;
        tokio::time::sleep(Duration::from_secs(3)).await;
        zoho.clear_faults();
    });
    assert!(zoho.is_access_token_valid(served.unwrap().expose_secret()));
    assert_eq!(token_requests(&zoho), 2);
}

#[tokio::test]
async fn a_row_with_a_client_app_is_renewed_without_the_authenticators() {
    let zoho = Emulator::start().await;
    let store = MemoryStore::new();
    with_a_stale_token(&zoho, &store).await;
    let authenticator = zoho_oauth::Authenticator::builder(environment(&zoho)).store(store).build().unwrap();
    assert!(authenticator.access_token(&ada(&zoho)).await.is_ok());
}

#[tokio::test]
async fn a_refresh_token_alone_is_stored_and_named_at_its_first_renewal() {
    let zoho = Emulator::start().await;
    let store = MemoryStore::new();
    let app = zoho.default_client();
    let refresh_token = zoho.grant_refresh_token(app.id(), "ada@example.com");
    let token = OAuthToken::new().with_client(app.id(), app.secret()).with_refresh_token(refresh_token);
    let authenticator = authenticator(&zoho, store.clone());
    let first = authenticator.access_token_for(&token).await.unwrap();
    let again = authenticator.access_token_for(&token).await.unwrap();
    assert_eq!(first.expose_secret(), again.expose_secret());
    assert_eq!(first.user(), Some(&ada(&zoho)));
    assert_eq!(token_requests(&zoho), 1);
    assert_eq!(store.get_tokens().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_row_is_stored_with_the_client_app_that_renews_it() {
    let zoho = Emulator::start().await;
    let store = MemoryStore::new();
    let app = zoho.default_client();
    let token = OAuthToken::new().with_refresh_token(zoho.grant_refresh_token(app.id(), "ada@example.com"));
    authenticator(&zoho, store.clone()).access_token_for(&token).await.unwrap();
    let row = store.get_tokens().await.unwrap().remove(0);
    assert_eq!(row.client_id(), Some(app.id()));
    assert_eq!(row.client_secret().unwrap().expose_secret(), app.secret());
}

#[tokio::test]
async fn a_refresh_token_without_its_client_app_is_renewed_once() {
    let zoho = Emulator::start().await;
    let store = MemoryStore::new();
    let app = zoho.default_client();
    let token = OAuthToken::new().with_refresh_token(zoho.grant_refresh_token(app.id(), "ada@example.com"));
    for _ in 0..3 {
        let restarted = authenticator(&zoho, store.clone());
        for _ in 0..2 {
            restarted.access_token_for(&token).await.unwrap();
            tokio::time::sleep(Duration::from_millis(600)).await;
        }
    }
    assert_eq!(token_requests(&zoho), 1);
    assert_eq!(store.get_tokens().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_changed_client_secret_is_used_and_stored() {
    let zoho = Emulator::start().await;
    let store = MemoryStore::new();
    let stale = with_a_stale_token(&zoho, &store).await;
    let old = stale.with_client(zoho.default_client().id(), "the old secret");
    store.save_token(&old).await.unwrap();
    authenticator(&zoho, store.clone()).access_token(&ada(&zoho)).await.unwrap();
    let row = store.get_tokens().await.unwrap().remove(0);
    assert_eq!(row.client_secret().unwrap().expose_secret(), zoho.default_client().secret());
}

#[tokio::test]
async fn a_lifetime_beyond_all_bounds_is_limited() {
    let zoho = Emulator::start().await;
    let store = MemoryStore::new();
    with_a_stale_token(&zoho, &store).await;
    let response = r#"{"access_token":"1000.long","expires_in":18446744073709551615}"#;
    zoho.fault(Fault::on(TOKEN_REQUEST).respond(200, response));
    let served = authenticator(&zoho, store).access_token(&ada(&zoho)).await.unwrap();
    assert_eq!(served.expose_secret(), "1000.long");
}

#[tokio::test]
async fn replacing_a_token_whose_row_was_deleted_requires_a_login() {
    let zoho = Emulator::start().await;
    let store = MemoryStore::new();
    with_a_stale_token(&zoho, &store).await;
    let authenticator = authenticator(&zoho, store.clone());
    let served = authenticator.access_token(&ada(&zoho)).await.unwrap();
    store.delete_tokens().await.unwrap();
    assert!(authenticator.replace(&served).await.unwrap_err().needs_login());
}

#[tokio::test]
async fn an_access_token_alone_is_used_as_it_is_and_not_stored() {
    let zoho = Emulator::start().await;
    let store = MemoryStore::new();
    let token = OAuthToken::new().with_access_token("1000.mine");
    let served = authenticator(&zoho, store.clone()).access_token_for(&token).await.unwrap();
    assert_eq!(served.expose_secret(), "1000.mine");
    assert!(store.get_tokens().await.unwrap().is_empty());
    assert_eq!(zoho.journal().entries().len(), 0);
}

#[tokio::test]
async fn an_id_identifies_its_row_and_an_unknown_id_is_not_found() {
    let zoho = Emulator::start().await;
    let store = MemoryStore::new();
    let row = with_a_stale_token(&zoho, &store).await;
    let authenticator = authenticator(&zoho, store);
    let served = authenticator.access_token_for(&OAuthToken::new().with_id(row.id().unwrap())).await.unwrap();
    assert_eq!(served.id(), row.id());
    let missing = authenticator.access_token_for(&OAuthToken::new().with_id("404")).await.unwrap_err();
    assert!(matches!(missing, Error::NotFound { .. }) && !missing.needs_login());
}

#[tokio::test]
async fn an_unknown_user_has_to_log_in() {
    let zoho = Emulator::start().await;
    let error = authenticator(&zoho, MemoryStore::new()).access_token(&"nobody".into()).await.unwrap_err();
    assert!(error.needs_login() && !error.is_transient(), "{error}");
    assert_eq!(zoho.journal().entries().len(), 0);
}

#[tokio::test]
async fn a_rejected_refresh_token_is_not_tried_again() {
    let zoho = Emulator::start().await;
    let store = MemoryStore::new();
    let row = with_a_stale_token(&zoho, &store).await;
    zoho.evict_refresh_token(row.refresh_token().unwrap().expose_secret());
    let first = authenticator(&zoho, store.clone()).access_token(&ada(&zoho)).await.unwrap_err();
    assert!(first.needs_login(), "{first}");
    let restarted = authenticator(&zoho, store.clone());
    for _ in 0..3 {
        assert!(restarted.access_token(&ada(&zoho)).await.unwrap_err().needs_login());
    }
    assert_eq!(token_requests(&zoho), 1);
    logged_in(&zoho, &restarted).await;
    assert!(restarted.access_token(&ada(&zoho)).await.is_ok());
}

#[tokio::test]
async fn a_rejected_token_is_replaced_by_the_one_that_another_process_stored() {
    let zoho = Emulator::start().await;
    let store = MemoryStore::new();
    with_a_stale_token(&zoho, &store).await;
    let (one, other) = (authenticator(&zoho, store.clone()), authenticator(&zoho, store.clone()));
    let rejected = one.access_token(&ada(&zoho)).await.unwrap();
    zoho.invalidate_access_token(rejected.expose_secret());
    let renewed = other.replace(&rejected).await.unwrap();
    let adopted = one.replace(&rejected).await.unwrap();
    assert_eq!(adopted.expose_secret(), renewed.expose_secret());
    assert_ne!(adopted.expose_secret(), rejected.expose_secret());
    assert_eq!(token_requests(&zoho), 2);
}

/// As after a failover to a copy that lacks the row, whose id is assigned again.
#[tokio::test]
async fn a_rejected_token_is_not_replaced_by_that_of_another_user_with_the_same_id() {
    let zoho = Emulator::start().await;
    let store = MemoryStore::new();
    with_a_stale_token(&zoho, &store).await;
    let authenticator = authenticator(&zoho, store.clone());
    let rejected = authenticator.access_token(&ada(&zoho)).await.unwrap();
    let id = rejected.id().unwrap();
    store.delete_token(id).await.unwrap();
    let later = SystemTime::now() + Duration::from_secs(3_600);
    let other =
        OAuthToken::new().with_id(id).with_user("grace").with_access_token("hers").with_expires_at(later);
    store.save_token(&other).await.unwrap();
    let error = authenticator.replace(&rejected).await.unwrap_err();
    assert!(error.needs_login(), "{error}");
}

#[tokio::test]
async fn changes_of_another_process_are_visible_within_a_second() {
    let zoho = Emulator::start().await;
    let file = tempfile::tempdir().unwrap();
    let path = file.path().join("zohooauth.db");
    let here = authenticator(&zoho, SqliteStore::open(&path).unwrap());
    let there = authenticator(&zoho, SqliteStore::open(&path).unwrap());
    logged_in(&zoho, &here).await;
    let before = here.access_token(&ada(&zoho)).await.unwrap();

    let renewed = there.refresh(&ada(&zoho)).await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let seen = here.access_token(&ada(&zoho)).await.unwrap();
    assert_eq!(seen.expose_secret(), renewed.expose_secret());
    assert_ne!(seen.expose_secret(), before.expose_secret());

    there.revoke(&OAuthToken::new().with_user(ada(&zoho))).await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(here.access_token(&ada(&zoho)).await.unwrap_err().needs_login());
}

#[tokio::test]
async fn an_old_access_token_in_a_configuration_is_not_handed_out_as_fresh() {
    let zoho = Emulator::start().await;
    let store = MemoryStore::new();
    let app = zoho.default_client();
    let token = OAuthToken::new()
        .with_client(app.id(), app.secret())
        .with_refresh_token(zoho.grant_refresh_token(app.id(), "ada@example.com"));
    authenticator(&zoho, store.clone()).access_token_for(&token).await.unwrap();
    let configured = token.with_access_token("1000.years-old");
    let served = authenticator(&zoho, store).access_token_for(&configured).await.unwrap();
    assert!(zoho.is_access_token_valid(served.expose_secret()));
}

#[tokio::test]
async fn a_token_in_use_is_renewed_in_the_background_before_it_expires() {
    let zoho = Emulator::start().await;
    let store = MemoryStore::new();
    with_an_ending_token(&zoho, &store).await;
    zoho.fault(Fault::on(TOKEN_REQUEST).hold());
    let (authenticator, user) = (authenticator(&zoho, store), ada(&zoho));
    let served = async || authenticator.access_token(&user).await.unwrap().expose_secret().to_owned();
    until("the early renewal has started", async || {
        assert_eq!(served().await, "1000.ending", "no caller waits for an early renewal");
        zoho.pending_faults() == 0
    })
    .await;
    assert_eq!(served().await, "1000.ending");
    zoho.clear_faults();
    until("the new token is served", async || served().await != "1000.ending").await;
    assert_eq!(token_requests(&zoho), 1);
}

#[tokio::test]
async fn a_token_that_lives_for_minutes_is_not_renewed_early_from_the_start() {
    let zoho = Emulator::builder().token_lifetime(Duration::from_secs(240)).start().await;
    let authenticator = authenticator(&zoho, MemoryStore::new());
    logged_in(&zoho, &authenticator).await;
    let first = authenticator.refresh(&ada(&zoho)).await.unwrap();
    for _ in 0..5 {
        let served = authenticator.access_token(&ada(&zoho)).await.unwrap();
        assert_eq!(served.expose_secret(), first.expose_secret());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(token_requests(&zoho), 1, "the early window is the last quarter of its life");
}

#[tokio::test]
async fn a_failing_early_renewal_does_not_displace_a_valid_token() {
    let zoho = Emulator::start().await;
    let store = MemoryStore::new();
    with_an_ending_token(&zoho, &store).await;
    zoho.fault(Fault::on(TOKEN_REQUEST).forever().status_500());
    let (authenticator, user) = (authenticator(&zoho, store), ada(&zoho));
    let served = async || authenticator.access_token(&user).await.unwrap().expose_secret().to_owned();
    until("the early renewal has failed", async || {
        assert_eq!(served().await, "1000.ending");
        token_requests(&zoho) > 0
    })
    .await;
    for _ in 0..5 {
        assert_eq!(served().await, "1000.ending");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(token_requests(&zoho), 1, "one early attempt");
}

#[tokio::test]
async fn a_caller_whose_token_expires_during_the_first_attempt_gets_the_next_attempt_too() {
    let zoho = Emulator::start().await;
    let store = MemoryStore::new();
    let end = SystemTime::now() + Duration::from_millis(500);
    let row = with_a_stale_token(&zoho, &store).await.with_access_token("1000.ending").with_expires_at(end);
    store.save_token(&row).await.unwrap();
    zoho.fault(Fault::on(TOKEN_REQUEST).hang_for(Duration::from_secs(1)));
    let authenticator = builder(&zoho, store).attempts(2).build().unwrap();
    let served = authenticator.access_token(&ada(&zoho)).await.unwrap();
    assert!(zoho.is_access_token_valid(served.expose_secret()));
}

#[tokio::test]
async fn users_do_not_get_each_others_tokens() {
    let zoho = Emulator::builder()
        .user(zoho_emulator::User::new("ada@example.com").zgid("1"))
        .user(zoho_emulator::User::new("bob@example.com").zgid("1"))
        .start()
        .await;
    let authenticator = authenticator(&zoho, MemoryStore::new());
    for user in ["ada@example.com", "bob@example.com"] {
        let code = zoho.self_client_code(user);
        authenticator.exchange(Grant::from_self_client(code)).await.unwrap();
    }
    let ada = authenticator.access_token(&UserSignature::new("ada@example.com:1")).await.unwrap();
    let bob = authenticator.access_token(&UserSignature::new("bob@example.com:1")).await.unwrap();
    assert_ne!(ada.expose_secret(), bob.expose_secret());
    assert_eq!(bob.user().unwrap().name(), "bob@example.com:1");
    for unknown in ["", "ada@example.com", "ADA@example.com:1", "%"] {
        assert!(authenticator.access_token(&unknown.into()).await.unwrap_err().needs_login(), "{unknown}");
    }
}

//! Users of several data centers share an authenticator.

use zoho_emulator::{Emulator, User};
use zoho_oauth::store::{MemoryStore, TokenStore};
use zoho_oauth::{Authenticator, DataCenter, Environment, Error, OAuthToken};

use super::support::*;

#[tokio::test]
async fn each_row_is_renewed_in_its_own_data_center() {
    let zoho = Emulator::builder()
        .data_centers(["us", "eu"])
        .user(User::new("ada@example.com").zgid("1").data_center("us"))
        .user(User::new("eva@example.com").zgid("2").data_center("eu"))
        .start()
        .await;
    let app = zoho.default_client();
    let store = MemoryStore::new();
    for (user, location) in [("ada@example.com", "us"), ("eva@example.com", "eu")] {
        let row = OAuthToken::new()
            .with_user(user)
            .with_client(app.id(), app.secret())
            .with_refresh_token(zoho.grant_refresh_token(app.id(), user))
            .with_api_domain(zoho.base_url_of(location));
        store.save_token(&row).await.unwrap();
    }
    let authenticator = Authenticator::builder(Environment::local(&zoho.base_url_of("us")).unwrap())
        .other_environment(Environment::local(&zoho.base_url_of("eu")).unwrap())
        .store(store)
        .build()
        .unwrap();
    for (user, location) in [("ada@example.com", "us"), ("eva@example.com", "eu")] {
        let token = authenticator.access_token(&user.into()).await.unwrap();
        assert!(zoho.is_access_token_valid(token.expose_secret()));
        assert_eq!(token.environment().api_url(), zoho.base_url_of(location));
    }
}

#[tokio::test]
async fn a_sandbox_row_is_not_served_by_production() {
    let store = MemoryStore::new();
    let row = OAuthToken::new()
        .with_user("ada")
        .with_client("c", "s")
        .with_refresh_token("r")
        .with_api_domain("https://sandbox.zohoapis.eu");
    store.save_token(&row).await.unwrap();
    let authenticator = Authenticator::builder(DataCenter::Eu.production()).store(store).build().unwrap();
    let error = authenticator.access_token(&"ada".into()).await.unwrap_err();
    assert!(matches!(error, Error::EnvironmentMismatch { .. }), "{error}");
    assert!(error.to_string().contains("sandbox.zohoapis.eu"));
}

#[tokio::test]
async fn a_row_of_an_unknown_host_is_sent_nowhere() {
    let store = MemoryStore::new();
    let row = OAuthToken::new()
        .with_user("ada")
        .with_client("c", "s")
        .with_refresh_token("r")
        .with_access_token("a")
        .with_api_domain("https://www.zohoapis.eu.evil.example");
    store.save_token(&row).await.unwrap();
    let authenticator = Authenticator::builder(DataCenter::Eu.production()).store(store).build().unwrap();
    assert!(matches!(
        authenticator.access_token(&"ada".into()).await,
        Err(Error::EnvironmentMismatch { .. })
    ));
}

#[tokio::test]
async fn of_rows_in_several_environments_the_authenticators_own_is_used() {
    let zoho = Emulator::start().await;
    let store = MemoryStore::new();
    let ours = with_a_stale_token(&zoho, &store).await;
    let elsewhere = ours.clone().with_id("77").with_api_domain("https://www.zohoapis.in");
    store.save_token(&elsewhere).await.unwrap();
    let served = authenticator(&zoho, store).access_token(&ada(&zoho)).await.unwrap();
    assert_eq!(served.id(), ours.id());
}

//! A user who is logged in at an emulator.

use std::time::Duration;

use zoho_emulator::Emulator;
use zoho_oauth::store::{MemoryStore, TokenStore};
use zoho_oauth::{Authenticator, Environment, OAuthClient, OAuthToken};
use zohocrm::{Crm, CrmBuilder, Retries};

pub(crate) const ADA: &str = "ada@example.com";

pub(crate) struct LoggedIn {
    pub(crate) zoho: Emulator,
    pub(crate) authenticator: Authenticator,
    pub(crate) crm: Crm,
    pub(crate) refresh_token: String,
}

impl LoggedIn {
    /// The number of requests for an access token.
    pub(crate) fn renewals(&self) -> usize {
        self.zoho.journal().count("POST /oauth/v2/token")
    }

    /// The access token that calls are made with.
    pub(crate) async fn access_token(&self) -> String {
        let token = self.authenticator.access_token(&ADA.into()).await.unwrap();
        token.expose_secret().to_owned()
    }
}

/// Retries with short delays.
pub(crate) fn quick() -> Retries {
    Retries::new().first_delay(Duration::from_millis(5)).max_delay(Duration::from_millis(20))
}

/// Ada's CRM with quick retries and further options.
pub(crate) fn crm(ada: &LoggedIn, build: impl FnOnce(CrmBuilder) -> CrmBuilder) -> Crm {
    build(Crm::builder(&ada.authenticator).retries(quick())).build_for(ADA)
}

pub(crate) async fn logged_in() -> LoggedIn {
    logged_in_at(Emulator::start().await).await
}

pub(crate) async fn logged_in_at(zoho: Emulator) -> LoggedIn {
    let client = zoho.default_client();
    let refresh_token = zoho.grant_refresh_token(client.id(), ADA);
    let store = MemoryStore::new();
    let row = OAuthToken::new()
        .with_user(ADA)
        .with_client(client.id(), client.secret())
        .with_refresh_token(refresh_token.as_str())
        .with_api_domain(zoho.base_url());
    store.save_token(&row).await.unwrap();
    let authenticator = Authenticator::builder(Environment::local(&zoho.base_url()).unwrap())
        .client(OAuthClient::new(client.id(), client.secret()))
        .store(store)
        .build()
        .unwrap();
    let crm = Crm::new(&authenticator, ADA);
    LoggedIn { zoho, authenticator, crm, refresh_token }
}

//! An emulator of Zoho, and users whose tokens have expired.

use std::time::{Duration, SystemTime};

use processes::Setup;
use zoho_emulator::{ClientApp, Emulator, EmulatorBuilder};
use zoho_oauth::OAuthToken;
use zoho_oauth::store::TokenStore;

use super::Place;

/// The name of a token request in the journal.
pub(crate) const TOKEN_REQUEST: &str = "POST /oauth/v2/token";

pub(crate) struct Zoho {
    pub(crate) emulator: Emulator,
    pub(crate) client: ClientApp,
}

impl Zoho {
    pub(crate) const USER: &str = "ada@example.com";

    pub(crate) async fn start() -> Self {
        Self::start_as(Emulator::builder()).await
    }

    /// Starts an emulator with these settings.
    pub(crate) async fn start_as(builder: EmulatorBuilder) -> Self {
        let emulator = builder.start().await;
        let client = emulator.default_client();
        Self { emulator, client }
    }

    /// The setup of a worker for this emulator and the store at `place`.
    pub(crate) fn setup(&self, place: &Place) -> Setup {
        Setup {
            store: place.patient_url(),
            zoho: self.emulator.base_url(),
            client_id: self.client.id().to_owned(),
            client_secret: self.client.secret().to_owned(),
            early_window: 0,
            lease_life: u64::try_from(place.backend.lease_life().as_millis()).unwrap(),
            timeout: 30_000,
            attempts: 3,
        }
    }

    /// Stores a row for `user` whose access token has expired. Returns its refresh token.
    pub(crate) async fn seed(&self, place: &Place, user: &str) -> String {
        let expired = SystemTime::now() - Duration::from_secs(60);
        self.seed_until(place, user, expired).await
    }

    /// Stores a row for `user` whose access token expires at this moment. Returns its refresh token.
    pub(crate) async fn seed_until(&self, place: &Place, user: &str, expires_at: SystemTime) -> String {
        let refresh_token = self.emulator.grant_refresh_token(self.client.id(), Self::USER);
        let row = OAuthToken::new()
            .with_user(user)
            .with_client(self.client.id(), self.client.secret().to_owned())
            .with_refresh_token(refresh_token.clone())
            .with_access_token("1000.seeded.seeded")
            .with_expires_at(expires_at)
            .with_api_domain(self.emulator.base_url());
        place.open().save_token(&row).await.unwrap();
        refresh_token
    }

    /// How many token requests have arrived.
    pub(crate) fn requests(&self) -> usize {
        self.emulator.journal().count(TOKEN_REQUEST)
    }

    pub(crate) fn accepts(&self, access_token: &str) -> bool {
        self.emulator.is_access_token_valid(access_token)
    }
}

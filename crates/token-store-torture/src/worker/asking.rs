//! Access tokens for many tasks, through the `Authenticator` that programs use.

use std::time::{Duration, SystemTime};

use tokio::task::JoinSet;
use zoho_oauth::store::AnyStore;
use zoho_oauth::{Authenticator, Environment, Error, OAuthClient, OAuthToken, UserSignature};

use super::with_causes;
use crate::place::Place;
use crate::protocol::{Tokens, Wanted};

/// Asks for the access token from this many tasks.
pub(super) async fn access_token(
    store: &AnyStore,
    place: &Place,
    wanted: &Wanted,
    tasks: usize,
) -> Result<Tokens, String> {
    let authenticator = authenticator(store, place, wanted).map_err(|error| with_causes(&error))?;
    let mut asking = JoinSet::new();
    for _ in 0..tasks {
        let (authenticator, user) = (authenticator.clone(), UserSignature::from(wanted.user.clone()));
        asking.spawn(async move { authenticator.access_token(&user).await });
    }
    let mut got = Tokens::default();
    while let Some(ended) = asking.join_next().await {
        match ended.map_err(|error| error.to_string())? {
            Ok(token) => *got.tokens.entry(token.expose_secret().to_owned()).or_default() += 1,
            Err(error) => *got.errors.entry(with_causes(&error)).or_default() += 1,
        }
    }
    Ok(got)
}

fn authenticator(store: &AnyStore, place: &Place, wanted: &Wanted) -> Result<Authenticator, Error> {
    Authenticator::builder(Environment::local(&wanted.server)?)
        .client(OAuthClient::new(wanted.client_id.clone(), wanted.client_secret.clone()))
        .store(store.clone())
        .spool_folder(place.path().join("spool"))
        .margin(Duration::from_secs(1))
        .early_window(Duration::ZERO)
        .build()
}

/// A row whose access token expired a minute ago.
pub(super) fn expired_token(wanted: &Wanted) -> OAuthToken {
    OAuthToken::new()
        .with_user(wanted.user.clone())
        .with_client(wanted.client_id.clone(), wanted.client_secret.clone())
        .with_refresh_token(wanted.refresh_token.clone())
        .with_access_token("1000.expired.expired")
        .with_expires_at(SystemTime::now() - Duration::from_secs(60))
        .with_api_domain(wanted.server.clone())
}

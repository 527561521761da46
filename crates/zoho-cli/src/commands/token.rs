//! `zoho token`: prints a valid access token.

use serde_json::json;
use zoho_oauth::OAuthToken;
use zoho_oauth::store::StoredToken;

use crate::args::Whose;
use crate::config::Config;
use crate::failure::Failure;

pub(crate) async fn run(config: &Config, whose: Whose) -> Result<(), Failure> {
    let authenticator = super::whose::authenticator(config).await?;
    let (_, token) = super::whose::access_token(config, &authenticator, whose).await?;
    if !config.output.is_json() {
        return config.output.data(token.expose_secret());
    }
    let expiry = token.expires_at().map(|moment| OAuthToken::new().with_expires_at(moment));
    config.output.json(&json!({
        "access_token": token.expose_secret(),
        "expiry_time": expiry.and_then(|token| StoredToken::from(&token).expiry_time),
        "api_domain": token.environment().api_url(),
    }))
}

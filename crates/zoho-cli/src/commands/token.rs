//! `zoho token`: one valid access token on standard output.

use serde_json::json;
use zoho_oauth::OAuthToken;
use zoho_oauth::store::StoredToken;

use crate::args::Whose;
use crate::config::Config;
use crate::failure::Failure;

pub(crate) async fn run(config: &Config, whose: Whose) -> Result<(), Failure> {
    let (authenticator, wanted) = super::authenticator_for(config, whose).await?;
    let token = authenticator.access_token_for(&wanted).await?;
    if let Some(error) = token.persistence_error() {
        config.output.warning(format_args!("the token is good but could not be kept: {error}"));
    }
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

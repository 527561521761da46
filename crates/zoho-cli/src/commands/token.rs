//! `zoho token`: prints a valid access token.

use std::time::UNIX_EPOCH;

use serde_json::json;

use crate::args::Whose;
use crate::config::Config;
use crate::failure::Failure;

pub(crate) async fn run(config: &Config, whose: Whose) -> Result<(), Failure> {
    let authenticator = super::whose::authenticator(config).await?;
    let (_, token) = super::whose::access_token(config, &authenticator, whose).await?;
    if !config.output.is_json() {
        return config.output.data(token.expose_secret());
    }
    let expiry = token.expires_at().map(|moment| moment.duration_since(UNIX_EPOCH).unwrap_or_default());
    config.output.json(&json!({
        "access_token": token.expose_secret(),
        "expiry_time": expiry.map(|expiry| expiry.as_millis().to_string()),
        "api_domain": token.environment().api_url(),
    }))
}

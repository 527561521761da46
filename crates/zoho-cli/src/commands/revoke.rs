//! `zoho revoke`: tokens are given back, at Zoho and then in the store.

use zoho_oauth::store::TokenStore;
use zoho_oauth::{Authenticator, Error, OAuthToken};

use crate::args::Revoke;
use crate::config::Config;
use crate::failure::{Exit, Failure};
use crate::output::printable;

pub(crate) async fn run(config: &Config, which: Revoke) -> Result<(), Failure> {
    let authenticator = super::whose::authenticator(config).await?;
    let wanted = match which {
        Revoke { id: Some(id), .. } => OAuthToken::new().with_id(id),
        Revoke { user: Some(user), .. } => OAuthToken::new().with_user(user),
        Revoke { id: None, user: None, .. } => return revoke_all(config, &authenticator).await,
    };
    match authenticator.revoke(&wanted).await {
        Ok(()) => {
            config.output.words(format_args!("revoked the token of {}", owner(&wanted)));
            Ok(())
        }
        // Here nobody has to log in: what was to go is not there.
        Err(Error::LoginRequired { .. } | Error::NotFound { .. }) => {
            let elsewhere =
                super::whose::of_another_app(config, &authenticator, &wanted, Exit::NotFound).await?;
            let store = authenticator.store().name();
            let not_there = || {
                Failure::not_found(format!("{store} holds no token of {}", owner(&wanted)))
                    .next_step("zoho tokens list shows what is there; names are exact")
            };
            Err(elsewhere.unwrap_or_else(not_there))
        }
        Err(error) => Err(error.into()),
    }
}

/// Revokes what can be revoked: one token that Zoho does not take back must not keep the others alive.
async fn revoke_all(config: &Config, authenticator: &Authenticator) -> Result<(), Failure> {
    let tokens = authenticator.store().get_tokens().await?;
    let mut failed = 0;
    for token in &tokens {
        match authenticator.revoke(token).await {
            Ok(()) => config.output.words(format_args!("revoked the token of {}", owner(token))),
            Err(error) => {
                failed += 1;
                config.output.warning(format_args!("the token of {} was not revoked: {error}", owner(token)));
            }
        }
    }
    if failed > 0 {
        return Err(Failure::failed(format!("{failed} of {} tokens were not revoked", tokens.len())));
    }
    if tokens.is_empty() {
        config.output.words(format_args!("{} holds no token", authenticator.store().name()));
    }
    Ok(())
}

fn owner(token: &OAuthToken) -> String {
    match (token.user_signature(), token.id()) {
        (Some(user), Some(id)) => format!("{} (id {})", printable(user.name()), printable(id)),
        (Some(user), None) => printable(user.name()),
        (None, id) => format!("id {}", printable(id.unwrap_or("-"))),
    }
}

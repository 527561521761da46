//! `zoho revoke`: revokes tokens at Zoho, then deletes them from the store.

use zoho_oauth::store::TokenStore;
use zoho_oauth::{Authenticator, Error, OAuthToken};

use super::confirmation::confirm;
use super::interruption::Interruption;
use crate::args::Revoke;
use crate::config::Config;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::messages::{NextStep, Note, Problem, Question, Warning};

pub(crate) async fn run(config: &Config, which: Revoke) -> Result<(), Failure> {
    let authenticator = super::whose::authenticator(config).await?;
    let wanted = match which {
        Revoke { id: Some(id), .. } => OAuthToken::new().with_id(id),
        Revoke { user: Some(user), .. } => OAuthToken::new().with_user(user),
        Revoke { id: None, user: None, yes, .. } => return revoke_all(config, &authenticator, yes).await,
    };
    config.waits_for_accounts_server();
    match authenticator.revoke(&wanted).await {
        Ok(()) => {
            config.output.note(&Note::TokenRevoked { owner: owner(&wanted) });
            Ok(())
        }
        // A missing token is not found here; the user does not have to log in.
        Err(Error::LoginRequired { .. } | Error::NotFound { .. }) => {
            let elsewhere = super::whose::of_another_app(config, &authenticator, &wanted).await?;
            let store = authenticator.store().name().to_owned();
            let problem = elsewhere.unwrap_or_else(|| Problem::NoTokenOf { store, owner: owner(&wanted) });
            Err(Failure::from(problem).with_exit(Exit::NotFound))
        }
        Err(error) => Err(error.into()),
    }
}

/// Revokes all tokens. If one fails, the others are revoked all the same.
async fn revoke_all(
    config: &Config,
    authenticator: &Authenticator,
    is_confirmed: bool,
) -> Result<(), Failure> {
    let store = authenticator.store();
    let tokens = store.get_tokens().await?;
    if !tokens.is_empty() {
        let (count, store) = (tokens.len() as u64, store.name().to_owned());
        confirm(config, is_confirmed, &Question::RevokeTokens { count, store })?;
    }
    let interruption = Interruption::start()?;
    interruption.leads_to(NextStep::RevokeRest);
    let mut failed = 0;
    config.waits_for_accounts_server();
    for token in &tokens {
        interruption.check()?;
        let revoked = authenticator.revoke(token);
        match interruption.unless_insistent(|note| config.output.note(note), revoked).await? {
            Ok(()) => config.output.note(&Note::TokenRevoked { owner: owner(token) }),
            Err(error) => {
                failed += 1;
                let (owner, error) = (owner(token), error.to_string());
                config.output.warning(&Warning::TokenNotRevoked { owner, error });
            }
        }
    }
    if failed > 0 {
        return Err(Problem::NotRevoked { failed, count: tokens.len() }.into());
    }
    if tokens.is_empty() {
        config.output.note(&Note::NoToken { store: store.name().to_owned() });
    }
    Ok(())
}

fn owner(token: &OAuthToken) -> String {
    match (token.user_signature(), token.id()) {
        (Some(user), Some(id)) => format!("{user} (id {id})"),
        (Some(user), None) => user.to_string(),
        (None, id) => format!("id {}", id.unwrap_or("-")),
    }
}

//! The token that a command uses: `--user`, `--id`, or the only one.

use std::time::Duration;

use zoho_oauth::store::{AnyStore, StoreError, TokenStore};
use zoho_oauth::{AccessToken, Authenticator, OAuthToken};
use zohocrm::{Crm, Retries};

use crate::args::Whose;
use crate::config::Config;
use crate::failure::Failure;
use crate::messages::{Problem, Warning};

/// For how long a failed call is retried. A call that got no response for a minute is not made again: the
/// user decides.
const RETRY_TIME: Duration = Duration::from_secs(30);

/// A CRM client for the selected user.
pub(super) async fn crm(config: &Config, whose: Whose) -> Result<Crm, Failure> {
    let authenticator = authenticator(config).await?;
    let (wanted, token) = access_token(config, &authenticator, whose).await?;
    config.waits_for_response(token.environment().api_url());
    let retries = Retries::new().give_up_after(RETRY_TIME);
    Ok(Crm::builder(&authenticator).retries(retries).build_for_token(wanted))
}

/// An authenticator whose spooled tokens are stored. If the store still rejects one, prints a warning.
pub(super) async fn authenticator(config: &Config) -> Result<Authenticator, Failure> {
    let authenticator = config.authenticator()?;
    if let Err(error) = authenticator.recover().await {
        // A store that cannot be read either is an error of the command.
        authenticator.store().get_token_page(None).await?;
        config.output.warning(&Warning::SpooledTokens { error: error.to_string() });
    }
    Ok(authenticator)
}

/// A valid access token of the selected user, and the token that it was requested with.
pub(super) async fn access_token(
    config: &Config,
    authenticator: &Authenticator,
    whose: Whose,
) -> Result<(OAuthToken, AccessToken), Failure> {
    let wanted = match whose {
        Whose { id: Some(id), .. } => OAuthToken::new().with_id(id),
        Whose { user: Some(user), .. } => OAuthToken::new().with_user(user),
        Whose { id: None, user: None } => the_only_one(config, authenticator).await?,
    };
    config.waits_for_accounts_server();
    let token = match authenticator.access_token_for(&wanted).await {
        Ok(token) => token,
        Err(error) => {
            let known = where_it_may_be(config, authenticator, &wanted, &error).await?;
            return Err(known.map_or_else(|| error.into(), Failure::from));
        }
    };
    if token.persistence().error().is_some() {
        config.output.warning(&Warning::TokenNotStored { error: token.persistence().to_string() });
    }
    Ok((wanted, token))
}

/// The problem behind a token that was not found: there is no store, or the token belongs to another client app.
async fn where_it_may_be(
    config: &Config,
    authenticator: &Authenticator,
    wanted: &OAuthToken,
    error: &zoho_oauth::Error,
) -> Result<Option<Problem>, Failure> {
    let is_not_found = matches!(error, zoho_oauth::Error::NotFound { .. });
    match config.missing_store() {
        Some(path) if is_not_found || error.needs_login() => {
            Ok(Some(Problem::StoreMissing { path: path.to_owned() }))
        }
        _ if error.needs_login() => of_another_app(config, authenticator, wanted).await,
        _ => Ok(None),
    }
}

/// The problem if the user has tokens, but none for the client app that was passed.
pub(super) async fn of_another_app(
    config: &Config,
    authenticator: &Authenticator,
    wanted: &OAuthToken,
) -> Result<Option<Problem>, Failure> {
    let (Some(given), Some(user)) = (config.client(), wanted.user_signature()) else { return Ok(None) };
    let rows = authenticator.store().get_tokens().await?;
    let of_user = rows.iter().filter(|row| row.user_signature() == Some(user));
    let apps: Option<Vec<&str>> = of_user.map(OAuthToken::client_id).collect();
    // A row without a client app matches any client app, so it would have been found.
    let Some(mut apps) = apps.filter(|apps| !apps.is_empty() && !apps.contains(&given.id())) else {
        return Ok(None);
    };
    apps.sort_unstable();
    apps.dedup();
    Ok(Some(Problem::TokenOfAnotherApp {
        user: user.to_string(),
        apps: apps.into_iter().map(str::to_owned).collect(),
        given: given.id().to_owned(),
    }))
}

/// The only stored row. With several, a guess could return another user's token.
async fn the_only_one(config: &Config, authenticator: &Authenticator) -> Result<OAuthToken, Failure> {
    let store = authenticator.store();
    match first_two(store).await?.as_slice() {
        [] => Err(Failure::from(match config.missing_store() {
            Some(path) => Problem::StoreMissing { path: path.to_owned() },
            None => Problem::StoreIsEmpty { store: store.name().to_owned() },
        })),
        [row] => Ok(row.id().map_or_else(|| row.clone(), |id| OAuthToken::new().with_id(id))),
        _ => Err(several(&store.get_tokens().await?).into()),
    }
}

/// Reads pages until there are two rows: enough to know whether there is only one.
async fn first_two(store: &AnyStore) -> Result<Vec<OAuthToken>, StoreError> {
    let mut page = store.get_token_page(None).await?;
    let mut rows = std::mem::take(&mut page.tokens);
    while let (Some(next), 0 | 1) = (&page.next, rows.len()) {
        page = store.get_token_page(Some(next)).await?;
        rows.append(&mut page.tokens);
    }
    Ok(rows)
}

fn several(rows: &[OAuthToken]) -> Problem {
    const MAX_NAMES: usize = 20;
    let name = |row: &OAuthToken| {
        let user = row.user_signature().map_or_else(|| "no name".to_owned(), ToString::to_string);
        format!("{user} (id {})", row.id().unwrap_or("-"))
    };
    let mut names: Vec<String> = rows.iter().take(MAX_NAMES).map(name).collect();
    if rows.len() > MAX_NAMES {
        names.push("…".to_owned());
    }
    Problem::SeveralTokens { count: rows.len(), names }
}

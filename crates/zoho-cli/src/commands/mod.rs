//! One file for each command, and what several of them need.

mod api;
mod completions;
mod demo;
mod emulator;
mod login;
mod records;
mod revoke;
mod token;
mod tokens;

use std::io::{self, Read};

use zoho_oauth::store::{AnyStore, TokenStore};
use zoho_oauth::{Authenticator, OAuthToken};
use zohocrm::Crm;

use crate::args::{Command, Whose};
use crate::config::Config;
use crate::failure::{Exit, Failure};
use crate::output::printable;

/// Does what was asked.
pub(crate) async fn run(config: &Config, command: Command) -> Result<(), Failure> {
    match command {
        Command::Demo => demo::run(config).await,
        Command::Login(login) => login::run(config, login).await,
        Command::Token(whose) => token::run(config, whose).await,
        Command::Tokens(tokens) => tokens::run(config, tokens).await,
        Command::Revoke(which) => revoke::run(config, which).await,
        Command::Api(call) => api::run(config, call).await,
        Command::Records(records) => records::run(config, records).await,
        Command::Emulator(options) => emulator::run(config, options).await,
        Command::Completions { shell } => completions::run(config, shell),
    }
}

/// The CRM of the user that was named, or of the only one there is.
async fn crm(config: &Config, whose: Whose) -> Result<Crm, Failure> {
    let (authenticator, token) = authenticator_for(config, whose).await?;
    Ok(Crm::for_token(&authenticator, token))
}

/// An authenticator, and whose token it is to be asked for.
async fn authenticator_for(config: &Config, whose: Whose) -> Result<(Authenticator, OAuthToken), Failure> {
    let store = config.store()?;
    let token = match whose {
        Whose { id: Some(id), .. } => OAuthToken::new().with_id(id),
        Whose { user: Some(user), .. } => OAuthToken::new().with_user(user),
        Whose { id: None, user: None } => the_only_one(&store).await?,
    };
    Ok((config.authenticator_over(store)?, token))
}

/// The one row that there is. With several, guessing would hand out somebody else's token.
async fn the_only_one(store: &AnyStore) -> Result<OAuthToken, Failure> {
    let rows = store.get_tokens().await?;
    match rows.as_slice() {
        [] => Err(Failure::new(Exit::LoginRequired, format!("{} holds no token", store.name()))
            .next_step(crate::failure::LOG_IN)),
        [row] => match row.id() {
            Some(id) => Ok(OAuthToken::new().with_id(id)),
            None => Ok(row.clone()),
        },
        rows => {
            let name = |row: &OAuthToken| {
                let id = printable(row.id().unwrap_or("-"));
                let user =
                    row.user_signature().map_or_else(|| "no name".to_owned(), |user| printable(user.name()));
                format!("{user} (id {id})")
            };
            const MOST_NAMES: usize = 20;
            let mut names: Vec<String> = rows.iter().take(MOST_NAMES).map(name).collect();
            if rows.len() > MOST_NAMES {
                names.push("…".to_owned());
            }
            Err(Failure::usage(format!("{} tokens are stored: {}", rows.len(), names.join(", ")))
                .next_step("say whose: --user NAME or --id ID"))
        }
    }
}

/// All of standard input, as text.
fn standard_input() -> Result<String, Failure> {
    let mut text = String::new();
    io::stdin()
        .read_to_string(&mut text)
        .map_err(|error| Failure::failed("standard input could not be read").caused_by(&error))?;
    Ok(text)
}

/// A body that was given as JSON, as `@FILE`, or as `@-` for standard input.
fn json_body(given: &str) -> Result<serde_json::Value, Failure> {
    let (text, from) = match given.strip_prefix('@') {
        Some("-") => (standard_input()?, "standard input".to_owned()),
        Some(path) => {
            let text = std::fs::read_to_string(path)
                .map_err(|error| Failure::failed(format!("{path} could not be read")).caused_by(&error))?;
            (text, path.to_owned())
        }
        None => (given.to_owned(), "the data".to_owned()),
    };
    parse_json(&text, &from)
}

/// Reads JSON. The error says where, and quotes nothing: there may be a secret in it.
fn parse_json(text: &str, from: &str) -> Result<serde_json::Value, Failure> {
    serde_json::from_str(text.trim_start_matches('\u{feff}'))
        .map_err(|error| Failure::failed(format!("{from} is not JSON")).caused_by(&error))
}

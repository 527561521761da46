//! `zoho tokens`: the rows of the store.

use std::time::SystemTime;

use serde_json::{Map, Value};
use zoho_oauth::store::{StoredToken, TokenStore};
use zoho_oauth::{ExposeSecret, OAuthToken, SecretString};

use super::confirmation::confirm;
use crate::args::{Find, Reveal, Tokens};
use crate::config::Config;
use crate::failure::Failure;
use crate::input;
use crate::messages::{Note, Problem, Question, Unsavable};
use crate::row::{self, MASK, Row};

pub(crate) async fn run(config: &Config, command: Tokens) -> Result<(), Failure> {
    match command {
        Tokens::List { reveal } => list(config, reveal).await,
        Tokens::Show { id, reveal } => show(config, &id, reveal).await,
        Tokens::Find(wanted) => find(config, wanted).await,
        Tokens::Save { reveal } => save(config, reveal).await,
        Tokens::Check(options) => super::check::run(config, options).await,
        Tokens::Delete { id: Some(id), .. } => delete(config, &id).await,
        Tokens::Delete { id: None, yes, .. } => delete_all(config, yes).await,
        Tokens::Copy(copy) => super::copy::run(config, copy).await,
    }
}

async fn list(config: &Config, reveal: Reveal) -> Result<(), Failure> {
    let authenticator = super::whose::authenticator(config).await?;
    let store = authenticator.store();
    let rows = store.get_tokens().await?;
    if rows.is_empty() {
        config.output.note(&config.missing_store().map_or_else(
            || Note::NoToken { store: store.name().to_owned() },
            |path| Note::NoStore { path: path.to_owned() },
        ));
    }
    print_rows(config, &rows, reveal)
}

async fn show(config: &Config, id: &str, reveal: Reveal) -> Result<(), Failure> {
    let authenticator = super::whose::authenticator(config).await?;
    match authenticator.store().find_token_by_id(id).await? {
        Some(row) => print_row(config, &row, reveal),
        None => Err(Problem::NoTokenWithId { id: id.to_owned() }.into()),
    }
}

async fn find(config: &Config, wanted: Find) -> Result<(), Failure> {
    let Find { user_name, access_token, refresh_token, grant_token, api_domain, id, reveal } = wanted;
    // A grant or refresh token identifies a row only together with its client app.
    let is_named = id.is_some() || user_name.is_some();
    let needs_client = !is_named && (grant_token.is_some() || refresh_token.is_some());
    let (client_id, client_secret) = config.client_to_find(needs_client);
    let wanted = StoredToken {
        id,
        user_name,
        client_id: client_id.map(str::to_owned),
        client_secret: client_secret.map(text),
        refresh_token: refresh_token.as_ref().map(text),
        access_token: access_token.as_ref().map(text),
        grant_token: grant_token.as_ref().map(text),
        api_domain,
        ..StoredToken::default()
    };
    if wanted == StoredToken::default() {
        return Err(Problem::NothingToFind.into());
    }
    let authenticator = super::whose::authenticator(config).await?;
    let store = authenticator.store();
    let Some(found) = store.find_token(&wanted.into()).await? else {
        return Err(Problem::NoSuchToken { store: store.name().to_owned() }.into());
    };
    // A lookup returns the row with the caller's values in place; this reads it as it is stored.
    let row = match found.id() {
        Some(id) => store.find_token_by_id(id).await?.unwrap_or(found),
        None => found,
    };
    print_row(config, &row, reveal)
}

async fn save(config: &Config, reveal: Reveal) -> Result<(), Failure> {
    let given: Value = input::json("@-")?;
    let is_one = given.is_object();
    let objects = match given {
        Value::Array(objects) => objects,
        object @ Value::Object(_) => vec![object],
        _ => return Err(Problem::NoTokensGiven.into()),
    };
    let rows = objects.into_iter().zip(1..).map(|(object, number)| {
        token(config, object).map_err(|reason| Problem::Unsavable { number, reason })
    });
    let rows: Vec<OAuthToken> = rows.collect::<Result<_, _>>()?;

    let store = config.store()?;
    let mut saved = Vec::with_capacity(rows.len());
    for row in &rows {
        match store.save_token(row).await {
            Ok(row) => saved.push(row),
            Err(error) if saved.is_empty() => return Err(error.into()),
            Err(error) => {
                let problem = Problem::PartlySaved { saved: saved.len(), count: rows.len() };
                return Err(Failure::from(problem).caused_by(&error));
            }
        }
    }
    config.output.note(&Note::TokensSaved { count: saved.len() as u64, store: store.name().to_owned() });
    if is_one { print_row(config, &saved[0], reveal) } else { print_rows(config, &saved, reveal) }
}

async fn delete(config: &Config, id: &str) -> Result<(), Failure> {
    let authenticator = super::whose::authenticator(config).await?;
    // A logout also deletes the spooled token of the row, which would bring it back.
    if !authenticator.logout(&OAuthToken::new().with_id(id)).await? {
        return Err(Problem::NoTokenWithId { id: id.to_owned() }.into());
    }
    config.output.note(&Note::TokenDeleted { id: id.to_owned() });
    Ok(())
}

async fn delete_all(config: &Config, is_confirmed: bool) -> Result<(), Failure> {
    let authenticator = config.authenticator()?;
    let store = authenticator.store();
    confirm(config, is_confirmed, &Question::DeleteTokens { store: store.name().to_owned() })?;
    // A spooled token would reappear after the deletion.
    let recovered = authenticator.recover().await;
    recovered.map_err(|error| Failure::from(Problem::SpoolNotEmpty).caused_by(&error))?;
    store.delete_tokens().await?;
    config.output.note(&Note::AllTokensDeleted { store: store.name().to_owned() });
    Ok(())
}

fn print_row(config: &Config, token: &OAuthToken, Reveal { reveal }: Reveal) -> Result<(), Failure> {
    let row = Row::new(token, reveal);
    if config.output.is_json() { config.output.json(&row.json()) } else { config.output.table(&row.list()) }
}

fn print_rows(config: &Config, tokens: &[OAuthToken], Reveal { reveal }: Reveal) -> Result<(), Failure> {
    let rows: Vec<Row> = tokens.iter().map(|token| Row::new(token, reveal)).collect();
    if config.output.is_json() {
        return config.output.json(&rows.iter().map(Row::json).collect::<Vec<_>>());
    }
    if rows.is_empty() { Ok(()) } else { config.output.table(&row::table(&rows, reveal)) }
}

/// Reads a token from a JSON object.
fn token(config: &Config, object: Value) -> Result<OAuthToken, Unsavable> {
    let Value::Object(columns) = &object else { return Err(Unsavable::NotAnObject) };
    // The output of `tokens list` without `--reveal` would overwrite the secrets with the mask.
    if let Some((column, _)) = columns.iter().find(|(_, value)| *value == MASK) {
        return Err(Unsavable::Masked { column: column.clone() });
    }
    if is_response(columns) {
        return token_of_response(config, &object);
    }
    for (column, value) in columns {
        let may_be_number = matches!(column.as_str(), "id" | "expiry_time" | "expires_in");
        if !(value.is_string() || value.is_null() || (may_be_number && value.is_u64())) {
            return Err(Unsavable::NotAText { column: column.clone() });
        }
    }
    let row: StoredToken =
        serde_json::from_value(object).map_err(|error| Unsavable::Other { error: error.to_string() })?;
    let expiry = row.expiry_time.as_deref().unwrap_or_default().trim();
    if row.expiry_milliseconds() == Some(0) && expiry != "0" {
        return Err(Unsavable::ExpiryNotANumber);
    }
    let token = OAuthToken::from(row);
    StoredToken::for_saving(&token).map_err(|error| Unsavable::Other { error: error.to_string() })?;
    Ok(token)
}

/// Whether an object is Zoho's response to a token request rather than a row. Its `expires_in` is a lifetime; that of an
/// official SDK's token is a moment.
fn is_response(columns: &Map<String, Value>) -> bool {
    /// In milliseconds, a moment in 1970; in seconds, or even in milliseconds, a lifetime.
    const MAX_LIFETIME: u64 = 10_000_000_000;
    let has = |column| columns.contains_key(column);
    let number = |value: &Value| value.as_u64().or_else(|| value.as_str()?.trim().parse().ok());
    let lifetime = columns.get("expires_in").and_then(number).filter(|number| *number < MAX_LIFETIME);
    has("token_type") || has("expires_in_sec") || has("error") || lifetime.is_some()
}

/// The token in Zoho's response, which has just come, and the client app that requested it.
fn token_of_response(config: &Config, response: &Value) -> Result<OAuthToken, Unsavable> {
    let token = OAuthToken::of_response(&response.to_string(), SystemTime::now());
    let token = token.ok_or(Unsavable::ErrorResponse)?;
    Ok(match config.client_to_find(true) {
        (Some(id), Some(secret)) => token.with_client(id, secret.clone()),
        _ => token,
    })
}

/// The text of a secret, for a row.
fn text(secret: &SecretString) -> String {
    secret.expose_secret().to_owned()
}

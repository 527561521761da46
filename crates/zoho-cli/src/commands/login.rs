//! `zoho login`: a grant code becomes a stored token.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use zoho_oauth::store::TokenStore;
use zoho_oauth::{Authenticator, ExposeSecret, Grant, OAuthToken, Persistence, SecretString};

use crate::args::Login;
use crate::config::Config;
use crate::failure::Failure;
use crate::input;
use crate::messages::{NextStep, Note, Problem, Warning};
use crate::row::Row;

/// For how long a token is offered to a store that does not take it, and how often.
const OFFERED_FOR: Duration = Duration::from_secs(10);
const OFFERED_EVERY: Duration = Duration::from_millis(500);

pub(crate) async fn run(config: &Config, login: Login) -> Result<(), Failure> {
    let code = login.code.ok_or(Problem::CodeMissing)?;
    let code = match code.expose_secret() {
        "-" => SecretString::from(input::text("@-")?.trim()),
        _ => code,
    };
    if config.client().is_none() {
        return Err(Problem::ClientMissing.into());
    }
    let authenticator = super::whose::authenticator(config).await?;
    let login = authenticator.exchange(Grant::from_self_client(code)).await?;
    let token = match login.persistence() {
        Persistence::Stored => login.token().clone(),
        Persistence::Spooled { path, error, .. } => {
            let spooled = NextStep::StoreSpooledToken { path: path.clone() };
            return Err(Failure::from(Problem::LoginNotStored).caused_by(error).next_step(spooled));
        }
        // In memory only; of any other place this command knows nothing, and a second copy loses no token.
        _ => save_late(config, &authenticator, login.token()).await?,
    };
    let row = Row::new(&token, false);
    config.output.note(&Note::LoggedIn { store: authenticator.store().name().to_owned() });
    if config.output.is_json() { config.output.json(&row.json()) } else { config.output.table(&row.owner()) }
}

/// Saves a token that is in this process's memory only: in a file at once, so that not even an interruption loses
/// it, and in the store instead, if that takes it after all.
async fn save_late(
    config: &Config,
    authenticator: &Authenticator,
    token: &OAuthToken,
) -> Result<OAuthToken, Failure> {
    let (store, start) = (authenticator.store(), Instant::now());
    let row = format!("{:#}\n", Row::new(token, true).json());
    let written = write_into(&std::env::temp_dir(), &row).or_else(|_| write_into(Path::new("."), &row));
    let file = written.as_ref().ok().cloned();
    config.output.note(&Note::RetryingSave { store: store.name().to_owned(), file });
    let error = loop {
        match store.save_token(token).await {
            Ok(saved) => {
                if let Ok(path) = written
                    && let Err(error) = std::fs::remove_file(&path)
                {
                    config.output.warning(&Warning::TokenCopyLeft { path, error: error.to_string() });
                }
                return Ok(saved);
            }
            Err(error) if start.elapsed() >= OFFERED_FOR => break error,
            Err(_) => tokio::time::sleep(OFFERED_EVERY).await,
        }
    };
    Err(Failure::from(Problem::LoginNotStored).caused_by(&error).next_step(match written {
        Ok(path) => NextStep::SaveToken { path },
        Err(error) => NextStep::LogInAgain { error: error.to_string() },
    }))
}

/// Writes a new file that its owner alone can read.
fn write_into(folder: &Path, text: &str) -> io::Result<PathBuf> {
    let mut file = tempfile::Builder::new().prefix("zoho-token-").suffix(".json").tempfile_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    Ok(file.keep()?.1)
}

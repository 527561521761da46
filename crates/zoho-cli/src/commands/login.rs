//! `zoho login`: exchanges a code for a token and stores it.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use zoho_oauth::store::TokenStore;
use zoho_oauth::{Authenticator, Callback, ExposeSecret, Grant, OAuthToken, Persistence, SecretString};

use crate::args::Login;
use crate::config::Config;
use crate::failure::Failure;
use crate::input;
use crate::messages::{NextStep, Note, Problem, Warning};
use crate::row::Row;

/// How long a rejected save is retried.
const RETRY_TIMEOUT: Duration = Duration::from_secs(10);

/// The delay before each retry.
const RETRY_DELAY: Duration = Duration::from_millis(500);

pub(crate) async fn run(config: &Config, login: Login) -> Result<(), Failure> {
    let given = login.code.ok_or(Problem::CodeMissing)?;
    let given = match given.expose_secret().trim() {
        "-" => Given::parse(&input::text("@-")?),
        code => Given::parse(code),
    };
    if matches!(&given, Given::Code(code) if code.expose_secret().is_empty()) {
        return Err(Problem::CodeEmpty.into());
    }
    if config.client().is_none() {
        return Err(Problem::ClientMissing.into());
    }
    let authenticator = super::whose::authenticator(config).await?;
    let grant = match given {
        Given::Code(code) => Grant::from_self_client(code),
        Given::Callback(callback) => authenticator.copied_grant(callback)?,
    };
    config.waits_for_accounts_server();
    let login = authenticator.exchange(grant).await?;
    let token = match login.persistence() {
        Persistence::Stored => login.token().clone(),
        Persistence::Spooled { path, error, .. } => {
            let spooled = NextStep::StoreSpooledToken { path: path.clone() };
            return Err(Failure::from(Problem::LoginNotStored).caused_by(error).next_step(spooled));
        }
        // In memory only, or in a place that this command does not know, where a second copy does no harm.
        _ => save_again(config, &authenticator, login.token()).await?,
    };
    if let Err(error) = authenticator.environment_of(&token) {
        config.output.warning(&Warning::OtherEnvironment { error: error.to_string() });
    }
    let row = Row::new(&token, false);
    config.output.note(&Note::LoggedIn { store: authenticator.store().name().to_owned() });
    if config.output.is_json() { config.output.json(&row.json()) } else { config.output.table(&row.owner()) }
}

/// What a person passes as the code.
enum Given {
    /// A code that was generated for a Self Client.
    Code(SecretString),
    /// The URL to which Zoho redirected the browser after a login, or only its query string.
    Callback(Callback),
}

impl Given {
    /// Ignores spaces, line breaks and quotes around the text, which are easily copied along with it.
    fn parse(text: &str) -> Self {
        let text = text.trim_matches(|letter: char| letter.is_whitespace() || "\"'`“”‘’<>".contains(letter));
        match text.contains('=') {
            true => Self::Callback(Callback::parse(text)),
            false => Self::Code(text.into()),
        }
    }
}

/// Saves a token that is only in this process's memory. Writes it to a file first, so that an interruption does not
/// lose it, and retries the save. The file is deleted once the token is stored.
async fn save_again(
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
            Err(error) if start.elapsed() >= RETRY_TIMEOUT => break error,
            Err(_) => tokio::time::sleep(RETRY_DELAY).await,
        }
    };
    Err(Failure::from(Problem::LoginNotStored).caused_by(&error).next_step(match written {
        Ok(path) => NextStep::SaveToken { path },
        Err(error) => NextStep::LogInAgain { error: error.to_string() },
    }))
}

/// Writes a new file that only its owner can read.
fn write_into(folder: &Path, text: &str) -> io::Result<PathBuf> {
    let mut file = tempfile::Builder::new().prefix("zoho-token-").suffix(".json").tempfile_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    Ok(file.keep()?.1)
}

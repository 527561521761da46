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
use crate::row::Row;

const NOT_STORED: &str = "the login worked, but its token could not be stored";

/// For how long a token is offered to a store that does not take it, and how often.
const OFFERED_FOR: Duration = Duration::from_secs(10);
const OFFERED_EVERY: Duration = Duration::from_millis(500);

pub(crate) async fn run(config: &Config, login: Login) -> Result<(), Failure> {
    let Some(code) = login.code else {
        return Err(Failure::usage("the login in a browser comes in a later version; give --code")
            .next_step("make a code for a Self Client in Zoho's API console, then: zoho login --code CODE"));
    };
    let code = match code.expose_secret() {
        "-" => SecretString::from(input::text("@-")?.trim()),
        _ => code,
    };
    if config.client().is_none() {
        return Err(Failure::usage("a login needs the client app's id and secret").next_step(
            "set ZOHO_CLIENT_ID and ZOHO_CLIENT_SECRET, from the app's page in Zoho's API console",
        ));
    }
    let authenticator = super::whose::authenticator(config).await?;
    let login = authenticator.exchange(Grant::from_self_client(code)).await?;
    let token = match login.persistence() {
        Persistence::Stored => login.token().clone(),
        Persistence::Spooled { path, error, .. } => {
            return Err(Failure::failed(NOT_STORED).caused_by(error).next_step(format!(
                "run any `zoho` command with this store once it accepts tokens again: the token is spooled in {} and \
                 will be stored then",
                path.display()
            )));
        }
        // In memory only; of any other place this command knows nothing, and a second copy loses no token.
        _ => save_late(config, &authenticator, login.token()).await?,
    };
    let row = Row::new(&token, false);
    config.output.words(format_args!("logged in; the token is kept in {}", authenticator.store().name()));
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
    let meanwhile = written.as_ref().map_or_else(|_| String::new(), |file| format!(" in {}", file.display()));
    config.output.words(format_args!(
        "{} does not take the new token yet, which waits{meanwhile}; trying for a moment",
        store.name()
    ));
    let error = loop {
        match store.save_token(token).await {
            Ok(saved) => {
                if let Ok(file) = &written
                    && let Err(error) = std::fs::remove_file(file)
                {
                    config
                        .output
                        .warning(format_args!("delete {}, a copy of the token: {error}", file.display()));
                }
                return Ok(saved);
            }
            Err(error) if start.elapsed() >= OFFERED_FOR => break error,
            Err(_) => tokio::time::sleep(OFFERED_EVERY).await,
        }
    };
    let failure = Failure::failed(NOT_STORED).caused_by(&error);
    Err(match written {
        Ok(file) => failure.next_step(format!(
            "the token is in {0}, for this account alone; when the store works again: zoho tokens save < {0}, and \
             delete the file",
            file.display()
        )),
        Err(error) => failure.next_step(format!(
            "log in again when the store works: no file for the token could be written either ({error})"
        )),
    })
}

/// Writes a new file that its owner alone can read.
fn write_into(folder: &Path, text: &str) -> io::Result<PathBuf> {
    let mut file = tempfile::Builder::new().prefix("zoho-token-").suffix(".json").tempfile_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    Ok(file.keep()?.1)
}

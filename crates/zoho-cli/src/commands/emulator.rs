//! `zoho emulator`: a stand-in for Zoho, until interrupted.

use serde_json::json;
use zoho_emulator::{Emulator as Zoho, User};

use super::interruption::interruption;
use crate::args::Emulator;
use crate::config::Config;
use crate::failure::Failure;
use crate::messages::{Greeting, Note, Problem};

/// The user that the emulator knows.
pub(super) const USER: &str = "ada@example.com";

pub(crate) async fn run(config: &Config, Emulator { port }: Emulator) -> Result<(), Failure> {
    // Asked for before the address is printed: whoever reads it may stop us at once.
    let interrupted = interruption()?;
    let zoho = Zoho::builder().port(port).user(User::new(USER).named("Ada", "Lovelace")).try_start().await;
    let zoho = zoho.map_err(|error| Failure::from(Problem::EmulatorPort { port }).caused_by(&error))?;
    let (url, client, code) = (zoho.base_url(), zoho.default_client(), zoho.self_client_code(USER));
    if config.output.is_json() {
        config.output.json(&json!({
            "base_url": url,
            "client_id": client.id(),
            "client_secret": client.secret(),
            "user": USER,
            "code": code,
        }))?;
    } else {
        config.output.data(Greeting {
            url: &url,
            client_id: client.id(),
            client_secret: client.secret(),
            user: USER,
            code: &code,
        })?;
        config.output.note(&Note::HowToStop);
    }
    interrupted.await;
    config.output.note(&Note::Stopped);
    Ok(())
}

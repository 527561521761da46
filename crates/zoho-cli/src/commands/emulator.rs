//! `zoho emulator`: a stand-in for Zoho, until interrupted.

use serde_json::json;
use zoho_emulator::{Emulator as Zoho, User};

use super::interruption::interruption;
use crate::args::Emulator;
use crate::config::Config;
use crate::failure::Failure;

/// The user that the emulator knows.
pub(super) const USER: &str = "ada@example.com";

pub(crate) async fn run(config: &Config, Emulator { port }: Emulator) -> Result<(), Failure> {
    // Asked for before the address is printed: whoever reads it may stop us at once.
    let interrupted = interruption()?;
    let zoho = Zoho::builder().port(port).user(User::new(USER).named("Ada", "Lovelace")).try_start().await;
    let zoho = zoho.map_err(|error| {
        Failure::failed(format!("the emulator could not start on port {port}")).caused_by(&error)
    })?;
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
        let (id, secret) = (client.id(), client.secret());
        config.output.data(format_args!(
            "{url}\n\n\
             A stand-in for Zoho runs at this address; nothing in it is real. Type this in another terminal:\n\n  \
             export ZOHO_ACCOUNTS_URL={url}\n  \
             export ZOHO_API_URL={url}\n  \
             export ZOHO_CLIENT_ID={id}\n  \
             export ZOHO_CLIENT_SECRET={secret}\n  \
             zoho login --code {code}\n  \
             zoho api GET /crm/v8/users -q type=CurrentUser\n\n\
             The code logs {USER} in, once. Another one:\n\n  \
             curl -X POST {url}/_emulator/self_client_code\n"
        ))?;
        config.output.words("Ctrl-C stops it.");
    }
    interrupted.await;
    config.output.words("stopped");
    Ok(())
}

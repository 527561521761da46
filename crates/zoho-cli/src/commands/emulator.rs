//! `zoho emulator`: an emulator of Zoho, until it is interrupted.

use std::time::Duration;

use serde_json::json;
use zoho_emulator::{ClientApp, Emulator as Zoho, EmulatorBuilder, User};

use super::interruption::Interruption;
use crate::args::{EMULATOR_USER, Emulator};
use crate::config::Config;
use crate::failure::Failure;
use crate::messages::{Greeting, Note, Problem};

pub(crate) async fn run(config: &Config, options: Emulator) -> Result<(), Failure> {
    config.output.without_notices();
    // Registered before the URL is printed, because the reader may stop the process as soon as it sees it.
    let interruption = Interruption::start()?;
    let (port, user) = (options.port, email(&options.users[0]).to_owned());
    let zoho = builder(options).client(client(config)).try_start().await;
    let zoho = zoho.map_err(|error| Failure::from(Problem::EmulatorPort { port }).caused_by(&error))?;
    let (url, client, code) = (zoho.base_url(), zoho.default_client(), zoho.self_client_code(&user));
    // A secret that was given may be a real one.
    let (_, given_secret, _) = config.client_settings();
    let client_secret = given_secret.is_none().then_some(client.secret());
    if config.output.is_json() {
        config.output.json(&json!({
            "base_url": url,
            "client_id": client.id(),
            "client_secret": client_secret,
            "user": user,
            "code": code,
        }))?;
    } else {
        config.output.data(Greeting {
            url: &url,
            client_id: client.id(),
            client_secret,
            user: &user,
            code: &code,
        })?;
        config.output.note(&Note::HowToStop);
    }
    interruption.signal().await;
    config.output.note(&Note::Stopped);
    Ok(())
}

fn builder(options: Emulator) -> EmulatorBuilder {
    let mut builder = Zoho::builder()
        .port(options.port)
        .data_centers(options.data_centers)
        .token_lifetime(Duration::from_secs(options.token_lifetime))
        .code_lifetime(Duration::from_secs(options.code_lifetime))
        .clock_speed(options.clock_speed)
        .expiry_in_real_seconds(options.expiry_in_real_seconds)
        .legacy_expiry_units(options.legacy_expiry_units)
        .throttle_status(options.throttle_status);
    for text in &options.users {
        let mut user = User::new(email(text));
        if email(text) == EMULATOR_USER {
            user = user.named("Ada", "Lovelace");
        }
        builder = builder.user(match text.split_once(':') {
            Some((_, zgid)) => user.zgid(zgid),
            None => user,
        });
    }
    match options.auto_consent {
        Some(email) => builder.auto_consent(email),
        None => builder,
    }
}

/// Returns the client app that the options specify. An id or secret that is not specified is random.
fn client(config: &Config) -> ClientApp {
    let random = ClientApp::random();
    let (id, secret, redirect_url) = config.client_settings();
    ClientApp::new(id.unwrap_or(random.id()), secret.unwrap_or(random.secret()))
        .redirect_url(redirect_url.unwrap_or(random.first_redirect_url()))
}

/// The email address of a user that is given as `EMAIL[:ZGID]`.
fn email(user: &str) -> &str {
    user.split_once(':').map_or(user, |(email, _)| email)
}

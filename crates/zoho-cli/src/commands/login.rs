//! `zoho login`: a grant code becomes a stored token.

use zoho_oauth::{ExposeSecret, Grant, SecretString};

use crate::args::Login;
use crate::config::Config;
use crate::failure::Failure;
use crate::row::Row;

pub(crate) async fn run(config: &Config, login: Login) -> Result<(), Failure> {
    let Some(code) = login.code else {
        return Err(Failure::usage("the login in a browser comes in a later version; give --code")
            .next_step("make a code for a Self Client in Zoho's API console, then: zoho login --code CODE"));
    };
    let code = match code.expose_secret() {
        "-" => SecretString::from(super::standard_input()?.trim()),
        _ => code,
    };
    if config.client().is_none() {
        return Err(Failure::usage("a login needs the client app's id and secret").next_step(
            "set ZOHO_CLIENT_ID and ZOHO_CLIENT_SECRET, from the app's page in Zoho's API console",
        ));
    }
    let authenticator = config.authenticator()?;
    let login = authenticator.exchange(Grant::from_self_client(code)).await?;
    if let Some(error) = login.persistence_error() {
        return Err(Failure::failed("the login worked, but its token could not be stored").caused_by(error));
    }
    let row = Row::new(login.token(), false);
    config.output.words(format_args!("logged in; the token is kept in {}", authenticator.store().name()));
    if config.output.is_json() { config.output.json(&row.json()) } else { config.output.table(&row.owner()) }
}

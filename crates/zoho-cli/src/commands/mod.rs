//! One file for each command, and what several of them need.

mod api;
mod check;
mod completions;
mod copy;
mod demo;
mod emulator;
mod login;
mod records;
mod revoke;
mod token;
mod tokens;
mod whose;

use std::io::{self, Read};

use crate::args::Command;
use crate::config::Config;
use crate::failure::Failure;

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

//! One file or folder per command, and what several commands share.

mod api;
mod bulk;
mod check;
mod columns;
mod completions;
mod confirmation;
mod copy;
mod coql;
mod demo;
mod emulator;
mod fields;
mod interruption;
mod login;
mod names;
mod pages;
mod paginate;
mod records;
mod revoke;
mod thread;
mod token;
mod tokens;
mod waiting;
mod whose;

use crate::args::Command;
use crate::config::Config;
use crate::failure::Failure;

/// Runs a command. While nothing happens, says on standard error what it waits for.
pub(crate) async fn run(config: &Config, command: Command) -> Result<(), Failure> {
    waiting::announced(&config.output, explained(config, command)).await
}

/// Carries out a command. If it fails because a module or field does not exist, suggests another one.
async fn explained(config: &Config, command: Command) -> Result<(), Failure> {
    let target = command.target();
    match (carry_out(config, command).await, target) {
        (Err(failure), Some(target)) => Err(names::explained(config, target, failure).await),
        (outcome, _) => outcome,
    }
}

async fn carry_out(config: &Config, command: Command) -> Result<(), Failure> {
    match command {
        Command::Demo => demo::run(config).await,
        Command::Login(login) => login::run(config, login).await,
        Command::Token(whose) => token::run(config, whose).await,
        Command::Tokens(tokens) => tokens::run(config, tokens).await,
        Command::Revoke(which) => revoke::run(config, which).await,
        Command::Api(call) => api::run(config, call).await,
        Command::Records(records) => records::run(config, records).await,
        Command::Coql(query) => coql::run(config, query).await,
        Command::Bulk(bulk) => bulk::run(config, bulk).await,
        Command::Fields(module) => fields::run(config, module).await,
        Command::Schema(module) => fields::schema(config, module).await,
        Command::Emulator(options) => emulator::run(config, options).await,
        Command::Completions { shell } => completions::run(config, shell),
    }
}

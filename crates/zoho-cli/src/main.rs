//! The `zoho` command: tokens and CRM calls from a terminal.
//!
//! [`args`] says what may be typed, [`config`] turns it into a store and an authenticator, one file of
//! [`commands`] does the work, and [`output`] prints. A [`failure`] says why it did not work, and carries the exit
//! code. Every sentence that is printed is in [`messages`].

mod args;
mod commands;
mod config;
mod exit;
mod failure;
mod input;
mod messages;
mod output;
mod row;

use std::process::ExitCode;
use std::time::Duration;

use clap::{CommandFactory, FromArgMatches};

use crate::args::Arguments;
use crate::config::Config;
use crate::failure::Failure;
use crate::messages::Problem;

fn main() -> ExitCode {
    let parsed = Arguments::command().try_get_matches().and_then(|matches| {
        let arguments = Arguments::from_arg_matches(&matches)?;
        Ok((arguments, matches))
    });
    let (arguments, matches) = match parsed {
        Ok(parsed) => parsed,
        Err(mut message) => {
            output::clap_message(&mut message);
            return ExitCode::from(u8::try_from(message.exit_code()).unwrap_or(2));
        }
    };
    match run(arguments, &matches) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            output::failure(&failure);
            failure.exit_code()
        }
    }
}

fn run(arguments: Arguments, matches: &clap::ArgMatches) -> Result<(), Failure> {
    let Arguments { options, command } = arguments;
    let config = Config::new(options, matches);
    config.check()?;
    config.start_logging()?;
    // One thread is enough for one command, and is there at once.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::from(Problem::Runtime).caused_by(&error))?;
    let outcome = runtime.block_on(commands::run(&config, command));
    // A thread may still wait for rows from a pipe, when the work was interrupted. What it has on disk, it deletes.
    runtime.shutdown_timeout(Duration::from_secs(2));
    outcome
}

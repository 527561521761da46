//! The `zoho` command: tokens and CRM calls from a terminal.
//!
//! [`args`] defines the command line, [`config`] turns it into a store and an authenticator, one file of [`commands`]
//! does the work, and [`output`] prints. A [`failure`] carries the exit code. The text of every message is in
//! [`messages`].

mod args;
mod commands;
mod config;
mod exit;
mod failure;
mod input;
mod messages;
mod output;
mod row;

use std::io;
#[cfg(unix)]
use std::os::unix::net::UnixStream;
use std::process::ExitCode;
use std::time::Duration;

use clap::{CommandFactory, FromArgMatches};
use tokio::runtime::{Builder, Runtime};

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
            let code = ExitCode::from(u8::try_from(message.exit_code()).unwrap_or(2));
            return output::clap_message(&mut message).map_or_else(|failure| ended(&failure), |()| code);
        }
    };
    match run(arguments, &matches) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => ended(&failure),
    }
}

/// Reports a failure and returns its exit code.
fn ended(failure: &Failure) -> ExitCode {
    output::failure(failure);
    failure.exit_code()
}

fn run(arguments: Arguments, matches: &clap::ArgMatches) -> Result<(), Failure> {
    let Arguments { options, command } = arguments;
    let config = Config::new(options, matches)?;
    config.start_logging()?;
    let runtime = runtime().map_err(|error| Failure::from(Problem::Runtime).caused_by(&error))?;
    let outcome = runtime.block_on(commands::run(&config, command));
    // After an interruption, a blocking thread can still be waiting for rows from a pipe. It deletes its temporary
    // files.
    runtime.shutdown_timeout(Duration::from_secs(2));
    outcome
}

/// Starts the async runtime. A single thread starts fastest and is enough for one command.
fn runtime() -> io::Result<Runtime> {
    // Tokio panics if the file descriptors run out while it sets up signals.
    #[cfg(unix)]
    drop((0..4).map(|_| UnixStream::pair()).collect::<io::Result<Vec<_>>>()?);
    Builder::new_current_thread().enable_all().build()
}

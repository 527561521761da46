//! The `zoho` command: tokens and CRM calls from a terminal.
//!
//! [`args`] defines the command line, [`config`] turns it into a store and an authenticator, one file of [`commands`]
//! does the work, and [`output`] prints. A [`failure`] carries the exit code. The text of every message is in
//! [`messages`].

mod args;
mod commands;
mod config;
mod criteria;
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

use clap::{ArgMatches, Command, CommandFactory, FromArgMatches};
use tokio::runtime::{Builder, Runtime};

use crate::args::Arguments;
use crate::config::Config;
use crate::failure::Failure;
use crate::messages::Problem;

fn main() -> ExitCode {
    match parsed(Arguments::command()).or_else(|_| parsed(args::readable(Arguments::command()))) {
        Ok((arguments, matches)) => run(arguments, &matches).unwrap_or_else(|failure| ended(&failure)),
        Err(mut message) => {
            let code = ExitCode::from(u8::try_from(message.exit_code()).unwrap_or(2));
            output::clap_message(&mut message).map_or_else(|failure| ended(&failure), |()| code)
        }
    }
}

/// Parses the arguments of the process.
fn parsed(command: Command) -> Result<(Arguments, ArgMatches), clap::Error> {
    let matches = command.try_get_matches()?;
    Ok((Arguments::from_arg_matches(&matches)?, matches))
}

/// Reports a failure and returns its exit code.
fn ended(failure: &Failure) -> ExitCode {
    output::failure(failure);
    failure.exit_code()
}

/// Runs a command and returns its exit code. Fails if it cannot even be started.
fn run(arguments: Arguments, matches: &ArgMatches) -> Result<ExitCode, Failure> {
    let Arguments { options, command } = arguments;
    let config = Config::new(options, matches)?;
    config.start_logging()?;
    let runtime = runtime().map_err(|error| Failure::from(Problem::Runtime).caused_by(&error))?;
    let outcome = runtime.block_on(commands::run(&config, command));
    let code = outcome.map_or_else(|failure| ended(&failure), |()| ExitCode::SUCCESS);
    // After an interruption, a blocking thread can still be waiting for rows from a pipe. It deletes its temporary
    // files.
    runtime.shutdown_timeout(Duration::from_secs(2));
    Ok(code)
}

/// Starts the async runtime. A single thread starts fastest and is enough for one command.
fn runtime() -> io::Result<Runtime> {
    // Tokio panics if the file descriptors run out while it sets up signals.
    #[cfg(unix)]
    drop((0..4).map(|_| UnixStream::pair()).collect::<io::Result<Vec<_>>>()?);
    Builder::new_current_thread().enable_all().build()
}

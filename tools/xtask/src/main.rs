//! What the project does with itself: `cargo xtask --help`.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "it talks to whoever runs it")]

mod bench;
mod ci;
mod debian;
mod environment;
mod generate;
mod python;
mod report;
#[cfg(unix)]
mod shared_servers;
mod test;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use clap::Parser;

/// The work that the project does with itself.
#[derive(Debug, Parser)]
#[command(bin_name = "cargo xtask")]
enum Task {
    /// Run every test, and say what was skipped and why
    Test(test::Options),
    /// Measure beside what the machine can do, and print the table of docs/benchmarks.md
    Bench(bench::Options),
    /// Make the typed client from Zoho's OpenAPI files and the official SDK
    Generate(generate::GenerateOptions),
    /// Say how much of the API the typed client is
    Coverage(generate::Options),
    /// Check everything that a change has to pass: formatting, lints, documentation, features, every test
    Ci(ci::Options),
}

fn main() -> ExitCode {
    let all_is_well = match Task::parse() {
        Task::Test(options) => test::run(&options),
        Task::Bench(options) => bench::run(&options),
        Task::Generate(options) => generate::generate(&options),
        Task::Coverage(options) => generate::coverage(&options),
        Task::Ci(options) => ci::run(&options),
    };
    if all_is_well { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The cargo that runs us, in the workspace.
fn cargo(arguments: &[&str]) -> Command {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(arguments).current_dir(workspace());
    command
}

/// The workspace's folder.
fn workspace() -> PathBuf {
    let own_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    own_folder.ancestors().nth(2).unwrap_or(own_folder).to_path_buf()
}

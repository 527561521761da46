//! The project's own commands: `cargo xtask --help`.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command prints what it does")]

mod bench;
mod ci;
mod debian;
mod environment;
mod generate;
mod node;
mod python;
mod report;
#[cfg(unix)]
mod shared_servers;
mod test;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use clap::Parser;

/// Tests, checks, generates and measures this project
#[derive(Debug, Parser)]
#[command(bin_name = "cargo xtask")]
enum Task {
    /// Run all tests, and list those that were skipped with the reasons
    Test(test::Options),
    /// Run the benchmarks, and print the results as Markdown
    Bench(bench::Options),
    /// Generate the typed client from Zoho's OpenAPI files and the official SDK
    Generate(generate::GenerateOptions),
    /// Print how much of the API the typed client covers
    Coverage(generate::Options),
    /// Check everything that a change has to pass: formatting, spelling, lints, dependencies, packages, all tests
    Ci(ci::Options),
}

fn main() -> ExitCode {
    let succeeded = match Task::parse() {
        Task::Test(options) => test::run(&options),
        Task::Bench(options) => bench::run(&options),
        Task::Generate(options) => generate::generate(&options),
        Task::Coverage(options) => generate::coverage(&options),
        Task::Ci(options) => ci::run(&options),
    };
    if succeeded { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Returns the cargo that runs this program, to be run in the workspace.
fn cargo(arguments: &[&str]) -> Command {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(arguments).current_dir(workspace());
    command
}

/// Returns the workspace's folder.
fn workspace() -> PathBuf {
    let own_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    own_folder.ancestors().nth(2).unwrap_or(own_folder).to_path_buf()
}

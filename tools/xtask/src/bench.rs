//! `cargo xtask bench`: the benchmarks, in release builds, beside the official SDK and on servers where they are there.

use clap::Args;

use crate::cargo;
use crate::environment::Environment;

/// What is measured.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Install what is missing, with apt-get: on Debian, as root
    #[arg(long)]
    install: bool,
    /// For the benchmarks themselves: --only NAME, --quick, --folder PATH
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    words: Vec<String>,
}

/// Builds what is measured, measures it, and says whether that went well.
pub(crate) fn run(options: &Options) -> bool {
    // The command is measured as a whole, so it has to be there.
    let built = cargo(&["build", "--release", "--package", "zoho-cli"]).status();
    if !built.is_ok_and(|status| status.success()) {
        return false;
    }
    let mut command = cargo(&["run", "--release", "--package", "bench", "--"]);
    command.args(&options.words);
    let environment = Environment::prepare(options.install);
    environment.tell(&mut command);
    command.status().is_ok_and(|status| status.success())
}

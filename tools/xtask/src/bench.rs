//! `cargo xtask bench`: runs the benchmarks in release builds, with the official SDK and with servers if there are any.

use clap::Args;

use crate::cargo;
use crate::environment::Environment;

/// The options of `cargo xtask bench`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Install missing Debian packages with apt-get (requires root)
    #[arg(long)]
    install: bool,
    /// Passed on to the benchmarks: --only NAME, --quick, --folder PATH, --write
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

/// Builds and runs the benchmarks; returns whether they finished.
pub(crate) fn run(options: &Options) -> bool {
    // The benchmark of the command runs the executable.
    let build = cargo(&["build", "--release", "--package", "zoho-cli"]).status();
    if !build.is_ok_and(|status| status.success()) {
        return false;
    }
    let mut command = cargo(&["run", "--release", "--package", "bench", "--"]);
    command.args(&options.arguments);
    let environment = Environment::prepare(options.install);
    environment.apply_to(&mut command);
    command.status().is_ok_and(|status| status.success())
}

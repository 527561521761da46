//! `cargo xtask bench`: the benchmarks, in release builds, beside the official SDK where there is a Python.

use clap::Args;

use crate::{cargo, python};

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
    match python::with_the_official_sdk(options.install) {
        Ok(python) => {
            command.env("ZOHOCRM_PYTHON", python);
        }
        Err(reason) => eprintln!("The official SDK cannot be measured: {reason}"),
    }
    command.status().is_ok_and(|status| status.success())
}

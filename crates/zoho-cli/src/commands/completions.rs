//! `zoho completions`: prints the completion script of a shell.

use clap::CommandFactory;
use clap_complete::Shell;

use crate::args::Arguments;
use crate::config::Config;
use crate::failure::Failure;

pub(crate) fn run(config: &Config, shell: Shell) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "zoho", &mut script);
    config.output.bytes(&script)
}

//! The command line as help and errors show it.

use clap::Command;

/// Where the global options are listed.
const GLOBAL_OPTIONS: &str = "Global options, such as --store, --environment and --json: see `zoho --help`";

/// Shortens what help and errors show: only `zoho --help` lists the global options, and the usage line of an error leaves
/// out options that an environment variable sets, which clap would include.
///
/// This builds every command, which takes time, so call it only if help or an error is to be shown.
pub(crate) fn readable(mut command: Command) -> Command {
    command.build();
    with_its_usage(command).mut_subcommands(below)
}

fn below(command: Command) -> Command {
    // `zoho help …` shows the help of the command itself.
    if command.get_name() == "help" {
        return command;
    }
    let command = command.mut_args(|arg| match arg.is_global_set() {
        true => arg.hide(true),
        false => arg,
    });
    with_its_usage(command.after_help(GLOBAL_OPTIONS)).mut_subcommands(below)
}

/// Sets the usage that help shows for errors, too.
fn with_its_usage(mut command: Command) -> Command {
    let usage = command.render_usage().to_string();
    command.override_usage(usage.trim_start_matches("Usage: ").to_owned())
}

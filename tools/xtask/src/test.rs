//! `cargo xtask test`: runs every test of the workspace, and lists what was skipped.

use std::io::{self, BufRead, BufReader};
use std::process::{Command, Stdio};

use clap::Args;

use crate::cargo;
use crate::environment::Environment;
use crate::report::Report;

/// The options of `cargo xtask test`.
#[derive(Debug, Default, Args)]
pub(crate) struct Options {
    /// Fail if anything is skipped, as CI does
    #[arg(long)]
    pub(crate) require_all: bool,
    /// Install missing Debian packages with apt-get (requires root)
    #[arg(long)]
    pub(crate) install: bool,
    /// Run only the tests of this package; can be repeated
    #[arg(long, short, value_name = "NAME")]
    pub(crate) package: Vec<String>,
    /// Run only tests whose names contain one of these
    pub(crate) filters: Vec<String>,
}

/// Runs the tests, prints the report, and returns whether they passed.
pub(crate) fn run(options: &Options) -> bool {
    let report = run_all(options);
    report.print();
    report.passed_all(options.require_all)
}

/// Runs the tests.
pub(crate) fn run_all(options: &Options) -> Report {
    // Plain `cargo test`: a new machine has no other runner. `--include-ignored`, since a test that needs more than a
    // Rust toolchain is ignored otherwise; `--show-output`, since libtest hides the `SKIPPED:` of a test that still
    // lacks something; `--skip`, since a test named `child_…` is run by another test in a separate process.
    let mut command = cargo(&["test", "--all-features", "--no-fail-fast"]);
    if options.package.is_empty() {
        command.arg("--workspace");
    }
    options.package.iter().for_each(|package| {
        command.args(["--package", package]);
    });
    command.args(["--", "--include-ignored", "--skip", "::child_", "--show-output", "--color", "never"]);
    command.args(&options.filters).env("ZOHOCRM_COUNTS_SKIPPED", "1");
    if options.require_all {
        command.env("ZOHOCRM_REQUIRE_ALL", "1");
    }
    let environment = Environment::prepare(options.install);
    environment.apply_to(&mut command);
    read(&mut command).unwrap_or_else(|error| {
        let mut report = Report::default();
        report.fail(format!("cargo test: {error}"));
        report
    })
}

/// Runs a command, shows its output as it comes, and reads the report from it.
fn read(command: &mut Command) -> io::Result<Report> {
    let mut child = command.stdout(Stdio::piped()).spawn()?;
    let mut report = Report::default();
    if let Some(output) = child.stdout.take() {
        // The output of a test may not be UTF-8.
        for line in BufReader::new(output).split(b'\n') {
            let line = line?;
            let line = String::from_utf8_lossy(&line);
            if report.read(line.trim_end_matches('\r')) {
                println!("{line}");
            }
        }
    }
    let status = child.wait()?;
    if !status.success() && report.has_no_failure() {
        report.fail("cargo test: a build failed, or a test program ended early".to_owned());
    }
    Ok(report)
}

//! `cargo xtask ci`: everything that a change has to pass. A step that fails does not keep the others from running.

use std::process::Command;
use std::time::{Duration, Instant};

use clap::Args;

use crate::environment::files_of_zoho;
use crate::{cargo, generate, test};

/// The features that must build without any other.
const FEATURES: &[(&str, &[&str])] = &[
    ("zoho-oauth", &["file", "sqlite", "mysql", "postgres", "redis", "secrets-manager", "conformance"]),
    (
        "zohocrm",
        &[
            "automation",
            "bulk",
            "bulk-operations",
            "email",
            "files",
            "full",
            "portals",
            "records-extra",
            "services",
            "settings",
            "sharing",
            "templates",
            "users",
            "zia",
        ],
    ),
];

/// How it is checked.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Install what is missing, with apt-get: on Debian, as root
    #[arg(long)]
    install: bool,
}

/// How a step came out.
struct Step {
    name: String,
    is_well: bool,
    took: Duration,
}

/// Runs every step, and says whether all are well.
pub(crate) fn run(options: &Options) -> bool {
    let mut steps: Vec<_> =
        checks().into_iter().map(|(name, mut command)| step(name, || succeeds(&mut command))).collect();
    let mut report = None;
    steps.push(step("tests".to_owned(), || {
        let options =
            test::Options { require_all: true, install: options.install, ..test::Options::default() };
        let outcome = test::tested(&options);
        let is_well = outcome.is_well(options.require_all);
        report = Some(outcome);
        is_well
    }));
    match files_of_zoho("ZOHOCRM_OPENAPI") {
        Some(folder) => steps.push(step("the generated client".to_owned(), || generate::check(folder))),
        None => println!("\nSKIPPED: the generated client: Zoho's OpenAPI files are not there"),
    }

    println!();
    for Step { name, is_well, took } in &steps {
        let outcome = if *is_well { "ok" } else { "FAILED" };
        println!("{outcome:7} {name}, {:.1} s", took.as_secs_f64());
    }
    if let Some(report) = report {
        report.print();
    }
    steps.iter().all(|step| step.is_well)
}

/// What cargo itself checks, cheapest first.
fn checks() -> Vec<(String, Command)> {
    let lints = ["clippy", "--workspace", "--all-targets", "--all-features", "--", "-D", "warnings"];
    let mut documentation = cargo(&["doc", "--workspace", "--no-deps", "--all-features"]);
    documentation.env("RUSTDOCFLAGS", "-Dwarnings");
    let mut checks = vec![
        ("formatting".to_owned(), cargo(&["fmt", "--all", "--check"])),
        ("lints".to_owned(), cargo(&lints)),
        ("documentation".to_owned(), documentation),
    ];
    for (package, features) in FEATURES {
        checks.push((format!("{package} without features"), lints_of(package, &[])));
        for feature in *features {
            checks.push((
                format!("{package} with `{feature}` alone"),
                lints_of(package, &["--features", feature]),
            ));
        }
    }
    checks
}

fn lints_of(package: &str, features: &[&str]) -> Command {
    let mut command = cargo(&["clippy", "--package", package, "--no-default-features"]);
    command.args(features).args(["--", "-D", "warnings"]);
    command
}

fn step(name: String, work: impl FnOnce() -> bool) -> Step {
    println!("\n== {name}");
    let started = Instant::now();
    let is_well = work();
    let took = started.elapsed();
    println!("== {name}: {}, {:.1} s", if is_well { "ok" } else { "FAILED" }, took.as_secs_f64());
    Step { name, is_well, took }
}

fn succeeds(command: &mut Command) -> bool {
    match command.status() {
        Ok(status) => status.success(),
        Err(error) => {
            println!("cargo could not be started: {error}");
            false
        }
    }
}

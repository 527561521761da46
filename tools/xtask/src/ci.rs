//! `cargo xtask ci`: everything that a change has to pass. A step that fails does not stop the steps after it.

use std::process::Command;
use std::time::{Duration, Instant};

use clap::Args;

use crate::environment::files_of_zoho;
use crate::{cargo, generate, python, test, workspace};

/// The features that have to build on their own.
const FEATURES: &[(&str, &[&str])] = &[
    (
        "zoho-oauth",
        &["file", "sqlite", "mysql", "postgres", "redis", "secrets-manager", "conformance", "simulation"],
    ),
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

/// Advisories are left out: they need a network, and they appear without a change in this repository.
const DENY: [&str; 6] = ["--locked", "check", "--hide-inclusion-graph", "bans", "licenses", "sources"];

/// The crates that go to crates.io, in the order in which they are published.
const PUBLISHED: [&str; 5] = ["zoho-emulator", "zoho-oauth", "token-store-torture", "zohocrm", "zoho-cli"];

/// The options of `cargo xtask ci`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Install missing Debian packages with apt-get (requires root)
    #[arg(long)]
    install: bool,
}

/// A step that has been run.
struct Step {
    name: String,
    passed: bool,
    took: Duration,
}

/// Runs all steps, and returns whether they passed.
pub(crate) fn run(options: &Options) -> bool {
    let mut steps: Vec<_> = checks(options.install)
        .into_iter()
        .map(|(name, mut command)| step(name, || succeeds(&mut command)))
        .collect();
    let mut report = None;
    steps.push(step("tests".to_owned(), || {
        let options =
            test::Options { require_all: true, install: options.install, ..test::Options::default() };
        let outcome = test::run_all(&options);
        let passed = outcome.passed_all(options.require_all);
        report = Some(outcome);
        passed
    }));
    match (files_of_zoho("ZOHOCRM_OPENAPI"), files_of_zoho("ZOHOCRM_EXAMPLES")) {
        (Some(spec), Some(examples)) => {
            steps.push(step("generated client".to_owned(), || generate::check(spec, examples)));
        }
        _ => println!("\nSKIPPED generated client: Zoho's OpenAPI files or examples are missing"),
    }

    if let Some(report) = report {
        report.print();
    }
    println!();
    // The end of a long output is what a person sees.
    steps.sort_by_key(|step| !step.passed);
    for Step { name, passed, took } in &steps {
        let outcome = if *passed { "ok" } else { "FAILED" };
        println!("{outcome:7} {name}, {:.1} s", took.as_secs_f64());
    }
    steps.iter().all(|step| step.passed)
}

/// Lists the commands that only have to succeed, the fastest first.
fn checks(install: bool) -> Vec<(String, Command)> {
    let program = |name: &str, arguments: &[&str]| {
        let mut command = Command::new(python::ci_program(name, install));
        command.args(arguments).current_dir(workspace());
        command
    };
    let lints = ["clippy", "--workspace", "--all-targets", "--all-features", "--", "-D", "warnings"];
    let mut documentation = cargo(&["doc", "--workspace", "--no-deps", "--all-features"]);
    documentation.env("RUSTDOCFLAGS", "-Dwarnings");
    // Each package is built as well, so that it cannot need a file outside itself. The builds share the dependencies.
    let mut packages = cargo(&["package", "--locked", "--allow-dirty"]);
    packages.env("CARGO_TARGET_DIR", workspace().join("target"));
    PUBLISHED.iter().for_each(|package| {
        packages.args(["--package", package]);
    });
    let mut checks = vec![
        ("formatting".to_owned(), cargo(&["fmt", "--all", "--check"])),
        ("spelling".to_owned(), program("typos", &[])),
        ("dependencies".to_owned(), program("cargo-deny", &DENY)),
        ("lints".to_owned(), cargo(&lints)),
        ("documentation".to_owned(), documentation),
        ("packages".to_owned(), packages),
    ];
    for (package, features) in FEATURES {
        checks.push((format!("{package} without features"), lints_of(package, &[])));
        for feature in *features {
            checks.push((
                format!("{package} with only `{feature}`"),
                lints_of(package, &["--features", feature]),
            ));
        }
    }
    let simulator = ["run", "--release", "--package", "simulator", "--", "--seeds", "100000"];
    checks.push(("simulator: 100,000 seeds".to_owned(), cargo(&simulator)));
    checks
}

fn lints_of(package: &str, features: &[&str]) -> Command {
    let mut command = cargo(&["clippy", "--package", package, "--no-default-features"]);
    command.args(features).args(["--", "-D", "warnings"]);
    command
}

fn step(name: String, run: impl FnOnce() -> bool) -> Step {
    println!("\n== {name}");
    let started = Instant::now();
    let passed = run();
    let took = started.elapsed();
    println!("== {name}: {}, {:.1} s", if passed { "ok" } else { "FAILED" }, took.as_secs_f64());
    Step { name, passed, took }
}

fn succeeds(command: &mut Command) -> bool {
    match command.status() {
        Ok(status) => status.success(),
        Err(error) => {
            println!("could not run `{}`: {error}", command.get_program().to_string_lossy());
            false
        }
    }
}

//! Measures the product beside what the machine can do, in one run, and prints the table of
//! `docs/benchmarks.md`.
//!
//! One file per subject. Each takes a product and a floor, has [`mod@measure`] run them by turns, and puts a line into
//! the [`report`].

#[cfg(unix)]
mod alone;
#[cfg(unix)]
mod check;
mod command;
mod crm;
mod file;
mod fixture;
mod machine;
mod measure;
mod memory;
mod options;
mod peer;
mod python;
mod report;
mod saves;
mod server;
mod sqlite;

use std::error::Error;
use std::io::Write;
use std::process::ExitCode;

use options::Options;
use report::Report;

/// What went wrong while measuring: there is nobody to handle it, only somebody to read it.
type Outcome<T = ()> = Result<T, Box<dyn Error + Send + Sync>>;

/// What can be measured, by the name that `--only` takes.
type Subject = (&'static str, fn(&Options, &mut Report) -> Outcome);

const SUBJECTS: &[Subject] = &[
    ("memory", memory::run),
    ("sqlite", sqlite::run),
    ("saves", saves::run),
    ("file", file::run),
    ("python", python::run),
    ("command", command::run),
    ("server-finds", server::finds::run),
    ("server-saves", server::saves::run),
    ("leases", server::leases::run),
    ("tasks", server::tasks::run),
    #[cfg(unix)]
    ("copy", server::copy::run),
    #[cfg(unix)]
    ("million", server::million::run),
    ("page", crm::page::run),
    #[cfg(unix)]
    ("stream", crm::stream::run),
    #[cfg(unix)]
    ("bulk", crm::bulk::run),
    #[cfg(unix)]
    ("check", check::run),
];

fn main() -> ExitCode {
    match measure() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("error: {error}"));
            ExitCode::FAILURE
        }
    }
}

fn measure() -> Outcome {
    #[cfg(unix)]
    if let Ok(order) = std::env::var(alone::VARIABLE) {
        return Ok(writeln!(std::io::stdout(), "{}", alone::obey(&order)?)?);
    }
    let names: Vec<_> = SUBJECTS.iter().map(|(name, _)| *name).collect();
    let options = Options::parse(std::env::args().skip(1), &names)?;
    let mut report = Report::new(&options);
    for (name, run) in SUBJECTS {
        if options.wants(name) {
            say(&format!("measuring: {name}"));
            run(&options, &mut report)?;
        }
    }
    Ok(write!(std::io::stdout(), "{report}")?)
}

/// A word on standard error: the table alone goes to standard output.
fn say(text: &str) {
    // Nobody may be listening.
    let _ = writeln!(std::io::stderr(), "{text}");
}

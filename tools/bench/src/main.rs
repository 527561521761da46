//! Measures this project and, in the same run, what the machine can do without it; see `docs/benchmarks.md`.
//!
//! Each subject has a file. It hands the product and the floor to [`mod@measure`], which runs them in turns, and adds the
//! result to the [`report`].

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
mod summary;

use std::error::Error;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use options::Options;
use report::Report;

/// The error is only printed, so it needs no specific type.
type Outcome<T = ()> = Result<T, Box<dyn Error + Send + Sync>>;

/// A benchmark, with its name for `--only`.
type Subject = (&'static str, fn(&Options, &mut Report) -> Outcome);

const SUBJECTS: &[Subject] = &[
    ("memory", memory::run),
    ("sqlite", sqlite::run),
    ("saves", saves::run),
    ("file", file::run),
    ("python", python::run),
    ("command", command::run),
    #[cfg(unix)]
    ("server-finds", server::finds::run),
    #[cfg(unix)]
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

/// What [`alone`] runs in a separate process.
#[cfg(unix)]
const WORKS: &[alone::Work] =
    &[("tokens", server::pages::read), ("records", crm::stream::read), ("rows", crm::bulk::read)];

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
        return Ok(writeln!(std::io::stdout(), "{}", alone::obey(&order, WORKS)?)?);
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
    if options.write {
        summary::write(&report, &Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."))?;
    }
    Ok(write!(std::io::stdout(), "{report}")?)
}

/// Prints progress to standard error; standard output has the results only.
fn say(text: &str) {
    // Standard error may be closed.
    let _ = writeln!(std::io::stderr(), "{text}");
}

#![doc = include_str!("../README.md")]

mod book;
mod child;
mod failure;
mod kit;
mod place;
mod process;
mod promise;
mod promises;
mod protocol;
mod row;
mod scene;
mod tasks;
mod worker;

use std::env;
use std::process::ExitCode;

use libtest_mimic::Arguments;

use crate::process::WORKER;

/// The parts that the process tests of zoho-oauth share with the kit. They may change in any release.
#[doc(hidden)]
pub mod parts {
    pub use crate::book::Book;
    pub use crate::child::{ChildProcess, Silence, say, serve};
    pub use crate::protocol::Row;
    pub use crate::row::{reading_of, row};
    pub use crate::tasks::{save_all, save_without_end};
}

pub use kit::Kit;
pub use place::Place;

/// Runs the tests of these kits. The command line says which, as with `libtest`: a part of a test's name, `--list`,
/// `--help`.
///
/// Return the result from `main`, and do nothing else in `main` that must not happen again: the program starts itself as
/// the worker processes, and they learn in `run` that they are workers.
#[expect(clippy::disallowed_methods, reason = "a worker learns from the environment that it is one")]
pub fn run(kits: impl IntoIterator<Item = Kit>) -> ExitCode {
    let kits: Vec<Kit> = kits.into_iter().collect();
    if let Some(number) = env::var_os(WORKER) {
        return worker::run(number.to_str().and_then(|number| kits.get(number.parse::<usize>().ok()?)));
    }
    let mut arguments = Arguments::from_args();
    // Each test keeps the machine busy, and some measure time.
    arguments.test_threads.get_or_insert(1);
    let trials = kits.iter().enumerate().flat_map(|(number, kit)| kit.trials(number)).collect();
    libtest_mimic::run(&arguments, trials).exit_code()
}

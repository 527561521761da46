//! The place and the processes of one test.

use std::time::Duration;

use tempfile::TempDir;

use crate::failure::{Failure, Outcome};
use crate::place::Place;
use crate::process::Process;
use crate::protocol::{Command, Row, Saved};

/// How hard to test a store.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sizes {
    pub(crate) processes: usize,
    pub(crate) rounds: usize,
}

impl Default for Sizes {
    fn default() -> Self {
        Self { processes: 8, rounds: 25 }
    }
}

/// The lifetime of a lease that is meant to expire.
pub(crate) const SHORT_LIFE: Duration = Duration::from_millis(300);
/// The lifetime of a lease that is not meant to expire.
pub(crate) const LONG_LIFE: Duration = Duration::from_secs(120);

/// The place of one test, and how to start processes there.
#[derive(Debug)]
pub(crate) struct Scene {
    kit: usize,
    pub(crate) sizes: Sizes,
    place: Place,
    _folder: TempDir,
}

impl Scene {
    pub(crate) fn new(kit: usize, sizes: Sizes) -> Outcome<Self> {
        let (place, folder) = Place::new().map_err(Failure::of_the_kit)?;
        Ok(Self { kit, sizes, place, _folder: folder })
    }

    /// A process that is opening the store.
    pub(crate) fn opening(&self) -> Outcome<Process> {
        let mut process = Process::start(self.kit)?;
        process.tell_place(&self.place)?;
        Ok(process)
    }

    /// A process that has opened the store.
    pub(crate) fn process(&self) -> Outcome<Process> {
        let mut process = self.opening()?;
        process.hear::<()>()?;
        Ok(process)
    }

    /// As many processes as the kit says, which have opened the store at once.
    pub(crate) fn processes(&self) -> Outcome<Vec<Process>> {
        let mut processes = (0..self.sizes.processes).map(|_| self.opening()).collect::<Outcome<Vec<_>>>()?;
        for process in &mut processes {
            process.hear::<()>()?;
        }
        Ok(processes)
    }

    /// All rows of the store, as a new process reads them.
    pub(crate) fn rows(&self) -> Outcome<Vec<Row>> {
        self.process()?.ask(&Command::Rows)
    }

    /// Has a new process save the first state of `user`.
    pub(crate) fn saved(&self, user: &str) -> Outcome<Saved> {
        self.process()?.ask(&Command::Save { user: user.to_owned(), number: 1 })
    }
}

//! Where one test takes place.

use std::time::Duration;

use tempfile::TempDir;

use crate::failure::{Failure, Outcome};
use crate::place::Place;
use crate::process::Process;
use crate::protocol::{Command, Row, Saved};

/// How hard a store is tested.
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

/// The life of a lease that is meant to run out.
pub(crate) const SHORT_LIFE: Duration = Duration::from_millis(300);
/// The life of a lease that is meant not to.
pub(crate) const LONG_LIFE: Duration = Duration::from_secs(120);

/// One test's place, and the processes there.
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

    /// A process that is just opening the store.
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

    /// As many as the kit says, who have opened the store at once.
    pub(crate) fn processes(&self) -> Outcome<Vec<Process>> {
        let mut processes = (0..self.sizes.processes).map(|_| self.opening()).collect::<Outcome<Vec<_>>>()?;
        for process in &mut processes {
            process.hear::<()>()?;
        }
        Ok(processes)
    }

    /// Everything that is in the store, as a new process reads it.
    pub(crate) fn rows(&self) -> Outcome<Vec<Row>> {
        self.process()?.ask(&Command::Rows)
    }

    /// Has a new process save the first state of `user`.
    pub(crate) fn saved(&self, user: &str) -> Outcome<Saved> {
        self.process()?.ask(&Command::Save { user: user.to_owned(), number: 1 })
    }
}

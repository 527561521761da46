//! Bulk jobs and mass actions: the orders of clients, and their outcomes.

pub(crate) mod job;
pub(crate) mod mass;
pub(crate) mod read;
pub(crate) mod write;

use self::job::Ledger;

/// Every job of one emulator.
#[derive(Debug, Default)]
pub(crate) struct Jobs {
    pub(crate) reads: Ledger<read::Order, read::Outcome>,
    pub(crate) writes: Ledger<write::Order, write::Outcome>,
    pub(crate) mass: Ledger<mass::Order, mass::Outcome>,
    /// How many of the next jobs will fail.
    pub(crate) failures_ahead: usize,
}

impl Jobs {
    /// Whether the job that is being added is to fail. Counts it.
    pub(crate) fn take_failure(&mut self) -> bool {
        let fails = self.failures_ahead > 0;
        self.failures_ahead -= usize::from(fails);
        fails
    }
}

//! Leases and ledgers in memory, for stores that only one process uses.

use std::collections::HashMap;
use std::time::Duration;

use super::coordination::{Acquired, Lease, LeaseEntry, LeaseKey, LeaseState, machine_clock};

/// The leases of all credentials, in memory.
#[derive(Debug, Default)]
pub(super) struct LeaseBoard {
    entries: HashMap<LeaseKey, LeaseEntry>,
}

impl LeaseBoard {
    pub(super) fn acquire(&mut self, key: &LeaseKey, holder: &str, life: Duration) -> Acquired {
        let now = machine_clock();
        self.entries.retain(|_, entry| !entry.may_be_forgotten(now));
        self.entries.entry(key.clone()).or_default().acquire(key, holder, now, life)
    }

    pub(super) fn renew(&mut self, lease: &Lease, life: Duration) -> bool {
        self.entries.get_mut(&lease.key).is_some_and(|entry| entry.renew(lease, machine_clock(), life))
    }

    pub(super) fn release(&mut self, lease: &Lease) -> bool {
        self.entries.get_mut(&lease.key).is_some_and(|entry| entry.release(lease, machine_clock()))
    }

    pub(super) fn is_held_under(&self, lease: &Lease) -> bool {
        self.entries.get(&lease.key).is_some_and(|entry| entry.is_held_under(lease))
    }

    pub(super) fn lease_state(&self, key: &LeaseKey) -> LeaseState {
        self.entries.get(key).cloned().unwrap_or_default().lease_state(machine_clock())
    }
}

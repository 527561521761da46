//! What can go wrong in a run.

use std::fmt;

/// A kind of fault. Each run enables a random subset, so that strong invariants can be checked where few things go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A process is killed at an await or in the middle of a disk operation, and another is started in its place.
    Kill,
    /// A process is stopped for longer than a lease lives.
    Pause,
    /// A request to the store or its response is lost.
    LoseStore,
    /// The store responds after seconds.
    SlowStore,
    /// A host cannot connect to the store.
    RefuseStore,
    /// The store accepts leases and rejects tokens.
    RejectSaves,
    /// The store rejects every write.
    ReadOnly,
    /// A request to the accounts server or its response is lost.
    LoseAccounts,
    /// The accounts server responds after seconds.
    SlowAccounts,
    /// The accounts server sends error pages.
    FailAccounts,
    /// No host can connect to the accounts server.
    RefuseAccounts,
    /// One host cannot connect to the accounts server.
    CutOff,
    /// A host's disk is full.
    FullDisk,
    /// A host's clock is set forward or back.
    StepHostClock,
    /// The store's clock is set forward or back.
    StepStoreClock,
    /// The store fails over to a copy that lacks its last writes.
    Revert,
}

/// A set of faults.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Faults(u32);

impl Fault {
    /// Every fault.
    pub const ALL: [Self; 16] = [
        Self::Kill,
        Self::Pause,
        Self::LoseStore,
        Self::SlowStore,
        Self::RefuseStore,
        Self::RejectSaves,
        Self::ReadOnly,
        Self::LoseAccounts,
        Self::SlowAccounts,
        Self::FailAccounts,
        Self::RefuseAccounts,
        Self::CutOff,
        Self::FullDisk,
        Self::StepHostClock,
        Self::StepStoreClock,
        Self::Revert,
    ];

    /// Returns the fault with this name, such as `RejectSaves`.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|fault| format!("{fault:?}").eq_ignore_ascii_case(name))
    }
}

impl Faults {
    /// Whether `fault` is in the set.
    #[must_use]
    pub fn contains(self, fault: Fault) -> bool {
        self.0 & (1 << fault as u32) != 0
    }

    /// Whether any of `faults` is in the set.
    #[must_use]
    pub fn contains_any(self, faults: &[Fault]) -> bool {
        faults.iter().any(|fault| self.contains(*fault))
    }

    /// Whether nothing can go wrong.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The set with `fault`.
    #[must_use]
    pub fn with(self, fault: Fault) -> Self {
        Self(self.0 | (1 << fault as u32))
    }

    /// The set without `fault`.
    #[must_use]
    pub fn without(self, fault: Fault) -> Self {
        Self(self.0 & !(1 << fault as u32))
    }

    /// The faults, in the order of [`Fault::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Fault> {
        Fault::ALL.into_iter().filter(move |fault| self.contains(*fault))
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.iter().map(|fault| format!("{fault:?}")).collect();
        formatter.write_str(if names.is_empty() { "none" } else { "" })?;
        formatter.write_str(&names.join(", "))
    }
}

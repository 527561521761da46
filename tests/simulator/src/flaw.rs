//! Bugs that can be planted in what an authenticator relies on, to show that the invariants find them.

/// A planted bug.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// The store sometimes grants a lease that another process holds.
    LeaseGrantedTwice,
    /// The store saves under a lease that has passed to another process.
    OpenFence,
    /// The store forgets the ledger of a credential.
    ForgottenLedger,
    /// The store acknowledges a save that it did not make.
    DroppedSave,
    /// The disk loses a file that it has synced.
    DroppedFile,
}

impl Flaw {
    /// Every planted bug.
    pub const ALL: [Self; 5] = [
        Self::LeaseGrantedTwice,
        Self::OpenFence,
        Self::ForgottenLedger,
        Self::DroppedSave,
        Self::DroppedFile,
    ];

    /// Returns the flaw with this name, such as `OpenFence`.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|flaw| format!("{flaw:?}").eq_ignore_ascii_case(name))
    }
}

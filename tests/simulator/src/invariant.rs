//! What has to hold, whatever goes wrong.

use std::fmt;

/// An invariant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Invariant {
    /// A token is renewed once, however many processes ask for it, unless a fault made it unknown to them.
    OneRenewal,
    /// The store never replaces a newer token by an older one.
    NeverOlder,
    /// A login that was acknowledged, or whose token was on a disk, ends up in the store.
    NothingLost,
    /// At most ten requests in ten minutes are sent to Zoho for one refresh token.
    QuotaKept,
    /// An exhausted quota is reported only if Zoho was asked that often.
    TrueThrottle,
    /// A host that cannot connect to Zoho fails no caller on another host.
    LocalFailure,
    /// A call fails only if something went wrong that it depends on.
    ReasonedError,
    /// A call takes no longer than the faults and the life of a lease explain.
    PromptCall,
    /// Every process gets a valid token for every user soon after the last fault.
    Recovery,
    /// No caller gets the token of another user.
    OwnToken,
    /// No caller gets a token that has expired or was revoked.
    ValidToken,
    /// No file is left in a spool after the last fault.
    EmptySpool,
}

/// A set of invariants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Invariants(u32);

impl Invariant {
    /// Every invariant.
    pub const ALL: [Self; 12] = [
        Self::OneRenewal,
        Self::NeverOlder,
        Self::NothingLost,
        Self::QuotaKept,
        Self::TrueThrottle,
        Self::LocalFailure,
        Self::ReasonedError,
        Self::PromptCall,
        Self::Recovery,
        Self::OwnToken,
        Self::ValidToken,
        Self::EmptySpool,
    ];

    /// Returns the invariant with this name, such as `QuotaKept`.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|invariant| format!("{invariant:?}").eq_ignore_ascii_case(name))
    }
}

impl Invariants {
    /// All invariants.
    #[must_use]
    pub fn all() -> Self {
        Self(u32::MAX)
    }

    /// No invariant but this one.
    #[must_use]
    pub fn only(invariant: Invariant) -> Self {
        Self(1 << invariant as u32)
    }

    /// The set without `invariant`.
    #[must_use]
    pub fn without(self, invariant: Invariant) -> Self {
        Self(self.0 & !(1 << invariant as u32))
    }

    /// Whether `invariant` is in the set.
    #[must_use]
    pub fn contains(self, invariant: Invariant) -> bool {
        self.0 & (1 << invariant as u32) != 0
    }
}

impl fmt::Display for Invariant {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::OneRenewal => "a token is renewed once",
            Self::NeverOlder => "a newer token is never replaced by an older one",
            Self::NothingLost => "no login is lost",
            Self::QuotaKept => "Zoho's quota is kept",
            Self::TrueThrottle => "an exhausted quota is reported only if it is true",
            Self::LocalFailure => "a host without a network fails no caller on another host",
            Self::ReasonedError => "an error has a reason",
            Self::PromptCall => "no call takes longer than its reasons allow",
            Self::Recovery => "every caller gets a token once the world is well again",
            Self::OwnToken => "a caller gets the token of the right user",
            Self::ValidToken => "a token that is handed out is valid",
            Self::EmptySpool => "no file is left in a spool",
        })
    }
}

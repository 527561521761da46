//! Which of several hosts a store uses.

use std::fmt;

/// Which of several hosts a store uses, as PostgreSQL's own programs name it in `target_session_attrs`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Sessions {
    /// The first one that can be reached.
    Any,
    /// The first one that accepts writes.
    ReadWrite,
    /// The first one that does not accept writes.
    ReadOnly,
    /// The first one that is not a standby.
    Primary,
    /// The first one that is a standby.
    Standby,
    /// The first one that is a standby, or else any.
    PreferStandby,
}

/// What a server says about itself.
#[derive(Clone, Copy)]
pub(in crate::store) struct Role {
    pub(in crate::store) is_standby: bool,
    pub(in crate::store) is_read_only: bool,
}

impl Sessions {
    const ALL: [Self; 6] =
        [Self::Any, Self::ReadWrite, Self::ReadOnly, Self::Primary, Self::Standby, Self::PreferStandby];
    /// The words for all of them, for messages.
    pub(in crate::store) const EXPECTED: &str =
        "any, read-write, read-only, primary, standby or prefer-standby";

    /// Parses the words that PostgreSQL's own programs use.
    pub(in crate::store) fn parse(words: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|sessions| sessions.to_string() == words)
    }

    /// Returns what is looked for, one after the other.
    pub(in crate::store) fn preferences(self) -> Vec<Self> {
        match self {
            Self::PreferStandby => vec![Self::Standby, Self::Any],
            other => vec![other],
        }
    }

    /// Whether a server with this role is suitable.
    pub(in crate::store) fn accepts(self, role: Role) -> bool {
        match self {
            Self::Any | Self::PreferStandby => true,
            Self::ReadWrite => !role.is_standby && !role.is_read_only,
            Self::ReadOnly => role.is_standby || role.is_read_only,
            Self::Primary => !role.is_standby,
            Self::Standby => role.is_standby,
        }
    }
}

impl fmt::Display for Sessions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Any => "any",
            Self::ReadWrite => "read-write",
            Self::ReadOnly => "read-only",
            Self::Primary => "primary",
            Self::Standby => "standby",
            Self::PreferStandby => "prefer-standby",
        })
    }
}

//! The error for a file that is not used because another account may have written it, or because it is no file.

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::path::PathBuf;

/// A file or folder that is not used. An [`io::Error`] carries it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Untrusted {
    pub(super) path: PathBuf,
    pub(super) reason: Reason,
}

/// Why a file or folder is not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(not(unix), expect(dead_code, reason = "only Unix has owners and modes to compare"))]
pub(super) enum Reason {
    /// It is something else, such as a named pipe.
    Kind { found: &'static str, expected: &'static str },
    /// Its owner is neither this account nor root nor the owner of the store.
    Owner { owner: u32, mode: u32, account: u32 },
    /// Accounts that may not write the store may write it.
    Mode { owner: u32, mode: u32 },
}

impl Untrusted {
    /// Returns the `Untrusted` that an I/O error carries.
    pub(crate) fn of(error: &io::Error) -> Option<&Self> {
        error.get_ref()?.downcast_ref()
    }

    /// What the user can do.
    pub(crate) fn next_step(&self) -> &'static str {
        match self.reason {
            Reason::Kind { .. } => "find out which program created it and delete it, or use another path",
            Reason::Owner { .. } => {
                "another user may have put it there: check its content, then delete it or change its owner"
            }
            Reason::Mode { .. } => {
                "another user may have changed it: check its content, then run `chmod go-w` on it"
            }
        }
    }
}

impl fmt::Display for Untrusted {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        match self.reason {
            Reason::Kind { found, expected } => write!(formatter, "`{path}` is {found} and not {expected}"),
            Reason::Owner { owner, mode, account } => write!(
                formatter,
                "`{path}` belongs to user {owner} (mode {mode:04o}), and this program runs as user {account}"
            ),
            Reason::Mode { owner, mode } => {
                write!(formatter, "other users can write `{path}` (owner {owner}, mode {mode:04o})")
            }
        }
    }
}

impl StdError for Untrusted {}

impl From<Untrusted> for io::Error {
    fn from(untrusted: Untrusted) -> Self {
        Self::new(io::ErrorKind::PermissionDenied, untrusted)
    }
}

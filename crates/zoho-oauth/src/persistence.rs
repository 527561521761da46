//! What the store did with a new token.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use crate::store::StoreError;

/// Where a token is persisted. A token that the store rejected is valid all the same.
///
/// `Display` describes it in one line for a log or a user: which store failed, and where the token is now.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Persistence {
    /// In the store.
    Stored,
    /// In the spool, because the store rejected it. It is stored when an authenticator for this store next starts, or
    /// by [`Authenticator::recover`](crate::Authenticator::recover).
    ///
    /// Until then, every process of this account that can read the file uses the token instead of requesting another.
    /// Another host cannot read it and requests a token of its own.
    Spooled {
        /// The file that holds the token, readable by this account alone.
        path: PathBuf,
        /// Why the store rejected it.
        error: StoreError,
    },
    /// In this process's memory only, because the store rejected it and it could not be spooled either. The
    /// authenticator keeps trying to store it as long as it is in use; with the process, the token is lost. Other
    /// processes request tokens of their own.
    InMemory {
        /// Why the store rejected it.
        error: StoreError,
        /// Why it could not be spooled.
        spool_error: Arc<io::Error>,
    },
    /// Nowhere: the caller passed an access token alone, which is used as it is.
    NotManaged,
}

impl Persistence {
    /// The `tracing` target of the events about tokens that could not be stored, and about spooled tokens.
    ///
    /// What they say is also returned, as a `Persistence` or by
    /// [`Authenticator::recover`](crate::Authenticator::recover). A program that reports it to its user can turn this
    /// target off.
    pub const LOG_TARGET: &str = "zoho_oauth::persistence";

    /// Why the store rejected the token, if it did.
    #[must_use]
    pub fn error(&self) -> Option<&StoreError> {
        match self {
            Self::Spooled { error, .. } | Self::InMemory { error, .. } => Some(error),
            Self::Stored | Self::NotManaged => None,
        }
    }
}

impl fmt::Display for Persistence {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stored => formatter.write_str("the token is stored"),
            Self::Spooled { path, error } => write!(
                formatter,
                "{error}; the token is spooled on this host, in `{}`, and will be stored at the next start",
                path.display()
            ),
            Self::InMemory { error, spool_error } => write!(
                formatter,
                "{error}; the token is in this process's memory only, because it could not be spooled either \
                 ({spool_error})"
            ),
            Self::NotManaged => formatter.write_str("the access token was passed alone and is not stored"),
        }
    }
}

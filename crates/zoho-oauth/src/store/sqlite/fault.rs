//! Failures of SQLite and the operating system, and the store errors that they become.

use std::borrow::Cow;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use rusqlite::{ErrorCode, ffi};

use crate::private_file::Untrusted;

use super::super::error::{StoreError, StoreErrorKind};

/// A failure, before it is known which call failed. Cheap to clone: if a commit fails, every job of the group gets the
/// error.
#[derive(Clone, Debug)]
pub(super) enum Fault {
    /// An error of SQLite. Its messages name tables and columns, never values.
    Sqlite(Arc<rusqlite::Error>),
    /// An error of the operating system, before SQLite was called.
    System(Arc<io::Error>),
    /// A violation of the store's rules.
    Rule(StoreError),
    /// Content that cannot be parsed.
    Unreadable(Cow<'static, str>),
    /// The file was deleted or replaced while it was open.
    Replaced(PathBuf),
    /// The file was deleted, and there is no other one.
    Missing(PathBuf),
    /// The writer thread has ended.
    Stopped,
}

impl Fault {
    /// Converts into the error that the caller gets.
    pub(super) fn into_error(self, store: &str, action: &'static str) -> StoreError {
        let of = |kind, next_step| StoreError::of(kind, action).next_step(next_step);
        let error = match self {
            Self::Rule(error) => error,
            Self::Sqlite(error) => {
                let (kind, next_step) = classify(&error);
                of(kind, next_step).evidence(evidence(&error)).caused_by(error)
            }
            Self::System(error) => {
                let (kind, next_step) = classify_system(&error);
                of(kind, next_step).evidence(error.to_string()).caused_by(error)
            }
            Self::Unreadable(what) => of(StoreErrorKind::Damaged, REPAIR).evidence(what),
            Self::Replaced(path) => of(
                StoreErrorKind::Other,
                "try again; if it persists, end all programs that use the store and start them again",
            )
            .evidence(format!("`{}` was deleted or replaced while it was open", path.display())),
            Self::Missing(path) => {
                of(StoreErrorKind::Other, "restore it; to begin with an empty store, open it again")
                    .evidence(format!("`{}` was deleted while it was open", path.display()))
            }
            Self::Stopped => {
                of(StoreErrorKind::Other, "open the store again").evidence("its writer thread has stopped")
            }
        };
        error.in_store(store)
    }

    /// Whether every job would fail in the same way, even alone.
    pub(super) fn concerns_all(&self) -> bool {
        matches!(self, Self::Replaced(_)) || self.is_busy()
    }

    /// Whether another connection holds a lock.
    pub(super) fn is_busy(&self) -> bool {
        self.kind() == Some(StoreErrorKind::Busy)
    }

    /// Whether the disk was full.
    pub(super) fn is_full(&self) -> bool {
        self.kind() == Some(StoreErrorKind::Full)
    }

    /// Whether SQLite cannot create its files beside the database.
    pub(super) fn denies_side_files(&self) -> bool {
        self.is_full() || self.kind() == Some(StoreErrorKind::Permission)
    }

    /// Whether a database in this state can still be read.
    pub(super) fn leaves_readable(&self) -> bool {
        self.denies_side_files() || self.is_busy()
    }

    fn kind(&self) -> Option<StoreErrorKind> {
        match self {
            Self::Sqlite(error) => Some(classify(error).0),
            _ => None,
        }
    }
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(Arc::new(error))
    }
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Self::System(Arc::new(error))
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::Rule(error)
    }
}

const REPAIR: &str = "the file was not changed; check that it is the right one, or restore it from a backup";
const PERMIT: &str = "allow this account to read and write the file and its folder (SQLite creates a -wal and a -shm file beside it)";
const MAKE_ROOM: &str = "free space on the disk and try again; what was stored before is intact";

fn classify(error: &rusqlite::Error) -> (StoreErrorKind, &'static str) {
    let Some(failure) = error.sqlite_error() else {
        return (StoreErrorKind::Damaged, REPAIR);
    };
    match failure.code {
        // The last one: another process was stopped while it opened the file.
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::FileLockingProtocolFailed => {
            (StoreErrorKind::Busy, "another program has locked the file; try again, or end that program")
        }
        ErrorCode::DiskFull => (StoreErrorKind::Full, MAKE_ROOM),
        ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied => {
            (StoreErrorKind::Permission, PERMIT)
        }
        ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt => (StoreErrorKind::Damaged, REPAIR),
        ErrorCode::ConstraintViolation | ErrorCode::TooBig => {
            (StoreErrorKind::Rejected, "the table rejects this token; check its constraints")
        }
        ErrorCode::SystemIoFailure => match failure.extended_code {
            // SQLite allocates its shared index before anything else.
            ffi::SQLITE_IOERR_SHMSIZE => (StoreErrorKind::Full, MAKE_ROOM),
            _ => (StoreErrorKind::Other, "check the disk: it may be failing, or a quota may be exhausted"),
        },
        // Mostly SQL that does not match the tables.
        ErrorCode::Unknown => (StoreErrorKind::Damaged, REPAIR),
        _ => (StoreErrorKind::Other, "try again; the cause has the details"),
    }
}

/// SQLite's message, with the extended code if the message is only "disk I/O error".
fn evidence(error: &rusqlite::Error) -> String {
    match error.sqlite_error() {
        Some(failure) if failure.code == ErrorCode::SystemIoFailure => {
            format!("{error} (SQLite code {})", failure.extended_code)
        }
        _ => match error {
            // Its `Display` repeats the whole statement.
            rusqlite::Error::SqlInputError { msg, .. } => msg.clone(),
            _ => error.to_string(),
        },
    }
}

fn classify_system(error: &io::Error) -> (StoreErrorKind, &'static str) {
    if let Some(untrusted) = Untrusted::of(error) {
        return (StoreErrorKind::Permission, untrusted.next_step());
    }
    match error.kind() {
        io::ErrorKind::NotFound => (StoreErrorKind::Other, "create the folder first"),
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            (StoreErrorKind::Permission, PERMIT)
        }
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => (StoreErrorKind::Full, MAKE_ROOM),
        io::ErrorKind::IsADirectory => (StoreErrorKind::Other, "pass the path of a file in it"),
        _ => (StoreErrorKind::Other, "check the path"),
    }
}

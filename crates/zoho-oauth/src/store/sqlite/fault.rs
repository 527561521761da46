//! What can go wrong below the store, and how it is told: kind, evidence, next step.

use std::borrow::Cow;
use std::io;
use std::sync::Arc;

use rusqlite::{ErrorCode, ffi};

use super::super::error::{StoreError, StoreErrorKind};

/// A failure that does not know yet what the store was asked for. Cheap to clone: when a commit fails, every job
/// of the group hears of it.
#[derive(Clone, Debug)]
pub(super) enum Fault {
    /// SQLite said so. Its messages name tables and columns, never values.
    Sqlite(Arc<rusqlite::Error>),
    /// The operating system said so, before SQLite was asked.
    System(Arc<io::Error>),
    /// The store's own rules say so.
    Told(StoreError),
    /// The content makes no sense.
    Senseless(Cow<'static, str>),
    /// The file was deleted, or another one stands in its place.
    Replaced,
    /// The writer thread is gone.
    Stopped,
}

impl Fault {
    /// The error that the caller gets.
    pub(super) fn into_error(self, store: &str, action: &'static str) -> StoreError {
        let of = |kind, next_step| StoreError::of(kind, action).next_step(next_step);
        let error = match self {
            Self::Told(error) => error,
            Self::Sqlite(error) => {
                let (kind, next_step) = classify(&error);
                of(kind, next_step).evidence(evidence(&error)).caused_by(error)
            }
            Self::System(error) => {
                let (kind, next_step) = classify_system(&error);
                of(kind, next_step).evidence(error.to_string()).caused_by(error)
            }
            Self::Senseless(what) => of(StoreErrorKind::Damaged, REPAIR).evidence(what),
            Self::Replaced => of(StoreErrorKind::Other, "open the store again")
                .evidence("the file was deleted or replaced while it was open"),
            Self::Stopped => {
                of(StoreErrorKind::Other, "open the store again").evidence("its writer has stopped")
            }
        };
        error.in_store(store)
    }

    /// Whether every job would fail in the same way, each alone too.
    pub(super) fn concerns_all(&self) -> bool {
        matches!(self, Self::Replaced) || self.kind() == Some(StoreErrorKind::Busy)
    }

    /// Whether there was no room left.
    pub(super) fn is_full(&self) -> bool {
        self.kind() == Some(StoreErrorKind::Full)
    }

    /// Whether this account, or the disk, has no place for what SQLite keeps beside the file.
    pub(super) fn denies_side_files(&self) -> bool {
        self.is_full() || self.kind() == Some(StoreErrorKind::Permission)
    }

    /// Whether a database in this state may still be read, though not be written.
    pub(super) fn leaves_readable(&self) -> bool {
        self.denies_side_files() || self.kind() == Some(StoreErrorKind::Busy)
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
        Self::Told(error)
    }
}

const REPAIR: &str =
    "the file was left as it is: check that it is the right one, or restore it from a backup";
const PERMIT: &str =
    "let this account read and write the file and its folder (SQLite keeps a -wal and a -shm file beside it)";
const MAKE_ROOM: &str = "make room on the disk and try again; what was stored before is intact";

fn classify(error: &rusqlite::Error) -> (StoreErrorKind, &'static str) {
    let Some(failure) = error.sqlite_error() else {
        return (StoreErrorKind::Damaged, REPAIR);
    };
    match failure.code {
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => {
            (StoreErrorKind::Busy, "another program holds the file: try again, or end that program")
        }
        ErrorCode::DiskFull => (StoreErrorKind::Full, MAKE_ROOM),
        ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied => {
            (StoreErrorKind::Permission, PERMIT)
        }
        ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt => (StoreErrorKind::Damaged, REPAIR),
        ErrorCode::ConstraintViolation | ErrorCode::TooBig => {
            (StoreErrorKind::Refused, "the table does not take this token: check its constraints")
        }
        ErrorCode::SystemIoFailure => match failure.extended_code {
            // SQLite makes room for its shared index before anything else.
            ffi::SQLITE_IOERR_SHMSIZE => (StoreErrorKind::Full, MAKE_ROOM),
            _ => (StoreErrorKind::Other, "check the disk: it may be failing, or a quota may be used up"),
        },
        // What is left is mostly SQL that does not fit the tables.
        ErrorCode::Unknown => (StoreErrorKind::Damaged, REPAIR),
        _ => (StoreErrorKind::Other, "try again; the cause says more"),
    }
}

/// SQLite's words; where it says nothing but "disk I/O error", its number tells which.
fn evidence(error: &rusqlite::Error) -> String {
    match error.sqlite_error() {
        Some(failure) if failure.code == ErrorCode::SystemIoFailure => {
            format!("{error} (SQLite code {})", failure.extended_code)
        }
        _ => match error {
            // Its own text repeats the whole statement.
            rusqlite::Error::SqlInputError { msg, .. } => msg.clone(),
            _ => error.to_string(),
        },
    }
}

fn classify_system(error: &io::Error) -> (StoreErrorKind, &'static str) {
    match error.kind() {
        io::ErrorKind::NotFound => (StoreErrorKind::Other, "create the folder first"),
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            (StoreErrorKind::Permission, PERMIT)
        }
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => (StoreErrorKind::Full, MAKE_ROOM),
        io::ErrorKind::IsADirectory => (StoreErrorKind::Other, "give the path of a file in it"),
        _ => (StoreErrorKind::Other, "check the path"),
    }
}

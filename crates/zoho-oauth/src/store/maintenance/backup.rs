//! The backup that a repair writes first, and what it takes out of a CSV file. Only the owner can open them, and they never
//! overwrite a file.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use time::OffsetDateTime;

use crate::private_file;
use crate::store::error::{StoreError, StoreErrorKind};

/// A backup that is being written. Dropping it before [`finish`](Self::finish) removes the file.
#[derive(Debug)]
pub(crate) struct Backup {
    path: PathBuf,
    file: File,
    is_finished: bool,
}

impl Backup {
    /// Creates the backup at `wanted`, or else beside `beside`, with the time appended to its name.
    ///
    /// # Errors
    /// If the file exists or cannot be created.
    pub(crate) fn begin(wanted: Option<&Path>, beside: &Path) -> Result<Self, StoreError> {
        let absolute = |path: &Path| std::path::absolute(path).map_err(|error| failed(path, error));
        let (path, created) = match wanted {
            Some(path) => {
                let path = absolute(path)?;
                let created = private_file::create(&path);
                (path, created)
            }
            None => create_beside(&absolute(beside)?, "backup"),
        };
        match created {
            Ok(file) => Ok(Self { path, file, is_finished: false }),
            Err(error) => Err(failed(&path, error)),
        }
    }

    /// Creates the file for what a repair takes out of the file `beside`, with the time appended to its name.
    ///
    /// # Errors
    /// If it cannot be created.
    #[cfg(feature = "file")]
    pub(crate) fn removed_beside(beside: &Path) -> Result<Self, StoreError> {
        match create_beside(beside, "removed") {
            (path, Ok(file)) => Ok(Self { path, file, is_finished: false }),
            (path, Err(error)) => Err(failed(&path, error)),
        }
    }

    /// Syncs the backup to disk and returns its path.
    ///
    /// # Errors
    /// If it cannot be synced.
    pub(crate) fn finish(mut self) -> Result<PathBuf, StoreError> {
        let synced = self.file.sync_all().and_then(|()| private_file::sync_folder_of(&self.path));
        synced.map_err(|error| failed(&self.path, error))?;
        self.is_finished = true;
        Ok(self.path.clone())
    }

    /// The file to write to.
    #[cfg(feature = "file")]
    pub(crate) fn file(&mut self) -> &mut File {
        &mut self.file
    }

    /// The error of a write that failed.
    #[cfg(feature = "file")]
    pub(crate) fn failed(&self, error: io::Error) -> StoreError {
        failed(&self.path, error)
    }

    /// The path, for a writer that opens the file by name.
    #[cfg(feature = "sqlite")]
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Backup {
    fn drop(&mut self) {
        if !self.is_finished {
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn create_beside(path: &Path, kind: &str) -> (PathBuf, io::Result<File>) {
    let stamp = stamp(OffsetDateTime::now_utc());
    let mut number = 1;
    loop {
        let mut name = OsString::from(path);
        name.push(match number {
            1 => format!(".{kind}-{stamp}"),
            number => format!(".{kind}-{stamp}-{number}"),
        });
        let path = PathBuf::from(name);
        match private_file::create(&path) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => number += 1,
            created => return (path, created),
        }
    }
}

/// Formats a moment as `20260131T235959Z`, which sorts by time and is a valid file name.
fn stamp(now: OffsetDateTime) -> String {
    let (date, (hour, minute, second)) = (now.date(), now.time().as_hms());
    let (year, month, day) = (date.year(), u8::from(date.month()), date.day());
    format!("{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}Z")
}

fn failed(path: &Path, error: io::Error) -> StoreError {
    let (kind, next_step) = match error.kind() {
        ErrorKind::AlreadyExists => {
            (StoreErrorKind::Rejected, "pass the path of a file that does not exist yet")
        }
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            (StoreErrorKind::Full, "free space on the disk; the store was not changed")
        }
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
            (StoreErrorKind::Permission, "pass a path that this account can write; the store was not changed")
        }
        _ => (StoreErrorKind::Other, "pass another path; the store was not changed"),
    };
    StoreError::of(kind, "write a backup")
        .evidence(format!("`{}`: {error}", path.display()))
        .next_step(next_step)
        .caused_by(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backup_never_overwrites_and_an_unfinished_one_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let store = folder.path().join("tokens");
        let paths: Vec<_> = (0..3).map(|_| Backup::begin(None, &store).unwrap().finish().unwrap()).collect();
        assert!(paths[0] != paths[1] && paths[1] != paths[2] && paths[0] != paths[2]);
        let error = Backup::begin(Some(&paths[0]), &store).unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Rejected);
        drop(Backup::begin(Some(&folder.path().join("another")), &store).unwrap());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3);
    }

    #[test]
    fn the_time_in_a_name_is_utc() {
        let moment = OffsetDateTime::from_unix_timestamp(1_795_315_089).unwrap();
        assert_eq!(stamp(moment), "20261122T023809Z");
    }
}

//! Files that are whole at every moment, and durable once they are written.

use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde::Serialize;
use serde::de::DeserializeOwned;
use tempfile::NamedTempFile;
use zoho_oauth::store::{StoreError, StoreErrorKind};

/// How long to wait for the lock.
const LOCK_TIMEOUT: Duration = Duration::from_secs(10);
/// The folder in which files are written before they are renamed to their final path.
const DRAFTS: &str = "drafts";

/// A folder of JSON files, named by their paths in it. Take the lock before you use one.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
}

impl Folder {
    /// Opens the folder, and creates it if it does not exist.
    pub(super) fn open(path: PathBuf) -> Result<Self, StoreError> {
        let folder = Self { path };
        folder.make().map_err(|error| failed("open", &folder.path, error))?;
        let _lock = folder.lock()?;
        folder.sweep()?;
        Ok(folder)
    }

    fn make(&self) -> io::Result<()> {
        let mut builder = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.recursive(true).create(&self.path)?;
        File::options().write(true).create(true).truncate(false).open(self.path.join("lock")).map(|_| ())
    }

    /// Waits until no other process reads or writes. Hold it while you write.
    pub(super) fn lock(&self) -> Result<File, StoreError> {
        self.lock_by(File::try_lock)
    }

    /// Waits until no process writes. Hold it while you read.
    pub(super) fn lock_shared(&self) -> Result<File, StoreError> {
        self.lock_by(File::try_lock_shared)
    }

    fn lock_by(&self, try_lock: fn(&File) -> Result<(), TryLockError>) -> Result<File, StoreError> {
        let path = self.path.join("lock");
        let file = File::open(&path).map_err(|error| failed("lock", &path, error))?;
        let began = Instant::now();
        loop {
            match try_lock(&file) {
                Ok(()) => return Ok(file),
                Err(TryLockError::WouldBlock) if began.elapsed() < LOCK_TIMEOUT => {
                    sleep(Duration::from_millis(1));
                }
                Err(error) => return Err(failed("lock", &path, error.into())),
            }
        }
    }

    /// Whether the file exists.
    pub(super) fn has(&self, name: &str) -> bool {
        self.path.join(name).exists()
    }

    /// The content of the file. `None`: it does not exist.
    pub(super) fn read<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, StoreError> {
        read(&self.path.join(name))
    }

    /// The contents of all files in a folder.
    pub(super) fn read_all<T: DeserializeOwned>(&self, name: &str) -> Result<Vec<T>, StoreError> {
        let path = self.path.join(name);
        let files = match fs::read_dir(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect()),
        };
        let files: Vec<PathBuf> = files.map_err(|error| failed("read", &path, error))?;
        files.iter().filter_map(|file| read(file).transpose()).collect()
    }

    /// Writes the file. Only its owner can read it: it holds secrets.
    pub(super) fn write(&self, name: &str, content: &impl Serialize) -> Result<(), StoreError> {
        let path = self.path.join(name);
        let write = || -> io::Result<()> {
            let folder = path.parent().unwrap_or(&self.path);
            fs::create_dir_all(folder)?;
            let mut draft = NamedTempFile::new_in(self.path.join(DRAFTS))?;
            draft.write_all(&serde_json::to_vec(content)?)?;
            draft.as_file().sync_all()?;
            draft.persist(&path)?;
            sync(folder)
        };
        write().map_err(|error| failed("write", &path, error))
    }

    /// Removes the file. Returns whether it existed.
    pub(super) fn remove(&self, name: &str) -> Result<bool, StoreError> {
        let path = self.path.join(name);
        match fs::remove_file(&path).and_then(|()| sync(path.parent().unwrap_or(&path))) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(failed("remove", &path, error)),
        }
    }

    /// Removes all files of a folder in one step, by renaming the folder. The rest is cleaning up.
    pub(super) fn remove_all(&self, name: &str) -> Result<(), StoreError> {
        self.sweep()?;
        let path = self.path.join(name);
        match fs::rename(&path, self.path.join(DRAFTS).join("removed")).and_then(|()| sync(&self.path)) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(failed("remove", &path, error)),
            _ => self.sweep(),
        }
    }

    /// Removes the drafts of killed processes: no other process writes while this one holds the lock.
    fn sweep(&self) -> Result<(), StoreError> {
        let path = self.path.join(DRAFTS);
        let sweep = || -> io::Result<()> {
            match fs::remove_dir_all(&path) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                _ => fs::create_dir(&path)?,
            }
            sync(&self.path)
        };
        sweep().map_err(|error| failed("clear", &path, error))
    }
}

/// Reads and parses a file. The error never quotes the content, which may be a secret.
fn read<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, StoreError> {
    match fs::read(path) {
        Ok(content) => serde_json::from_slice(&content)
            .map(Some)
            .map_err(|_| failed("parse", path, ErrorKind::InvalidData.into())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed("read", path, error)),
    }
}

/// Syncs the folder, so that new names in it survive a power cut. Only Unix can do that.
fn sync(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

fn failed(action: &'static str, path: &Path, error: io::Error) -> StoreError {
    let (kind, next_step) = match error.kind() {
        ErrorKind::WouldBlock => {
            (StoreErrorKind::Busy, "try again; if this goes on, check which process holds the lock")
        }
        ErrorKind::InvalidData => (StoreErrorKind::Damaged, "restore the file from a backup"),
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => (StoreErrorKind::Full, "free disk space"),
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
            (StoreErrorKind::Permission, "let this account read and write the folder")
        }
        _ => (StoreErrorKind::Other, "check that the folder exists and can be used"),
    };
    let evidence = format!("{}: {error}", path.display());
    StoreError::of(kind, action).evidence(evidence).next_step(next_step).caused_by(error)
}

//! Reading, locking and replacing whole files.

use std::fs;
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::private_file::{self, Trust, Untrusted};
use crate::store::error::{StoreError, StoreErrorKind};
use crate::store::lock_file::LockFile;
use crate::store::unfinished;

use super::identity::Identity;

/// The time that a save waits for the lock.
const LOCK_TIMEOUT: Duration = Duration::from_secs(10);

/// The number of bytes that are written and synced at a time, so that a large file on a slow disk shows signs of life.
const STEP: usize = 8 << 20;

/// A file that is only replaced as a whole, so that a reader sees either the old content or the new.
///
/// # How a process that was overtaken is kept from replacing it
/// A holder of the lock writes an unfinished file whose name has the tag of the lock, checks that the lock is still
/// its own, and renames the file. Whoever overtakes it puts a new lock in the place of the old one, removes the
/// unfinished files of all others, and then reads. So the late process either finds the new lock, or its unfinished
/// file is gone and the rename fails, or it renamed before the other one read.
#[derive(Debug)]
pub(super) struct WholeFile {
    path: PathBuf,
    /// The token file that it is beside; `None` for the token file.
    beside: Option<PathBuf>,
}

impl WholeFile {
    /// The token file at `path`.
    pub(super) fn store(path: PathBuf) -> Self {
        Self { path, beside: None }
    }

    /// A file at `path`, beside the token file `store`.
    pub(super) fn beside(store: &Path, path: PathBuf) -> Self {
        Self { path, beside: Some(store.to_owned()) }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Checks the token file, and returns whose files are trusted beside it.
    pub(super) fn trust(&self) -> io::Result<Trust> {
        Trust::of_store(self.beside.as_ref().unwrap_or(&self.path))
    }

    /// Returns the identity of the file, or `None` if it does not exist.
    pub(super) fn identity(&self) -> io::Result<Option<Identity>> {
        match fs::metadata(&self.path) {
            Ok(metadata) => Ok(Some(Identity::of(&metadata))),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Reads the content, and the identity of the file before and after.
    pub(super) fn read(&self) -> io::Result<Option<(Vec<u8>, Identity, Identity)>> {
        let opened = match &self.beside {
            None => Trust::open_store(&self.path),
            Some(_) => self.trust().and_then(|trust| trust.open(&self.path)),
        };
        let mut file = match opened {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let before = Identity::of(&file.metadata()?);
        let mut content = Vec::with_capacity(usize::try_from(before.size()).unwrap_or(0) + 1);
        file.read_to_end(&mut content)?;
        let after = Identity::of(&file.metadata()?);
        Ok(Some((content, before, after)))
    }

    /// Replaces the file durably, with mode 0600. Returns its new identity, or `None` without any change if it was not the
    /// `expected` file any more, or if the lock is not current any more.
    pub(super) fn replace(
        &self,
        lock: &LockFile,
        expected: Option<Identity>,
        text: &[u8],
    ) -> io::Result<Option<Identity>> {
        let new = unfinished::path(&self.path, lock.tag());
        let replaced = self.write_and_rename(&new, lock, expected, text);
        if !matches!(replaced, Ok(Some(_))) {
            let _ = fs::remove_file(&new);
        }
        replaced
    }

    fn write_and_rename(
        &self,
        new: &Path,
        lock: &LockFile,
        expected: Option<Identity>,
        text: &[u8],
    ) -> io::Result<Option<Identity>> {
        remove(new)?;
        let mut file = private_file::create(new)?;
        self.trust()?.hand_over(&file);
        for (number, step) in text.chunks(STEP).enumerate() {
            if number > 0 {
                file.sync_data()?;
                lock.touch();
            }
            file.write_all(step)?;
        }
        file.set_modified(moment_after(expected))?;
        file.sync_all()?;
        if self.identity()? != expected || !lock.is_current()? {
            return Ok(None);
        }
        match fs::rename(new, &self.path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            renamed => renamed?,
        }
        private_file::sync_folder_of(&self.path)?;
        Ok(Some(Identity::of(&file.metadata()?)))
    }

    /// Whether there is an unfinished file, of a killed process or one that is writing.
    pub(super) fn has_leftover(&self) -> bool {
        fs::symlink_metadata(unfinished::path(&self.path, "")).is_ok()
    }
}

/// Removes the unfinished files of killed processes, and of processes that were overtaken. The caller holds the lock.
pub(super) fn remove_unfinished(store: &Path) -> io::Result<()> {
    let (Some(folder), Some(name)) = (store.parent(), store.file_name()) else { return Ok(()) };
    let name = name.to_string_lossy();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let is_of_store = unfinished::target(&entry.file_name().to_string_lossy())
            .and_then(|finished| finished.strip_prefix(&*name))
            .is_some_and(|rest| ["", ".state", ".lock"].contains(&rest));
        if is_of_store {
            remove(&entry.path())?;
        }
    }
    Ok(())
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Takes the lock that permits replacing the files, waiting for up to ten seconds.
///
/// # Errors
/// [`StoreErrorKind::Busy`] if another process holds it for longer.
pub(super) fn lock(path: &Path, trust: Trust) -> Result<LockFile, StoreError> {
    let lock = LockFile::take(path, trust, LOCK_TIMEOUT);
    lock.map_err(|error| fault("lock the file", path, error))?.ok_or_else(|| {
        StoreError::of(StoreErrorKind::Busy, "lock the file")
            .evidence(format!("other processes have held `{}` for ten seconds", path.display()))
            .next_step("try again, or end those processes")
    })
}

/// Converts an I/O error.
pub(super) fn fault(action: &'static str, path: &Path, error: io::Error) -> StoreError {
    if let Some(untrusted) = Untrusted::of(&error) {
        return StoreError::of(StoreErrorKind::Permission, action)
            .evidence(untrusted.to_string())
            .next_step(untrusted.next_step())
            .caused_by(error);
    }
    let (kind, next_step) = match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            (StoreErrorKind::Full, "free space on the disk; the file was not changed")
        }
        ErrorKind::FileTooLarge => {
            (StoreErrorKind::Full, "raise the limit on the size of files; the file was not changed")
        }
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => (
            StoreErrorKind::Permission,
            "allow this account to read and write the file and its folder, or use another file",
        ),
        ErrorKind::IsADirectory => (StoreErrorKind::Other, "pass the path of a file, not of a folder"),
        ErrorKind::Unsupported => (StoreErrorKind::Other, "use a file system that supports locks"),
        ErrorKind::NotFound => (StoreErrorKind::Other, "create the folder of the file"),
        _ => (StoreErrorKind::Other, "check the disk"),
    };
    StoreError::of(kind, action)
        .evidence(format!("`{}`: {error}", path.display()))
        .next_step(next_step)
        .caused_by(error)
}

/// Resolves symbolic links, even if the target does not exist yet, so that the target is replaced and not the link. The
/// folder must exist.
pub(super) fn resolve(path: &Path) -> io::Result<PathBuf> {
    const MAX_LINKS: usize = 40;
    let mut path = path.to_owned();
    for _ in 0..MAX_LINKS {
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let folder = folder.canonicalize()?;
        let name = path.file_name().ok_or_else(|| io::Error::from(ErrorKind::IsADirectory))?;
        let candidate = folder.join(name);
        match fs::read_link(&candidate) {
            Ok(target) => path = folder.join(target),
            Err(_) => return Ok(candidate),
        }
    }
    Err(io::Error::other("too many levels of symbolic links"))
}

/// Returns the current time, or a nanosecond later if the file already has that modification time.
fn moment_after(expected: Option<Identity>) -> SystemTime {
    let now = SystemTime::now();
    match expected {
        Some(identity) if identity.modified() == now => now + Duration::from_nanos(1),
        _ => now,
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_link_is_followed_even_to_a_missing_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let folder = folder.path().canonicalize().expect("is there");
        symlink("second", folder.join("first")).expect("linked");
        symlink("target", folder.join("second")).expect("linked");
        assert_eq!(resolve(&folder.join("first")).expect("resolved"), folder.join("target"));
        symlink("round", folder.join("round")).expect("linked");
        assert!(resolve(&folder.join("round")).is_err());
        assert!(resolve(&folder.join("missing/file")).is_err());
    }

    #[test]
    fn an_io_error_has_a_kind_and_names_the_file() {
        for (cause, kind) in [
            (ErrorKind::StorageFull, StoreErrorKind::Full),
            (ErrorKind::QuotaExceeded, StoreErrorKind::Full),
            (ErrorKind::FileTooLarge, StoreErrorKind::Full),
            (ErrorKind::PermissionDenied, StoreErrorKind::Permission),
            (ErrorKind::ReadOnlyFilesystem, StoreErrorKind::Permission),
            (ErrorKind::IsADirectory, StoreErrorKind::Other),
        ] {
            let error = fault("write", Path::new("/a/b"), cause.into());
            assert_eq!(error.kind(), kind, "{error}");
            assert!(error.to_string().contains("/a/b"), "{error}");
        }
    }

    #[test]
    fn a_file_that_is_not_what_was_expected_is_not_replaced() {
        let folder = tempfile::tempdir().expect("a folder");
        let lock = lock(&folder.path().join("file.lock"), Trust::default()).expect("free");
        let file = WholeFile::store(folder.path().join("file"));
        let first = file.replace(&lock, None, b"one").expect("written").expect("was missing");
        assert_eq!(file.identity().expect("read"), Some(first));
        assert_eq!(file.replace(&lock, None, b"two").expect("compared"), None);
        assert_eq!(fs::read_to_string(file.path()).expect("read"), "one");
        assert_eq!(fs::read_dir(folder.path()).expect("read").count(), 2, "nothing is left over");
    }

    #[test]
    fn a_process_whose_lock_was_replaced_writes_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("file.lock");
        let late = lock(&path, Trust::default()).expect("free");
        fs::remove_file(&path).expect("removed");
        let newer = lock(&path, Trust::default()).expect("free");
        let file = WholeFile::store(folder.path().join("file"));
        assert_eq!(file.replace(&late, None, b"late").expect("compared"), None);
        assert!(file.replace(&newer, None, b"newer").expect("written").is_some());
    }

    #[test]
    fn the_unfinished_files_of_one_store_are_removed_and_no_others() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        for name in ["tokens", "tokens.state", "tokens.lock", "tokens.old", "other"] {
            for tag in ["", "0123456789abcdef"] {
                fs::write(unfinished::path(&path(name), tag), "half").expect("written");
            }
        }
        remove_unfinished(&path("tokens")).expect("removed");
        let mut left: Vec<_> = fs::read_dir(folder.path())
            .expect("read")
            .map(|entry| entry.expect("read").file_name())
            .collect();
        left.sort();
        let tagged = |name: &str| format!(".{name}.0123456789abcdef.unfinished");
        let plain = |name: &str| format!(".{name}.unfinished");
        let others = [tagged("other"), plain("other"), tagged("tokens.old"), plain("tokens.old")];
        assert!(left.iter().eq(others.iter().map(String::as_str)), "{left:?}");
    }
}

//! Reading, locking and replacing whole files.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::private_file;
use crate::store::error::{StoreError, StoreErrorKind};
use crate::store::lock_file::LockFile;

use super::identity::Identity;

/// The time that a save waits for the lock.
const LOCK_TIMEOUT: Duration = Duration::from_secs(10);

/// A file that is only replaced as a whole, so that a reader sees either the old content or the new.
#[derive(Debug)]
pub(super) struct WholeFile {
    path: PathBuf,
    unfinished: PathBuf,
}

impl WholeFile {
    pub(super) fn at(path: PathBuf) -> Self {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let unfinished = path.with_file_name(format!(".{name}.unfinished"));
        Self { path, unfinished }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
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
        let mut file = match File::open(&self.path) {
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
    /// `expected` file any more. The caller holds the lock.
    pub(super) fn replace(&self, expected: Option<Identity>, text: &str) -> io::Result<Option<Identity>> {
        let replaced = self.write_and_rename(expected, text);
        if !matches!(replaced, Ok(Some(_))) {
            let _ = fs::remove_file(&self.unfinished);
        }
        replaced
    }

    fn write_and_rename(&self, expected: Option<Identity>, text: &str) -> io::Result<Option<Identity>> {
        self.remove_leftover()?;
        let mut file = private_file::create(&self.unfinished)?;
        keep_owner(&file, &self.path);
        file.write_all(text.as_bytes())?;
        file.set_modified(moment_after(expected))?;
        file.sync_all()?;
        if self.identity()? != expected {
            return Ok(None);
        }
        fs::rename(&self.unfinished, &self.path)?;
        private_file::sync_folder_of(&self.path)?;
        Ok(Some(Identity::of(&file.metadata()?)))
    }

    /// Whether there is an unfinished file, of a killed process or one that is writing.
    pub(super) fn has_leftover(&self) -> bool {
        fs::symlink_metadata(&self.unfinished).is_ok()
    }

    /// Removes the unfinished file of a killed process. The caller holds the lock.
    pub(super) fn remove_leftover(&self) -> io::Result<()> {
        match fs::remove_file(&self.unfinished) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

/// Takes the lock that permits replacing the files, waiting for up to ten seconds.
///
/// # Errors
/// [`StoreErrorKind::Busy`] if another process holds it for longer.
pub(super) fn lock(path: &Path) -> Result<LockFile, StoreError> {
    let lock = LockFile::take(path, LOCK_TIMEOUT).map_err(|error| fault("lock the file", path, error))?;
    lock.ok_or_else(|| {
        StoreError::of(StoreErrorKind::Busy, "lock the file")
            .evidence(format!("another process has held `{}` for ten seconds", path.display()))
            .next_step("try again, or end that process")
    })
}

/// Converts an I/O error.
pub(super) fn fault(action: &'static str, path: &Path, error: io::Error) -> StoreError {
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

/// Gives the new file the owner of the old one, which differs if root saves a token.
#[cfg(unix)]
fn keep_owner(file: &File, path: &Path) {
    use std::os::unix::fs::{MetadataExt, fchown};

    if let (Ok(new), Ok(old)) = (file.metadata(), fs::metadata(path))
        && (new.uid(), new.gid()) != (old.uid(), old.gid())
    {
        let _ = fchown(file, Some(old.uid()), Some(old.gid()));
    }
}

#[cfg(not(unix))]
fn keep_owner(_: &File, _: &Path) {}

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
        let file = WholeFile::at(folder.path().join("file"));
        let first = file.replace(None, "one").expect("written").expect("was missing");
        assert_eq!(file.identity().expect("read"), Some(first));
        assert_eq!(file.replace(None, "two").expect("compared"), None);
        assert_eq!(fs::read_to_string(file.path()).expect("read"), "one");
        assert_eq!(fs::read_dir(folder.path()).expect("read").count(), 1, "nothing is left over");
    }
}

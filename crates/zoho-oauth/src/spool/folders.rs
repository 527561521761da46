//! The files of a spool: written durably, found again, and removed.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::machine::Machine;
use crate::persistence::Persistence;

use super::entry::Content;

/// Folders, of which the first that accepts a file gets it.
///
/// A file is written under a temporary name, `….tmp`, and then renamed to `….json`. A process that is killed in between
/// leaves the temporary file: if it is complete, it counts like any other; if not, it is removed.
#[derive(Debug)]
pub(super) struct Folders {
    machine: Arc<dyn Machine>,
    paths: Vec<PathBuf>,
    /// Whether the log has a warning about a folder or file that cannot be read. One is enough.
    has_warned: AtomicBool,
}

impl Folders {
    pub(super) fn new(machine: Arc<dyn Machine>, paths: Vec<PathBuf>) -> Self {
        Self { machine, paths, has_warned: AtomicBool::new(false) }
    }

    /// Writes a file that only this account can read. Returns its path.
    pub(super) fn write(&self, name: &str, content: &Content) -> io::Result<PathBuf> {
        let bytes = serde_json::to_vec(content)?;
        let mut failure = io::Error::other("this store has no spool folder");
        for folder in &self.paths {
            let path = folder.join(format!("{name}.json"));
            let temporary = folder.join(format!("{name}-{:016x}.tmp", self.machine.random()));
            match self.write_durably(&temporary, &path, &bytes) {
                Ok(()) => return Ok(path),
                Err(error) => failure = error,
            }
        }
        Err(failure)
    }

    fn write_durably(&self, temporary: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let created = match self.machine.create(temporary, bytes) {
            // Another process has just removed the folder, because it was empty.
            Err(error) if error.kind() == io::ErrorKind::NotFound => self.machine.create(temporary, bytes),
            created => created,
        };
        let written = created.and_then(|()| self.machine.rename(temporary, path));
        if written.is_err() {
            let _ = self.machine.remove(temporary);
        }
        written
    }

    /// The paths of the files whose names begin with one of `prefixes`, in all folders.
    pub(super) fn files(&self, prefixes: &[String]) -> Vec<PathBuf> {
        let mut files = Vec::new();
        for folder in &self.paths {
            match self.machine.files_in(folder) {
                Ok(paths) => files.extend(paths),
                Err(error) => self.note_unreadable(folder, &error),
            }
        }
        let is_wanted = |path: &PathBuf| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            prefixes.iter().any(|prefix| name.starts_with(prefix.as_str()))
                && (is_temporary(path) || path.extension().is_some_and(|extension| extension == "json"))
        };
        files.retain(is_wanted);
        files
    }

    /// The content of a file, if it is complete.
    pub(super) fn read(&self, path: &Path) -> Option<Content> {
        let bytes = self.machine.read(path).map_err(|error| self.note_unreadable(path, &error)).ok()?;
        let content = serde_json::from_slice(&bytes);
        if let Err(error) = &content
            && !is_temporary(path)
        {
            self.note_unreadable(path, error);
        }
        content.ok()
    }

    pub(super) fn remove(&self, path: &Path) {
        match self.machine.remove(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => tracing::warn!(
                target: Persistence::LOG_TARGET,
                path = %path.display(), %error,
                "could not remove a spooled token"
            ),
            _ => {}
        }
        // Leaves no empty folder beside the store. A folder that is not empty stays, and so does one that was set by
        // `AuthenticatorBuilder::spool_folder`.
        if let Some(folder) =
            path.parent().filter(|folder| folder.extension().is_some_and(|name| name == "spool"))
        {
            let _ = self.machine.remove_folder(folder);
        }
    }

    /// Removes those of `files` that killed processes have not completed.
    pub(super) fn remove_torn(&self, files: &[PathBuf]) {
        for path in files.iter().filter(|path| is_temporary(path)) {
            let Ok(bytes) = self.machine.read(path) else { continue };
            if serde_json::from_slice::<Content>(&bytes).is_ok() {
                continue;
            }
            if let Err(error) = self.machine.remove_abandoned(path, &bytes) {
                self.note_unreadable(path, &error);
            }
        }
    }

    fn note_unreadable(&self, path: &Path, error: &(dyn std::error::Error + 'static)) {
        let is_gone =
            error.downcast_ref().is_some_and(|error: &io::Error| error.kind() == io::ErrorKind::NotFound);
        let text = "could not read a part of the spool; it is left alone";
        let path = path.display();
        if is_gone {
            // There is no such folder yet, or another process has just removed the file.
        } else if self.has_warned.swap(true, Ordering::Relaxed) {
            tracing::debug!(target: Persistence::LOG_TARGET, %path, %error, "{text}");
        } else {
            tracing::warn!(target: Persistence::LOG_TARGET, %path, %error, "{text}");
        }
    }
}

fn is_temporary(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "tmp")
}

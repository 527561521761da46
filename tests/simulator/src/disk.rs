//! The disk of a host: what a kill or a full disk leaves of an operation.

use std::collections::BTreeMap;
use std::io::{Error, ErrorKind, Result};
use std::path::{Path, PathBuf};

/// Files by their path.
#[derive(Clone, Debug, Default)]
pub(crate) struct Disk {
    files: BTreeMap<PathBuf, Vec<u8>>,
}

impl Disk {
    pub(crate) fn files_in(&self, folder: &Path) -> Vec<PathBuf> {
        self.files.keys().filter(|path| path.parent() == Some(folder)).cloned().collect()
    }

    pub(crate) fn read(&self, path: &Path) -> Result<Vec<u8>> {
        self.files.get(path).cloned().ok_or(Error::from(ErrorKind::NotFound))
    }

    pub(crate) fn create(&mut self, path: &Path, content: &[u8]) -> Result<()> {
        if self.files.contains_key(path) {
            return Err(ErrorKind::AlreadyExists.into());
        }
        self.files.insert(path.to_owned(), content.to_owned());
        Ok(())
    }

    pub(crate) fn rename(&mut self, from: &Path, to: &Path) -> Result<()> {
        let content = self.files.remove(from).ok_or(Error::from(ErrorKind::NotFound))?;
        self.files.insert(to.to_owned(), content);
        Ok(())
    }

    pub(crate) fn remove(&mut self, path: &Path) -> Result<()> {
        self.files.remove(path).map(|_| ()).ok_or(ErrorKind::NotFound.into())
    }

    /// Loses a file, as no disk should.
    pub(crate) fn lose(&mut self, path: &Path) {
        self.files.remove(path);
    }

    pub(crate) fn paths(&self) -> impl Iterator<Item = &Path> {
        self.files.keys().map(PathBuf::as_path)
    }

    pub(crate) fn contents(&self) -> impl Iterator<Item = &[u8]> {
        self.files.values().map(Vec::as_slice)
    }
}

//! `Destination`: where data goes.

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::Output;
use crate::failure::Failure;

/// Where data goes.
#[derive(Debug)]
pub(crate) enum Destination {
    Stdout,
    /// It appears when it is complete.
    File {
        file: NamedTempFile,
        path: PathBuf,
    },
    /// It is only counted.
    Nowhere,
}

impl Destination {
    /// A file that is to be made.
    pub(crate) fn file(path: &Path) -> Result<Self, Failure> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let file = NamedTempFile::new_in(folder).map_err(|error| unwritable(path, &error))?;
        Ok(Self::File { file, path: path.to_owned() })
    }

    /// Whether whoever sits in front of the terminal sees the data.
    pub(super) fn is_terminal(&self) -> bool {
        matches!(self, Self::Stdout) && io::stdout().is_terminal()
    }

    pub(super) fn write(&mut self, output: Output, bytes: &[u8]) -> Result<(), Failure> {
        match self {
            Self::Stdout => output.bytes(bytes),
            Self::Nowhere => Ok(()),
            Self::File { file, path } => file.write_all(bytes).map_err(|error| unwritable(path, &error)),
        }
    }

    pub(super) fn finish(self) -> Result<(), Failure> {
        match self {
            Self::Stdout | Self::Nowhere => Ok(()),
            Self::File { file, path } => {
                file.as_file().sync_all().map_err(|error| unwritable(&path, &error))?;
                file.persist(&path).map_err(|error| unwritable(&path, &error.error))?;
                Ok(())
            }
        }
    }
}

fn unwritable(path: &Path, error: &io::Error) -> Failure {
    Failure::failed(format!("{} could not be written", path.display())).caused_by(error)
}

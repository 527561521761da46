//! `Destination`: where data is written.

use std::fs::{self, File, Permissions};
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::Output;
use crate::failure::Failure;
use crate::messages::Problem;

/// Where data is written.
#[derive(Debug)]
pub(crate) enum Destination {
    Stdout,
    /// A new file, which appears when it is complete.
    File {
        file: NamedTempFile,
        path: PathBuf,
        /// The permissions of the file that it replaces.
        permissions: Option<Permissions>,
    },
    /// An existing file that is not a regular one, such as a pipe.
    Stream {
        stream: File,
        path: PathBuf,
    },
    /// Discards the data; rows are still counted.
    Nowhere,
}

impl Destination {
    /// The destination for a path: a file to create or replace, a pipe, or `-` for standard output.
    pub(crate) fn named(path: &Path) -> Result<Self, Failure> {
        if path == Path::new("-") {
            return Ok(Self::Stdout);
        }
        Self::open(path).map_err(|error| unwritable(path, &error))
    }

    fn open(path: &Path) -> io::Result<Self> {
        let replaced = match fs::metadata(path) {
            Ok(there) if !there.is_file() => {
                let stream = File::options().write(true).open(path)?;
                return Ok(Self::Stream { stream, path: path.to_owned() });
            }
            Ok(there) => Some(there.permissions()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        let path = meant(path)?;
        let file = new_file().tempfile_in(folder_of(&path))?;
        Ok(Self::File { file, path, permissions: replaced })
    }

    /// Whether what was written stays if the rest cannot be written.
    pub(crate) fn keeps_output(&self) -> bool {
        !matches!(self, Self::File { .. })
    }

    /// Whether the data appears on a terminal.
    pub(super) fn is_terminal(&self) -> bool {
        matches!(self, Self::Stdout) && io::stdout().is_terminal()
    }

    pub(super) fn write(&mut self, output: &Output, bytes: &[u8]) -> Result<(), Failure> {
        match self {
            Self::Stdout => output.bytes(bytes),
            Self::Nowhere => Ok(()),
            Self::File { file, path, .. } => file.write_all(bytes).map_err(|error| unwritable(path, &error)),
            Self::Stream { stream, path } => {
                stream.write_all(bytes).map_err(|error| unwritable(path, &error))
            }
        }
    }

    pub(super) fn finish(self) -> Result<(), Failure> {
        let Self::File { file, path, permissions } = self else { return Ok(()) };
        let finish = || {
            if let Some(permissions) = permissions {
                file.as_file().set_permissions(permissions)?;
            }
            file.as_file().sync_all()?;
            file.persist(&path).map_err(|error| error.error)
        };
        finish().map(drop).map_err(|error| unwritable(&path, &error))
    }
}

/// Follows links, including those to a file that does not exist yet.
fn meant(path: &Path) -> io::Result<PathBuf> {
    match path.canonicalize() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => match path.read_link() {
            Ok(target) => meant(&folder_of(path).join(target)),
            Err(_) => Ok(path.to_owned()),
        },
        found => found,
    }
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Builds a file with the default mode. By default, only the owner can read the files of `tempfile`.
fn new_file() -> tempfile::Builder<'static, 'static> {
    #[cfg_attr(not(unix), expect(unused_mut, reason = "only Unix has modes"))]
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(Permissions::from_mode(0o666));
    }
    builder
}

fn unwritable(path: &Path, error: &io::Error) -> Failure {
    Failure::from(Problem::Unwritable { path: path.to_owned() }).caused_by(error)
}

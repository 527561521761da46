//! Where a store is.

use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tempfile::TempDir;

/// Where the store of one test is. All processes of a test have the same place, and no two tests do.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Place {
    path: PathBuf,
    name: String,
}

impl Place {
    /// An empty folder. It is removed after the test.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A unique name for a store on a server: for a table, or as a prefix of keys. It has 24 characters: lower-case
    /// letters, digits and an underscore. The first is a letter.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A new place, and its folder, which is removed when dropped.
    pub(crate) fn new() -> io::Result<(Self, TempDir)> {
        let folder = TempDir::with_prefix("torture-")?;
        let name = format!("torture_{:016x}", rand::random::<u64>());
        Ok((Self { path: folder.path().to_owned(), name }, folder))
    }
}

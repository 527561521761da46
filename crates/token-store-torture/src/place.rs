//! Where a store is kept.

use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tempfile::TempDir;

/// Where the store of one test is kept: the same for every process of the test, another one for every test.
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

    /// A name that nobody else uses, for a store on a server: as a table's name or as the beginning of keys. It has
    /// 24 characters: small letters, digits and an underscore, a letter first.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A new place, with the folder that ends when it is dropped.
    pub(crate) fn new() -> io::Result<(Self, TempDir)> {
        let folder = TempDir::with_prefix("torture-")?;
        let name = format!("torture_{:016x}", rand::random::<u64>());
        Ok((Self { path: folder.path().to_owned(), name }, folder))
    }
}

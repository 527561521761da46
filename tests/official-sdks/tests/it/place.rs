//! Where both stores are: in a file, or in a table on a server.

use std::path::Path;

use tempfile::TempDir;
use zoho_oauth::store::{AnyStore, connect};

/// The kinds of store that the official SDK and we both have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The SDK's own `FileStore`.
    Csv,
    /// A custom store of the SDK, as its users write them.
    Sqlite,
    /// The SDK's own `DBStore`.
    MySql,
}

/// A place for one test, where nothing is yet.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) url: String,
    _folder: Option<TempDir>,
}

impl Kind {
    /// A new place, or `None` where a server is missing: then it was said that this test is skipped.
    pub(crate) fn place(self) -> Option<Place> {
        let in_a_folder = |kind: &str, file: &str| {
            let folder = tempfile::tempdir().expect("a folder can be made");
            let url = format!("{kind}:{}", folder.path().join(file).display());
            Place { url, _folder: Some(folder) }
        };
        match self {
            Self::Csv => Some(in_a_folder("file", "sdk_tokens.txt")),
            Self::Sqlite => Some(in_a_folder("sqlite", "zohooauth.db")),
            Self::MySql => servers::fresh(servers::Kind::MariaDb).map(|url| Place { url, _folder: None }),
        }
    }

    /// How many characters a value may have that is called long.
    pub(crate) fn long_value(self) -> usize {
        match self {
            Self::Csv | Self::Sqlite => 2_048,
            Self::MySql => 255,
        }
    }
}

impl Place {
    /// Opens our store there.
    pub(crate) fn open(&self) -> AnyStore {
        connect(&self.url).expect("opened")
    }

    /// The file, where it is one.
    pub(crate) fn path(&self) -> &Path {
        let (_, path) = self.url.split_once(':').expect("a store's URL");
        Path::new(path)
    }
}

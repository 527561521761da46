//! Where both stores are: a file, or a table on a server.

use std::path::Path;

use tempfile::TempDir;
use zoho_oauth::store::{AnyStore, connect};

/// The kinds of store that both the official SDK and this project have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The SDK's own `FileStore`.
    Csv,
    /// A custom store of the SDK, as its users write them.
    Sqlite,
    /// The SDK's own `DBStore`.
    MySql,
}

/// An empty place for one test.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) url: String,
    _folder: Option<TempDir>,
}

impl Kind {
    /// A new place. `None`: there is no server, the test is skipped and has to return.
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

    /// The length of a long value, in characters.
    pub(crate) fn long_value(self) -> usize {
        match self {
            Self::Csv | Self::Sqlite => 2_048,
            Self::MySql => 255,
        }
    }
}

impl Place {
    /// Opens our store.
    pub(crate) fn open(&self) -> AnyStore {
        connect(&self.url).unwrap()
    }

    /// The path, if the place is a file.
    pub(crate) fn path(&self) -> &Path {
        let (_, path) = self.url.split_once(':').expect("a store's URL");
        Path::new(path)
    }
}

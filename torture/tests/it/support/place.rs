//! A folder for a store and a home folder, and what is in the store.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use torture::reading_of;
use zoho_oauth::OAuthToken;
use zoho_oauth::store::{AnyStore, TokenStore, connect};

/// The stores that several processes share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Backend {
    Sqlite,
    File,
}

impl Backend {
    pub(crate) fn file_name(self) -> &'static str {
        match self {
            Self::Sqlite => "zohooauth.db",
            Self::File => "sdk_tokens.txt",
        }
    }
}

/// Where one scenario takes place.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) backend: Backend,
    folder: TempDir,
}

impl Place {
    pub(crate) fn new(backend: Backend) -> Self {
        let folder = TempDir::with_prefix("torture-").unwrap();
        fs::create_dir(folder.path().join("store")).unwrap();
        fs::create_dir(folder.path().join("home")).unwrap();
        Self { backend, folder }
    }

    pub(crate) fn root(&self) -> &Path {
        self.folder.path()
    }

    /// The folder of the store's file.
    pub(crate) fn folder(&self) -> PathBuf {
        self.root().join("store")
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.folder().join(self.backend.file_name())
    }

    pub(crate) fn home(&self) -> PathBuf {
        self.root().join("home")
    }

    pub(crate) fn url(&self) -> String {
        let scheme = match self.backend {
            Backend::Sqlite => "sqlite",
            Backend::File => "file",
        };
        format!("{scheme}:{}", self.file().display())
    }

    /// Opens the store in this process.
    pub(crate) fn open(&self) -> AnyStore {
        connect(&self.url()).unwrap()
    }

    pub(crate) async fn rows(&self) -> Vec<OAuthToken> {
        self.open().get_tokens().await.unwrap()
    }

    /// Everything that is not as a store should be: damage that no reader may have noticed yet.
    pub(crate) fn check_file(&self) {
        if self.backend == Backend::Sqlite {
            let connection = rusqlite::Connection::open(self.file()).unwrap();
            let verdict: String =
                connection.query_row("pragma integrity_check", [], |row| row.get(0)).unwrap();
            assert_eq!(verdict, "ok");
        }
    }
}

/// Checks that the store holds each acknowledged save, or a later state of that row; that every row is whole; that
/// no user has two; and that all ids differ.
pub(crate) fn check_rows(rows: &[OAuthToken], acknowledged: &HashMap<String, u64>) {
    let mut found: BTreeMap<&str, u64> = BTreeMap::new();
    for stored in rows {
        let user = stored.user_signature().expect("a row without a user").name();
        let number = reading_of(stored).unwrap_or_else(|| panic!("the row of {user:?} is torn"));
        assert_eq!(found.insert(user, number), None, "two rows of {user:?}");
    }
    let ids: BTreeSet<_> = rows.iter().map(|stored| stored.id().expect("a row without an id")).collect();
    assert_eq!(ids.len(), rows.len(), "an id was given out twice");
    for (user, number) in acknowledged {
        let stored = found.get(user.as_str());
        assert!(stored >= Some(number), "{user:?} was saved as {number}, and {stored:?} is there");
    }
}

/// Every file below `folder`, with its bytes.
pub(crate) fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(contents(&path));
        } else {
            files.insert(path.clone(), fs::read(&path).unwrap());
        }
    }
    files
}

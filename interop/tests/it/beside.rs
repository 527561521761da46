//! Our store and the official SDK's, open on one file at the same time.

use std::path::{Path, PathBuf};

use tempfile::TempDir;
use zoho_oauth::OAuthToken;
use zoho_oauth::store::{AnyStore, FileStore, SqliteStore, StoredToken, TokenStore};

use crate::python::{Kind, Sdk};

/// Both stores, open. The file goes with them.
#[derive(Debug)]
pub(crate) struct Beside {
    pub(crate) ours: AnyStore,
    pub(crate) sdk: Sdk,
    path: PathBuf,
    _folder: TempDir,
}

/// Who opens the new file first, and so makes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum First {
    We,
    TheSdk,
}

impl Beside {
    /// Opens a new file, or says why this test is skipped.
    pub(crate) fn open(kind: Kind, first: First) -> Option<Self> {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let path = folder.path().join(if kind == Kind::Csv { "sdk_tokens.txt" } else { "zohooauth.db" });
        let (ours, sdk) = if first == First::We {
            let ours = open(kind, &path);
            (ours, Sdk::start(kind, &path)?)
        } else {
            let mut sdk = Sdk::start(kind, &path)?;
            // The file is there once the SDK has answered.
            assert_eq!(sdk.get_tokens(), []);
            (open(kind, &path), sdk)
        };
        Some(Self { ours, sdk, path, _folder: folder })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Saves a row on our side and hands back how it is stored, with its id.
    pub(crate) async fn we_save(&self, row: &StoredToken) -> StoredToken {
        let saved = self.ours.save_token(&OAuthToken::from(row.clone())).await.expect("we save");
        StoredToken::from(&saved)
    }

    /// Every row that we see, by id.
    pub(crate) async fn we_see(&self) -> Vec<StoredToken> {
        let tokens = self.ours.get_tokens().await.expect("we read");
        by_id(tokens.iter().map(StoredToken::from).collect())
    }

    /// The row of a user that we see.
    pub(crate) async fn we_find(&self, user: &str) -> Option<StoredToken> {
        let found = self.ours.find_token(&OAuthToken::new().with_user(user)).await.expect("we read");
        found.as_ref().map(StoredToken::from)
    }

    /// Every row that the SDK sees, by id.
    pub(crate) fn the_sdk_sees(&mut self) -> Vec<StoredToken> {
        by_id(self.sdk.get_tokens())
    }
}

fn open(kind: Kind, path: &Path) -> AnyStore {
    match kind {
        Kind::Csv => FileStore::open(path).expect("opened").into(),
        Kind::Sqlite => SqliteStore::open(path).expect("opened").into(),
    }
}

fn by_id(mut rows: Vec<StoredToken>) -> Vec<StoredToken> {
    rows.sort_by_key(|row| row.id.as_deref().and_then(|id| id.parse::<u64>().ok()));
    rows
}

//! Tokens that Zoho issued and the store rejected, in a folder of small files until the store accepts them.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};

use crate::machine::Machine;
use crate::persistence::Persistence;
use crate::store::identity::absolute;
use crate::store::{AnyStore, StoreError, StoredToken};
use crate::token::{OAuthToken, hex};

/// The spool of one store. Folders are tried in order: beside the store, if that is a file, then under the home
/// folder, for a disk that is full or a folder that cannot be written.
#[derive(Debug)]
pub(crate) struct Spool {
    machine: Arc<dyn Machine>,
    folders: Vec<PathBuf>,
    store: String,
}

/// A spooled token.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) token: StoredToken,
    pub(crate) origin: Origin,
    path: PathBuf,
}

/// Where a token comes from: the row of a login may never have been stored, that of a renewal was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Origin {
    Login,
    Renewal,
}

#[derive(Serialize, Deserialize)]
struct Content {
    store: String,
    origin: Origin,
    token: StoredToken,
}

impl Spool {
    pub(crate) fn new(machine: Arc<dyn Machine>, store: &AnyStore, chosen: Option<PathBuf>) -> Self {
        let home = home_folder().filter(|_| store.is_durable());
        let folders = match (chosen, store.place()) {
            (Some(folder), _) => vec![folder],
            (None, Some(file)) => {
                let mut beside = absolute(file).into_os_string();
                beside.push(".spool");
                vec![PathBuf::from(beside)]
            }
            (None, None) => Vec::new(),
        };
        let folders = folders.into_iter().chain(home).collect();
        Self { machine, folders, store: store.identity().to_string() }
    }

    /// Spools a new login before its token is stored, so that a killed process loses nothing. A failure is no reason
    /// to stop: the store may well accept the token.
    pub(crate) fn journal(&self, token: &OAuthToken) -> Option<Entry> {
        match self.put(token.into(), Origin::Login) {
            Ok(entry) => Some(entry),
            Err(error) => {
                tracing::debug!(
                    target: Persistence::LOG_TARGET,
                    %error,
                    "could not spool a new token before it is stored"
                );
                None
            }
        }
    }

    /// Spools a token that the store rejected with `error`.
    pub(crate) fn keep(&self, token: &OAuthToken, origin: Origin, error: StoreError) -> Persistence {
        match self.put(token.into(), origin) {
            Ok(entry) => entry.persistence(error),
            Err(spool_error) => {
                tracing::error!(
                    target: Persistence::LOG_TARGET,
                    %error, %spool_error,
                    "could not store a new token, nor spool it: it is in memory only"
                );
                Persistence::InMemory { error, spool_error: Arc::new(spool_error) }
            }
        }
    }

    /// As [`keep`](Self::keep), for a token that is in the journal already and has its user's name by now.
    pub(crate) fn replace(&self, journal: Entry, token: &OAuthToken, error: StoreError) -> Persistence {
        match self.put(token.into(), Origin::Login) {
            Ok(entry) => {
                self.remove(&journal);
                entry.persistence(error)
            }
            Err(_) => journal.persistence(error),
        }
    }

    /// Removes the spooled tokens of a row that is being deleted.
    pub(crate) fn forget(&self, row: &OAuthToken) {
        let row = StoredToken::from(row);
        let is_of_row = |entry: &Entry| {
            (row.id.is_some() && entry.token.id == row.id)
                || (row.refresh_token.is_some() && entry.token.refresh_token == row.refresh_token)
        };
        self.entries().iter().filter(|entry| is_of_row(entry)).for_each(|entry| self.remove(entry));
    }

    /// Writes `token` durably, readable by this account alone, in the first folder that accepts it.
    fn put(&self, token: StoredToken, origin: Origin) -> io::Result<Entry> {
        let content = Content { store: self.store.clone(), origin, token };
        let bytes = serde_json::to_vec(&content)?;
        let name = format!("{}-{}.json", self.tag(), hex(&self.machine.random().to_be_bytes()));
        let mut failure = io::Error::other("this store has no spool folder");
        for folder in &self.folders {
            let path = folder.join(&name);
            match self.write_durably(&path, &bytes) {
                Ok(()) => return Ok(Entry { token: content.token, origin, path }),
                Err(error) => failure = error,
            }
        }
        Err(failure)
    }

    /// The spooled tokens of this store. A file that cannot be parsed is left alone.
    pub(crate) fn entries(&self) -> Vec<Entry> {
        let tag = self.tag();
        let files = self.folders.iter().filter_map(|folder| self.machine.files_in(folder).ok()).flatten();
        files
            .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
            .filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(&tag)))
            .filter_map(|path| {
                let content: Content = serde_json::from_slice(&self.machine.read(&path).ok()?).ok()?;
                (content.store == self.store).then_some(Entry {
                    token: content.token,
                    origin: content.origin,
                    path,
                })
            })
            .collect()
    }

    /// Removes a token that is stored by now, or that the store no longer needs.
    pub(crate) fn remove(&self, entry: &Entry) {
        if let Err(error) = self.machine.remove(&entry.path) {
            tracing::warn!(
                target: Persistence::LOG_TARGET,
                path = %entry.path.display(), %error,
                "could not remove a spooled token"
            );
        }
        // Leaves no empty folder beside the store. A folder that is not empty stays, and so does one that was set by
        // `AuthenticatorBuilder::spool_folder`.
        if let Some(folder) =
            entry.path.parent().filter(|folder| folder.extension().is_some_and(|name| name == "spool"))
        {
            let _ = self.machine.remove_folder(folder);
        }
    }

    fn write_durably(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let temporary = path.with_extension("tmp");
        let created = self.machine.create(&temporary, bytes);
        let written = created.and_then(|()| self.machine.rename(&temporary, path));
        if written.is_err() {
            let _ = self.machine.remove(&temporary);
        }
        written
    }

    fn tag(&self) -> String {
        hex(&digest(&SHA256, self.store.as_bytes()).as_ref()[..8])
    }
}

impl Entry {
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    fn persistence(self, error: StoreError) -> Persistence {
        tracing::error!(
            target: Persistence::LOG_TARGET,
            %error, path = %self.path.display(),
            "could not store a new token; it is spooled"
        );
        Persistence::Spooled { path: self.path, error }
    }
}

fn home_folder() -> Option<PathBuf> {
    std::env::home_dir()
        .filter(|home| home.is_absolute())
        .map(|home| home.join(".local/state/zoho-oauth/spool"))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::time::Duration;

    use super::*;
    use crate::machine::this_machine::ThisMachine;
    use crate::store::MemoryStore;

    fn machine() -> Arc<dyn Machine> {
        Arc::new(ThisMachine::new(Duration::from_secs(1)))
    }

    fn spool(folder: &Path) -> Spool {
        Spool { machine: machine(), folders: vec![folder.to_owned()], store: "a".into() }
    }

    fn token(user: &str) -> StoredToken {
        StoredToken {
            user_name: Some(user.into()),
            access_token: Some("secret".into()),
            ..StoredToken::default()
        }
    }

    #[test]
    fn a_spooled_token_is_there_until_it_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let spool = spool(folder.path());
        spool.put(token("ada"), Origin::Renewal).unwrap();
        let entries = spool.entries();
        assert_eq!(entries.len(), 1);
        assert_eq!(entries[0].token, token("ada"));
        spool.remove(&entries[0]);
        assert!(spool.entries().is_empty());
    }

    #[test]
    fn another_stores_tokens_are_not_touched() {
        let folder = tempfile::tempdir().unwrap();
        spool(folder.path()).put(token("ada"), Origin::Renewal).unwrap();
        let other = Spool { machine: machine(), folders: vec![folder.path().to_owned()], store: "b".into() };
        assert!(other.entries().is_empty());
    }

    #[test]
    fn the_next_folder_is_used_when_the_first_fails() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("not a folder");
        fs::write(&file, "").unwrap();
        let spool = Spool {
            machine: machine(),
            folders: vec![file, folder.path().join("second")],
            store: "a".into(),
        };
        spool.put(token("ada"), Origin::Renewal).unwrap();
        assert_eq!(spool.entries().len(), 1);
    }

    #[test]
    fn a_store_without_a_file_spools_under_the_home_folder_and_a_store_in_memory_does_not_spool() {
        let spool = Spool::new(machine(), &AnyStore::new(MemoryStore::new()), None);
        assert_eq!(spool.folders, home_folder().into_iter().collect::<Vec<_>>());
        assert!(Spool::new(machine(), &MemoryStore::new().into(), None).folders.is_empty());
    }
}

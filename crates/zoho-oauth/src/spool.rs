//! Tokens that Zoho gave and the store would not take: kept in a folder of small files until it does.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use rand::RngExt;
use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};

use crate::persistence::Persistence;
use crate::private_file;
use crate::store::{AnyStore, StoredToken};

/// Where one store's unsaved tokens wait. Folders are tried in order: beside the store, where that is a file, and
/// under the user's home, for a disk that is full or a folder that may not be written.
#[derive(Debug)]
pub(crate) struct Spool {
    folders: Vec<PathBuf>,
    store: String,
}

/// A token that waits.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) token: StoredToken,
    pub(crate) origin: Origin,
    path: PathBuf,
}

/// Where a token comes from: a login's row may never have been there, a renewal's was.
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
    pub(crate) fn new(store: &AnyStore, chosen: Option<PathBuf>) -> Self {
        let home = home_folder().filter(|_| store.is_lasting());
        let folders = match (chosen, store.place()) {
            (Some(folder), _) => vec![folder],
            (None, Some(file)) => {
                let mut beside = absolute(file).into_os_string();
                beside.push(".spool");
                vec![PathBuf::from(beside)]
            }
            (None, None) => Vec::new(),
        };
        let store_id = store
            .place()
            .map_or_else(|| store.name().to_owned(), |path| absolute(path).display().to_string());
        Self { folders: folders.into_iter().chain(home).collect(), store: store_id }
    }

    /// Keeps `token`, durably and readable for this account alone, in the first folder that takes it.
    pub(crate) fn put(&self, token: StoredToken, origin: Origin) -> io::Result<Entry> {
        let content = Content { store: self.store.clone(), origin, token };
        let bytes = serde_json::to_vec(&content)?;
        let random: [u8; 8] = rand::rng().random();
        let name = format!("{}-{}.json", &self.tag(), hex(&random));
        let mut failure = io::Error::other("there is no folder to spool to");
        for folder in &self.folders {
            let path = folder.join(&name);
            match create_folder(folder).and_then(|()| write_durably(&path, &bytes)) {
                Ok(()) => return Ok(Entry { token: content.token, origin, path }),
                Err(error) => failure = error,
            }
        }
        Err(failure)
    }

    /// Everything that waits for this store. A file that cannot be understood is left alone.
    pub(crate) fn entries(&self) -> Vec<Entry> {
        let tag = self.tag();
        let files = self.folders.iter().filter_map(|folder| fs::read_dir(folder).ok()).flatten().flatten();
        files
            .map(|file| file.path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
            .filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(&tag)))
            .filter_map(|path| {
                let content: Content = serde_json::from_slice(&fs::read(&path).ok()?).ok()?;
                (content.store == self.store).then_some(Entry {
                    token: content.token,
                    origin: content.origin,
                    path,
                })
            })
            .collect()
    }

    fn tag(&self) -> String {
        hex(&digest(&SHA256, self.store.as_bytes()).as_ref()[..8])
    }
}

impl Entry {
    /// Forgets the token: it is in the store, or it is not wanted any more.
    pub(crate) fn remove(&self) {
        if let Err(error) = fs::remove_file(&self.path) {
            tracing::warn!(
                target: Persistence::LOG_TARGET,
                path = %self.path.display(), %error,
                "could not remove a spooled token"
            );
        }
        // Leaves no empty folder beside the store; one that still holds something stays, and so does one that
        // somebody chose.
        if let Some(folder) =
            self.path.parent().filter(|folder| folder.extension().is_some_and(|name| name == "spool"))
        {
            let _ = fs::remove_dir(folder);
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

fn home_folder() -> Option<PathBuf> {
    std::env::home_dir()
        .filter(|home| home.is_absolute())
        .map(|home| home.join(".local/state/zoho-oauth/spool"))
}

/// The file itself, wherever the program goes and whatever links lead to it.
fn absolute(path: &Path) -> PathBuf {
    if let Ok(file) = path.canonicalize() {
        return file;
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    path.file_name().map_or_else(|| folder.clone(), |name| folder.join(name))
}

fn create_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

fn write_durably(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let temporary = path.with_extension("tmp");
    let written = private_file::create(&temporary).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&temporary, path)?;
        private_file::sync_folder_of(path)
    });
    if written.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    written
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::MemoryStore;

    fn spool(folder: &Path) -> Spool {
        Spool { folders: vec![folder.to_owned()], store: "a".into() }
    }

    fn token(user: &str) -> StoredToken {
        StoredToken {
            user_name: Some(user.into()),
            access_token: Some("secret".into()),
            ..StoredToken::default()
        }
    }

    #[test]
    fn what_was_put_is_there_until_it_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let spool = spool(folder.path());
        spool.put(token("ada"), Origin::Renewal).unwrap();
        let entries = spool.entries();
        assert_eq!(entries.len(), 1);
        assert_eq!(entries[0].token, token("ada"));
        entries[0].remove();
        assert!(spool.entries().is_empty());
    }

    #[test]
    fn another_stores_tokens_are_not_touched() {
        let folder = tempfile::tempdir().unwrap();
        spool(folder.path()).put(token("ada"), Origin::Renewal).unwrap();
        let other = Spool { folders: vec![folder.path().to_owned()], store: "b".into() };
        assert!(other.entries().is_empty());
    }

    #[test]
    fn the_next_folder_is_taken_when_the_first_fails() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("not a folder");
        fs::write(&file, "").unwrap();
        let spool = Spool { folders: vec![file, folder.path().join("second")], store: "a".into() };
        spool.put(token("ada"), Origin::Renewal).unwrap();
        assert_eq!(spool.entries().len(), 1);
    }

    #[test]
    fn a_store_without_a_file_spools_under_the_home_folder_and_one_in_memory_nowhere() {
        let spool = Spool::new(&AnyStore::new(MemoryStore::new()), None);
        assert_eq!(spool.folders, home_folder().into_iter().collect::<Vec<_>>());
        assert!(Spool::new(&MemoryStore::new().into(), None).folders.is_empty());
    }
}

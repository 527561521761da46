//! Tokens in the CSV file of Zoho's own SDKs.

mod columns;
mod csv;
mod disk;
mod draft;
mod encoding;
mod identity;
mod job;
mod lenient;
mod load;
mod maintenance;
mod reader;
mod shared;
mod state;
mod table;
mod writer;

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::token::OAuthToken;

use super::coordination::{Acquired, Coordination, Fenced, Lease, LeaseKey, LeaseState, machine_clock};
use super::error::{StoreError, StoreErrorKind};
use super::store_url::{StoreKind, StoreUrl, StoreUrlError};
use super::stored::StoredToken;
use super::token_store::{AnyStore, TokenStore};

use columns::Columns;
use draft::Draft;
use reader::Record;
use shared::Shared;
use table::Table;
use writer::Writer;

/// Stores tokens in a CSV file, usually `sdk_tokens.txt`, that Zoho's official SDKs read and write too.
///
/// Any number of processes of this crate can share a file. They lock `PATH.lock` while they write, and replace the file
/// as a whole, so that a reader needs no lock and sees either the old content or the new, even after a power failure.
/// On Unix, a process that is stopped while it holds the lock is overtaken after five seconds, and its late write is
/// repeated on what is stored then, if the lease still permits it. Leases and ledgers are in `PATH.state`. Clones share
/// the tokens in memory, which are used while the file is unchanged: a look-up takes a few microseconds, whatever the
/// number of tokens. A save writes the whole file; concurrent saves share one write.
///
/// Only the owner can read the files that it creates or replaces (mode 0600). A symbolic link is followed when the store
/// is opened. Calls need a Tokio runtime.
///
/// # Whose files are trusted
/// On Unix, a file is used only if this account, root or the owner of its folder owns it and only the owner or the
/// group can write it. The lock and the side file must belong to this account, root or the owner of the token file. Any
/// other one is rejected by name, and so is whatever is not a file.
///
/// # Sharing a file with an official SDK
/// An official SDK reads what this store writes, and vice versa. Two limits of the SDKs remain: they take no lock, and they
/// overwrite changes that they have not read. They also truncate the file before they write it. Such a file is read again
/// until it is complete. If it stays incomplete, every call fails and the file is not changed;
/// [`repair`](super::repair()) moves the unreadable lines to a file beside it.
///
/// # Files of all generations
/// A row that can be read in one way only is read, and keeps its bytes until it is saved: with nine columns, with or without
/// quotes, with a comma in a name that is not in quotes, with a name in Windows-1252, in a file without a header. A file in
/// UTF-16 is read too, and the next save writes it in UTF-8. A file of the first SDKs (`zcrmsdk` 3, six columns) is read and
/// never changed; copy it to another store. A row in any other encoding is an error that says so.
///
/// # Systems other than Unix
/// The files have the access rights of the folder, a folder is not synced after a rename, and changes are detected by size
/// and modification time only.
///
/// ```
/// # fn main() -> Result<(), zoho_oauth::store::StoreError> {
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("sdk_tokens.txt");
/// use zoho_oauth::store::{AnyStore, FileStore};
///
/// let store: AnyStore = FileStore::open(path)?.into();
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct FileStore {
    inner: Arc<Inner>,
}

struct Inner {
    path: PathBuf,
    shared: Arc<Shared>,
    writer: Writer,
}

impl FileStore {
    /// Opens the token file at `path`. If it does not exist, the store is empty and the first save creates it.
    ///
    /// The first call reads the content. An unfinished file of a killed process is removed.
    ///
    /// # Errors
    /// If the folder does not exist or cannot be accessed, or if `path` is a folder.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, StoreError> {
        let path = path.into();
        let failed = |error| disk::fault("be opened", &path, error).in_store(name_of(&path));
        let target = disk::resolve(&path).map_err(failed)?;
        if target.is_dir() {
            return Err(failed(io::ErrorKind::IsADirectory.into()));
        }
        let shared = Arc::new(Shared::at(target));
        shared.file.trust().map_err(failed)?;
        shared.remove_leftovers();
        Ok(Self { inner: Arc::new(Inner { path, shared, writer: Writer::default() }) })
    }

    pub(super) fn at(url: &StoreUrl) -> Result<Self, StoreError> {
        Self::open(url.path().ok_or(StoreUrlError::wrong_kind(StoreKind::File))?)
    }

    /// Returns the path that the store was opened with.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.inner.path
    }

    /// Reads the table in memory, after loading the file again if it has changed.
    async fn read<T>(&self, query: impl FnOnce(&Table) -> T) -> Result<T, StoreError> {
        if !self.named(self.inner.shared.is_current())? {
            self.blocking(Shared::refresh).await?;
        }
        self.named(self.inner.shared.check_exists())?;
        Ok(query(&self.inner.shared.content().table))
    }

    async fn write<T, F>(&self, change: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnMut(&mut Draft<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        self.named(self.inner.writer.write(&self.inner.shared, change).await)
    }

    async fn blocking<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Shared) -> Result<T, StoreError> + Send + 'static,
    {
        let shared = self.inner.shared.clone();
        let done = tokio::task::spawn_blocking(move || work(&shared)).await;
        self.named(done.unwrap_or_else(|error| {
            Err(StoreError::of(StoreErrorKind::Other, "read the tokens").caused_by(error))
        }))
    }

    fn named<T>(&self, result: Result<T, StoreError>) -> Result<T, StoreError> {
        result.map_err(|error| error.in_store(name_of(&self.inner.path)))
    }
}

impl TokenStore for FileStore {
    async fn find_token(&self, token: &OAuthToken) -> Result<Option<OAuthToken>, StoreError> {
        let wanted = StoredToken::from(token);
        let found = self.read(|table| table.find(&wanted)).await?;
        Ok(self.named(found)?.map(|row| wanted.filled_from(row).into()))
    }

    async fn save_token(&self, token: &OAuthToken) -> Result<OAuthToken, StoreError> {
        let new = self.named(StoredToken::for_saving(token))?;
        self.write(move |draft| draft.save(&new)).await
    }

    async fn delete_token(&self, id: &str) -> Result<bool, StoreError> {
        let id = id.to_owned();
        self.write(move |draft| Ok(draft.delete(&id))).await
    }

    async fn get_tokens(&self) -> Result<Vec<OAuthToken>, StoreError> {
        self.blocking(|shared| {
            shared.refresh()?;
            shared.check_exists()?;
            Ok(shared.content().table.tokens().map(OAuthToken::from).collect())
        })
        .await
    }

    async fn delete_tokens(&self) -> Result<(), StoreError> {
        self.write(|draft| {
            draft.delete_all();
            Ok(())
        })
        .await
    }

    async fn find_token_by_id(&self, id: &str) -> Result<Option<OAuthToken>, StoreError> {
        self.find_token(&OAuthToken::new().with_id(id)).await
    }

    async fn save_tokens(&self, tokens: &[OAuthToken]) -> Result<Vec<OAuthToken>, StoreError> {
        let tokens = self.named(StoredToken::all_for_saving(tokens))?;
        self.write(move |draft| draft.save_all(&tokens)).await
    }

    fn into_any(self) -> AnyStore {
        self.into()
    }
}

impl Coordination for FileStore {
    async fn acquire(&self, key: &LeaseKey, holder: &str, life: Duration) -> Result<Acquired, StoreError> {
        let (key, holder) = (key.clone(), holder.to_owned());
        self.write(move |draft| Ok(draft.acquire(&key, &holder, life))).await
    }

    async fn renew(&self, lease: &Lease, life: Duration) -> Result<bool, StoreError> {
        let lease = lease.clone();
        self.write(move |draft| Ok(draft.renew(&lease, life))).await
    }

    async fn release(&self, lease: &Lease) -> Result<bool, StoreError> {
        let lease = lease.clone();
        self.write(move |draft| Ok(draft.release(&lease))).await
    }

    async fn save_and_release(&self, lease: &Lease, token: &OAuthToken) -> Result<Fenced, StoreError> {
        let (lease, token) = (lease.clone(), self.named(StoredToken::for_saving(token))?);
        self.write(move |draft| draft.save_and_release(&lease, &token)).await
    }

    async fn lease_state(&self, key: &LeaseKey) -> Result<LeaseState, StoreError> {
        let state = self.blocking(|shared| shared.state().read()).await?;
        Ok(state.leases.get(key).cloned().unwrap_or_default().lease_state(machine_clock()))
    }

    async fn version(&self) -> Result<Option<u64>, StoreError> {
        self.named(self.inner.shared.version()).map(Some)
    }
}

impl From<FileStore> for AnyStore {
    fn from(store: FileStore) -> Self {
        let path = store.inner.path.clone();
        let maintenance = store.clone();
        Self::coordinated(store).named(name_of(&path)).kept_in(path).maintained_by(maintenance)
    }
}

impl fmt::Debug for FileStore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("FileStore").field("path", &self.inner.path).finish_non_exhaustive()
    }
}

/// Returns the first line of a token file.
pub(super) fn csv_header() -> String {
    csv::encode(StoredToken::COLUMNS.map(Some), "\n")
}

/// Returns a row as a line of a token file, or `None` if the line would be read as a different row.
pub(super) fn csv_line(row: &StoredToken) -> Option<String> {
    let line = csv::encode(row.values(), "\n");
    let is_read_back = Record::first_of(line.as_bytes(), Columns::Ten).is_some_and(|record| {
        let values = row.values().map(|value| value.filter(|text| !text.is_empty()));
        record.text == line.as_bytes() && record.values() == values
    });
    is_read_back.then_some(line)
}

fn name_of(path: &Path) -> String {
    format!("the token file {}", path.display())
}

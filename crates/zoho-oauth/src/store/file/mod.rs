//! Tokens in the CSV file of Zoho's own SDKs.

mod csv;
mod disk;
mod draft;
mod identity;
mod lenient;
mod load;
mod maintenance;
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

use super::any::AnyStore;
use super::coordination::{Acquired, Coordination, Fenced, Lease, LeaseKey, LeaseState, machine_clock};
use super::error::{StoreError, StoreErrorKind};
use super::store_url::{StoreKind, StoreUrl, StoreUrlError};
use super::stored::StoredToken;
use super::token_store::TokenStore;

use draft::Draft;
use shared::Shared;
use table::Table;
use writer::Writer;

/// Keeps tokens in a CSV file, `sdk_tokens.txt` by custom, that Zoho's official SDKs read and write too.
///
/// Any number of processes of this crate share a file: they lock `PATH.lock` while they write, and replace the
/// file as a whole, so a reader sees the old content or the new one, and so does a machine that lost its power.
/// Leases and ledgers are in `PATH.state`. Clones share the tokens in memory, which are relied on for as long as
/// the file is unchanged: a look-up costs a few microseconds, whatever the number of tokens. A save writes the
/// whole file; saves that come at once share one write.
///
/// Every file that it makes or replaces can be read by its owner alone (mode 0600). A symbolic link is followed
/// when the store is opened. Calls run on a Tokio runtime.
///
/// # Beside an official SDK
/// An official SDK reads what this store writes, and the other way round. Two of its habits cannot be mended from
/// here: it waits for no lock, and it saves over changes that it has not read. It also truncates the file while
/// it writes; such a file is read again until it is whole, and if it stays cut off, every call is an error and
/// the file is left as it is; [`repair`](super::repair()) takes out what is torn.
///
/// # Elsewhere than on Unix
/// The folder decides who can read the files; a folder is not synced after a rename; and a change is told by
/// size and modification time alone.
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
    /// Opens the token file at `path`. A file that is not there is an empty store, and the first save makes it.
    ///
    /// The content is read by the first call, not here. What a killed process left half written is removed.
    ///
    /// # Errors
    /// When the folder is missing or may not be entered, and when `path` is a folder.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, StoreError> {
        let path = path.into();
        let refused = |error| disk::fault("be opened", &path, error).in_store(name_of(&path));
        let target = disk::resolve(&path).map_err(refused)?;
        if target.is_dir() {
            return Err(refused(io::ErrorKind::IsADirectory.into()));
        }
        let shared = Arc::new(Shared::at(target));
        shared.tidy();
        Ok(Self { inner: Arc::new(Inner { path, shared, writer: Writer::default() }) })
    }

    pub(super) fn at(url: &StoreUrl) -> Result<Self, StoreError> {
        Self::open(url.path().ok_or(StoreUrlError::wrong_kind(StoreKind::File))?)
    }

    /// The path that it was opened with.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.inner.path
    }

    /// Answers from memory while the file is unchanged; reads it again otherwise.
    async fn read<T>(&self, question: impl FnOnce(&Table) -> T) -> Result<T, StoreError> {
        if !self.named(self.inner.shared.is_current())? {
            self.blocking(Shared::refresh).await?;
        }
        Ok(question(&self.inner.shared.content().table))
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
        let state = self.blocking(|shared| shared.state().look()).await?;
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

/// The first line of a token file.
pub(super) fn csv_header() -> String {
    csv::encode(StoredToken::COLUMNS.map(Some), "\n")
}

/// A row as a line of a token file; `None` where the line would be read as something else.
pub(super) fn csv_line(row: &StoredToken) -> Option<String> {
    let line = csv::encode(row.values(), "\n");
    let is_read_as_it_was = csv::Records::of(&line).next().is_some_and(|record| {
        let values = row.values().map(|value| value.filter(|text| !text.is_empty()));
        record
            .is_ok_and(|record| record.text == line && record.fields.len() == 10 && record.values() == values)
    });
    is_read_as_it_was.then_some(line)
}

fn name_of(path: &Path) -> String {
    format!("the token file {}", path.display())
}

//! A token store in plain files: a folder with one JSON file per token. Copy it and replace `files.rs` with your storage.
//!
//! ```text
//! folder/
//!   lock              a writer holds it alone, readers share it
//!   highest-id.json   so that no id is used twice
//!   rows/….json       one token each, named by the SHA-256 of its id, which can be any text
//!   leases/….json     who may renew which token
//!   drafts/           files that are being written
//! ```
//!
//! A file is never changed in place: its new content is written beside it, synced to disk and renamed over it. So a row is
//! always one whole state, and an acknowledged save survives a kill and a power cut.

mod files;

use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use sha2::{Digest, Sha256};
use tokio::task::spawn_blocking;
use zoho_oauth::OAuthToken;
use zoho_oauth::store::coordination::{
    Acquired, Coordination, Fenced, Lease, LeaseEntry, LeaseKey, LeaseState,
};
use zoho_oauth::store::{AnyStore, Criterion, StoreError, StoredToken, TokenStore, id_number, next_id};

use files::Folder;

const HIGHEST_ID: &str = "highest-id.json";
const ROWS: &str = "rows";

/// Stores tokens in a folder, which clones and other processes may share.
#[derive(Clone, Debug)]
pub(crate) struct FolderStore {
    folder: Arc<Folder>,
    name: Arc<str>,
}

impl FolderStore {
    /// Opens the folder, and creates it if it does not exist.
    ///
    /// # Errors
    /// If it cannot be created or written.
    pub(crate) fn open(path: impl Into<PathBuf>) -> Result<Self, StoreError> {
        let path = path.into();
        let name: Arc<str> = format!("the folder token store {}", path.display()).into();
        let folder = Folder::open(path).map_err(|error| error.in_store(&*name))?;
        Ok(Self { folder: Arc::new(folder), name })
    }

    /// Reads while no process writes.
    async fn read<T, W>(&self, work: W) -> Result<T, StoreError>
    where
        T: Send + 'static,
        W: FnOnce(&Folder) -> Result<T, StoreError> + Send + 'static,
    {
        self.run(move |folder| folder.lock_shared().and_then(|_lock| work(folder))).await
    }

    /// Writes while no other process reads or writes.
    async fn write<T, W>(&self, work: W) -> Result<T, StoreError>
    where
        T: Send + 'static,
        W: FnOnce(&Folder) -> Result<T, StoreError> + Send + 'static,
    {
        self.run(move |folder| folder.lock().and_then(|_lock| work(folder))).await
    }

    /// Files block, so this runs on the blocking thread pool. It runs to the end even if the caller stops waiting.
    async fn run<T, W>(&self, work: W) -> Result<T, StoreError>
    where
        T: Send + 'static,
        W: FnOnce(&Folder) -> Result<T, StoreError> + Send + 'static,
    {
        let folder = self.folder.clone();
        match spawn_blocking(move || work(&folder)).await {
            Ok(result) => result.map_err(|error| error.in_store(&*self.name)),
            Err(error) => Err(StoreError::new(&*self.name, "finish the call", error)),
        }
    }
}

impl TokenStore for FolderStore {
    async fn find_token(&self, token: &OAuthToken) -> Result<Option<OAuthToken>, StoreError> {
        let wanted = StoredToken::from(token);
        self.read(|folder| Ok(find(folder, &wanted)?.map(|row| wanted.filled_from(row).into()))).await
    }

    async fn save_token(&self, token: &OAuthToken) -> Result<OAuthToken, StoreError> {
        let new = StoredToken::for_saving(token)?;
        self.write(|folder| Ok(save(folder, new)?.into())).await
    }

    async fn delete_token(&self, id: &str) -> Result<bool, StoreError> {
        let file = row_file(id);
        self.write(move |folder| folder.remove(&file)).await
    }

    async fn get_tokens(&self) -> Result<Vec<OAuthToken>, StoreError> {
        let rows: Vec<StoredToken> = self.read(|folder| folder.read_all(ROWS)).await?;
        Ok(rows.into_iter().map(OAuthToken::from).collect())
    }

    async fn delete_tokens(&self) -> Result<(), StoreError> {
        self.write(|folder| folder.remove_all(ROWS)).await
    }

    async fn find_token_by_id(&self, id: &str) -> Result<Option<OAuthToken>, StoreError> {
        self.find_token(&OAuthToken::new().with_id(id)).await
    }

    /// The store coordinates processes itself, so a token is renewed once for all that share the folder.
    fn into_any(self) -> AnyStore {
        let name = self.name.to_string();
        AnyStore::coordinated(self).named(name)
    }
}

impl Coordination for FolderStore {
    async fn acquire(&self, key: &LeaseKey, holder: &str, life: Duration) -> Result<Acquired, StoreError> {
        let (key, holder) = (key.clone(), holder.to_owned());
        self.write(move |folder| change(folder, &key, |entry, now| entry.acquire(&key, &holder, now, life)))
            .await
    }

    async fn renew(&self, lease: &Lease, life: Duration) -> Result<bool, StoreError> {
        let lease = lease.clone();
        self.write(move |folder| change(folder, &lease.key, |entry, now| entry.renew(&lease, now, life)))
            .await
    }

    async fn release(&self, lease: &Lease) -> Result<bool, StoreError> {
        let lease = lease.clone();
        self.write(move |folder| change(folder, &lease.key, |entry, now| entry.release(&lease, now))).await
    }

    async fn save_and_release(&self, lease: &Lease, token: &OAuthToken) -> Result<Fenced, StoreError> {
        let (lease, new) = (lease.clone(), StoredToken::for_saving(token)?);
        self.write(move |folder| save_and_release(folder, &lease, new)).await
    }

    async fn lease_state(&self, key: &LeaseKey) -> Result<LeaseState, StoreError> {
        let file = lease_file(key);
        let entry: Option<LeaseEntry> = self.read(move |folder| folder.read(&file)).await?;
        Ok(entry.unwrap_or_default().lease_state(now()))
    }

    async fn version(&self) -> Result<Option<u64>, StoreError> {
        Ok(None)
    }
}

fn find(folder: &Folder, wanted: &StoredToken) -> Result<Option<StoredToken>, StoreError> {
    let Some(criterion) = Criterion::of(wanted) else { return Ok(None) };
    let candidates = match criterion {
        Criterion::Id(id) => folder.read(&row_file(id))?.into_iter().collect(),
        _ => folder.read_all(ROWS)?,
    };
    criterion.choose::<StoredToken>(candidates)
}

fn save(folder: &Folder, new: StoredToken) -> Result<StoredToken, StoreError> {
    let row = match find(folder, &new)? {
        Some(row) => row.overwritten_by(&new),
        None => with_id(folder, new)?,
    };
    folder.write(&row_file(row.id.as_deref().unwrap_or_default()), &row)?;
    Ok(row)
}

/// Gives a new row its id. The highest id is written before the row: a process that is killed in between wastes an id, and
/// no id is used twice.
fn with_id(folder: &Folder, new: StoredToken) -> Result<StoredToken, StoreError> {
    let highest = folder.read(HIGHEST_ID)?.unwrap_or(0);
    let chosen = new.id.filter(|id| !id.is_empty());
    let id = chosen.unwrap_or_else(|| next_id(highest, |id| folder.has(&row_file(id))));
    if let Some(number) = id_number(&id).filter(|number| *number > highest) {
        folder.write(HIGHEST_ID, &number)?;
    }
    Ok(StoredToken { id: Some(id), ..new })
}

fn save_and_release(folder: &Folder, lease: &Lease, new: StoredToken) -> Result<Fenced, StoreError> {
    let entry: LeaseEntry = folder.read(&lease_file(&lease.key))?.unwrap_or_default();
    if !entry.is_held_under(lease) {
        return Ok(Fenced::Superseded);
    }
    let row: Option<StoredToken> = match &lease.row {
        Some(id) => folder.read(&row_file(id))?,
        None => None,
    };
    let is_permitted = lease.permits(row.map(OAuthToken::from).as_ref());
    // The row is written before the lease is released. If the process is killed in between, the lease expires.
    let saved = if is_permitted { Some(save(folder, new)?) } else { None };
    change(folder, &lease.key, |entry, now| entry.release(lease, now))?;
    Ok(saved.map_or(Fenced::Superseded, |saved| Fenced::Saved(saved.into())))
}

/// Reads the entry of a lease, applies `change`, and writes the entry if it changed. No file is deleted here; those for
/// which `LeaseEntry::may_be_forgotten` is true could be.
fn change<T>(
    folder: &Folder,
    key: &LeaseKey,
    change: impl FnOnce(&mut LeaseEntry, u64) -> T,
) -> Result<T, StoreError> {
    let file = lease_file(key);
    let before: LeaseEntry = folder.read(&file)?.unwrap_or_default();
    let mut entry = before.clone();
    let answer = change(&mut entry, now());
    if entry != before {
        folder.write(&file, &entry)?;
    }
    Ok(answer)
}

fn row_file(id: &str) -> String {
    let name: String = Sha256::digest(id.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{ROWS}/{name}.json")
}

/// A file's name has no colon on Windows.
fn lease_file(key: &LeaseKey) -> String {
    format!("leases/{}.json", key.as_str().replace(':', "-"))
}

/// This machine's clock, since all processes that share the folder run here.
fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

#[allow(dead_code, reason = "the tests use the store only")]
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let store = FolderStore::open(folder.path())?;
    let saved =
        store.save_token(&OAuthToken::new().with_user("ada").with_refresh_token("1000.refresh")).await?;
    let found = FolderStore::open(folder.path())?.find_token(&OAuthToken::new().with_user("ada")).await?;
    assert_eq!(found.as_ref().and_then(OAuthToken::id), saved.id());
    Ok(())
}

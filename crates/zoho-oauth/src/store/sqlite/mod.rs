//! A token store in SQLite: in a file that several processes share, or in memory.

#![expect(clippy::disallowed_types, reason = "this folder is the SQLite store")]

mod batch;
mod columns;
mod fault;
mod lease;
mod maintenance;
mod opened;
mod place;
mod reader;
mod rows;
mod schema;
mod snapshot;
mod writer;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::token::OAuthToken;

use super::coordination::{
    Acquired, Coordination, Fenced, Lease, LeaseEntry, LeaseKey, LeaseState, machine_clock,
};
use super::error::{StoreError, StoreErrorKind};
use super::matching::Criterion;
use super::page::TokenPage;
use super::store_url::StoreUrl;
use super::stored::StoredToken;
use super::token_store::{AnyStore, TokenStore};

use batch::Batch;
use fault::Fault;
use opened::CurrentDatabase;
use schema::Tables;

/// Stores tokens in an SQLite database: table `oauthtoken`, with the ten columns of Zoho's SDKs.
///
/// Any number of tasks and processes can use one file at the same time, including an official SDK. Clones share the store.
/// Look-ups run on the calling thread and take microseconds. Saves run on a writer thread, which commits waiting saves
/// together. A save is on disk before it returns.
///
/// An existing table is used as it is, whatever the types of its columns. A value that a column would change is rejected,
/// and so is a table that cannot hold a login, before a code is spent. A table of an older SDK, without `api_domain`, and
/// a view can be read.
///
/// Leases and the highest id are in a second table, `oauthtoken_state`. Reading changes nothing: the first write creates what
/// is missing, the file too, with the indexes; for a table with a million rows this takes some seconds, once.
///
/// # Files
/// Beside the file are `PATH-wal` and `PATH-shm`, and `PATH.lock`, where writers queue. `PATH-wal` is empty while no process
/// uses the store, so `PATH` alone is a complete copy then. On Unix, only the owner can read and write a new file (mode
/// 0600), whatever the umask; on other systems it has the rights of the folder. An existing file keeps its mode. The file
/// system must support locks; some network file systems do not.
///
/// If another file is renamed to `PATH` while the store is open, it is used within two seconds. If the file is deleted, calls
/// fail until there is one again. Two changes cannot be recovered from in a running program, so end all programs first: if
/// `PATH-wal` alone is deleted or replaced, saves fail until all of them have ended, and if a backup is copied over the file
/// in place, as `cp` does, SQLite can damage it.
///
/// # Whose files are trusted
/// On Unix, a file is used only if this account, root or the owner of its folder owns it and only the owner or the
/// group can write it. The files beside it must belong to this account, root or the owner of the file, or to its group
/// if the group can write it. Any other one is rejected by name, and so is whatever is not a file. SQLite opens its files
/// by name, so they are checked before and after.
///
/// # Processes that are stopped
/// A look-up waits for no other process, with one exception: if a process was killed while it wrote, and the next one is
/// stopped in the moment in which it opens the store, the store can be opened only when that one goes on or ends.
///
/// A save waits for a process that is stopped in a commit, and fails as busy after five seconds. SQLite permits nobody to
/// overtake that process.
///
/// ```
/// use zoho_oauth::OAuthToken;
/// use zoho_oauth::store::{SqliteStore, TokenStore};
///
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// let store = SqliteStore::in_memory()?;
/// let saved = store.save_token(&OAuthToken::new().with_user("ada").with_access_token("1000.a")).await?;
/// assert_eq!(saved.id(), Some("1"));
/// # Ok::<_, zoho_oauth::store::StoreError>(())
/// # })?;
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct SqliteStore {
    shared: Arc<Shared>,
}

/// Options for opening a database file.
#[derive(Clone, Debug)]
pub struct SqliteOptions {
    busy_timeout: Duration,
    table: String,
}

const DEFAULT_TABLE: &str = "oauthtoken";

impl SqliteOptions {
    /// Creates the default options.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets how long to wait for a lock of another process before the call fails as busy. Default: five seconds.
    #[must_use]
    pub fn with_busy_timeout(mut self, timeout: Duration) -> Self {
        self.busy_timeout = timeout;
        self
    }

    /// Sets the table. Leases are in a second table, whose name ends with `_state`. Default: `oauthtoken`.
    #[must_use]
    pub fn with_table(mut self, table: impl Into<String>) -> Self {
        self.table = table.into();
        self
    }
}

impl Default for SqliteOptions {
    fn default() -> Self {
        Self { busy_timeout: Duration::from_secs(5), table: DEFAULT_TABLE.to_owned() }
    }
}

struct Shared {
    database: CurrentDatabase,
    name: String,
    path: Option<PathBuf>,
}

impl SqliteStore {
    /// Opens a database file, which the first write creates if it is missing; `:memory:` is [`in_memory`](Self::in_memory).
    ///
    /// A read-only file can be opened too: look-ups work and saves fail.
    ///
    /// # Errors
    /// If the file cannot be read, its folder does not exist, it is not an SQLite database, or it has a table `oauthtoken`
    /// without the columns of a token. The file is not changed.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        Self::open_with(path, SqliteOptions::default())
    }

    /// Opens a database file with options.
    ///
    /// # Errors
    /// As for [`open`](Self::open).
    pub fn open_with(path: impl AsRef<Path>, options: SqliteOptions) -> Result<Self, StoreError> {
        let path = path.as_ref();
        if path == Path::new(":memory:") {
            return Self::in_memory();
        }
        let name = match &*options.table {
            DEFAULT_TABLE => format!("the SQLite token store {}", path.display()),
            table => format!("the SQLite token store {table} in {}", path.display()),
        };
        let opened = check_name(&options.table).and_then(|()| CurrentDatabase::in_file(path, options));
        Self::of(opened, name)
    }

    /// Opens a database in memory, for this store and its clones.
    ///
    /// # Errors
    /// If SQLite cannot be set up.
    pub fn in_memory() -> Result<Self, StoreError> {
        let name = "the SQLite token store in memory";
        Self::of(CurrentDatabase::in_memory(), name.to_owned())
    }

    pub(super) fn at(url: &StoreUrl) -> Result<Self, StoreError> {
        let options =
            url.table().map_or_else(SqliteOptions::new, |table| SqliteOptions::new().with_table(table));
        url.path().map_or_else(Self::in_memory, |path| Self::open_with(path, options))
    }

    fn of(database: Result<CurrentDatabase, Fault>, name: String) -> Result<Self, StoreError> {
        let database = database.map_err(|fault| fault.into_error(&name, "be opened"))?;
        let path = database.path();
        Ok(Self { shared: Arc::new(Shared { database, name, path }) })
    }

    fn find(&self, criterion: &Criterion<'_>) -> Result<Option<StoredToken>, StoreError> {
        let find = |connection: &_, tables: &Tables| tables.rows.find(connection, criterion);
        self.named("look up a token", self.shared.database.read(find))
    }

    async fn write<T, W>(&self, action: &'static str, work: W) -> Result<T, StoreError>
    where
        T: Send + 'static,
        W: FnMut(&mut Batch<'_>) -> Result<T, Fault> + Send + 'static,
    {
        self.named(action, self.shared.database.write(work).await)
    }

    fn named<T>(&self, action: &'static str, result: Result<T, Fault>) -> Result<T, StoreError> {
        result.map_err(|fault| fault.into_error(&self.shared.name, action))
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("SqliteStore").field(&self.shared.name).finish()
    }
}

impl TokenStore for SqliteStore {
    async fn find_token(&self, token: &OAuthToken) -> Result<Option<OAuthToken>, StoreError> {
        let wanted = StoredToken::from(token);
        let Some(criterion) = Criterion::of(&wanted) else { return Ok(None) };
        let row = self.find(&criterion)?;
        Ok(row.map(|row| wanted.filled_from(row).into()))
    }

    async fn save_token(&self, token: &OAuthToken) -> Result<OAuthToken, StoreError> {
        let token = StoredToken::for_saving(token).map_err(|error| error.in_store(&*self.shared.name))?;
        self.write("save a token", move |batch| batch.save(&token).map(OAuthToken::from)).await
    }

    async fn delete_token(&self, id: &str) -> Result<bool, StoreError> {
        if id.is_empty() {
            return Ok(false);
        }
        let id = id.to_owned();
        self.write("delete a token", move |batch| batch.delete(&id)).await
    }

    async fn get_tokens(&self) -> Result<Vec<OAuthToken>, StoreError> {
        let rows = self.named(
            "read all tokens",
            self.shared.database.read(|connection, tables| tables.rows.all(connection)),
        )?;
        Ok(rows.into_iter().map(OAuthToken::from).collect())
    }

    async fn delete_tokens(&self) -> Result<(), StoreError> {
        self.write("delete all tokens", |batch| batch.delete_all()).await
    }

    async fn find_token_by_id(&self, id: &str) -> Result<Option<OAuthToken>, StoreError> {
        if id.is_empty() {
            return Ok(None);
        }
        Ok(self.find(&Criterion::Id(id))?.map(OAuthToken::from))
    }

    async fn get_token_page(&self, after: Option<&str>) -> Result<TokenPage, StoreError> {
        let read = |connection: &_, Tables { rows: table, .. }: &Tables| {
            let rows = table.page(connection, after)?;
            match rows.last().filter(|_| rows.len() == rows::PAGE) {
                None => Ok((rows, None)),
                Some(StoredToken { id: Some(id), .. }) => {
                    let next = Some(id.clone());
                    Ok((rows, next))
                }
                // A row without an id cannot be the next cursor, so this page returns the whole table.
                Some(_) => Ok((table.all(connection)?, None)),
            }
        };
        let (rows, next) = self.named("read a page of tokens", self.shared.database.read(read))?;
        let tokens = rows.into_iter().map(OAuthToken::from).collect();
        Ok(match next {
            Some(next) => TokenPage::followed_by(next, tokens),
            None => TokenPage::last(tokens),
        })
    }

    async fn save_tokens(&self, tokens: &[OAuthToken]) -> Result<Vec<OAuthToken>, StoreError> {
        let tokens =
            StoredToken::all_for_saving(tokens).map_err(|error| error.in_store(&*self.shared.name))?;
        let saved = self.write("save tokens", move |batch| batch.save_all(&tokens)).await?;
        Ok(saved.into_iter().map(OAuthToken::from).collect())
    }

    fn into_any(self) -> AnyStore {
        self.into()
    }
}

impl Coordination for SqliteStore {
    async fn acquire(&self, key: &LeaseKey, holder: &str, life: Duration) -> Result<Acquired, StoreError> {
        let (key, holder) = (key.clone(), holder.to_owned());
        self.write("acquire a lease", move |batch| batch.acquire(&key, &holder, life)).await
    }

    async fn renew(&self, lease: &Lease, life: Duration) -> Result<bool, StoreError> {
        let lease = lease.clone();
        self.write("renew a lease", move |batch| batch.renew(&lease, life)).await
    }

    async fn release(&self, lease: &Lease) -> Result<bool, StoreError> {
        let lease = lease.clone();
        self.write("release a lease", move |batch| batch.release(&lease)).await
    }

    async fn save_and_release(&self, lease: &Lease, token: &OAuthToken) -> Result<Fenced, StoreError> {
        let token = StoredToken::for_saving(token).map_err(|error| error.in_store(&*self.shared.name))?;
        let lease = lease.clone();
        self.write("save a token", move |batch| batch.save_and_release(&lease, &token)).await
    }

    async fn lease_state(&self, key: &LeaseKey) -> Result<LeaseState, StoreError> {
        let entry = self.shared.database.read(|connection, tables| {
            match tables.leases.find(connection, key.as_str()) {
                Err(_) if !tables.has_state(connection)? => Ok(None),
                entry => entry,
            }
        });
        let now = machine_clock();
        // An old entry is deleted by the next process that writes.
        let entry = self.named("read a lease", entry)?.filter(|entry| !entry.may_be_forgotten(now));
        Ok(entry.unwrap_or_else(LeaseEntry::default).lease_state(now))
    }

    async fn version(&self) -> Result<Option<u64>, StoreError> {
        self.named("read its version", self.shared.database.version())
    }

    async fn damaged_leases(&self, keys: &[LeaseKey]) -> Result<Vec<LeaseKey>, StoreError> {
        let damaged = self.shared.database.read(|connection, tables| {
            let mut damaged = Vec::new();
            if tables.has_state(connection)? {
                for key in keys {
                    let stored = tables.leases.find_stored(connection, key.as_str())?;
                    damaged.extend(stored.filter(|stored| stored.is_damaged).map(|_| key.clone()));
                }
            }
            Ok(damaged)
        });
        self.named("read leases", damaged)
    }
}

impl From<SqliteStore> for AnyStore {
    fn from(store: SqliteStore) -> Self {
        let Shared { name, path, database } = &*store.shared;
        let (name, path, table) = (name.clone(), path.clone(), database.other_table().map(str::to_owned));
        let maintenance = store.clone();
        let store = Self::coordinated(store).named(name);
        match path {
            Some(path) => store.kept_in(path).in_table(table.as_deref()).maintained_by(maintenance),
            None => store.in_memory(),
        }
    }
}

/// Rejects a name of a table that would have to be quoted.
fn check_name(name: &str) -> Result<(), Fault> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$';
    if !name.is_empty() && name.bytes().all(is_plain) {
        return Ok(());
    }
    Err(StoreError::of(StoreErrorKind::Rejected, "be opened")
        .evidence("unsupported table name")
        .next_step("use letters, digits, _ and $")
        .into())
}

/// Locks a mutex even if it is poisoned: a panic leaves the connection usable, because its transaction is rolled back.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

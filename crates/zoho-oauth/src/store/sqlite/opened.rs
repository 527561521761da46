//! The database that is open, and opening it again when another file is at its path.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::fault::Fault;
use super::place::{self, DatabaseFile};
use super::reader::Readers;
use super::schema::Tables;
use super::writer::{Database, Desk, Writer};
use super::{DEFAULT_TABLE, SqliteOptions};

/// How often reads check that the file is still at its path. Writes always do.
const CHECK_INTERVAL: Duration = Duration::from_secs(1);

/// A database that is open. The fields are dropped in this order: the writer moves the log into the database, which
/// readers could prevent.
#[derive(Debug)]
struct Opened {
    readers: Readers,
    writer: Writer,
    tables: Arc<Tables>,
    file: Option<Arc<DatabaseFile>>,
}

/// The database of a store. If its file is replaced, for example by a backup, the new file is opened.
#[derive(Debug)]
pub(super) struct CurrentDatabase {
    options: SqliteOptions,
    opened: RwLock<Arc<Opened>>,
    since: Instant,
    /// When the file was last checked, in milliseconds since `since`.
    checked: AtomicU64,
}

impl CurrentDatabase {
    /// Opens a file, or notes that there is none. The first write creates it.
    pub(super) fn in_file(path: &Path, options: SqliteOptions) -> Result<Self, Fault> {
        let file = DatabaseFile::open(path, options.busy_timeout)?;
        Ok(Self::starting_with(Opened::from_file(file, &options)?, options))
    }

    pub(super) fn in_memory() -> Result<Self, Fault> {
        let options = SqliteOptions::default();
        Ok(Self::starting_with(Opened::in_memory(&options)?, options))
    }

    fn starting_with(opened: Opened, options: SqliteOptions) -> Self {
        let opened = RwLock::new(Arc::new(opened));
        Self { options, opened, since: Instant::now(), checked: AtomicU64::new(0) }
    }

    /// The absolute path of the file, without links.
    pub(super) fn path(&self) -> Option<PathBuf> {
        self.opened().file.as_ref().map(|file| file.path().to_owned())
    }

    /// The table, unless it is the one of the official samples.
    pub(super) fn other_table(&self) -> Option<&str> {
        Some(&*self.options.table).filter(|table| *table != DEFAULT_TABLE)
    }

    /// Runs a query. If the database is written meanwhile, it may run again.
    pub(super) fn read<T>(
        &self,
        query: impl Fn(&Connection, &Tables) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let read = |opened: &Opened| opened.readers.read(|connection| query(connection, &opened.tables));
        match read(&*self.for_reading()?) {
            Err(Fault::Replaced(_)) => read(&*self.current()?),
            result => result,
        }
    }

    /// Runs a job of the writer.
    pub(super) async fn write<T, W>(&self, work: W) -> Result<T, Fault>
    where
        T: Send + 'static,
        W: FnMut(&mut super::Batch<'_>) -> Result<T, Fault> + Send + 'static,
    {
        let opened = self.for_writing()?;
        opened.writer.run(work).await
    }

    /// Returns a number that changes with every commit of any process, and when the file is replaced.
    pub(super) fn version(&self) -> Result<Option<u64>, Fault> {
        self.current()?.readers.version()
    }

    fn opened(&self) -> Arc<Opened> {
        self.opened.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn for_reading(&self) -> Result<Arc<Opened>, Fault> {
        let elapsed = self.elapsed().saturating_sub(self.checked.load(Ordering::Relaxed));
        let opened = self.opened();
        let was_checked = Duration::from_millis(elapsed) < CHECK_INTERVAL && opened.missing_file().is_none();
        if was_checked { Ok(opened) } else { self.current() }
    }

    fn for_writing(&self) -> Result<Arc<Opened>, Fault> {
        let opened = self.current()?;
        let Some(missing) = opened.missing_file() else { return Ok(opened) };
        missing.create()?;
        let created = self.current()?;
        match created.missing_file() {
            Some(missing) => Err(Fault::Missing(missing.path().to_owned())),
            None => Ok(created),
        }
    }

    /// Opens the file at the path, if it is another one.
    fn current(&self) -> Result<Arc<Opened>, Fault> {
        let opened = self.opened();
        let Some(file) = &opened.file else { return Ok(opened) };
        if file.was_replaced() {
            let mut current = self.opened.write().unwrap_or_else(PoisonError::into_inner);
            if Arc::ptr_eq(&current, &opened) {
                file.discard_log()?;
                *current = Arc::new(Opened::from_file(file.again()?, &self.options)?);
            }
            return Ok(current.clone());
        }
        self.checked.store(self.elapsed(), Ordering::Relaxed);
        Ok(opened)
    }

    fn elapsed(&self) -> u64 {
        u64::try_from(self.since.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

impl Opened {
    fn from_file(file: DatabaseFile, options: &SqliteOptions) -> Result<Self, Fault> {
        let file = Arc::new(file);
        if file.is_missing() {
            // Reads find an empty table, and writes create the file first.
            return Ok(Self { file: Some(file), ..Self::in_memory(options)? });
        }
        let readers = Readers::of_file(file.clone());
        let tables = Arc::new(readers.read(|connection| Tables::find(connection, &options.table))?);
        let database = Database::File { file: file.clone(), connection: None };
        let desk = Desk { tables: tables.clone(), database };
        Ok(Self { readers, writer: Writer::new(desk), tables, file: Some(file) })
    }

    fn missing_file(&self) -> Option<&DatabaseFile> {
        self.file.as_deref().filter(|file| file.is_missing())
    }

    fn in_memory(options: &SqliteOptions) -> Result<Self, Fault> {
        let connection = place::connect_to_memory()?;
        let tables = Arc::new(Tables::find(&connection, &options.table)?);
        let connection = Arc::new(Mutex::new(connection));
        let mut desk = Desk { tables: tables.clone(), database: Database::Memory(connection.clone()) };
        desk.set_up()?;
        Ok(Self { readers: Readers::Single(connection), writer: Writer::new(desk), tables, file: None })
    }
}

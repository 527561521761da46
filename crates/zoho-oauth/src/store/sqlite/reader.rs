//! Reads on the caller's thread: a look-up takes a few microseconds, less than a switch to another thread.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use rusqlite::Connection;

use super::fault::Fault;
use super::locked;
use super::place::DatabaseFile;
use super::snapshot::{Moment, Snapshot};

/// The maximum number of idle connections. So many threads can read concurrently without opening a connection.
const MAX_IDLE: usize = 16;

/// Connections for reading.
#[derive(Debug)]
pub(super) enum Readers {
    /// A pool of connections to a file.
    Pool(Box<Pool>),
    /// The writer's connection, because a database in memory has no other.
    Single(Arc<Mutex<Connection>>),
}

/// Reads a snapshot until somebody writes the database, and with connections that see each commit after that.
#[derive(Debug)]
pub(super) struct Pool {
    file: Arc<DatabaseFile>,
    snapshot: Mutex<Option<Snapshot>>,
    is_connected: AtomicBool,
    idle: Mutex<Vec<Connection>>,
    /// The connection for `version`, because the numbers of different connections cannot be compared.
    watch: Mutex<Option<Connection>>,
}

impl Readers {
    pub(super) fn of_file(file: Arc<DatabaseFile>) -> Self {
        Self::Pool(Box::new(Pool {
            file,
            snapshot: Mutex::default(),
            is_connected: AtomicBool::default(),
            idle: Mutex::default(),
            watch: Mutex::default(),
        }))
    }

    /// Runs `query` on a connection. If the database is written meanwhile, it may run again.
    pub(super) fn read<T>(&self, query: impl Fn(&Connection) -> Result<T, Fault>) -> Result<T, Fault> {
        match self {
            Self::Pool(pool) => pool.read(query),
            Self::Single(connection) => query(&locked(connection)),
        }
    }

    /// Returns a number that changes with every commit of any process, or `None` if commits cannot be seen.
    pub(super) fn version(&self) -> Result<Option<u64>, Fault> {
        match self {
            Self::Pool(pool) => pool.version(),
            Self::Single(connection) => Ok(Some(locked(connection).total_changes())),
        }
    }
}

impl Pool {
    fn read<T>(&self, query: impl Fn(&Connection) -> Result<T, Fault>) -> Result<T, Fault> {
        let result = match self.read_snapshot(&query) {
            Ok(Some(value)) => Ok(value),
            Ok(None) => self.read_connected(&query),
            Err(fault) => Err(fault),
        };
        // A database whose files were replaced may look damaged.
        result.map_err(|fault| self.file.check().err().unwrap_or(fault))
    }

    /// Returns `None` if the database is being written, or if another thread is reading the snapshot.
    fn read_snapshot<T>(&self, query: impl Fn(&Connection) -> Result<T, Fault>) -> Result<Option<T>, Fault> {
        if self.is_connected.load(Ordering::Relaxed) {
            return Ok(None);
        }
        let Ok(mut snapshot) = self.snapshot.try_lock() else { return Ok(None) };
        if snapshot.is_none() {
            *snapshot = Snapshot::of(&self.file)?;
        }
        let result = snapshot.as_ref().and_then(|snapshot| snapshot.read(&self.file, query));
        if result.is_none() {
            *snapshot = None;
        }
        result.transpose()
    }

    fn read_connected<T>(&self, query: impl Fn(&Connection) -> Result<T, Fault>) -> Result<T, Fault> {
        let idle = locked(&self.idle).pop();
        let connection = match idle.map_or_else(|| self.file.connect_for_reading(), Ok) {
            Ok(connection) => connection,
            Err(fault) => return self.read_in_spite_of(fault, query),
        };
        self.is_connected.store(true, Ordering::Relaxed);
        let result = query(&connection);
        let mut idle = locked(&self.idle);
        if idle.len() < MAX_IDLE {
            idle.push(connection);
        }
        result
    }

    /// Reads a database that cannot be opened, which is so if the disk is full, if the folder is read-only, or if a process
    /// is stopped or busy while it opens or closes the database.
    fn read_in_spite_of<T>(
        &self,
        fault: Fault,
        query: impl Fn(&Connection) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        if !fault.leaves_readable() {
            return Err(fault);
        }
        let snapshot = Snapshot::of(&self.file)?;
        if let Some(result) = snapshot.and_then(|snapshot| snapshot.read(&self.file, &query)) {
            return result;
        }
        if fault.denies_side_files() {
            return self.file.open_alone().map_err(|_| fault).and_then(|connection| query(&connection));
        }
        query(&self.file.connect()?)
    }

    fn version(&self) -> Result<Option<u64>, Fault> {
        self.file.check()?;
        let mut watch = locked(&self.watch);
        if watch.is_none() {
            let moment = Moment::of(self.file.path());
            let is_connected = self.is_connected.load(Ordering::Relaxed);
            if !is_connected && moment.is_complete() && moment.is_settled() {
                return Ok(Some(moment.version()));
            }
            *watch = match self.file.connect_for_reading() {
                Err(fault) if fault.leaves_readable() => None,
                connection => Some(connection?),
            };
        }
        let Some(connection) = &*watch else { return Ok(None) };
        let version: i64 =
            connection.prepare_cached("pragma data_version")?.query_row([], |row| row.get(0))?;
        // Another file has other numbers.
        Ok(Some(self.file.version(version)))
    }
}

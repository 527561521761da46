//! Reads on the caller's thread: a look-up takes a few microseconds, less than a switch to another thread.

use std::sync::{Arc, Mutex};

use rusqlite::Connection;

use super::fault::Fault;
use super::locked;
use super::place::{DatabaseFile, ReadConnection};

/// The maximum number of idle connections. So many threads can read concurrently without opening a connection.
const MAX_IDLE: usize = 16;

/// Connections for reading.
#[derive(Debug)]
pub(super) enum Readers {
    /// A pool of connections to a file.
    Pool(Pool),
    /// The writer's connection, because a database in memory has no other.
    Single(Arc<Mutex<Connection>>),
}

#[derive(Debug)]
pub(super) struct Pool {
    file: DatabaseFile,
    idle: Mutex<Vec<Connection>>,
    /// The connection for `version`, because the numbers of different connections cannot be compared.
    watch: Option<Mutex<Connection>>,
}

impl Readers {
    pub(super) fn of_file(file: DatabaseFile) -> Result<Self, Fault> {
        let watch = match file.connect_for_reading()? {
            ReadConnection::Live(connection) => Some(Mutex::new(connection)),
            ReadConnection::Snapshot(_) => None,
        };
        Ok(Self::Pool(Pool { file, idle: Mutex::default(), watch }))
    }

    /// Runs `query` on a connection.
    pub(super) fn read<T>(&self, query: impl FnOnce(&Connection) -> Result<T, Fault>) -> Result<T, Fault> {
        match self {
            Self::Pool(pool) => pool.read(query),
            Self::Single(connection) => query(&locked(connection)),
        }
    }

    /// Returns a number that changes with every commit of any process, or `None` for a snapshot, which sees no commits.
    pub(super) fn version(&self) -> Result<Option<u64>, Fault> {
        match self {
            Self::Pool(Pool { watch: None, .. }) => Ok(None),
            Self::Pool(Pool { watch: Some(watch), .. }) => {
                let version: i64 =
                    locked(watch).prepare_cached("pragma data_version")?.query_row([], |row| row.get(0))?;
                Ok(Some(version.unsigned_abs()))
            }
            Self::Single(connection) => Ok(Some(locked(connection).total_changes())),
        }
    }
}

impl Pool {
    fn read<T>(&self, query: impl FnOnce(&Connection) -> Result<T, Fault>) -> Result<T, Fault> {
        let idle = locked(&self.idle).pop();
        let connection = match idle {
            Some(connection) => connection,
            None => match self.file.connect_for_reading()? {
                ReadConnection::Live(connection) => connection,
                ReadConnection::Snapshot(connection) => return query(&connection),
            },
        };
        let result = query(&connection);
        let mut idle = locked(&self.idle);
        if idle.len() < MAX_IDLE {
            idle.push(connection);
        }
        result
    }
}

//! Reading, inline on the caller's thread: a look-up takes a few microseconds, less than to hand it to another
//! thread.

use std::sync::{Arc, Mutex};

use rusqlite::Connection;

use super::fault::Fault;
use super::locked;
use super::place::{Place, ReadConnection};

/// More connections than this are not kept. That many threads read at once without opening one.
const MOST_KEPT: usize = 16;

/// Connections for reading.
#[derive(Debug)]
pub(super) enum Readers {
    /// As many to a file as are needed at once.
    Pool(Pool),
    /// The writer's own: a database in memory has no other.
    Writers(Arc<Mutex<Connection>>),
}

#[derive(Debug)]
pub(super) struct Pool {
    place: Place,
    idle: Mutex<Vec<Connection>>,
    /// The one that `version` asks: the number means something on one connection only.
    watch: Option<Mutex<Connection>>,
}

impl Readers {
    /// Readers of a file.
    pub(super) fn of_file(place: Place) -> Result<Self, Fault> {
        let watch = match place.connect_for_reading()? {
            ReadConnection::Live(connection) => Some(Mutex::new(connection)),
            ReadConnection::Snapshot(_) => None,
        };
        Ok(Self::Pool(Pool { place, idle: Mutex::default(), watch }))
    }

    /// Reads something.
    pub(super) fn read<T>(&self, look: impl FnOnce(&Connection) -> Result<T, Fault>) -> Result<T, Fault> {
        match self {
            Self::Pool(pool) => pool.read(look),
            Self::Writers(connection) => look(&locked(connection)),
        }
    }

    /// A number that changes with every commit of anybody; `None` where nobody may see commits.
    pub(super) fn version(&self) -> Result<Option<u64>, Fault> {
        match self {
            Self::Pool(Pool { watch: None, .. }) => Ok(None),
            Self::Pool(Pool { watch: Some(watch), .. }) => {
                let version: i64 =
                    locked(watch).prepare_cached("pragma data_version")?.query_row([], |row| row.get(0))?;
                Ok(Some(version.unsigned_abs()))
            }
            Self::Writers(connection) => Ok(Some(locked(connection).total_changes())),
        }
    }
}

impl Pool {
    fn read<T>(&self, look: impl FnOnce(&Connection) -> Result<T, Fault>) -> Result<T, Fault> {
        let idle = locked(&self.idle).pop();
        let connection = match idle {
            Some(connection) => connection,
            None => match self.place.connect_for_reading()? {
                ReadConnection::Live(connection) => connection,
                ReadConnection::Snapshot(connection) => return look(&connection),
            },
        };
        let result = look(&connection);
        let mut idle = locked(&self.idle);
        if idle.len() < MOST_KEPT {
            idle.push(connection);
        }
        result
    }
}

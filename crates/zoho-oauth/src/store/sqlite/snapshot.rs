//! Reading the database without a lock, as long as nobody writes it.
//!
//! SQLite takes locks when it opens a database, and a process that is stopped while it holds them keeps others from
//! opening it. While the log is empty, the database file is complete, so it can be read as an immutable file. The
//! result counts if no file was written in the meantime.

use std::fs::Metadata;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, SystemTime};

use rusqlite::Connection;

use super::fault::Fault;
use super::place::{DatabaseFile, beside};

/// How long a file must be unchanged before another write is certain to change its modification time. The clock of a file
/// system ticks every few milliseconds.
const TICK: Duration = Duration::from_millis(20);

/// The same for a file system that counts whole seconds.
const COARSE_TICK: Duration = Duration::from_secs(2);

/// The database as it was at one moment.
#[derive(Debug)]
pub(super) struct Snapshot {
    connection: Connection,
    moment: Moment,
}

/// When the files of the database were last written, and how long they were. Missing files are `None`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Moment {
    database: Option<Stamp>,
    log: Option<Stamp>,
    journal: Option<Stamp>,
}

type Stamp = (SystemTime, u64);

impl Snapshot {
    /// Opens the database as it is now, after a moment if a write has just ended. Returns `None` if the database is empty
    /// or being written.
    pub(super) fn of(file: &DatabaseFile) -> Result<Option<Self>, Fault> {
        file.check_trust()?;
        let mut moment = Moment::of(file.path());
        if moment.is_complete() && !moment.is_settled() {
            sleep(TICK);
            moment = Moment::of(file.path());
        }
        if !moment.is_complete() || !moment.is_settled() {
            return Ok(None);
        }
        // A database that cannot be opened like this can be opened with locks, or the error of that says more.
        Ok(file.open_immutable().ok().map(|connection| Self { connection, moment }))
    }

    /// Runs `query`. Returns `None` if the database was written since the snapshot was opened.
    pub(super) fn read<T>(
        &self,
        file: &DatabaseFile,
        query: impl Fn(&Connection) -> Result<T, Fault>,
    ) -> Option<Result<T, Fault>> {
        let is_unchanged = || Moment::of(file.path()) == self.moment;
        is_unchanged().then(|| query(&self.connection)).filter(|_| is_unchanged())
    }
}

impl Moment {
    pub(super) fn of(path: &Path) -> Self {
        let stamp = |suffix| {
            let metadata = beside(path, suffix).metadata().ok();
            metadata.and_then(|metadata: Metadata| Some((metadata.modified().ok()?, metadata.len())))
        };
        Self { database: stamp(""), log: stamp("-wal"), journal: stamp("-journal") }
    }

    /// Whether the database file has everything that was committed. A process that writes, or was killed while it wrote,
    /// has part of it in a side file. An empty one is left by the last process that wrote, and by one that could not
    /// open the database on a full disk.
    pub(super) fn is_complete(&self) -> bool {
        let has_content = |stamp: Option<Stamp>| stamp.is_some_and(|(_, length)| length > 0);
        has_content(self.database) && !has_content(self.log) && !has_content(self.journal)
    }

    /// Whether another write is certain to change it.
    pub(super) fn is_settled(&self) -> bool {
        let now = SystemTime::now();
        [self.database, self.log, self.journal].into_iter().flatten().all(|(modified, _)| {
            let counts_whole_seconds =
                modified.duration_since(SystemTime::UNIX_EPOCH).is_ok_and(|since| since.subsec_nanos() == 0);
            let tick = if counts_whole_seconds { COARSE_TICK } else { TICK };
            now.duration_since(modified).is_ok_and(|age| age > tick)
        })
    }

    /// Returns a number that changes with every write.
    pub(super) fn version(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.hash(&mut hasher);
        hasher.finish()
    }
}

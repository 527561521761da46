//! The database file, and how connections to it are opened.

use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags};

use crate::backoff::Backoff;
use crate::private_file::{self, Trust};
use crate::store::lock_file::LockFile;

use super::fault::Fault;

/// The maximum number of prepared statements that a connection caches. Look-ups need five; the rest are for updates, one
/// for each combination of changed columns.
const MAX_STATEMENTS: usize = 64;

/// A database file.
#[derive(Debug)]
pub(super) struct DatabaseFile {
    path: PathBuf,
    busy_timeout: Duration,
}

/// A connection for reading.
#[derive(Debug)]
pub(super) enum ReadConnection {
    /// Sees the commits of other connections.
    Live(Connection),
    /// Sees the file as it was when the connection was opened, and must not be reused.
    Snapshot(Connection),
}

impl DatabaseFile {
    /// The path is made absolute for two reasons: the program may change its working folder later, and SQLite would read
    /// a name that starts with `file:` as a URI.
    pub(super) fn new(path: &Path, busy_timeout: Duration) -> Result<Self, Fault> {
        Ok(Self { path: std::path::absolute(path)?, busy_timeout })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Creates the file if it does not exist, with mode 0600. An existing file keeps its content and its mode. SQLite gives
    /// its side files the mode of the database.
    pub(super) fn create_if_missing(&self) -> Result<(), Fault> {
        if self.path.is_dir() {
            return Err(io::Error::from(io::ErrorKind::IsADirectory).into());
        }
        if self.path.exists() {
            return Ok(());
        }
        match private_file::create(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// Returns the identity of the file that is at the path now.
    pub(super) fn identity(&self) -> Identity {
        Identity { path: self.path.clone(), number: file_number(&self.path) }
    }

    /// Returns the queue of the processes that write.
    pub(super) fn queue(&self) -> Queue {
        let mut lock = self.path.clone().into_os_string();
        lock.push(".lock");
        Queue { lock: lock.into(), timeout: self.busy_timeout }
    }

    /// Opens a connection that can write, if this account has permission.
    pub(super) fn connect(&self) -> Result<Connection, Fault> {
        self.open(&self.path, OpenFlags::SQLITE_OPEN_READ_WRITE)
    }

    /// Opens a connection for reading.
    ///
    /// If the folder is read-only or the disk is full, SQLite cannot create its shared index, and does not open a database
    /// in WAL mode. If the database has no side files, a snapshot of it is opened instead.
    pub(super) fn connect_for_reading(&self) -> Result<ReadConnection, Fault> {
        let live = self.connect().and_then(|connection| probe(&connection).map(|()| connection));
        match live {
            Ok(connection) => Ok(ReadConnection::Live(connection)),
            Err(fault) if fault.denies_side_files() && !self.is_in_use() => {
                let Some(uri) = immutable_uri(&self.path) else { return Err(fault) };
                let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
                self.open(Path::new(&uri), flags).map(ReadConnection::Snapshot)
            }
            Err(fault) => Err(fault),
        }
    }

    fn open(&self, path: &Path, flags: OpenFlags) -> Result<Connection, Fault> {
        // Connections move between threads but are never shared, so SQLite needs no mutex.
        let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
        set_up(connection, self.busy_timeout)
    }

    /// Whether a process is writing, or was killed while it wrote. Part of the data is in a side file then.
    fn is_in_use(&self) -> bool {
        ["-wal", "-journal"].into_iter().any(|suffix| {
            let mut beside = self.path.clone().into_os_string();
            beside.push(suffix);
            Path::new(&beside).exists()
        })
    }
}

/// A lock file that a writer locks before the database. SQLite's waiters poll for its lock, so on a busy machine one of
/// them may never get it. This lock serves them in turn.
#[derive(Debug)]
pub(super) struct Queue {
    lock: PathBuf,
    timeout: Duration,
}

impl Queue {
    /// Waits for this process's turn. Returns `None` after the timeout, or if no lock file can be created. SQLite's own
    /// lock decides then.
    pub(super) fn turn(&self) -> Option<LockFile> {
        LockFile::take(&self.lock, Trust::default(), self.timeout).ok().flatten()
    }
}

/// The device and inode of a file. If an open file is deleted or replaced, SQLite continues with the old one, and what is
/// saved there is lost.
#[derive(Debug)]
pub(super) struct Identity {
    path: PathBuf,
    number: Option<(u64, u64)>,
}

impl Identity {
    /// Fails if the file is not the one at its path any more.
    pub(super) fn check(&self) -> Result<(), Fault> {
        if file_number(&self.path) == self.number { Ok(()) } else { Err(Fault::Replaced) }
    }
}

/// Opens a database in memory, which no other connection can open.
pub(super) fn connect_to_memory() -> Result<Connection, Fault> {
    set_up(Connection::open_in_memory()?, Duration::ZERO)
}

fn set_up(mut connection: Connection, busy_timeout: Duration) -> Result<Connection, Fault> {
    connection.set_prepared_statement_cache_capacity(MAX_STATEMENTS);
    connection.busy_handler(Some(wait_at_most(busy_timeout)))?;
    Ok(connection)
}

/// Reads the first page. SQLite reports only then whether the database is readable.
pub(super) fn probe(connection: &Connection) -> Result<(), Fault> {
    connection.query_row("select count(*) from sqlite_master", [], |_| Ok(()))?;
    Ok(())
}

/// Returns a busy handler that waits for the lock of another connection. SQLite's own handler sleeps for up to 100 ms at a
/// time and starves beside a program that writes continuously; this one polls more often.
fn wait_at_most(timeout: Duration) -> impl FnMut(i32) -> bool {
    const DELAY: Backoff =
        Backoff::new(Duration::from_micros(100), 2.0, Duration::from_millis(2), (1.0, 1.0));
    let mut since = Instant::now();
    move |attempts| {
        if attempts == 0 {
            since = Instant::now();
        }
        let left = timeout.saturating_sub(since.elapsed());
        std::thread::sleep(DELAY.delay_after(attempts.unsigned_abs(), rand::random()).min(left));
        !left.is_zero()
    }
}

#[cfg(unix)]
fn file_number(path: &Path) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    let metadata = path.metadata().ok()?;
    Some((metadata.dev(), metadata.ino()))
}

/// On other systems an open file can be neither deleted nor replaced.
#[cfg(not(unix))]
fn file_number(_: &Path) -> Option<(u64, u64)> {
    None
}

/// Returns the URI with which SQLite opens a file as immutable. Returns `None` if paths are not bytes on this system.
fn immutable_uri(path: &Path) -> Option<String> {
    use std::fmt::Write;
    if !cfg!(unix) {
        return None;
    }
    let mut uri = String::from("file:");
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'/' | b'.' | b'-' | b'_' | b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => {
                uri.push(char::from(*byte))
            }
            other => write!(uri, "%{other:02x}").ok()?,
        }
    }
    uri.push_str("?immutable=1");
    Some(uri)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(unix)]
    fn special_characters_of_a_path_are_escaped_in_a_uri() {
        let uri = immutable_uri(Path::new("/a b/c?mode=rwc#d%20é")).unwrap();
        assert_eq!(uri, "file:/a%20b/c%3fmode%3drwc%23d%2520%c3%a9?immutable=1");
    }

    #[test]
    fn waiting_ends_after_the_timeout() {
        let mut wait = wait_at_most(Duration::from_millis(5));
        let started = Instant::now();
        let polls = (0..).take_while(|attempt| wait(*attempt)).count();
        assert!(polls > 2 && started.elapsed() >= Duration::from_millis(5));
    }
}

//! Where the database is, and how a connection to it is opened.

use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags};

use crate::private_file;
use crate::store::lock_file::LockFile;

use super::fault::Fault;

/// How many prepared statements a connection keeps. Look-ups need five; the rest are updates, one for each set
/// of columns that changed.
const STATEMENTS_KEPT: usize = 64;

/// A database file.
#[derive(Debug)]
pub(super) struct Place {
    path: PathBuf,
    patience: Duration,
}

/// A connection for reading.
#[derive(Debug)]
pub(super) enum ReadConnection {
    /// Sees what others write.
    Live(Connection),
    /// Sees the file as it was when the connection was opened, and must not be kept.
    Snapshot(Connection),
}

impl Place {
    /// A file by path. The path is made absolute, so that a program may change its working folder later; that
    /// also keeps SQLite from reading a name that starts with `file:` as a URI.
    pub(super) fn new(path: &Path, patience: Duration) -> Result<Self, Fault> {
        Ok(Self { path: std::path::absolute(path)?, patience })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Creates the file if there is none, readable and writable by this account alone. A file that is there is
    /// left as it is, its mode included. SQLite gives the files that it keeps beside it the same mode.
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

    /// Which file stands there now.
    pub(super) fn identity(&self) -> Identity {
        Identity { path: self.path.clone(), number: file_number(&self.path) }
    }

    /// Where processes queue that want to write.
    pub(super) fn queue(&self) -> Queue {
        let mut lock = self.path.clone().into_os_string();
        lock.push(".lock");
        Queue { lock: lock.into(), patience: self.patience }
    }

    /// A connection that may write, if this account may.
    pub(super) fn connect(&self) -> Result<Connection, Fault> {
        self.open(&self.path, OpenFlags::SQLITE_OPEN_READ_WRITE)
    }

    /// A connection for reading.
    ///
    /// Where the folder may not be written, or the disk is full, SQLite cannot keep its shared index and refuses to
    /// open a database in WAL mode. If nobody has such files beside the database, it is read as it stands.
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
        // Connections are handed from thread to thread but never shared, so SQLite needs no mutex of its own.
        let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
        set_up(connection, self.patience)
    }

    /// Whether somebody writes, or was killed while writing: then the file alone is not the whole truth.
    fn is_in_use(&self) -> bool {
        ["-wal", "-journal"].into_iter().any(|suffix| {
            let mut beside = self.path.clone().into_os_string();
            beside.push(suffix);
            Path::new(&beside).exists()
        })
    }
}

/// A lock beside the database that a writer takes first. SQLite lets those who wait ask again and again, and on a
/// busy machine one of them may never hit the moment; here they are let in by turns.
#[derive(Debug)]
pub(super) struct Queue {
    lock: PathBuf,
    patience: Duration,
}

impl Queue {
    /// Waits for this process's turn. Without one, because somebody takes too long or no lock can be made here,
    /// SQLite's own lock decides.
    pub(super) fn turn(&self) -> Option<LockFile> {
        LockFile::take(&self.lock, self.patience).ok().flatten()
    }
}

/// A file as the system knows it, whatever its name. An open file can be deleted, or another one be moved to its
/// place; SQLite goes on with the old one, and what is saved there nobody finds again.
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

/// A database in memory, which nobody else can open.
pub(super) fn connect_to_memory() -> Result<Connection, Fault> {
    set_up(Connection::open_in_memory()?, Duration::ZERO)
}

fn set_up(mut connection: Connection, patience: Duration) -> Result<Connection, Fault> {
    connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
    connection.busy_handler(Some(wait_at_most(patience)))?;
    Ok(connection)
}

/// Reads the first page: only then does SQLite say whether it can.
pub(super) fn probe(connection: &Connection) -> Result<(), Fault> {
    connection.query_row("select count(*) from sqlite_master", [], |_| Ok(()))?;
    Ok(())
}

/// Waits for others to finish with the file. SQLite's own way sleeps up to a tenth of a second at a time and
/// starves beside a program that writes without a pause; this one asks more often.
fn wait_at_most(patience: Duration) -> impl FnMut(i32) -> bool {
    const SHORTEST: Duration = Duration::from_micros(100);
    const LONGEST: Duration = Duration::from_millis(2);
    let mut since = Instant::now();
    move |attempts| {
        if attempts == 0 {
            since = Instant::now();
        }
        let left = patience.saturating_sub(since.elapsed());
        let doublings = attempts.clamp(0, 8).unsigned_abs();
        std::thread::sleep((SHORTEST * 2_u32.pow(doublings)).min(LONGEST).min(left));
        !left.is_zero()
    }
}

#[cfg(unix)]
fn file_number(path: &Path) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    let metadata = path.metadata().ok()?;
    Some((metadata.dev(), metadata.ino()))
}

/// Elsewhere an open file can be neither deleted nor replaced.
#[cfg(not(unix))]
fn file_number(_: &Path) -> Option<(u64, u64)> {
    None
}

/// The URI under which SQLite opens a file as one that nobody changes. `None` where a path is no list of bytes.
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
    fn no_character_of_a_path_means_anything_in_a_uri() {
        let uri = immutable_uri(Path::new("/a b/c?mode=rwc#d%20é")).unwrap();
        assert_eq!(uri, "file:/a%20b/c%3fmode%3drwc%23d%2520%c3%a9?immutable=1");
    }

    #[test]
    fn waiting_ends_when_the_time_is_up() {
        let mut wait = wait_at_most(Duration::from_millis(5));
        let started = Instant::now();
        let asked = (0..).take_while(|attempt| wait(*attempt)).count();
        assert!(asked > 2 && started.elapsed() >= Duration::from_millis(5));
    }
}

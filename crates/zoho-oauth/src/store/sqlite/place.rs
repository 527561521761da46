//! The database file: whose files are trusted, how connections are opened, and whether it is still there.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use crate::backoff::Backoff;
use crate::private_file::{self, Trust, Untrusted};
use crate::store::identity::absolute;
use crate::store::lock_file::LockFile;

use super::fault::Fault;
use super::schema;

/// The maximum number of prepared statements that a connection caches. Look-ups need five; the rest are for updates, one
/// for each combination of changed columns.
const MAX_STATEMENTS: usize = 64;

/// How long a new connection for reading waits for a lock at first.
const PATIENCE: Duration = Duration::from_millis(250);

/// The files that SQLite opens beside the database.
const SIDE_FILES: [&str; 3] = ["-wal", "-shm", "-journal"];

/// A database file.
#[derive(Debug)]
pub(super) struct DatabaseFile {
    path: PathBuf,
    busy_timeout: Duration,
    /// Which file was opened. If it is deleted or replaced, SQLite continues with the old one, and what is saved there is
    /// lost.
    number: Option<Number>,
    /// Whether there was no file. It is created by the first write.
    is_missing: bool,
    /// Which write-ahead log was opened, once there is one.
    log: OnceLock<Number>,
}

/// The device and inode of a file.
type Number = (u64, u64);

impl DatabaseFile {
    /// Finds the file at `path`, following links. There may be none, but its folder must exist.
    pub(super) fn open(path: &Path, busy_timeout: Duration) -> Result<Self, Fault> {
        // Absolute, because the program may change its working folder later, and because SQLite would read a name that
        // starts with `file:` as a URI.
        let path = std::path::absolute(absolute(path))?;
        if path.is_dir() {
            return Err(io::Error::from(io::ErrorKind::IsADirectory).into());
        }
        let is_missing = !path.exists();
        if is_missing && let Some(folder) = path.parent() {
            folder.metadata()?;
        }
        let number = number(&path);
        let file = Self { path, busy_timeout, number, is_missing, log: OnceLock::new() };
        file.check_trust()?;
        Ok(file)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether there was no file when it was opened.
    pub(super) fn is_missing(&self) -> bool {
        self.is_missing
    }

    /// Creates a missing file with mode 0600, unless another process has created one. SQLite gives its side files the mode
    /// of the database.
    pub(super) fn create(&self) -> Result<(), Fault> {
        match private_file::create(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// Opens a connection that can write, if this account has permission.
    pub(super) fn connect(&self) -> Result<Connection, Fault> {
        self.connect_within(self.busy_timeout)
    }

    /// Opens a connection for reading, without waiting long for a lock.
    pub(super) fn connect_for_reading(&self) -> Result<Connection, Fault> {
        self.connect_within(PATIENCE.min(self.busy_timeout))
    }

    /// Opens the database without its log, as if it were on a read-only disk.
    pub(super) fn open_immutable(&self) -> Result<Connection, Fault> {
        let uri = immutable_uri(&self.path).ok_or(io::ErrorKind::Unsupported).map_err(io::Error::from)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
        connect_to(Path::new(&uri), flags, PATIENCE)
    }

    /// Opens the database with its log for this connection only, which needs no shared index. Fails if a connection of
    /// another process is open.
    pub(super) fn open_alone(&self) -> Result<Connection, Fault> {
        let connection = connect_to(&self.path, OpenFlags::SQLITE_OPEN_READ_WRITE, PATIENCE)?;
        connection.query_row("pragma locking_mode = exclusive", [], |_| Ok(()))?;
        probe(&connection)?;
        Ok(connection)
    }

    /// Notes which log was opened, if the database has one. Its connections keep it from being replaced properly.
    pub(super) fn note_log(&self, connection: &Connection) -> Result<(), Fault> {
        if self.log.get().is_none()
            && schema::journal_mode(connection)? == "wal"
            && let Some(log) = number(&self.beside("-wal"))
        {
            // Another connection may have noted it at the same time.
            let _ = self.log.set(log);
        }
        Ok(())
    }

    /// Fails if the database or its log is not the one at its path any more.
    pub(super) fn check(&self) -> Result<(), Fault> {
        let is_there = |path: &Path, opened| number(path) == Some(opened);
        match (self.number, self.log.get()) {
            (Some(opened), _) if !is_there(&self.path, opened) => Err(Fault::Replaced(self.path.clone())),
            (_, Some(log)) if !is_there(&self.beside("-wal"), *log) => {
                Err(Fault::Replaced(self.beside("-wal")))
            }
            _ => Ok(()),
        }
    }

    /// Returns a number for a version of this file, different from those of another file at its path.
    pub(super) fn version(&self, version: i64) -> u64 {
        let mut hasher = DefaultHasher::new();
        (self.number, version).hash(&mut hasher);
        hasher.finish()
    }

    /// Whether another file is at the path, or none.
    pub(super) fn was_replaced(&self) -> bool {
        if self.is_missing {
            return self.path.exists();
        }
        self.number.is_some() && number(&self.path) != self.number
    }

    /// Returns the file that is at the path now.
    pub(super) fn again(&self) -> Result<Self, Fault> {
        if !self.path.exists() {
            return Err(Fault::Missing(self.path.clone()));
        }
        Self::open(&self.path, self.busy_timeout)
    }

    /// Deletes the log of a database that was replaced. SQLite would apply it to the new one.
    pub(super) fn discard_log(&self) -> Result<(), Fault> {
        let Some(log) = self.log.get() else { return Ok(()) };
        let _turn = self.turn()?;
        let path = self.beside("-wal");
        if self.was_replaced() && number(&path) == Some(*log) {
            std::fs::remove_file(path)?;
            let _ = std::fs::remove_file(self.beside("-shm"));
        }
        Ok(())
    }

    /// Whether the log was deleted and no other process has created a new one.
    pub(super) fn has_lost_its_log(&self) -> bool {
        number(&self.path) == self.number && self.log.get().is_some() && !self.beside("-wal").exists()
    }

    /// Waits until it is this process's turn to write. SQLite's waiters poll for its lock, so on a busy machine one of them
    /// may never get it; the lock file serves them in turn. Returns `None` after the busy timeout, or if no lock file
    /// can be created. SQLite's own lock decides then.
    pub(super) fn turn(&self) -> Result<Option<LockFile>, Fault> {
        let trust = Trust::of_store(&self.path)?;
        match LockFile::take(&self.beside(".lock"), trust, self.busy_timeout) {
            Err(error) if Untrusted::of(&error).is_some() => Err(error.into()),
            turn => Ok(turn.ok().flatten()),
        }
    }

    fn connect_within(&self, busy_timeout: Duration) -> Result<Connection, Fault> {
        self.check_trust()?;
        let mut connection = connect_to(&self.path, OpenFlags::SQLITE_OPEN_READ_WRITE, busy_timeout)?;
        probe(&connection)?;
        connection.busy_handler(Some(wait_at_most(self.busy_timeout)))?;
        // SQLite opens files by name, so they are checked again after it did.
        self.check_trust()?;
        self.note_log(&connection)?;
        self.check()?;
        Ok(connection)
    }

    /// Checks the owners and modes of the database and of the files beside it.
    pub(super) fn check_trust(&self) -> Result<(), Fault> {
        let trust = Trust::of_store(&self.path)?;
        Ok(SIDE_FILES.into_iter().try_for_each(|suffix| trust.check(&self.beside(suffix)))?)
    }

    fn beside(&self, suffix: &str) -> PathBuf {
        beside(&self.path, suffix)
    }
}

/// Returns the path of a file that SQLite or this store has beside the database.
pub(super) fn beside(database: &Path, suffix: &str) -> PathBuf {
    let mut path = database.as_os_str().to_owned();
    path.push(suffix);
    path.into()
}

/// Opens a database in memory, which no other connection can open.
pub(super) fn connect_to_memory() -> Result<Connection, Fault> {
    let connection = Connection::open_in_memory()?;
    connection.set_prepared_statement_cache_capacity(MAX_STATEMENTS);
    Ok(connection)
}

fn connect_to(path: &Path, flags: OpenFlags, busy_timeout: Duration) -> Result<Connection, Fault> {
    // Connections move between threads but are never shared, so SQLite needs no mutex.
    let mut connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.set_prepared_statement_cache_capacity(MAX_STATEMENTS);
    connection.busy_handler(Some(wait_at_most(busy_timeout)))?;
    // By default, the last connection locks the database while it closes. A process that is stopped then would keep others
    // from opening it.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    Ok(connection)
}

/// Reads the first page. SQLite reports only then whether the database is readable.
fn probe(connection: &Connection) -> Result<(), Fault> {
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
fn number(path: &Path) -> Option<Number> {
    use std::os::unix::fs::MetadataExt;
    let metadata = path.metadata().ok()?;
    Some((metadata.dev(), metadata.ino()))
}

/// On other systems an open file can be neither deleted nor replaced.
#[cfg(not(unix))]
fn number(_: &Path) -> Option<Number> {
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
        let timeout = Duration::from_millis(200);
        let mut wait = wait_at_most(timeout);
        let started = Instant::now();
        let polls = (0..).take_while(|attempt| wait(*attempt)).count();
        assert!(polls > 2 && started.elapsed() >= timeout, "{polls} polls in {:?}", started.elapsed());
    }
}

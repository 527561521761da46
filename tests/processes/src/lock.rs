//! The lock that a save takes, held as by another program.

use std::fs::File;
use std::path::Path;

/// A lock that is released when it is dropped or the process ends.
#[derive(Debug)]
pub(crate) enum Lock {
    /// A transaction that may write.
    Database { _connection: rusqlite::Connection },
    /// The lock file beside a CSV file.
    File { _file: File },
}

impl Lock {
    /// Takes the lock of the store at `path`.
    pub(crate) fn take(path: &Path) -> Result<Self, Box<dyn std::error::Error>> {
        if path.extension().is_some_and(|extension| extension == "db") {
            let connection = rusqlite::Connection::open(path)?;
            connection.execute_batch("begin immediate")?;
            return Ok(Self::Database { _connection: connection });
        }
        let mut beside = path.as_os_str().to_owned();
        beside.push(".lock");
        let file = File::options().write(true).create(true).truncate(false).open(beside)?;
        file.lock()?;
        Ok(Self::File { _file: file })
    }
}

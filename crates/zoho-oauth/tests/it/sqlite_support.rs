//! What the tests of the SQLite store share.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use zoho_oauth::store::SqliteStore;

/// The path of a database that is not there yet, different on every call and in every process.
pub(crate) fn fresh_path() -> PathBuf {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let path =
        PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("sqlite-{}-{number}.db", std::process::id()));
    for leftover in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{leftover}", path.display()));
    }
    path
}

pub(crate) async fn in_memory() -> SqliteStore {
    SqliteStore::in_memory().expect("a database in memory can be opened")
}

pub(crate) async fn in_a_new_file() -> SqliteStore {
    SqliteStore::open(fresh_path()).expect("a database file can be made")
}

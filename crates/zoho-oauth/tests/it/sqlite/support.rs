//! Shared by the tests of the SQLite store.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use zoho_oauth::OAuthToken;
use zoho_oauth::store::{SqliteOptions, SqliteStore, TokenStore};

/// The path of a database that does not exist yet, different on every call and in every process.
pub(crate) fn fresh_path() -> PathBuf {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let path =
        Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("sqlite-{}-{number}.db", std::process::id()));
    for leftover in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(with_suffix(&path, leftover));
    }
    path
}

/// A temporary folder for one test.
pub(crate) fn folder() -> tempfile::TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder can be made")
}

/// The path of a file that SQLite keeps beside a database.
pub(crate) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

pub(crate) async fn in_memory() -> SqliteStore {
    SqliteStore::in_memory().expect("a database in memory can be opened")
}

pub(crate) async fn in_a_new_file() -> SqliteStore {
    open(fresh_path())
}

pub(crate) fn open(path: impl AsRef<Path>) -> SqliteStore {
    SqliteStore::open(path).expect("the database opens")
}

/// A store whose file has its tables, which the first write creates.
pub(crate) async fn open_with_tables(path: impl AsRef<Path>) -> SqliteStore {
    let store = open(path);
    assert!(!store.delete_token("1").await.expect("the tables are created"));
    store
}

/// A store that waits only 50 ms for a lock.
pub(crate) fn open_with_short_timeout(path: &Path) -> SqliteStore {
    let options = SqliteOptions::new().with_busy_timeout(Duration::from_millis(50));
    SqliteStore::open_with(path, options).expect("the database opens")
}

/// A user's token with every field that a login sets.
pub(crate) fn token(user: &str) -> OAuthToken {
    OAuthToken::new()
        .with_user(user)
        .with_client("1000.CLIENT", "top-secret-client")
        .with_refresh_token(format!("top-secret-refresh of {user}"))
        .with_access_token(format!("top-secret-access of {user}"))
}

/// The user names in the store, sorted.
pub(crate) async fn users(store: &impl TokenStore) -> Vec<String> {
    let tokens = store.get_tokens().await.expect("the store is read");
    let mut names: Vec<_> =
        tokens.iter().filter_map(OAuthToken::user_signature).map(|user| user.name().to_owned()).collect();
    names.sort();
    names
}

/// The table that the sample of an official SDK creates.
pub(crate) const OFFICIAL_TABLE: &str = "create table oauthtoken (id varchar(10) not null, user_name varchar(255), \
    client_id varchar(255), client_secret varchar(255), refresh_token varchar(255), access_token varchar(255), \
    grant_token varchar(255), expiry_time varchar(20), redirect_url varchar(255), api_domain varchar(255), \
    primary key (id))";

/// A command that runs one test of this program in a child process, with the database's path in [`PATH`].
pub(crate) fn process(test: &str, path: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("this program has a path"));
    command.args(["--exact", test, "--ignored", "--test-threads", "1"]);
    command.env(PATH, path).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Waits for a process and panics with its output if it failed.
pub(crate) fn succeeded(process: Child) {
    let output = process.wait_with_output().expect("the process ends");
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && stdout.contains("1 passed"),
        "{stdout}{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// The database that the parent process passed to this test, or `None` without a parent.
pub(crate) fn path_from_parent() -> Option<PathBuf> {
    std::env::var_os(PATH).map(PathBuf::from)
}

const PATH: &str = "ZOHO_TEST_DATABASE";

//! Shared by the tests of the token file.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use zoho_oauth::OAuthToken;
use zoho_oauth::store::{FileStore, StoredToken, TokenStore};

/// The header that the Python SDK writes.
pub(crate) const PYTHON_HEADER: &str = "id,user_name,client_id,client_secret,refresh_token,access_token,grant_token,expiry_time,redirect_uri,api_domain\r\n";

/// A path in a new folder.
pub(crate) fn fresh_path() -> PathBuf {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let folder =
        PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("file-{}-{number}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("a folder can be made");
    folder.join("sdk_tokens.txt")
}

/// A store over a file with that content.
pub(crate) fn store_with(content: impl AsRef<[u8]>) -> (FileStore, PathBuf) {
    let path = fresh_path();
    std::fs::write(&path, content).unwrap();
    (open(&path), path)
}

pub(crate) fn open(path: &Path) -> FileStore {
    FileStore::open(path).unwrap()
}

pub(crate) fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

/// The names of all files in the file's folder, sorted.
pub(crate) fn files_beside(path: &Path) -> Vec<String> {
    let folder = std::fs::read_dir(path.parent().expect("a folder")).unwrap();
    let mut names: Vec<String> =
        folder.map(|file| file.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

pub(crate) async fn rows(store: &impl TokenStore) -> Vec<StoredToken> {
    store.get_tokens().await.unwrap().iter().map(StoredToken::from).collect()
}

pub(crate) fn token(user: &str) -> OAuthToken {
    OAuthToken::new()
        .with_user(user)
        .with_client("1000.CLIENT", "secret")
        .with_refresh_token(format!("refresh of {user}"))
        .with_access_token(format!("access of {user}"))
        .with_api_domain("https://www.zohoapis.com")
}

/// A command that runs one test of this binary in a child process, for the file at `path`. The test gets
/// the path with [`child_path`].
pub(crate) fn child(test: &str, path: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--ignored", "--nocapture"]).env("ZOHO_TEST_FILE", path);
    command
}

/// Like [`child`], in a shell that first sets a limit such as `umask 022`.
#[cfg(unix)]
pub(crate) fn child_under(limit: &str, test: &str, path: &Path) -> Command {
    let plain = child(test, path);
    let mut command = Command::new("sh");
    command.arg("-c").arg(format!("{limit}; exec \"$0\" \"$@\"")).arg(plain.get_program());
    command.args(plain.get_args()).env("ZOHO_TEST_FILE", path);
    command
}

/// The file that the parent process passed to this test.
pub(crate) fn child_path() -> PathBuf {
    std::env::var_os("ZOHO_TEST_FILE").map(PathBuf::from).expect("another test starts this one")
}

#[cfg(unix)]
pub(crate) fn succeeds(mut command: Command) {
    let output = command.output().expect("the test binary runs");
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && stdout.contains("1 passed"), "{stdout}");
}

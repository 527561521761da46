//! A store, a home folder, and what is in them.

use std::collections::{BTreeMap, HashMap};
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::time::Duration;

use servers::Kind;
use sqlx::{AssertSqlSafe, Connection, MySqlConnection, PgConnection, raw_sql};
use tempfile::TempDir;
use token_store_torture::parts::{Book, Row};
use zoho_oauth::OAuthToken;
use zoho_oauth::store::{AnyStore, TokenStore, connect};

use super::Worker;

/// The stores that several processes share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Backend {
    Sqlite,
    File,
    MariaDb,
    Postgres,
    Redis,
    SecretsManager,
}

impl Backend {
    /// The server that it needs.
    pub(crate) fn server(self) -> Option<Kind> {
        match self {
            Self::Sqlite | Self::File => None,
            Self::MariaDb => Some(Kind::MariaDb),
            Self::Postgres => Some(Kind::Postgres),
            Self::Redis => Some(Kind::Redis),
            Self::SecretsManager => Some(Kind::SecretsManager),
        }
    }

    /// Whether its server, if it needs one, is available. If not, the test is skipped.
    pub(crate) fn is_available(self) -> bool {
        self.server().is_none_or(|kind| servers::shared(kind).is_some())
    }

    /// How long a lease lasts. Another process takes over within this time. A clock that counts whole seconds needs
    /// several.
    pub(crate) fn lease_life(self) -> Duration {
        match self {
            Self::SecretsManager => Duration::from_secs(4),
            _ => Duration::from_millis(1_500),
        }
    }

    /// How often to do what is done `count` times on a fast store: moto takes milliseconds for each call.
    pub(crate) fn scaled(self, count: usize) -> usize {
        match self {
            Self::Sqlite | Self::File => count,
            Self::MariaDb | Self::Postgres | Self::Redis => count / 5,
            Self::SecretsManager => count / 50,
        }
    }
}

/// Where one scenario takes place.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) backend: Backend,
    url: String,
    folder: TempDir,
}

impl Place {
    /// A new place, on the shared server if the backend needs one.
    pub(crate) fn new(backend: Backend) -> Self {
        let url = backend.server().map(|kind| servers::fresh(kind).expect("the server is available"));
        Self::at(backend, url)
    }

    /// A place on the server at this URL.
    pub(crate) fn on_server(backend: Backend, url: impl Into<String>) -> Self {
        Self::at(backend, Some(url.into()))
    }

    fn at(backend: Backend, url: Option<String>) -> Self {
        let folder = TempDir::with_prefix("processes-").unwrap();
        let store = folder.path().join("store");
        fs::create_dir(&store).unwrap();
        fs::create_dir(folder.path().join("home")).unwrap();
        let url = url.unwrap_or_else(|| match backend {
            Backend::File => format!("file:{}", store.join("sdk_tokens.txt").display()),
            _ => format!("sqlite:{}", store.join("zohooauth.db").display()),
        });
        Self { backend, url, folder }
    }

    pub(crate) fn root(&self) -> &Path {
        self.folder.path()
    }

    /// The folder of the store's file.
    pub(crate) fn folder(&self) -> PathBuf {
        self.root().join("store")
    }

    pub(crate) fn file(&self) -> PathBuf {
        let (_, path) = self.url.split_once(':').expect("a store URL");
        path.into()
    }

    pub(crate) fn home(&self) -> PathBuf {
        self.root().join("home")
    }

    /// A home folder that no other worker has.
    pub(crate) fn another_home(&self) -> PathBuf {
        let home = self.root().join("another home");
        fs::create_dir(&home).unwrap();
        home
    }

    /// Lets another account run workers here, in its own home folder. It does not get the store. Needs root.
    pub(crate) fn admit(&self, account: u32) {
        fs::copy(Worker::program(), self.program()).unwrap();
        fs::set_permissions(self.root(), Permissions::from_mode(0o755)).unwrap();
        chown(self.home(), Some(account), Some(account)).unwrap();
    }

    /// The worker's program for other accounts, who may not be able to enter the target folder.
    pub(crate) fn program(&self) -> PathBuf {
        self.root().join("worker")
    }

    pub(crate) fn url(&self) -> String {
        self.url.clone()
    }

    /// The URL of the server, for programs that do not know the store's settings.
    pub(crate) fn server_url(&self) -> &str {
        self.url.split_once('?').map_or(self.url.as_str(), |(server, _)| server)
    }

    /// The name of the table.
    pub(crate) fn table(&self) -> String {
        self.url.split_once("table=").map_or("oauthtoken", |(_, table)| table).to_owned()
    }

    /// Runs a statement outside the store.
    pub(crate) async fn run_sql(&self, statement: &str) {
        let text = raw_sql(AssertSqlSafe(statement.to_owned()));
        match self.backend {
            Backend::MariaDb => {
                text.execute(&mut MySqlConnection::connect(self.server_url()).await.unwrap()).await.map(drop)
            }
            Backend::Postgres => {
                text.execute(&mut PgConnection::connect(self.server_url()).await.unwrap()).await.map(drop)
            }
            _ => {
                let connection = rusqlite::Connection::open(self.file()).unwrap();
                return connection.execute_batch(statement).unwrap();
            }
        }
        .unwrap();
    }

    /// The URL with time for a server on a busy machine.
    pub(crate) fn patient_url(&self) -> String {
        match self.backend.server() {
            Some(_) => with_settings(&self.url, "timeout=60&connect_timeout=60"),
            None => self.url(),
        }
    }

    /// Opens the store in this process.
    pub(crate) fn open(&self) -> AnyStore {
        connect(&self.patient_url()).unwrap()
    }

    pub(crate) async fn rows(&self) -> Vec<OAuthToken> {
        self.open().get_tokens().await.unwrap()
    }

    /// The files in all spools of the host.
    pub(crate) fn spooled_files(&self) -> Vec<PathBuf> {
        let is_spool = |folder: &Path| folder.to_string_lossy().ends_with("spool");
        contents(self.root()).into_keys().filter(|path| path.parent().is_some_and(is_spool)).collect()
    }

    /// Checks the file for damage that a reader may not notice.
    pub(crate) fn check_file(&self) {
        if self.backend == Backend::Sqlite {
            let connection = rusqlite::Connection::open(self.file()).unwrap();
            let verdict: String =
                connection.query_row("pragma integrity_check", [], |row| row.get(0)).unwrap();
            assert_eq!(verdict, "ok");
        }
    }
}

/// A store's URL with more settings.
pub(crate) fn with_settings(url: &str, settings: &str) -> String {
    let sign = if url.contains('?') { '&' } else { '?' };
    format!("{url}{sign}{settings}")
}

/// Checks that the store holds each acknowledged save or a later one, that every row is whole, and that no user and no id
/// has two rows.
pub(crate) fn check_rows(rows: &[OAuthToken], acknowledged: &HashMap<String, u64>) {
    let acknowledged: Book = acknowledged.iter().map(|(user, number)| (user.clone(), *number)).collect();
    let rows: Vec<_> = rows.iter().map(Row::from).collect();
    acknowledged.check(&rows).unwrap_or_else(|failure| panic!("{failure}"));
}

/// All files below `folder` with their bytes.
pub(crate) fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(contents(&path));
        } else {
            files.insert(path.clone(), fs::read(&path).unwrap());
        }
    }
    files
}

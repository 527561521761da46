//! What the tests of the Redis store share: places on the servers that the environment names, and servers of a
//! test's own, which it may break.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use zoho_oauth::OAuthToken;
use zoho_oauth::store::{AnyStore, MemoryStore, RedisStore, TokenStore};

/// A prefix of its own on a server that other tests use too.
#[derive(Clone)]
pub(crate) struct Place {
    server: String,
    prefix: String,
    is_cluster: bool,
}

impl Place {
    fn on(server: &str, is_cluster: bool) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let moment = std::time::UNIX_EPOCH.elapsed().expect("it is after 1970").as_nanos();
        let prefix = format!("test-{}-{number}-{moment}", std::process::id());
        Self { server: server.to_owned(), prefix, is_cluster }
    }

    /// The store's URL, with more settings behind it.
    pub(crate) fn url(&self, settings: &str) -> String {
        let Self { server, prefix, is_cluster } = self;
        format!("{server}/0?prefix={prefix}&cluster={is_cluster}{settings}")
    }

    pub(crate) fn store(&self) -> RedisStore {
        RedisStore::open(&self.url("")).expect("the URL makes sense")
    }

    /// What the server answers to a command, line by line.
    pub(crate) fn ask(&self, command: &[&str]) -> Vec<String> {
        let port = self.server.rsplit(':').next().expect("a port");
        asked(port, command)
    }

    /// The name of one of the store's keys.
    pub(crate) fn key(&self, name: &str) -> String {
        format!("{{{}}}:{name}", self.prefix)
    }

    /// The names of the store's keys, without the prefix, sorted.
    pub(crate) fn keys(&self) -> Vec<String> {
        let mut keys = self.ask(&["KEYS", &self.key("*")]);
        keys.retain(|key| !key.is_empty());
        keys.sort();
        keys.into_iter().map(|key| key.split_once(':').expect("a prefix").1.to_owned()).collect()
    }
}

/// A place on each server that the environment names; for those that it does not name it says why.
pub(crate) fn places() -> Vec<Place> {
    [place("ZOHOCRM_REDIS", false), place("ZOHOCRM_REDIS_CLUSTER", true)].into_iter().flatten().collect()
}

fn place(variable: &str, is_cluster: bool) -> Option<Place> {
    match std::env::var(variable) {
        Ok(server) => Some(Place::on(server.trim_end_matches('/'), is_cluster)),
        Err(_) => {
            let reason = std::env::var(format!("{variable}_MISSING"));
            skipped(&reason.unwrap_or_else(|_| format!("{variable} names no server")));
            None
        }
    }
}

/// An empty store for the promises. They cannot be skipped one by one: without a server, which is said, they run
/// over a store in memory.
pub(crate) async fn on_one_server() -> AnyStore {
    store_or_memory(place("ZOHOCRM_REDIS", false))
}

/// The same on a cluster.
pub(crate) async fn on_a_cluster() -> AnyStore {
    store_or_memory(place("ZOHOCRM_REDIS_CLUSTER", true))
}

fn store_or_memory(place: Option<Place>) -> AnyStore {
    place.map_or_else(|| MemoryStore::new().into(), |place| place.store().into())
}

/// A server of a test's own, gone when the test ends.
pub(crate) struct Server {
    process: Child,
    arguments: Vec<String>,
    folder: tempfile::TempDir,
    pub(crate) port: u16,
}

impl Server {
    /// Starts a server with these settings; `None`, and a word about it, where there is none on this machine.
    pub(crate) fn start(settings: &[&str]) -> Option<Self> {
        if Command::new("redis-server").arg("--version").output().is_err() {
            skipped("redis-server is not installed");
            return None;
        }
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder can be made");
        let port = free_port();
        let text = port.to_string();
        let usual = ["--port", "PORT", "--bind", "127.0.0.1", "--save", "", "--logfile", "server.log"];
        // Of a setting that is written twice the last one counts.
        let words = usual.iter().chain(settings);
        let arguments: Vec<String> = words.map(|word| word.replace("PORT", &text)).collect();
        let process = spawn(&arguments, folder.path());
        let server = Self { process, arguments, folder, port };
        server.wait_until_ready();
        Some(server)
    }

    /// Ends it as a power cut would end the process.
    pub(crate) fn kill(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }

    /// Starts it again, with what it has on its disk.
    pub(crate) fn restart(&mut self) {
        self.process = spawn(&self.arguments, self.folder.path());
        self.wait_until_ready();
    }

    pub(crate) fn place(&self) -> Place {
        Place::on(&self.address(), false)
    }

    /// A place on the cluster that this server is a node of.
    pub(crate) fn place_on_cluster(&self) -> Place {
        Place::on(&self.address(), true)
    }

    pub(crate) fn address(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    pub(crate) fn ask(&self, command: &[&str]) -> Vec<String> {
        asked(&self.port.to_string(), command)
    }

    fn wait_until_ready(&self) {
        let start = Instant::now();
        // Any answer will do, except that it is not ready; a port for TLS answers by closing.
        while std::net::TcpStream::connect(("127.0.0.1", self.port)).is_err()
            || self.ask(&["PING"]).concat().contains("LOADING")
        {
            assert!(start.elapsed() < Duration::from_secs(20), "the server starts");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Waits until something is so, for a while.
pub(crate) fn wait_for(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < Duration::from_secs(30), "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A port that was free a moment ago, with room for a cluster's second port ten thousand above it.
pub(crate) fn free_port() -> u16 {
    loop {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        if port < 55_000 {
            return port;
        }
    }
}

fn spawn(arguments: &[String], folder: &Path) -> Child {
    let mut command = Command::new("redis-server");
    command
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command.spawn().expect("the server can be started")
}

fn asked(port: &str, command: &[&str]) -> Vec<String> {
    let output: Output = Command::new("redis-cli")
        .args(["-h", "127.0.0.1", "-p", port])
        .args(command)
        .output()
        .expect("redis-cli is installed beside redis-server");
    String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()
}

/// A user's token with everything in it that a login brings.
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

/// Says why a test cannot run on this machine, or fails where nothing may be skipped.
#[allow(clippy::print_stdout, reason = "`cargo xtask test` collects these lines")]
pub(crate) fn skipped(reason: &str) {
    assert!(std::env::var_os("ZOHOCRM_REQUIRE_ALL").is_none(), "nothing may be skipped, but {reason}");
    println!("SKIPPED: {reason}");
}

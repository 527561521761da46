//! Shared by the tests of the Redis store: namespaces on the shared servers, and on private servers that a test can
//! break.

use std::process::Command;
use std::time::{Duration, Instant};

use servers::{Kind, Server, port_of, shared};
use zoho_oauth::OAuthToken;
use zoho_oauth::store::{RedisStore, TokenStore};

/// A key prefix for one test on a server that other tests use too.
#[derive(Clone)]
pub(crate) struct Namespace {
    server: String,
    prefix: String,
    is_cluster: bool,
}

impl Namespace {
    /// On a server that belongs to one test.
    pub(crate) fn on(server: &Server) -> Self {
        Self::at(server.url(), false)
    }

    /// On the cluster that the server is a node of.
    pub(crate) fn on_cluster(server: &Server) -> Self {
        Self::at(server.url(), true)
    }

    fn at(server: &str, is_cluster: bool) -> Self {
        let prefix = format!("test-{:016x}", rand::random::<u64>());
        Self { server: server.trim_end_matches('/').to_owned(), prefix, is_cluster }
    }

    /// The store's URL with `settings` appended.
    pub(crate) fn url(&self, settings: &str) -> String {
        let Self { server, prefix, is_cluster } = self;
        format!("{server}/0?prefix={prefix}&cluster={is_cluster}{settings}")
    }

    pub(crate) fn store(&self) -> RedisStore {
        RedisStore::open(&self.url("")).expect("the URL is valid")
    }

    /// Runs a command and returns the lines of the response.
    pub(crate) fn redis_cli(&self, command: &[&str]) -> Vec<String> {
        redis_cli(port_of(&self.server).expect("a port"), command)
    }

    /// The name of one of the store's keys.
    pub(crate) fn key(&self, name: &str) -> String {
        format!("{{{}}}:{name}", self.prefix)
    }

    /// The names of the store's keys, without the prefix, sorted.
    pub(crate) fn keys(&self) -> Vec<String> {
        let mut keys = self.redis_cli(&["KEYS", &self.key("*")]);
        keys.retain(|key| !key.is_empty());
        keys.sort();
        keys.into_iter().map(|key| key.split_once(':').expect("a prefix").1.to_owned()).collect()
    }
}

/// One namespace on each server that all tests share. For a missing server, it prints the reason.
pub(crate) fn namespaces() -> Vec<Namespace> {
    [(Kind::Redis, false), (Kind::RedisCluster, true)]
        .into_iter()
        .filter_map(|(kind, is_cluster)| Some(Namespace::at(&shared(kind)?, is_cluster)))
        .collect()
}

/// Waits up to 30 seconds for a condition.
pub(crate) fn wait_for(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < Duration::from_secs(30), "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Runs a command on the server at a port and returns the lines of the response.
pub(crate) fn redis_cli(port: u16, command: &[&str]) -> Vec<String> {
    let output = Command::new("redis-cli")
        .args(["-h", "127.0.0.1", "-p", &port.to_string()])
        .args(command)
        .output()
        .expect("redis-cli is installed beside redis-server");
    String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()
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

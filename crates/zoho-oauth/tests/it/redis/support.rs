//! What the tests of the Redis store share: places on the servers that the environment names, and on servers of a
//! test's own, which it may break.

use std::process::Command;
use std::time::{Duration, Instant};

use servers::{Kind, Server, port_of, shared};
use zoho_oauth::OAuthToken;
use zoho_oauth::store::{RedisStore, TokenStore};

/// A prefix of its own on a server that other tests use too.
#[derive(Clone)]
pub(crate) struct Place {
    server: String,
    prefix: String,
    is_cluster: bool,
}

impl Place {
    /// A place on a server of the test's own.
    pub(crate) fn on(server: &Server) -> Self {
        Self::at(server.url(), false)
    }

    /// A place on the cluster that the server is a node of.
    pub(crate) fn on_cluster(server: &Server) -> Self {
        Self::at(server.url(), true)
    }

    fn at(server: &str, is_cluster: bool) -> Self {
        let prefix = format!("test-{:016x}", rand::random::<u64>());
        Self { server: server.trim_end_matches('/').to_owned(), prefix, is_cluster }
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
        ask(port_of(&self.server).expect("a port"), command)
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

/// A place on each server that all tests share; for one that is missing it says why.
pub(crate) fn places() -> Vec<Place> {
    [(Kind::Redis, false), (Kind::RedisCluster, true)]
        .into_iter()
        .filter_map(|(kind, is_cluster)| Some(Place::at(&shared(kind)?, is_cluster)))
        .collect()
}

/// Waits until something is so, for a while.
pub(crate) fn wait_for(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < Duration::from_secs(30), "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// What the server at a port answers to a command, line by line.
pub(crate) fn ask(port: u16, command: &[&str]) -> Vec<String> {
    let output = Command::new("redis-cli")
        .args(["-h", "127.0.0.1", "-p", &port.to_string()])
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

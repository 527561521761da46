//! The options of a Redis store.

use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;

use super::super::error::StoreError;
use super::super::identity::StoreIdentity;
use super::super::store_url::{StoreKind, StoreUrl, StoreUrlError};

/// The address of a Redis server, and the settings of a store on it. Default: database 0 on `localhost:6379`, without
/// password and TLS.
#[derive(Clone, Debug)]
pub struct RedisOptions {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) user: Option<String>,
    pub(super) password: Option<SecretString>,
    pub(super) database: u32,
    pub(super) prefix: String,
    pub(super) tls: bool,
    pub(super) ca: Option<PathBuf>,
    pub(super) cluster: bool,
    pub(super) allow_eviction: bool,
    pub(super) connect_timeout: Duration,
    pub(super) timeout: Duration,
}

impl RedisOptions {
    /// Creates the default options: a server on this machine.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the host name or address. Default: `localhost`.
    #[must_use]
    pub fn with_host(mut self, host: impl Into<String>) -> Self {
        self.host = host.into();
        self
    }

    /// Sets the port. Default: 6379.
    #[must_use]
    pub fn with_port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Sets the user name. Default: the server's default user.
    #[must_use]
    pub fn with_user(mut self, user: impl Into<String>) -> Self {
        self.user = Some(user.into());
        self
    }

    /// Sets the password.
    #[must_use]
    pub fn with_password(mut self, password: impl Into<SecretString>) -> Self {
        self.password = Some(password.into());
        self
    }

    /// Sets the number of the database. Default: 0, the only one of a cluster.
    #[must_use]
    pub fn with_database(mut self, database: u32) -> Self {
        self.database = database;
        self
    }

    /// Sets the prefix of all keys, which is written in braces. Each prefix is a separate store. Default: `zohooauth`.
    #[must_use]
    pub fn with_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// Uses TLS. This system must trust the server's certificate.
    #[must_use]
    pub fn with_tls(mut self) -> Self {
        self.tls = true;
        self
    }

    /// Uses TLS and trusts only the certificates in this PEM file.
    #[must_use]
    pub fn with_ca(mut self, path: impl Into<PathBuf>) -> Self {
        self.ca = Some(path.into());
        self.with_tls()
    }

    /// Treats the server as a node of a cluster; it reports the other nodes.
    #[must_use]
    pub fn with_cluster(mut self) -> Self {
        self.cluster = true;
        self
    }

    /// Accepts a server whose `maxmemory-policy` lets it delete tokens (`allkeys-…`). Default: the first call is an error, and
    /// with this option a warning.
    #[must_use]
    pub fn with_eviction(mut self) -> Self {
        self.allow_eviction = true;
        self
    }

    /// Sets the timeout for connecting. Default: five seconds.
    #[must_use]
    pub fn with_connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Sets the timeout of a call, including connecting and the wait for the end of an outage, after which it fails as busy.
    /// Default: ten seconds.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Reads the options from a URL.
    pub(super) fn from_url(url: &StoreUrl) -> Result<Self, StoreUrlError> {
        let url = url.server(StoreKind::Redis)?;
        let defaults = Self::default();
        let number = |path: &String| {
            path.parse().map_err(|_| StoreUrlError::invalid_path("the number of a database after the host"))
        };
        Ok(Self {
            database: url.path.as_ref().map(number).transpose()?.unwrap_or(defaults.database),
            prefix: url.text("prefix").unwrap_or(defaults.prefix),
            tls: url.scheme == "rediss",
            ca: url.text("ca").map(PathBuf::from),
            cluster: url.parsed("cluster", "true or false")?.unwrap_or(defaults.cluster),
            allow_eviction: url.parsed("allow_eviction", "true or false")?.unwrap_or(defaults.allow_eviction),
            connect_timeout: url.seconds("connect_timeout")?.unwrap_or(defaults.connect_timeout),
            timeout: url.seconds("timeout")?.unwrap_or(defaults.timeout),
            host: url.host.unwrap_or(defaults.host),
            port: url.port.unwrap_or(defaults.port),
            user: url.user,
            password: url.password,
        })
    }

    /// Rejects invalid options.
    pub(super) fn check(&self) -> Result<(), StoreError> {
        let trouble = if self.prefix.is_empty() || self.prefix.contains(['{', '}', '\0']) {
            ("the prefix is empty or contains a brace", "choose a prefix such as `zohooauth`")
        } else if self.ca.is_some() && !self.tls {
            ("a certificate file without TLS", "use rediss:// instead of redis://")
        } else if self.user.is_some() && self.password.is_none() {
            ("a user without a password", "add the password")
        } else if self.host.is_empty() {
            ("no host", "pass a host name or address")
        } else if self.timeout.is_zero() || self.connect_timeout.is_zero() {
            ("a timeout of zero", "use a timeout of at least one second")
        } else {
            return Ok(());
        };
        Err(StoreError::invalid_options(trouble.0, trouble.1))
    }

    /// Returns the name of the store in messages, without user and password.
    pub(super) fn name(&self) -> String {
        let Self { host, port, database, prefix, .. } = self;
        format!("the Redis token store {prefix} at {host}:{port}/{database}")
    }

    pub(super) fn identity(&self) -> StoreIdentity {
        let Self { host, port, database, prefix, .. } = self;
        StoreIdentity::new(format!("redis://{host}:{port}/{database}?prefix={prefix}"))
    }
}

impl Default for RedisOptions {
    fn default() -> Self {
        Self {
            host: "localhost".to_owned(),
            port: 6379,
            user: None,
            password: None,
            database: 0,
            prefix: "zohooauth".to_owned(),
            tls: false,
            ca: None,
            cluster: false,
            allow_eviction: false,
            connect_timeout: Duration::from_secs(5),
            timeout: Duration::from_secs(10),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::error::StoreErrorKind;
    use super::*;
    use secrecy::ExposeSecret;

    #[test]
    fn a_url_sets_every_option() {
        let url = "rediss://ada:s%2Fecret@db.example.com:6380/3?prefix=crm&cluster=true&ca=/etc/ca.pem&connect_timeout=2&timeout=7";
        let options = RedisOptions::from_url(&url.parse().unwrap()).unwrap();
        assert_eq!((options.host.as_str(), options.port, options.database), ("db.example.com", 6380, 3));
        assert_eq!(options.user.as_deref(), Some("ada"));
        assert_eq!(options.password.as_ref().unwrap().expose_secret(), "s/ecret");
        assert_eq!((options.prefix.as_str(), options.tls, options.cluster), ("crm", true, true));
        assert_eq!(options.ca, Some(PathBuf::from("/etc/ca.pem")));
        assert_eq!((options.connect_timeout.as_secs(), options.timeout.as_secs()), (2, 7));
        assert_eq!(options.name(), "the Redis token store crm at db.example.com:6380/3");
        assert!(!format!("{options:?}").contains("s/ecret"));
    }

    #[test]
    fn a_short_url_has_the_defaults() {
        let options = RedisOptions::from_url(&"redis://".parse().unwrap()).unwrap();
        assert_eq!(options.name(), RedisOptions::new().name());
        options.check().unwrap();
    }

    #[test]
    fn invalid_options_are_rejected_without_showing_the_password() {
        for url in [
            "mysql://u:top-secret@host",
            "redis://u:top-secret@host/database",
            "redis://u:top-secret@host?prefix=",
            "redis://u:top-secret@host?prefix={a}",
            "redis://u:top-secret@host?cluster=perhaps",
            "redis://u:top-secret@host?ca=/etc/ca.pem",
            "redis://u:top-secret@host?timeout=0",
            "redis://u:top-secret@host?pool=7",
            "redis://top-secret@host",
        ] {
            let read = |url: &str| RedisOptions::from_url(&url.parse()?)?.check();
            let error: StoreError = read(url).unwrap_err();
            assert_eq!(error.kind(), StoreErrorKind::Rejected, "{error}");
            assert!(!error.to_string().contains("top-secret"), "{error}");
        }
    }
}

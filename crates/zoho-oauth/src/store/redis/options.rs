//! Where the server is, and how it is used.

use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;

use super::super::error::StoreError;
use super::super::store_url::{StoreKind, StoreUrl, StoreUrlError};

/// Where a Redis server is, and how it is used. What is not set is as on a machine of one's own: host `localhost`,
/// port 6379, database 0, no password, no TLS.
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
    pub(super) connect_timeout: Duration,
    pub(super) timeout: Duration,
}

impl RedisOptions {
    /// A server on this machine.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the host's name or address.
    #[must_use]
    pub fn with_host(mut self, host: impl Into<String>) -> Self {
        self.host = host.into();
        self
    }

    /// Sets the port.
    #[must_use]
    pub fn with_port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Sets the user's name. Without one, a password is that of the server's default user.
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

    /// Sets the number of the database. A cluster has number 0 alone.
    #[must_use]
    pub fn with_database(mut self, database: u32) -> Self {
        self.database = database;
        self
    }

    /// Sets what the names of all keys begin with, in braces: `zohooauth`, unless set. Each prefix is a store of its
    /// own.
    #[must_use]
    pub fn with_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// Talks to the server by TLS. Its certificate has to be one that this system trusts.
    #[must_use]
    pub fn with_tls(mut self) -> Self {
        self.tls = true;
        self
    }

    /// Talks to the server by TLS, and trusts the certificates in this PEM file alone.
    #[must_use]
    pub fn with_ca(mut self, path: impl Into<PathBuf>) -> Self {
        self.ca = Some(path.into());
        self.with_tls()
    }

    /// The server is a node of a cluster, which says where the other nodes are.
    #[must_use]
    pub fn with_cluster(mut self) -> Self {
        self.cluster = true;
        self
    }

    /// Sets how long connecting may take. Five seconds, unless set.
    #[must_use]
    pub fn with_connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Sets how long one call may take in all, connecting included, before it fails as busy. Ten seconds, unless
    /// set.
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
            connect_timeout: url.seconds("connect_timeout")?.unwrap_or(defaults.connect_timeout),
            timeout: url.seconds("timeout")?.unwrap_or(defaults.timeout),
            host: url.host.unwrap_or(defaults.host),
            port: url.port.unwrap_or(defaults.port),
            user: url.user,
            password: url.password,
        })
    }

    /// Refuses what cannot be meant.
    pub(super) fn check(&self) -> Result<(), StoreError> {
        let trouble = if self.prefix.is_empty() || self.prefix.contains(['{', '}', '\0']) {
            ("the prefix is empty or has a brace in it", "choose a word, such as zohooauth")
        } else if self.ca.is_some() && !self.tls {
            ("a certificate file is for TLS alone", "write rediss:// instead of redis://")
        } else if self.user.is_some() && self.password.is_none() {
            ("it has a user without a password", "give the password too")
        } else if self.host.is_empty() {
            ("it has no host", "give the host's name or address")
        } else if self.timeout.is_zero() || self.connect_timeout.is_zero() {
            ("a time-out of zero leaves no time for anything", "give a second at least")
        } else {
            return Ok(());
        };
        Err(StoreError::invalid_options(trouble.0, trouble.1))
    }

    /// The store in messages: without user and password.
    pub(super) fn name(&self) -> String {
        let Self { host, port, database, prefix, .. } = self;
        format!("the Redis token store {prefix} at {host}:{port}/{database}")
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
    fn a_url_says_everything() {
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
    fn a_url_that_says_little_means_the_usual() {
        let options = RedisOptions::from_url(&"redis://".parse().unwrap()).unwrap();
        assert_eq!(options.name(), RedisOptions::new().name());
        options.check().unwrap();
    }

    #[test]
    fn nonsense_is_refused_without_repeating_the_password() {
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

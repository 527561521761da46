//! The options of a Redis store.

use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;

use super::super::error::StoreError;
use super::super::identity::StoreIdentity;
use super::super::password::{Password, password_setters};
use super::super::store_url::{ServerUrl, StoreKind, StoreUrl, StoreUrlError};

/// The address of a Redis server, and the settings of a store on it. Default: database 0 on `localhost:6379`, without
/// password and TLS.
#[derive(Clone, Debug)]
pub struct RedisOptions {
    host: String,
    port: Option<u16>,
    more_hosts: Vec<(String, Option<u16>)>,
    /// The socket of a server on this machine, in place of a host.
    pub(super) socket: Option<PathBuf>,
    /// The name by which the hosts, which are Sentinels, know the server.
    pub(super) service: Option<String>,
    pub(super) sentinel_user: Option<String>,
    pub(super) sentinel_password: Option<SecretString>,
    pub(super) user: Option<String>,
    pub(super) password: Password,
    pub(super) database: u32,
    pub(super) prefix: String,
    pub(super) tls: bool,
    pub(super) ca: Option<PathBuf>,
    /// The files with this program's certificate and its key.
    pub(super) certificate: Option<(PathBuf, PathBuf)>,
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

    /// Sets the port. Default: 6379, and 26379 for a Sentinel.
    #[must_use]
    pub fn with_port(mut self, port: u16) -> Self {
        self.port = Some(port);
        self
    }

    /// Adds another node of a cluster, or another Sentinel. One of them is enough to connect.
    #[must_use]
    pub fn with_another_host(mut self, host: impl Into<String>, port: u16) -> Self {
        self.more_hosts.push((host.into(), Some(port)));
        self
    }

    /// Uses the server that listens on this Unix socket, in place of a host.
    #[must_use]
    pub fn with_socket(mut self, path: impl Into<PathBuf>) -> Self {
        self.socket = Some(path.into());
        self
    }

    /// Treats the hosts as Sentinels, and uses the primary server that they name for this service, such as `mymaster`.
    #[must_use]
    pub fn with_sentinel(mut self, service: impl Into<String>) -> Self {
        self.service = Some(service.into());
        self
    }

    /// Sets the user name for the Sentinels. Default: their default user.
    #[must_use]
    pub fn with_sentinel_user(mut self, user: impl Into<String>) -> Self {
        self.sentinel_user = Some(user.into());
        self
    }

    /// Sets the password for the Sentinels. Default: none.
    #[must_use]
    pub fn with_sentinel_password(mut self, password: impl Into<SecretString>) -> Self {
        self.sentinel_password = Some(password.into());
        self
    }

    /// Sets the user name. Default: the server's default user.
    #[must_use]
    pub fn with_user(mut self, user: impl Into<String>) -> Self {
        self.user = Some(user.into());
        self
    }

    password_setters!(password);

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

    /// Uses TLS, and signs in with the certificate in one PEM file and its key in another.
    #[must_use]
    pub fn with_client_certificate(
        mut self,
        certificate: impl Into<PathBuf>,
        key: impl Into<PathBuf>,
    ) -> Self {
        self.certificate = Some((certificate.into(), key.into()));
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
        let (service, database) = path(&url)?;
        let file = url.text("password_file").map(|path| Password::File(path.into()));
        let command = url.text("password_command").map(Password::Command);
        Ok(Self {
            socket: url.text("socket").map(PathBuf::from),
            service,
            sentinel_user: url.text("sentinel_user"),
            sentinel_password: url.text("sentinel_password").map(SecretString::from),
            database: database.unwrap_or(defaults.database),
            prefix: url.text("prefix").unwrap_or(defaults.prefix),
            tls: url.scheme.starts_with("rediss"),
            ca: url.text("ca").map(PathBuf::from),
            certificate: certificate(&url)?,
            cluster: url.parsed("cluster", "true or false")?.unwrap_or(defaults.cluster),
            allow_eviction: url.parsed("allow_eviction", "true or false")?.unwrap_or(defaults.allow_eviction),
            connect_timeout: url.seconds("connect_timeout")?.unwrap_or(defaults.connect_timeout),
            timeout: url.seconds("timeout")?.unwrap_or(defaults.timeout),
            password: file.or(command).or(url.password.map(Password::Fixed)).unwrap_or_default(),
            host: url.host.unwrap_or(defaults.host),
            port: url.port,
            more_hosts: url.more_hosts,
            user: url.user,
        })
    }

    /// Rejects invalid options.
    pub(super) fn check(&self) -> Result<(), StoreError> {
        let trouble = if self.prefix.is_empty() || self.prefix.contains(['{', '}', '\0']) {
            ("the prefix is empty or contains a brace", "choose a prefix such as `zohooauth`")
        } else if (self.ca.is_some() || self.certificate.is_some()) && !self.tls {
            ("a certificate file without TLS", "use rediss:// instead of redis://")
        } else if self.user.is_some() && matches!(self.password, Password::None) {
            ("a user without a password", "add the password")
        } else if self.sentinel_user.is_some() && self.sentinel_password.is_none() {
            ("a Sentinel user without a password", "add sentinel_password")
        } else if self.sentinel_password.is_some() && self.service.is_none() {
            ("a Sentinel password without Sentinel", "use redis+sentinel://")
        } else if self.addresses().iter().any(|(host, _)| host.is_empty()) {
            ("no host", "pass a host name or address")
        } else if !self.more_hosts.is_empty() && !self.cluster && self.service.is_none() {
            ("several hosts", "set cluster=true, or use redis+sentinel:// if they are Sentinels")
        } else if self.cluster && self.service.is_some() {
            ("a cluster behind Sentinel", "pass the nodes of the cluster, as redis://host?cluster=true")
        } else if self.socket.is_some() && (self.tls || self.cluster || self.service.is_some()) {
            ("a socket with TLS, a cluster or Sentinel", "use redis:// with the socket alone")
        } else if self.timeout.is_zero() || self.connect_timeout.is_zero() {
            ("a timeout of zero", "use a timeout of at least one second")
        } else {
            return Ok(());
        };
        Err(StoreError::invalid_options(trouble.0, trouble.1))
    }

    /// Returns the hosts and their ports.
    pub(super) fn addresses(&self) -> Vec<(String, u16)> {
        let default = if self.service.is_some() { 26_379 } else { 6_379 };
        let first = (self.host.clone(), self.port);
        let all = [first].into_iter().chain(self.more_hosts.iter().cloned());
        all.map(|(host, port)| (host, port.unwrap_or(default))).collect()
    }

    /// Returns the name of the store in messages, without user and password.
    pub(super) fn name(&self) -> String {
        let Self { database, prefix, .. } = self;
        format!("the Redis token store {prefix} at {}/{database}", self.place())
    }

    pub(super) fn identity(&self) -> StoreIdentity {
        let Self { database, prefix, .. } = self;
        StoreIdentity::new(format!("redis://{}/{database}?prefix={prefix}", self.place()))
    }

    fn place(&self) -> String {
        if let Some(socket) = &self.socket {
            return socket.display().to_string();
        }
        let hosts: Vec<_> =
            self.addresses().into_iter().map(|(host, port)| format!("{host}:{port}")).collect();
        let hosts = hosts.join(",");
        self.service.as_ref().map_or(hosts.clone(), |service| format!("{hosts}/{service}"))
    }
}

/// Returns the service that Sentinels know, and the number of the database.
fn path(url: &ServerUrl) -> Result<(Option<String>, Option<u32>), StoreUrlError> {
    let number = |text: &str, expected| text.parse().map_err(|_| StoreUrlError::invalid_path(expected));
    let path = url.path.as_deref();
    if !url.scheme.ends_with("+sentinel") {
        let database = path.map(|path| number(path, "the number of a database after the host"));
        return Ok((None, database.transpose()?));
    }
    const EXPECTED: &str = "the name of the service after the hosts, as in /mymaster or /mymaster/0";
    let (service, database) = match path.unwrap_or_default().split_once('/') {
        Some((service, database)) => (service, Some(number(database, EXPECTED)?)),
        None => (path.unwrap_or_default(), None),
    };
    if service.is_empty() {
        return Err(StoreUrlError::invalid_path(EXPECTED));
    }
    Ok((Some(service.to_owned()), database))
}

/// Returns the files of the client certificate and its key.
fn certificate(url: &ServerUrl) -> Result<Option<(PathBuf, PathBuf)>, StoreUrlError> {
    match (url.text("cert"), url.text("key")) {
        (None, None) => Ok(None),
        (Some(certificate), Some(key)) => Ok(Some((certificate.into(), key.into()))),
        (Some(_), None) => Err(StoreUrlError::invalid_setting("cert", "the file of its key in `key`")),
        (None, Some(_)) => {
            Err(StoreUrlError::invalid_setting("key", "the file of the certificate in `cert`"))
        }
    }
}

impl Default for RedisOptions {
    fn default() -> Self {
        Self {
            host: "localhost".to_owned(),
            port: None,
            more_hosts: Vec::new(),
            socket: None,
            service: None,
            sentinel_user: None,
            sentinel_password: None,
            user: None,
            password: Password::None,
            database: 0,
            prefix: "zohooauth".to_owned(),
            tls: false,
            ca: None,
            certificate: None,
            cluster: false,
            allow_eviction: false,
            connect_timeout: Duration::from_secs(5),
            timeout: Duration::from_secs(10),
        }
    }
}

#[cfg(test)]
mod tests;

//! The options of the stores on database servers.

use std::path::PathBuf;
use std::time::Duration;

use super::super::error::StoreError;
use super::super::identity::StoreIdentity;
use super::super::password::Password;
use super::super::store_url::{ServerUrl, StoreUrlError};
#[cfg(feature = "postgres")]
use super::sessions::Sessions;

/// Whether a connection to a database server is encrypted, and which certificates it accepts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Tls {
    /// Not encrypted.
    Off,
    /// Encrypted if the server supports it, with any certificate. The default of the servers' own programs.
    #[default]
    Preferred,
    /// Encrypted, with any certificate.
    Required,
    /// Encrypted, with a certificate of a trusted authority.
    VerifyAuthority,
    /// Encrypted, with a certificate of a trusted authority for this host name. Only this prevents eavesdropping.
    VerifyHost,
}

/// The address of a server, the account, and the limits of a call.
#[derive(Clone, Debug)]
pub(in crate::store) struct ServerOptions {
    pub(in crate::store) host: String,
    pub(in crate::store) port: u16,
    /// Hosts and ports that are tried after the first.
    pub(in crate::store) more_hosts: Vec<(String, u16)>,
    /// The socket of a server on this machine, in place of a host.
    pub(in crate::store) socket: Option<PathBuf>,
    pub(in crate::store) user: String,
    pub(in crate::store) password: Password,
    /// A file with passwords for several servers, which is used if there is no other password.
    #[cfg(feature = "postgres")]
    pub(in crate::store) password_file: Option<PathBuf>,
    pub(in crate::store) database: String,
    pub(in crate::store) table: String,
    pub(in crate::store) tls: Tls,
    pub(in crate::store) authority: Option<PathBuf>,
    /// The files with this program's certificate and its key.
    pub(in crate::store) certificate: Option<(PathBuf, PathBuf)>,
    /// The name by which the server's administrator sees the connections.
    #[cfg(feature = "postgres")]
    pub(in crate::store) application_name: Option<String>,
    /// Which of several hosts is used. `None`: the default.
    #[cfg(feature = "postgres")]
    pub(in crate::store) sessions: Option<Sessions>,
    /// Why the environment is invalid.
    pub(in crate::store) invalid: Option<StoreError>,
    pub(in crate::store) max_connections: u32,
    pub(in crate::store) connect_timeout: Duration,
    pub(in crate::store) timeout: Duration,
}

impl ServerOptions {
    pub(in crate::store) fn new(port: u16, user: &str) -> Self {
        Self {
            host: "localhost".to_owned(),
            port,
            more_hosts: Vec::new(),
            socket: None,
            user: user.to_owned(),
            password: Password::None,
            #[cfg(feature = "postgres")]
            password_file: None,
            database: "zohooauth".to_owned(),
            table: "oauthtoken".to_owned(),
            tls: Tls::default(),
            authority: None,
            certificate: None,
            #[cfg(feature = "postgres")]
            application_name: None,
            #[cfg(feature = "postgres")]
            sessions: None,
            invalid: None,
            max_connections: 8,
            connect_timeout: Duration::from_secs(5),
            timeout: Duration::from_secs(10),
        }
    }

    /// Reads the parts of a URL that all servers have in common.
    pub(in crate::store) fn read(&mut self, url: &ServerUrl) -> Result<(), StoreUrlError> {
        fn set<T>(field: &mut T, value: Option<T>) {
            if let Some(value) = value {
                *field = value;
            }
        }
        if let Some(host) = url.host.clone() {
            self.host = host;
            self.more_hosts =
                url.more_hosts.iter().map(|(host, port)| (host.clone(), port.unwrap_or(self.port))).collect();
        }
        set(&mut self.port, url.port);
        set(&mut self.user, url.user.clone());
        let file = url.text("password_file").map(|path| Password::File(path.into()));
        let command = url.text("password_command").map(Password::Command);
        set(&mut self.password, file.or(command).or(url.password.clone().map(Password::Fixed)));
        set(&mut self.database, url.path.clone());
        set(&mut self.table, url.text("table"));
        set(&mut self.max_connections, url.parsed("max_connections", "a number")?);
        set(&mut self.connect_timeout, url.seconds("connect_timeout")?);
        set(&mut self.timeout, url.seconds("timeout")?);
        Ok(())
    }

    /// Reads the settings of a URL with the certificate of this program.
    pub(in crate::store) fn read_certificate(
        &mut self,
        url: &ServerUrl,
        [certificate, key]: [&'static str; 2],
    ) -> Result<(), StoreUrlError> {
        match (url.text(certificate), url.text(key)) {
            (None, None) => Ok(()),
            (Some(certificate), Some(key)) => {
                self.certificate = Some((certificate.into(), key.into()));
                Ok(())
            }
            (Some(_), None) => {
                Err(StoreUrlError::invalid_setting(certificate, "the file of its key in another setting"))
            }
            (None, Some(_)) => {
                Err(StoreUrlError::invalid_setting(key, "the file of the certificate in another setting"))
            }
        }
    }

    /// Rejects options that are invalid on every server.
    pub(in crate::store) fn check(&self) -> Result<(), StoreError> {
        if let Some(invalid) = &self.invalid {
            return Err(invalid.clone());
        }
        if self.max_connections == 0 || self.timeout.is_zero() || self.connect_timeout.is_zero() {
            return Err(StoreError::invalid_options(
                "max_connections or a timeout is zero",
                "set max_connections, connect_timeout and timeout to at least 1",
            ));
        }
        if self.database.is_empty() {
            return Err(StoreError::invalid_options(
                "no database",
                "add the name of the database after the host, as in /zohooauth",
            ));
        }
        Ok(())
    }

    /// Rejects a table name that would have to be quoted, or that is too long for the names derived from it.
    pub(in crate::store) fn check_name(name: &str) -> Result<(), StoreError> {
        // The servers allow 63 characters, and the names of the indexes are longer than that of the table.
        const MAX_LENGTH: usize = 48;
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$';
        if (1..=MAX_LENGTH).contains(&name.len()) && name.bytes().all(is_plain) {
            return Ok(());
        }
        Err(StoreError::invalid_options("unsupported table name", "use at most 48 letters, digits, _ and $"))
    }

    /// Returns the names for messages.
    pub(in crate::store) fn place(&self) -> Place {
        let hosts = [(self.host.clone(), self.port)].into_iter().chain(self.more_hosts.clone());
        let hosts: Vec<_> = hosts.map(|(host, port)| format!("{host}:{port}")).collect();
        Place {
            user: self.user.clone(),
            host: self.socket.as_ref().map_or_else(|| hosts.join(","), |socket| socket.display().to_string()),
            database: self.database.clone(),
            table: self.table.clone(),
        }
    }
}

/// The names that messages use for a store, and in the statements that they suggest.
#[derive(Clone, Debug)]
pub(in crate::store) struct Place {
    pub(in crate::store) user: String,
    pub(in crate::store) host: String,
    pub(in crate::store) database: String,
    pub(in crate::store) table: String,
}

impl Place {
    /// Returns the name for messages, such as `the MySQL token store oauthtoken in zohooauth at localhost:3306`.
    pub(in crate::store) fn name(&self, kind: &str) -> String {
        format!("the {kind} token store {} in {} at {}", self.table, self.database, self.host)
    }

    pub(in crate::store) fn identity(&self, scheme: &str) -> StoreIdentity {
        StoreIdentity::new(format!("{scheme}://{}/{}?table={}", self.host, self.database, self.table))
    }
}

/// Defines the options of a server: a [`ServerOptions`] with setters.
macro_rules! server_options {
    ($(#[$doc:meta])* $name:ident, port $port:literal, user $user:literal, $adapt:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub struct $name {
            server: ServerOptions,
        }

        impl $name {
            #[doc = concat!("Creates the default options: user `", $user, "` without a password, database `zohooauth` and table `oauthtoken` on `localhost:", $port, "`.")]
            #[must_use]
            pub fn new() -> Self {
                Self { server: $adapt(ServerOptions::new($port, $user)) }
            }

            /// Sets the host name or address. Default: `localhost`.
            #[must_use]
            pub fn with_host(mut self, host: impl Into<String>) -> Self {
                self.server.host = host.into();
                self
            }

            #[doc = concat!("Sets the port. Default: ", $port, ".")]
            #[must_use]
            pub fn with_port(mut self, port: u16) -> Self {
                self.server.port = port;
                self
            }

            #[doc = concat!("Sets the user name. Default: `", $user, "`.")]
            #[must_use]
            pub fn with_user(mut self, user: impl Into<String>) -> Self {
                self.server.user = user.into();
                self
            }

            password_setters!(server.password);

            /// Sets the database. Default: `zohooauth`.
            #[must_use]
            pub fn with_database(mut self, database: impl Into<String>) -> Self {
                self.server.database = database.into();
                self
            }

            /// Sets the table. Leases are in a second table, whose name ends with `_state`. Default: `oauthtoken`.
            #[must_use]
            pub fn with_table(mut self, table: impl Into<String>) -> Self {
                self.server.table = table.into();
                self
            }

            /// Sets the maximum number of connections of the store and its clones. Default: eight.
            #[must_use]
            pub fn with_max_connections(mut self, connections: u32) -> Self {
                self.server.max_connections = connections;
                self
            }

            /// Sets the timeout for connecting. Default: five seconds.
            #[must_use]
            pub fn with_connect_timeout(mut self, timeout: Duration) -> Self {
                self.server.connect_timeout = timeout;
                self
            }

            /// Sets the timeout of a call, including the wait for a connection or for the end of an outage, after which it fails
            /// as busy. A call about many rows may take ten times as long, but waits for an outage no longer. Default: ten
            /// seconds.
            #[must_use]
            pub fn with_timeout(mut self, timeout: Duration) -> Self {
                self.server.timeout = timeout;
                self
            }

            /// Sets whether connections are encrypted. Default: [`Tls::Preferred`].
            #[must_use]
            pub fn with_tls(mut self, tls: Tls) -> Self {
                self.server.tls = tls;
                self
            }

            /// Trusts the authorities in this PEM file, in addition to those of the system.
            #[must_use]
            pub fn with_certificate_authority(mut self, path: impl Into<PathBuf>) -> Self {
                self.server.authority = Some(path.into());
                self
            }

            /// Signs in with the certificate in one PEM file and its key in another.
            #[must_use]
            pub fn with_client_certificate(
                mut self,
                certificate: impl Into<PathBuf>,
                key: impl Into<PathBuf>,
            ) -> Self {
                self.server.certificate = Some((certificate.into(), key.into()));
                self
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self::new()
            }
        }
    };
}

pub(in crate::store) use server_options;

//! How a database server is reached, and within what bounds.

use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;

use super::super::error::StoreError;
use super::super::store_url::{ServerUrl, StoreUrlError};

/// Whether a connection to a database server is encrypted, and whom it trusts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Tls {
    /// Not encrypted.
    Off,
    /// Encrypted if the server can, whoever it is. What the servers' own programs do unless told otherwise.
    #[default]
    Preferred,
    /// Encrypted, whoever the server is.
    Required,
    /// Encrypted, and the server's certificate is signed by an authority that is trusted here.
    VerifyAuthority,
    /// The same, and the certificate is for the host's name: the one setting that nobody can listen in on.
    VerifyHost,
}

/// Where a server is, who asks, and how long a call may take.
#[derive(Clone, Debug)]
pub(in crate::store) struct ServerOptions {
    pub(in crate::store) host: String,
    pub(in crate::store) port: u16,
    pub(in crate::store) user: String,
    pub(in crate::store) password: Option<SecretString>,
    pub(in crate::store) database: String,
    pub(in crate::store) table: String,
    pub(in crate::store) tls: Tls,
    pub(in crate::store) authority: Option<PathBuf>,
    pub(in crate::store) max_connections: u32,
    pub(in crate::store) connect_timeout: Duration,
    pub(in crate::store) timeout: Duration,
}

impl ServerOptions {
    pub(in crate::store) fn new(port: u16, user: &str) -> Self {
        Self {
            host: "localhost".to_owned(),
            port,
            user: user.to_owned(),
            password: None,
            database: "zohooauth".to_owned(),
            table: "oauthtoken".to_owned(),
            tls: Tls::default(),
            authority: None,
            max_connections: 8,
            connect_timeout: Duration::from_secs(5),
            timeout: Duration::from_secs(10),
        }
    }

    /// Takes over what a URL says that is the same for every server.
    pub(in crate::store) fn read(&mut self, url: &ServerUrl) -> Result<(), StoreUrlError> {
        fn set<T>(field: &mut T, value: Option<T>) {
            if let Some(value) = value {
                *field = value;
            }
        }
        set(&mut self.host, url.host.clone());
        set(&mut self.port, url.port);
        set(&mut self.user, url.user.clone());
        self.password = url.password.clone();
        set(&mut self.database, url.path.clone());
        set(&mut self.table, url.text("table"));
        set(&mut self.max_connections, url.parsed("max_connections", "a number")?);
        set(&mut self.connect_timeout, url.seconds("connect_timeout")?);
        set(&mut self.timeout, url.seconds("timeout")?);
        Ok(())
    }

    /// Refuses what makes no sense on any server.
    pub(in crate::store) fn check(&self) -> Result<(), StoreError> {
        if self.max_connections == 0 || self.timeout.is_zero() || self.connect_timeout.is_zero() {
            return Err(StoreError::invalid_options(
                "it allows no connection, or no time for one",
                "give max_connections, connect_timeout and timeout as at least 1",
            ));
        }
        if self.database.is_empty() {
            return Err(StoreError::invalid_options(
                "it names no database",
                "write its name behind the host, such as /zohooauth",
            ));
        }
        Ok(())
    }

    /// Refuses the name of a table that the other names cannot be made of, or that would have to be escaped.
    pub(in crate::store) fn check_name(name: &str) -> Result<(), StoreError> {
        // The servers take 63 characters; the longest name that is made of it is that of an index.
        const LONGEST: usize = 48;
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$';
        if (1..=LONGEST).contains(&name.len()) && name.bytes().all(is_plain) {
            return Ok(());
        }
        Err(StoreError::invalid_options(
            "its table has a name that is not plain",
            "use letters, digits, _ and $, at most 48 of them",
        ))
    }

    /// The names that messages use.
    pub(in crate::store) fn place(&self) -> Place {
        Place {
            user: self.user.clone(),
            host: format!("{}:{}", self.host, self.port),
            database: self.database.clone(),
            table: self.table.clone(),
        }
    }
}

/// What a server's store is called in messages, and what they tell the reader to grant or create.
#[derive(Clone, Debug)]
pub(in crate::store) struct Place {
    pub(in crate::store) user: String,
    pub(in crate::store) host: String,
    pub(in crate::store) database: String,
    pub(in crate::store) table: String,
}

impl Place {
    /// Such as `the MySQL token store oauthtoken in zohooauth at localhost:3306`.
    pub(in crate::store) fn name(&self, kind: &str) -> String {
        format!("the {kind} token store {} in {} at {}", self.table, self.database, self.host)
    }
}

/// The settings that a server's options have in common with the others', around a [`ServerOptions`].
macro_rules! server_options {
    ($(#[$doc:meta])* $name:ident, port $port:literal, user $user:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub struct $name {
            server: ServerOptions,
        }

        impl $name {
            #[doc = concat!("User `", $user, "` without a password, database `zohooauth` and table `oauthtoken` on `localhost:", $port, "`.")]
            #[must_use]
            pub fn new() -> Self {
                Self { server: ServerOptions::new($port, $user) }
            }

            /// Sets the server's host name or address. `localhost`, unless set.
            #[must_use]
            pub fn with_host(mut self, host: impl Into<String>) -> Self {
                self.server.host = host.into();
                self
            }

            #[doc = concat!("Sets the server's port. ", $port, ", unless set.")]
            #[must_use]
            pub fn with_port(mut self, port: u16) -> Self {
                self.server.port = port;
                self
            }

            #[doc = concat!("Sets who asks. `", $user, "`, unless set.")]
            #[must_use]
            pub fn with_user(mut self, user: impl Into<String>) -> Self {
                self.server.user = user.into();
                self
            }

            /// Sets the user's password.
            #[must_use]
            pub fn with_password(mut self, password: impl Into<SecretString>) -> Self {
                self.server.password = Some(password.into());
                self
            }

            /// Sets the database. `zohooauth`, unless set.
            #[must_use]
            pub fn with_database(mut self, database: impl Into<String>) -> Self {
                self.server.database = database.into();
                self
            }

            /// Sets the table. `oauthtoken`, unless set. Leases are kept in a second one, with `_state` behind its
            /// name.
            #[must_use]
            pub fn with_table(mut self, table: impl Into<String>) -> Self {
                self.server.table = table.into();
                self
            }

            /// Sets how many connections the store and its clones may have at once. Eight, unless set.
            #[must_use]
            pub fn with_max_connections(mut self, connections: u32) -> Self {
                self.server.max_connections = connections;
                self
            }

            /// Sets how long it may take to connect. Five seconds, unless set.
            #[must_use]
            pub fn with_connect_timeout(mut self, timeout: Duration) -> Self {
                self.server.connect_timeout = timeout;
                self
            }

            /// Sets how long a call may take in all, waiting for a connection included, before it fails as busy. Ten
            /// seconds, unless set. One about all rows, or about many at once, may take ten times that.
            #[must_use]
            pub fn with_timeout(mut self, timeout: Duration) -> Self {
                self.server.timeout = timeout;
                self
            }

            /// Sets whether connections are encrypted. [`Tls::Preferred`], unless set.
            #[must_use]
            pub fn with_tls(mut self, tls: Tls) -> Self {
                self.server.tls = tls;
                self
            }

            /// Trusts the authorities in this PEM file too, besides those that the system trusts.
            #[must_use]
            pub fn with_certificate_authority(mut self, path: impl Into<PathBuf>) -> Self {
                self.server.authority = Some(path.into());
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

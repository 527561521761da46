//! A token store on a MySQL or MariaDB server.

mod server;
mod words;

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use crate::token::OAuthToken;

use super::coordination::{Acquired, Coordination, Fenced, Lease, LeaseKey, LeaseState};
use super::error::StoreError;
use super::identity::StoreIdentity;
use super::page::TokenPage;
use super::password::password_setters;
use super::sql::{ServerOptions, SqlStore, Tls, server_options, sql_store};
use super::store_url::{StoreKind, StoreUrl, StoreUrlError};
use super::token_store::{AnyStore, TokenStore};

use server::MySqlServer;

/// Stores tokens on a MySQL or MariaDB server: in the table `oauthtoken` of Zoho's SDKs, with its ten columns.
///
/// Any number of programs on any number of hosts can use one table at the same time, including an official SDK. Clones
/// share the store and its connections. The first call connects; after a lost connection, the next call connects again.
///
/// A short outage is waited for within the timeout of a call: a server that restarts, has too many connections, is
/// read-only, or is not part of its cluster. The connections to such a server are closed, so that a host name that leads to a
/// new primary is looked up again.
///
/// An existing table is used as it is, whatever its collation: values are compared byte by byte. Ids and expiry times can
/// be numbers, ids UUIDs, expiry times moments in UTC, and text can be bytes. A value that its column cannot hold is
/// rejected; official columns hold 255 characters, `id` ten. If a column cannot hold what every login needs, the error
/// names it before a code is spent. A table of an older SDK, without `api_domain`, can be read. Leases and the highest id
/// are in a second table, `oauthtoken_state`. The first write creates what is missing of both tables and their indexes; for
/// a table with a million rows this takes some seconds, once. Reading changes nothing, so an account that can only read can
/// look up tokens.
///
/// A save is as durable as a commit of the server; see its `innodb_flush_log_at_trx_commit`.
///
/// ```no_run
/// use zoho_oauth::store::{MySqlStore, TokenStore};
///
/// # async fn example() -> Result<(), zoho_oauth::store::StoreError> {
/// let store = MySqlStore::open("mysql://zoho:password@localhost/zohooauth")?;
/// println!("{} tokens", store.get_tokens().await?.len());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct MySqlStore(SqlStore<MySqlServer>);

server_options! {
    /// The options of a [`MySqlStore`].
    MySqlOptions, port 3306, user "root", std::convert::identity
}

impl MySqlStore {
    /// Opens a store by its URL: `mysql://user:password@host:port/database`, or `mariadb://`. Every part is optional, with the
    /// defaults of [`MySqlOptions::new`].
    ///
    /// Settings: `table`, `max_connections`, `connect_timeout` and `timeout` (seconds), `socket` (the path of the server's
    /// socket on this machine), `password_file` and `password_command` (see [`MySqlOptions::with_password_command`]),
    /// `ssl-mode` (`DISABLED`, `PREFERRED`, `REQUIRED`, `VERIFY_CA` or `VERIFY_IDENTITY`), `ssl-ca` (a PEM file), and
    /// `ssl-cert` with `ssl-key` (PEM files with the certificate of this program and its key).
    ///
    /// # Errors
    /// If the URL is invalid. The server is not contacted.
    pub fn open(url: &str) -> Result<Self, StoreError> {
        Self::at(&url.parse()?)
    }

    pub(super) fn at(url: &StoreUrl) -> Result<Self, StoreError> {
        Self::new(MySqlOptions::read(url)?)
    }

    /// Opens a store with options.
    ///
    /// # Errors
    /// If an option is invalid. The server is not contacted.
    pub fn new(options: MySqlOptions) -> Result<Self, StoreError> {
        let options = options.server;
        options.check()?;
        ServerOptions::check_name(&options.table)?;
        if !options.more_hosts.is_empty() {
            return Err(StoreError::invalid_options(
                "several hosts",
                "name one, such as that of a proxy which knows the primary server",
            ));
        }
        let place = options.place();
        let (name, identity) = (place.name("MySQL"), place.identity("mysql"));
        Ok(Self(SqlStore::new(MySqlServer::new(&options), &options, &name, identity)))
    }
}

sql_store!(MySqlStore);

impl MySqlOptions {
    /// Connects to the socket of a server on this machine, in place of a host. The connection is not encrypted.
    #[must_use]
    pub fn with_socket(mut self, path: impl Into<PathBuf>) -> Self {
        self.server.socket = Some(path.into());
        self
    }

    fn read(url: &StoreUrl) -> Result<Self, StoreUrlError> {
        let url = url.server(StoreKind::MySql)?;
        let mut options = Self::new();
        options.server.read(&url)?;
        if let Some(mode) = url.text("ssl-mode") {
            options.server.tls = tls(&mode)?;
        }
        options.server.authority = url.text("ssl-ca").map(PathBuf::from);
        options.server.socket = url.text("socket").map(PathBuf::from);
        options.server.read_certificate(&url, ["ssl-cert", "ssl-key"])?;
        Ok(options)
    }
}

/// Parses the values that MySQL's own programs use.
fn tls(mode: &str) -> Result<Tls, StoreUrlError> {
    match &*mode.to_ascii_uppercase().replace('-', "_") {
        "DISABLED" => Ok(Tls::Off),
        "PREFERRED" => Ok(Tls::Preferred),
        "REQUIRED" => Ok(Tls::Required),
        "VERIFY_CA" => Ok(Tls::VerifyAuthority),
        "VERIFY_IDENTITY" => Ok(Tls::VerifyHost),
        _ => Err(StoreUrlError::invalid_setting(
            "ssl-mode",
            "DISABLED, PREFERRED, REQUIRED, VERIFY_CA or VERIFY_IDENTITY",
        )),
    }
}

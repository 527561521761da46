//! Tokens on a MySQL or MariaDB server.

mod server;
mod words;

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use secrecy::SecretString;

use crate::token::OAuthToken;

use super::any::AnyStore;
use super::coordination::{Acquired, Coordination, Fenced, Lease, LeaseKey, LeaseState};
use super::error::StoreError;
use super::page::TokenPage;
use super::sql::{ServerOptions, SqlStore, Tls, server_options, sql_store};
use super::store_url::{StoreKind, StoreUrl, StoreUrlError};
use super::token_store::TokenStore;

use server::MySqlServer;

/// Keeps tokens on a MySQL or MariaDB server: in the table `oauthtoken` of Zoho's own SDKs, with its ten columns.
///
/// Any number of programs on any number of hosts may use one table at once, an official SDK among them. Clones share
/// the store and its connections. Nothing is asked of the server before the first call; a store whose server went
/// away works again when it is back.
///
/// A table that is there is used as it is, whatever its collation: values are compared to the byte. A value that a
/// column has no room for is refused; official columns have room for 255 characters, `id` for ten. What else is kept
/// (leases, the highest id) is in a second table, `oauthtoken_state`. Both tables are made on first use, and indexes
/// where they are missing: over a table of a million rows that takes seconds, once. An account that may only read can
/// look tokens up.
///
/// What is saved is as durable as the server makes a commit: see its `innodb_flush_log_at_trx_commit`.
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
    /// How a MySQL or MariaDB server is reached.
    MySqlOptions, port 3306, user "root"
}

impl MySqlStore {
    /// A store at a URL: `mysql://user:password@host:port/database`, or `mariadb://`. What is left out is as in
    /// [`MySqlOptions::new`].
    ///
    /// Behind a question mark there may be `table`, `max_connections`, `connect_timeout` and `timeout` (seconds),
    /// `ssl-mode` (`DISABLED`, `PREFERRED`, `REQUIRED`, `VERIFY_CA` or `VERIFY_IDENTITY`), and `ssl-ca`, a PEM file.
    ///
    /// # Errors
    /// When the URL makes no sense. The server is not asked.
    pub fn open(url: &str) -> Result<Self, StoreError> {
        Self::at(&url.parse()?)
    }

    pub(super) fn at(url: &StoreUrl) -> Result<Self, StoreError> {
        Self::new(MySqlOptions::read(url)?)
    }

    /// A store with these options.
    ///
    /// # Errors
    /// When they make no sense. The server is not asked.
    pub fn new(options: MySqlOptions) -> Result<Self, StoreError> {
        let options = options.server;
        options.check()?;
        ServerOptions::check_name(&options.table)?;
        let name = options.place().name("MySQL");
        Ok(Self(SqlStore::new(MySqlServer::new(&options), &options, &name)))
    }
}

sql_store!(MySqlStore);

impl MySqlOptions {
    fn read(url: &StoreUrl) -> Result<Self, StoreUrlError> {
        let url = url.server(StoreKind::MySql)?;
        let mut options = Self::new();
        options.server.read(&url)?;
        if let Some(mode) = url.text("ssl-mode") {
            options.server.tls = tls(&mode)?;
        }
        options.server.authority = url.text("ssl-ca").map(PathBuf::from);
        Ok(options)
    }
}

/// The words of MySQL's own programs.
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

//! A token store on a PostgreSQL server.

mod server;
mod words;

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use secrecy::SecretString;

use crate::token::OAuthToken;

use super::any::AnyStore;
use super::coordination::{Acquired, Coordination, Fenced, Lease, LeaseKey, LeaseState};
use super::error::StoreError;
use super::identity::StoreIdentity;
use super::page::TokenPage;
use super::sql::{ServerOptions, SqlStore, Tls, server_options, sql_store};
use super::store_url::{StoreKind, StoreUrl, StoreUrlError};
use super::token_store::TokenStore;

use server::PostgresServer;

/// Stores tokens on a PostgreSQL server: in the table `oauthtoken`, with the ten columns of Zoho's SDKs as `text`.
///
/// Any number of programs on any number of hosts can use one table at the same time. Clones share the store and its
/// connections. The first call connects; after a lost connection, the next call connects again.
///
/// A short outage is waited for within the timeout of a call: a server that restarts, has too many connections, or is
/// read-only. The connections to such a server are closed, so that a host name that leads to a new primary is looked up
/// again.
///
/// An existing table is used as it is. Ids and expiry times can be numbers, ids UUIDs, expiry times moments, and text can
/// be bytes. A value that its column cannot hold, or that contains NUL, is rejected. If a column cannot hold what every
/// login needs, the error names it before a code is spent. A table of an older SDK, without `api_domain`, can be read. Leases and the
/// highest id are in a second table, `oauthtoken_state`. Both tables and missing indexes are created on first use; for a
/// table with a million rows this takes some seconds, once. An account that can only read can look up tokens.
///
/// A save is as durable as a commit of the server; see its `synchronous_commit`.
///
/// Options that are not set come from the environment variables of PostgreSQL's own programs, such as `PGPASSWORD`.
///
/// ```no_run
/// use zoho_oauth::store::{PostgresStore, TokenStore};
///
/// # async fn example() -> Result<(), zoho_oauth::store::StoreError> {
/// let store = PostgresStore::open("postgres://zoho:password@localhost/zohooauth")?;
/// println!("{} tokens", store.get_tokens().await?.len());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct PostgresStore(SqlStore<PostgresServer>);

server_options! {
    /// The options of a [`PostgresStore`].
    PostgresOptions, port 5432, user "postgres"
}

impl PostgresStore {
    /// Opens a store by its URL: `postgres://user:password@host:port/database`, or `postgresql://`. Every part is optional,
    /// with the defaults of [`PostgresOptions::new`].
    ///
    /// Settings: `table` (or `schema.table`), `max_connections`, `connect_timeout` and `timeout` (seconds), `sslmode`
    /// (`disable`, `prefer`, `require`, `verify-ca` or `verify-full`), and `sslrootcert` (a PEM file).
    ///
    /// # Errors
    /// If the URL is invalid. The server is not contacted.
    pub fn open(url: &str) -> Result<Self, StoreError> {
        Self::at(&url.parse()?)
    }

    pub(super) fn at(url: &StoreUrl) -> Result<Self, StoreError> {
        Self::new(PostgresOptions::read(url)?)
    }

    /// Opens a store with options.
    ///
    /// # Errors
    /// If an option is invalid. The server is not contacted.
    pub fn new(options: PostgresOptions) -> Result<Self, StoreError> {
        let options = options.server;
        options.check()?;
        options.table.split('.').try_for_each(ServerOptions::check_name)?;
        let place = options.place();
        let (name, identity) = (place.name("PostgreSQL"), place.identity("postgres"));
        Ok(Self(SqlStore::new(PostgresServer::new(&options), &options, &name, identity)))
    }
}

sql_store!(PostgresStore);

impl PostgresOptions {
    fn read(url: &StoreUrl) -> Result<Self, StoreUrlError> {
        let url = url.server(StoreKind::Postgres)?;
        let mut options = Self::new();
        options.server.read(&url)?;
        if let Some(mode) = url.text("sslmode") {
            options.server.tls = tls(&mode)?;
        }
        options.server.authority = url.text("sslrootcert").map(PathBuf::from);
        Ok(options)
    }
}

/// Parses the values that PostgreSQL's own programs use.
fn tls(mode: &str) -> Result<Tls, StoreUrlError> {
    match mode {
        "disable" => Ok(Tls::Off),
        "prefer" => Ok(Tls::Preferred),
        "require" => Ok(Tls::Required),
        "verify-ca" => Ok(Tls::VerifyAuthority),
        "verify-full" => Ok(Tls::VerifyHost),
        _ => Err(StoreUrlError::invalid_setting(
            "sslmode",
            "disable, prefer, require, verify-ca or verify-full",
        )),
    }
}

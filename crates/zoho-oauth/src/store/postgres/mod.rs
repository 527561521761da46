//! Tokens on a PostgreSQL server.

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

use server::PostgresServer;

/// Keeps tokens on a PostgreSQL server: in the table `oauthtoken`, with the ten columns of Zoho's own SDKs, as text.
///
/// Any number of programs on any number of hosts may use one table at once. Clones share the store and its
/// connections. Nothing is asked of the server before the first call; a store whose server went away works again when
/// it is back.
///
/// A table that is there is used as it is. A value that a column has no room for is refused; none has room for NUL. What
/// else is kept (leases, the highest id) is in a second table, `oauthtoken_state`. Both tables are made on first use, and
/// indexes where they are missing: over a table of a million rows that takes seconds, once. An account that may only
/// read can look tokens up.
///
/// What is saved is as durable as the server makes a commit: see its `synchronous_commit`.
///
/// What is not given here is taken from the environment variables of PostgreSQL's own programs, such as `PGPASSWORD`.
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
    /// How a PostgreSQL server is reached.
    PostgresOptions, port 5432, user "postgres"
}

impl PostgresStore {
    /// A store at a URL: `postgres://user:password@host:port/database`, or `postgresql://`. What is left out is as in
    /// [`PostgresOptions::new`].
    ///
    /// Behind a question mark there may be `table` (or `schema.table`), `max_connections`, `connect_timeout` and
    /// `timeout` (seconds), `sslmode` (`disable`, `prefer`, `require`, `verify-ca` or `verify-full`), and
    /// `sslrootcert`, a PEM file.
    ///
    /// # Errors
    /// When the URL makes no sense. The server is not asked.
    pub fn open(url: &str) -> Result<Self, StoreError> {
        Self::at(&url.parse()?)
    }

    pub(super) fn at(url: &StoreUrl) -> Result<Self, StoreError> {
        Self::new(PostgresOptions::read(url)?)
    }

    /// A store with these options.
    ///
    /// # Errors
    /// When they make no sense. The server is not asked.
    pub fn new(options: PostgresOptions) -> Result<Self, StoreError> {
        let options = options.server;
        options.check()?;
        options.table.split('.').try_for_each(ServerOptions::check_name)?;
        let name = options.place().name("PostgreSQL");
        Ok(Self(SqlStore::new(PostgresServer::new(&options), &options, &name)))
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

/// The words of PostgreSQL's own programs.
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

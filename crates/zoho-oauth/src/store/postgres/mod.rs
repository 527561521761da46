//! A token store on a PostgreSQL server.

mod environment;
mod password_file;
mod server;
mod service;
mod words;

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use crate::token::OAuthToken;

use super::coordination::{Acquired, Coordination, Fenced, Lease, LeaseKey, LeaseState};
use super::error::StoreError;
use super::identity::StoreIdentity;
use super::page::TokenPage;
use super::password::password_setters;
use super::sql::{ServerOptions, Sessions, SqlStore, Tls, server_options, sql_store};
use super::store_url::{StoreKind, StoreUrl, StoreUrlError};
use super::token_store::{AnyStore, TokenStore};

use environment::with_environment;
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
/// login needs, the error names it before a code is spent. A table of an older SDK, without `api_domain`, can be read.
/// Leases and the highest id are in a second table, `oauthtoken_state`. The first write creates what is missing of both
/// tables and their indexes; for a table with a million rows this takes some seconds, once. Reading changes nothing, so an
/// account that can only read can look up tokens.
///
/// A save is as durable as a commit of the server; see its `synchronous_commit`.
///
/// Options that are not set come from the environment variables of PostgreSQL's own programs; see [`PostgresOptions`].
///
/// The server may be behind PgBouncer in session or transaction mode, or a pooler like it. The store recognizes it: each
/// statement is then prepared in the transaction that runs it, which takes four round trips in place of one.
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
    /// The options of a [`PostgresStore`]. What is not set comes from the environment variables of PostgreSQL's own programs:
    /// `PGHOST`, or else `PGHOSTADDR`, `PGPORT`, `PGUSER`, `PGPASSWORD`, `PGPASSFILE`, `PGDATABASE`, `PGSSLMODE`,
    /// `PGSSLROOTCERT`, `PGSSLCERT` with `PGSSLKEY`, `PGAPPNAME`, `PGCONNECT_TIMEOUT`, `PGTARGETSESSIONATTRS`, `PGOPTIONS`, and
    /// `PGSERVICE` with `PGSERVICEFILE` and `PGSYSCONFDIR`, whose values take precedence over the others. Without a password,
    /// the one in `PGPASSFILE` or `~/.pgpass` is used. Other variables are not read.
    PostgresOptions, port 5432, user "postgres", with_environment
}

impl PostgresStore {
    /// Opens a store by its URL: `postgres://user:password@host:port/database`, or `postgresql://`. Every part is optional,
    /// with the defaults of [`PostgresOptions::new`]. Several hosts are separated by commas, as in `one:5432,two:5432`.
    ///
    /// Settings: `table` (or `schema.table`), `max_connections`, `connect_timeout` and `timeout` (seconds), `host` (in place of
    /// the one in the URL, for the folder of a socket), `target_session_attrs` (see [`Sessions`]), `application_name`,
    /// `password_file` and `password_command` (see [`PostgresOptions::with_password_command`]), `sslmode` (`disable`, `allow`,
    /// `prefer`, `require`, `verify-ca` or `verify-full`), `sslrootcert` (a PEM file), and `sslcert` with `sslkey` (PEM files
    /// with the certificate of this program and its key).
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
    /// Adds a host that is tried if those before it are not suitable; see [`with_sessions`](Self::with_sessions).
    #[must_use]
    pub fn with_another_host(mut self, host: impl Into<String>, port: u16) -> Self {
        self.server.more_hosts.push((host.into(), port));
        self
    }

    /// Sets which of several hosts is used. Default: the first one that accepts writes; of a single host, any.
    #[must_use]
    pub fn with_sessions(mut self, sessions: Sessions) -> Self {
        self.server.sessions = Some(sessions);
        self
    }

    /// Sets the name by which the server's administrator sees the connections. Default: `zohocrm`.
    #[must_use]
    pub fn with_application_name(mut self, name: impl Into<String>) -> Self {
        self.server.application_name = Some(name.into());
        self
    }

    fn read(url: &StoreUrl) -> Result<Self, StoreUrlError> {
        let url = url.server(StoreKind::Postgres)?;
        let mut options = Self::new();
        let server = &mut options.server;
        server.read(&url)?;
        if let Some(host) = url.text("host") {
            server.host = host;
            server.more_hosts.clear();
        }
        if let Some(words) = url.text("target_session_attrs") {
            let invalid = || StoreUrlError::invalid_setting("target_session_attrs", Sessions::EXPECTED);
            server.sessions = Some(Sessions::parse(&words).ok_or_else(invalid)?);
        }
        if let Some(mode) = url.text("sslmode") {
            let invalid = || StoreUrlError::invalid_setting("sslmode", TLS_MODES);
            server.tls = tls(&mode).ok_or_else(invalid)?;
        }
        if let Some(path) = url.text("sslrootcert") {
            server.authority = Some(path.into());
        }
        if let Some(name) = url.text("application_name") {
            server.application_name = Some(name);
        }
        server.read_certificate(&url, ["sslcert", "sslkey"])?;
        Ok(options)
    }
}

const TLS_MODES: &str = "disable, allow, prefer, require, verify-ca or verify-full";

/// Parses the values that PostgreSQL's own programs use.
fn tls(mode: &str) -> Option<Tls> {
    match mode {
        "disable" => Some(Tls::Off),
        "allow" | "prefer" => Some(Tls::Preferred),
        "require" => Some(Tls::Required),
        "verify-ca" => Some(Tls::VerifyAuthority),
        "verify-full" => Some(Tls::VerifyHost),
        _ => None,
    }
}

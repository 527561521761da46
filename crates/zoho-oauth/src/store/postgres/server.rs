//! A PostgreSQL server: how to connect, and the meaning of its error codes.

#![expect(clippy::disallowed_types, reason = "this file speaks to PostgreSQL")]

use std::borrow::Cow;
use std::io;
use std::iter;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use sqlx::error::DatabaseError;
use sqlx::postgres::{PgArguments, PgConnectOptions, PgConnection, PgQueryResult, PgSslMode};
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, ConnectOptions, Postgres, Row, query, raw_sql};

use super::super::error::{StoreError, StoreErrorKind};
use super::super::password::Password;
use super::super::sql::{
    Dialect, FREE_SPACE, MORE_MEMORY, NoConnection, Place, Role, Server, ServerFault, ServerOptions,
    Sessions, Statement, TOO_MANY, Tls, Value, Words, read_only,
};
use super::password_file::{PasswordFile, Wanted};
use super::words;

/// A PostgreSQL server, with the names that messages use for it.
pub(super) struct PostgresServer {
    place: Place,
    /// One for each host.
    hosts: Vec<PgConnectOptions>,
    sessions: Sessions,
    password: Password,
    password_file: Option<PathBuf>,
    settings: Vec<(&'static str, String)>,
    /// Whether there is a pooler that rejects settings in the first message of a connection, as PgBouncer does.
    rejects_settings: AtomicBool,
}

/// A setting that means nothing to the server. Its value is different for each connection.
const MARK: &str = "zohocrm.connection";

/// A new connection.
struct Greeted {
    link: PgConnection,
    mark: Option<String>,
    role: Role,
}

impl PostgresServer {
    pub(super) fn new(options: &ServerOptions) -> Self {
        let others = [
            ("default_transaction_isolation", "read committed".to_owned()),
            ("client_min_messages", "warning".to_owned()),
        ];
        let first = (options.host.clone(), options.port);
        let default = if options.more_hosts.is_empty() { Sessions::Any } else { Sessions::ReadWrite };
        Self {
            place: options.place(),
            hosts: iter::once(&first)
                .chain(&options.more_hosts)
                .map(|(host, port)| connect_options(options, host, *port))
                .collect(),
            sessions: options.sessions.unwrap_or(default),
            password: options.password.clone(),
            password_file: options.password_file.clone(),
            settings: limits(options).into_iter().chain(others).collect(),
            rejects_settings: AtomicBool::new(false),
        }
    }

    /// Connects to a host with the settings of the session, and a mark. A pooler rejects or ignores them: a session without
    /// the mark is not this connection's own.
    async fn connect_to(&self, options: PgConnectOptions) -> sqlx::Result<(Greeted, bool)> {
        if !self.rejects_settings.load(Relaxed) {
            let mark = format!("{:016x}", rand::random::<u64>());
            let settings = self.settings.iter().map(|(name, value)| (*name, value.as_str()));
            let marked = options.clone().options(settings.chain([(MARK, mark.as_str())]));
            match greet(&marked).await {
                Err(sqlx::Error::Database(error)) if rejects_settings(&*error) => {}
                Err(error) => return Err(error),
                Ok(greeted) => {
                    let is_pooled = greeted.mark.as_ref() != Some(&mark);
                    return Ok((greeted, is_pooled));
                }
            }
        }
        let greeted = greet(&options).await?;
        self.rejects_settings.store(true, Relaxed);
        Ok((greeted, true))
    }

    /// Returns the password for a connection to each host.
    async fn passwords(&self) -> Result<Vec<Option<SecretString>>, StoreError> {
        let password = self.password.read().await?;
        let (None, Some(path)) = (&password, &self.password_file) else {
            return Ok(vec![password; self.hosts.len()]);
        };
        let file = PasswordFile::read(path.clone()).await?;
        let Place { user, database, .. } = &self.place;
        let password = |host: &PgConnectOptions| {
            file.password(&Wanted { host: host.get_host(), port: host.get_port(), database, user })
        };
        Ok(self.hosts.iter().map(password).collect())
    }

    /// Whether another host may be available although this one is not.
    fn is_away(&self, error: &sqlx::Error) -> bool {
        match error {
            sqlx::Error::Io(_) => true,
            sqlx::Error::Database(error) => {
                matches!(self.classify(&**error), ServerFault::Lost | ServerFault::NotNow(_))
            }
            _ => false,
        }
    }
}

async fn greet(options: &PgConnectOptions) -> sqlx::Result<Greeted> {
    let mut link = options.connect().await?;
    let question = format!(
        "select current_setting('{MARK}', true), pg_is_in_recovery()::text, current_setting('transaction_read_only')"
    );
    let row = raw_sql(AssertSqlSafe(question)).fetch_one(&mut link).await?;
    let role = Role {
        is_standby: row.try_get::<String, _>(1)? == "true",
        is_read_only: row.try_get::<String, _>(2)? == "on",
    };
    Ok(Greeted { link, mark: row.try_get(0)?, role })
}

fn connect_options(options: &ServerOptions, host: &str, port: u16) -> PgConnectOptions {
    let mut connect = PgConnectOptions::new_without_pgpass()
        .host(host)
        .port(port)
        .username(&options.user)
        .database(&options.database)
        .application_name(options.application_name.as_deref().unwrap_or("zohocrm"))
        .ssl_mode(match options.tls {
            // The folder of a socket, which does not leave this machine.
            _ if host.starts_with('/') => PgSslMode::Disable,
            Tls::Off => PgSslMode::Disable,
            Tls::Preferred => PgSslMode::Prefer,
            Tls::Required => PgSslMode::Require,
            Tls::VerifyAuthority => PgSslMode::VerifyCa,
            Tls::VerifyHost => PgSslMode::VerifyFull,
        })
        // It only affects fractions, and some proxies reject it.
        .extra_float_digits(None)
        .disable_statement_logging();
    if let Some(path) = &options.authority {
        connect = connect.ssl_root_cert(path);
    }
    if let Some((certificate, key)) = &options.certificate {
        connect = connect.ssl_client_cert(certificate).ssl_client_key(key);
    }
    connect
}

/// Limits lock waits and idle transactions to the caller's timeout, so that an abandoned transaction releases its locks.
fn limits(options: &ServerOptions) -> [(&'static str, String); 2] {
    let milliseconds = options.timeout.as_millis().clamp(1, 1_000_000_000).to_string();
    [("lock_timeout", milliseconds.clone()), ("idle_in_transaction_session_timeout", milliseconds)]
}

impl Server for PostgresServer {
    type Link = PgConnection;

    /// Tries one host after the other. They share the timeout.
    async fn connect(&self, timeout: Duration) -> Result<(PgConnection, bool), NoConnection> {
        let passwords = self.passwords().await?;
        let preferences = self.sessions.preferences();
        let attempts = u32::try_from(preferences.len() * self.hosts.len()).unwrap_or(u32::MAX);
        let mut failure = unsuitable(self.sessions);
        for sessions in preferences {
            for (host, password) in self.hosts.iter().zip(&passwords) {
                let options = password
                    .iter()
                    .fold(host.clone(), |options, password| options.password(password.expose_secret()));
                match tokio::time::timeout(timeout / attempts, self.connect_to(options)).await {
                    Ok(Ok((greeted, is_pooled))) if sessions.accepts(greeted.role) => {
                        return Ok((greeted.link, is_pooled));
                    }
                    Ok(Ok(_)) => failure = unsuitable(sessions),
                    Ok(Err(error)) if self.is_away(&error) => failure = error,
                    Ok(Err(error)) => return Err(error.into()),
                    Err(_) => failure = io::Error::from(io::ErrorKind::TimedOut).into(),
                }
            }
        }
        Err(failure.into())
    }

    fn words(options: &ServerOptions) -> Words {
        words::words(&options.table, &limits(options))
    }

    /// The codes: <https://www.postgresql.org/docs/current/errcodes-appendix.html>.
    fn classify(&self, error: &dyn DatabaseError) -> ServerFault {
        use StoreErrorKind::{Busy, Damaged, Full, Other, Permission, Rejected};

        let Place { user, host, database, table } = &self.place;
        let schema = table.split_once('.').map_or("public", |(schema, _)| schema);
        let code = self.code(error);
        let (kind, next_step): (_, Cow<'static, str>) = match &*code {
            "08P01" if error.message() == NO_TRANSACTIONS => (Rejected, SET_THE_MODE.into()),
            // Shutting down, or the session was terminated.
            "57P01" | "57P02" | "57P05" | "25P03" => return ServerFault::Lost,
            code if code.starts_with("08") => return ServerFault::Lost,
            // A serialization failure, a deadlock, a lock timeout.
            "40001" | "40P01" | "55P03" => return ServerFault::Contended,
            "23505" => return ServerFault::Taken,
            "53300" => return ServerFault::NotNow(TOO_MANY.into()),
            "57P03" => return ServerFault::NotNow("the server is starting or stopping; try again".into()),
            // A hot standby, or a transaction that is read-only by a setting.
            "25006" => return ServerFault::NotNow(read_only(host).into()),
            "57014" => (Busy, "the server cancelled the statement; try again".into()),
            "53100" => (Full, FREE_SPACE.into()),
            "53200" => (Full, MORE_MEMORY.into()),
            "28P01" | "28000" => (
                Permission,
                format!("check the password of `{user}`, and that this account may connect from here").into(),
            ),
            "42501" => (
                Permission,
                format!(
                    "ask an administrator to run in {database}, in this order, without what does not exist: \
                    grant usage, create on schema {schema} to \"{user}\"; \
                    grant select, insert, update, delete on {table} to \"{user}\"; \
                    grant select, insert, update, delete on {table}_state to \"{user}\""
                )
                .into(),
            ),
            "42P05" | "26000" => (Other, MIXED_UP.into()),
            "3D000" => (Other, format!("run: create database {database}").into()),
            "3F000" => (Other, format!("run in {database}: create schema {schema}").into()),
            "42P01" => (Other, "the table was dropped; open the store again to create it".into()),
            "42703" | "42804" | "42809" => {
                (Damaged, format!("{table} was not changed; check that it is the right table").into())
            }
            "54000" | "P0001" => (Rejected, REJECTED.into()),
            code if code.starts_with("22") || code.starts_with("23") => (Rejected, REJECTED.into()),
            _ => (Other, "see the error code in the server's manual".into()),
        };
        // The messages of these errors can contain a value.
        let may_quote = code.starts_with("22") || code.starts_with("23");
        ServerFault::Other { kind, next_step, message: (!may_quote).then(|| error.message().to_owned()) }
    }

    /// To the driver, a server that closes the connection at once has said something strange.
    fn misunderstood(&self) -> (StoreErrorKind, &'static str) {
        (StoreErrorKind::Busy, SIGN_IN)
    }

    fn code(&self, error: &dyn DatabaseError) -> String {
        error.code().unwrap_or_default().into_owned()
    }
}

/// The failure if hosts respond, but none of them may be used. There may be one later.
fn unsuitable(sessions: Sessions) -> sqlx::Error {
    io::Error::new(io::ErrorKind::NotConnected, format!("no host is {sessions}")).into()
}

/// Whether a pooler may have rejected the settings of the session: a violation of the protocol, a missing feature, an
/// unknown parameter.
fn rejects_settings(error: &dyn DatabaseError) -> bool {
    matches!(error.code().as_deref(), Some("08P01" | "0A000" | "42704"))
}

/// PgBouncer's message for `begin` in statement mode. Its errors all have the same code.
const NO_TRANSACTIONS: &str = "transaction blocks not allowed in statement pooling mode";
const SET_THE_MODE: &str = "set pool_mode to transaction or session in PgBouncer for this database, or connect to the server directly";
const SIGN_IN: &str = "try again; if it persists, check that a PostgreSQL server listens on this port, and that pg_hba.conf asks this account for scram-sha-256, md5 or password";
const MIXED_UP: &str = "a pooler between this program and the server mixes up the statements of its clients; set it to session mode, or connect to the server directly";
const REJECTED: &str = "the table rejects this token; check its columns and constraints";

impl Dialect for PgConnection {
    const ACCEPTS_NUL: bool = false;

    fn bound(statement: &Statement, values: &[Value<'_>]) -> Query<'static, Postgres, PgArguments> {
        let unbound = query(statement.text.clone()).persistent(statement.is_cached);
        values.iter().fold(unbound, |bound, value| match value {
            Value::Text(text) | Value::Exact(text) => bound.bind(text),
            Value::Number(number) => bound.bind(number),
        })
    }

    fn rows_affected(result: &PgQueryResult) -> u64 {
        result.rows_affected()
    }
}

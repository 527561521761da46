//! A MySQL or MariaDB server: how to connect, and the meaning of its error numbers.

#![expect(clippy::disallowed_types, reason = "this file speaks to MySQL")]

use std::borrow::Cow;
use std::time::Duration;

use secrecy::ExposeSecret;
use sqlx::error::DatabaseError;
use sqlx::mysql::{
    MySqlArguments, MySqlConnectOptions, MySqlConnection, MySqlDatabaseError, MySqlQueryResult, MySqlSslMode,
};
use sqlx::query::Query;
use sqlx::{ConnectOptions, MySql, query};

use super::super::error::StoreErrorKind;
use super::super::password::Password;
use super::super::sql::{
    Dialect, FREE_SPACE, Link, MORE_MEMORY, NoConnection, Place, REACH, Server, ServerFault, ServerOptions,
    Statement, TOO_MANY, Tls, Value, Words, read_only,
};
use super::super::stored::StoredToken;
use super::words;

/// A MySQL or MariaDB server, with the names that messages use for it.
pub(super) struct MySqlServer {
    place: Place,
    options: MySqlConnectOptions,
    password: Password,
    greeting: Statement,
}

impl MySqlServer {
    pub(super) fn new(options: &ServerOptions) -> Self {
        Self {
            place: options.place(),
            options: connect_options(options),
            password: options.password.clone(),
            greeting: Statement::new(greeting(options)),
        }
    }
}

fn connect_options(options: &ServerOptions) -> MySqlConnectOptions {
    let mut connect = MySqlConnectOptions::new()
        .host(&options.host)
        .port(options.port)
        .username(&options.user)
        .database(&options.database)
        .ssl_mode(match options.tls {
            // A socket does not leave this machine.
            _ if options.socket.is_some() => MySqlSslMode::Disabled,
            Tls::Off => MySqlSslMode::Disabled,
            Tls::Preferred => MySqlSslMode::Preferred,
            Tls::Required => MySqlSslMode::Required,
            Tls::VerifyAuthority => MySqlSslMode::VerifyCa,
            Tls::VerifyHost => MySqlSslMode::VerifyIdentity,
        })
        // The greeting sets all of these, in one round trip.
        .pipes_as_concat(false)
        .no_engine_substitution(false)
        .timezone(None)
        .set_names(false)
        // AWS IAM needs it. Only a server with a verified certificate gets a password in clear text.
        .enable_cleartext_plugin(matches!(options.tls, Tls::VerifyAuthority | Tls::VerifyHost))
        .disable_statement_logging();
    if let Some(path) = &options.authority {
        connect = connect.ssl_ca(path);
    }
    if let Some((certificate, key)) = &options.certificate {
        connect = connect.ssl_client_cert(certificate).ssl_client_key(key);
    }
    if let Some(socket) = &options.socket {
        connect = connect.socket(socket);
    }
    connect
}

/// Sets strict mode, so that nothing is truncated; UTC; and limits of lock waits and idle transactions to the caller's
/// timeout, so that an abandoned transaction releases its locks. MySQL has no timeout for idle transactions: the server closes
/// the connection after five minutes, when the pool no longer uses it. Only MariaDB runs what follows `M!`.
fn greeting(options: &ServerOptions) -> String {
    let seconds = options.timeout.as_secs().clamp(1, 1_000_000);
    format!(
        "set session sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION', session time_zone = '+00:00', \
        session autocommit = 1, session innodb_lock_wait_timeout = {seconds}, \
        session wait_timeout = least(@@session.wait_timeout, 300) \
        /*M!100300 , session idle_transaction_timeout = {seconds} */, names utf8mb4"
    )
}

impl Server for MySqlServer {
    type Link = MySqlConnection;

    /// A pooler for MySQL keeps what statements and settings of a session need.
    async fn connect(&self, _: Duration) -> Result<(MySqlConnection, bool), NoConnection> {
        let password = self.password.read().await?;
        let options = password
            .iter()
            .fold(self.options.clone(), |options, password| options.password(password.expose_secret()));
        let mut link = options.connect().await?;
        link.command(&self.greeting).await?;
        Ok((link, false))
    }

    fn words(options: &ServerOptions) -> Words {
        words::words(&options.table)
    }

    /// The numbers: <https://mariadb.com/kb/en/mariadb-error-code-reference/> and
    /// <https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html>.
    fn classify(&self, error: &dyn DatabaseError) -> ServerFault {
        use StoreErrorKind::{Busy, Damaged, Full, Other, Permission, Rejected};

        let Place { user, host, database, table } = &self.place;
        let number = number(error);
        let (kind, next_step): (_, Cow<'static, str>) = match number {
            // Shutting down; the connection was killed or idle for too long; an error of the network; a proxy has lost the
            // server.
            1053 | 1077 | 1079 | 1152 | 1158..=1161 | 1184 | 1927 | 2006 | 2013 | 4031 => return ServerFault::Lost,
            // The row has changed since the snapshot, a lock timeout, a deadlock, a deadlock in a cluster.
            1020 | 1205 | 1213 | 1180 | 3101 => return ServerFault::Contended,
            1022 | 1062 | 1586 => return ServerFault::Taken,
            1040 | 1203 | 1226 => return ServerFault::NotNow(TOO_MANY.into()),
            // A read-only server or transaction.
            1290 | 1792 | 1836 | 3989 => return ServerFault::NotNow(read_only(host).into()),
            1047 => return ServerFault::NotNow(NOT_IN_THE_CLUSTER.into()),
            // ProxySQL reaches no server.
            9001 => return ServerFault::NotNow(REACH.into()),
            1317 | 1969 | 3024 => (Busy, "the server cancelled the statement; try again".into()),
            1021 | 1114 => (Full, FREE_SPACE.into()),
            // Many numbers report an error of a file; only the text has that of the operating system.
            _ if error.message().contains("No space left on device") => (Full, FREE_SPACE.into()),
            1037 | 1038 | 1041 => (Full, MORE_MEMORY.into()),
            1045 | 1698 | 1251 | 1862 | 1820 => {
                (Permission, format!("check the password of `{user}`, and that this account may connect from here").into())
            }
            // Too many failed connections from this address, such as those of a balancer's checks.
            1129 => return ServerFault::NotNow(BLOCKED.into()),
            1130 => (Permission, format!("create the account '{user}' for this address, as in '{user}'@'%'").into()),
            1524 => (Permission, SIGN_IN.into()),
            1044 | 1142 | 1143 | 1227 | 1370 | 1410 => (Permission, format!(
                "ask an administrator to run: grant select, insert, update, delete, create, index on {database}.* to '{user}'@'...'"
            ).into()),
            1049 => (Other, format!("run: create database {database}").into()),
            1146 => (Other, "the table was dropped; open the store again to create it".into()),
            1054 | 1347 | 1356 => {
                (Damaged, format!("{table} was not changed; check that it is the right table").into())
            }
            1048 | 1364 | 1366 | 1406 | 1644 | 3819 | 4025 | 1153 | 3988 => (Rejected, rejection(error.message()).into()),
            _ => (Other, "see the error number in the server's manual".into()),
        };
        // The messages of these errors can contain a value.
        let may_quote = matches!(number, 1264..=1265 | 1292 | 1366 | 1406 | 1411 | 3988)
            || error.code().is_some_and(|state| state.starts_with("22") || state.starts_with("23"));
        ServerFault::Other { kind, next_step, message: (!may_quote).then(|| error.message().to_owned()) }
    }

    fn misunderstood(&self) -> (StoreErrorKind, &'static str) {
        (StoreErrorKind::Other, SIGN_IN)
    }

    fn code(&self, error: &dyn DatabaseError) -> String {
        number(error).to_string()
    }
}

impl Dialect for MySqlConnection {
    const ACCEPTS_NUL: bool = true;

    fn is_unrepresentable(error: &sqlx::Error) -> bool {
        let error = error.as_database_error();
        // "Illegal mix of collations" of two, three or more operands.
        error.is_some_and(|error| matches!(number(error), 1267 | 1270 | 1271))
    }

    fn bound(statement: &Statement, values: &[Value<'_>]) -> Query<'static, MySql, MySqlArguments> {
        let unbound = query(statement.text.clone()).persistent(statement.is_cached);
        values.iter().fold(unbound, |bound, value| match value {
            Value::Text(text) => bound.bind(text),
            // Bytes have no collation.
            Value::Exact(text) => bound.bind(text.map(str::as_bytes)),
            Value::Number(number) => bound.bind(number),
        })
    }

    fn rows_affected(result: &MySqlQueryResult) -> u64 {
        // With this driver, the server counts the rows that matched, even if they did not change.
        result.rows_affected()
    }
}

const NOT_IN_THE_CLUSTER: &str = "this node of the Galera cluster is joining, or sees too few other nodes; try again, or use the address of another node";
const BLOCKED: &str = "run on the server: flush hosts; if it happens again, raise its max_connect_errors, or check what connects to it";
const SIGN_IN: &str =
    "let the account use mysql_native_password, or over TLS caching_sha2_password or sha256_password";

fn number(error: &dyn DatabaseError) -> u16 {
    error.try_downcast_ref::<MySqlDatabaseError>().map_or(0, MySqlDatabaseError::number)
}

/// The advice for a rejected value. The server's message ends with the column's name, possibly qualified.
fn rejection(message: &str) -> String {
    let column = message.rsplit_once("column ").map_or("", |(_, place)| place);
    let column = column.split_once(" at row").map_or(column, |(column, _)| column);
    let column = column.rsplit('.').next().unwrap_or(column).trim_matches(['`', '\'']);
    if StoredToken::COLUMNS.contains(&column) {
        return format!(
            "the column {column} cannot hold the value; widen it, or set its character set to utf8mb4"
        );
    }
    "the table rejects this token; check its columns and constraints".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_column_is_found_even_if_the_value_names_another_one() {
        for message in [
            "Incorrect string value: '\\xE5 for column 'id'' for column `oauthtoken`.`id`.`user_name` at row 1",
            "Data too long for column 'user_name' at row 1",
        ] {
            assert!(rejection(message).starts_with("the column user_name cannot hold"), "{message}");
        }
        assert!(rejection("CONSTRAINT `c` failed for `d`.`t`").starts_with("the table rejects"));
    }
}

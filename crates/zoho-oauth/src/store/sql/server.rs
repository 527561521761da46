//! The interface to a kind of server: how to connect to it, its SQL dialect and its errors.

use std::borrow::Cow;
use std::future::Future;
use std::time::Duration;

use sqlx::error::DatabaseError;

use super::super::error::{StoreError, StoreErrorKind};
use super::driver::Link;
use super::options::ServerOptions;
use super::texts::Words;

/// A kind of server: how to connect to it, its SQL dialect and its errors.
pub(in crate::store) trait Server: Send + Sync + 'static {
    /// A connection to the server.
    type Link: Link;

    /// Connects, and sets the session up, whatever the server's settings are. Returns also whether this is a connection to a
    /// pooler that may run each transaction in another session.
    /// After `timeout` the caller gives up.
    fn connect(
        &self,
        timeout: Duration,
    ) -> impl Future<Output = Result<(Self::Link, bool), NoConnection>> + Send;

    /// Returns the parts of statements that are specific to this server.
    fn words(options: &ServerOptions) -> Words;

    /// Returns the meaning of an error of the server.
    fn classify(&self, error: &dyn DatabaseError) -> ServerFault;

    /// Returns the kind of the error if the driver does not understand the server while it signs in, and what to do.
    fn misunderstood(&self) -> (StoreErrorKind, &'static str);

    /// Returns the code by which the server's manual lists the error.
    fn code(&self, error: &dyn DatabaseError) -> String;
}

/// Why there is no connection.
pub(in crate::store) enum NoConnection {
    /// An error of the driver or the server.
    Driver(sqlx::Error),
    /// There is no password.
    Password(StoreError),
}

impl From<sqlx::Error> for NoConnection {
    fn from(error: sqlx::Error) -> Self {
        Self::Driver(error)
    }
}

impl From<StoreError> for NoConnection {
    fn from(error: StoreError) -> Self {
        Self::Password(error)
    }
}

/// The meaning of an error of the server.
pub(in crate::store) enum ServerFault {
    /// The server is shutting down or has closed the connection.
    Lost,
    /// The transaction was rolled back because of a conflict, and can be retried.
    Contended,
    /// A row with this id exists.
    Taken,
    /// The server accepts no connection or no statement now, and did nothing: it is starting, has too many connections, or
    /// was demoted to a replica. A new connection may lead to another server, or be accepted later. What to do if it persists.
    NotNow(Cow<'static, str>),
    /// Any other error: its kind, what to do, and the server's message, unless it may quote a value.
    Other { kind: StoreErrorKind, next_step: Cow<'static, str>, message: Option<String> },
}

/// What to do if the server cannot be reached.
pub(in crate::store) const REACH: &str =
    "check that the server is running and reachable from here, and try again";
/// What to do if the server or the account has no connection left.
pub(in crate::store) const TOO_MANY: &str = "try again later; if it persists, raise the server's max_connections or its limit for this account, or lower max_connections in the stores that use it";
/// What to do if the server's disk is full.
pub(in crate::store) const FREE_SPACE: &str =
    "free space on the server's disk and try again; what was stored before is intact";
/// What to do if the server has no memory left.
pub(in crate::store) const MORE_MEMORY: &str =
    "give the server more memory or less load, and try again; what was stored before is intact";

/// What to do if the server at a host is read-only.
pub(in crate::store) fn read_only(host: &str) -> String {
    format!(
        "the server at {host} is read-only, perhaps a replica after a failover; use the address of the primary, or try again when there is one"
    )
}

//! Failures of a database server and its driver, and the store errors that they become.

use std::borrow::Cow;
use std::io;
use std::time::Duration;

use super::super::error::{StoreError, StoreErrorKind};
use super::server::{REACH, Server, ServerFault};

/// A failure, before it is known which call failed.
#[derive(Debug)]
pub(super) enum Fault {
    /// An error of the driver or the server.
    Driver(sqlx::Error),
    /// An error of the driver or the server while a connection was being established.
    Unconnected(sqlx::Error),
    /// No connection was established within this time.
    Unreachable(Duration),
    /// The call took longer than this.
    TimedOut(Duration),
    /// Another program has changed the row that was to be overwritten.
    Changed,
    /// A violation of the store's rules.
    Rule(StoreError),
}

impl Fault {
    /// Whether the connection was lost, so that the result of the last statement is unknown.
    pub(super) fn is_lost(&self, server: &impl Server) -> bool {
        match self {
            Self::Driver(sqlx::Error::Io(error)) => !is_about_tls(error),
            Self::Driver(sqlx::Error::Protocol(_)) => true,
            _ => matches!(self.server_fault(server), Some(ServerFault::Lost)),
        }
    }

    /// Whether the server rejected the statement on this connection, and did nothing.
    pub(super) fn is_not_now(&self, server: &impl Server) -> bool {
        matches!(self.server_fault(server), Some(ServerFault::NotNow(_)))
    }

    /// Whether the connection is of no further use: it was lost, the server rejects statements on it, or it was opened
    /// before a permission was granted.
    pub(super) fn spoils_connection(&self, server: &impl Server) -> bool {
        let is_forbidden = || {
            matches!(
                self.server_fault(server),
                Some(ServerFault::Other { kind: StoreErrorKind::Permission, .. })
            )
        };
        self.is_lost(server) || self.is_not_now(server) || is_forbidden()
    }

    /// Whether no connection was established because the server is away.
    pub(super) fn is_outage(&self, server: &impl Server) -> bool {
        match self {
            Self::Unreachable(_) => true,
            Self::Unconnected(sqlx::Error::Io(error)) => is_about_the_network(error),
            Self::Unconnected(sqlx::Error::Database(error)) => {
                matches!(server.classify(&**error), ServerFault::Lost | ServerFault::NotNow(_))
            }
            _ => false,
        }
    }

    /// Whether an immediate retry may succeed, because a conflict caused the failure.
    pub(super) fn is_contended(&self, server: &impl Server) -> bool {
        matches!(self, Self::Changed)
            || matches!(self.server_fault(server), Some(ServerFault::Contended | ServerFault::Taken))
    }

    /// Whether the statement failed because a row with the same id exists.
    pub(super) fn is_taken(&self, server: &impl Server) -> bool {
        matches!(self.server_fault(server), Some(ServerFault::Taken))
    }

    /// Converts into the error that the caller gets.
    pub(super) fn into_error(self, server: &impl Server, action: &'static str) -> StoreError {
        let of = |kind, next_step| StoreError::of(kind, action).next_step(next_step);
        let fault = match self {
            Self::Unconnected(sqlx::Error::Protocol(evidence)) => {
                let (kind, next_step) = server.misunderstood();
                return of(kind, next_step.into())
                    .evidence(format!("the server's greeting is not understood: {evidence}"));
            }
            Self::Unconnected(error) => Self::Driver(error),
            other => other,
        };
        if fault.is_lost(server) {
            return of(StoreErrorKind::Busy, Cow::Borrowed(REACH))
                .evidence(format!("the connection failed: {}", fault.connection_error()));
        }
        match fault {
            Self::Rule(error) => error,
            Self::Unreachable(time) => of(StoreErrorKind::Busy, REACH.into())
                .evidence(format!("no connection within {} s", time.as_secs_f32())),
            Self::TimedOut(time) => of(StoreErrorKind::Busy, WAIT.into())
                .evidence(format!("no response within {} s", time.as_secs_f32())),
            Self::Changed => {
                of(StoreErrorKind::Busy, "try again".into()).evidence("other programs kept changing the row")
            }
            Self::Driver(sqlx::Error::Database(error)) => match server.classify(&*error) {
                ServerFault::Lost | ServerFault::Contended => of(StoreErrorKind::Busy, "try again".into())
                    .evidence(format!("conflicts with other programs (error {})", server.code(&*error))),
                ServerFault::Taken => of(StoreErrorKind::Rejected, "choose another id".into()).evidence(
                    "a row with this id, or with one that the table considers equal, already exists",
                ),
                ServerFault::NotNow(next_step) => of(StoreErrorKind::Busy, next_step).evidence(format!(
                    "{} (error {})",
                    error.message(),
                    server.code(&*error)
                )),
                ServerFault::Other { kind, next_step, message } => {
                    let code = server.code(&*error);
                    of(kind, next_step).evidence(match message {
                        Some(message) => format!("{message} (error {code})"),
                        None => format!("the server returned error {code}"),
                    })
                }
            },
            Self::Driver(
                error @ (sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::Configuration(_)),
            ) => of(StoreErrorKind::Other, SECURE.into()).evidence(error.to_string()).caused_by(error),
            Self::Driver(error) | Self::Unconnected(error) => of(StoreErrorKind::Damaged, REPAIR.into())
                .evidence(format!("the content cannot be read: {error}")),
        }
    }

    fn connection_error(&self) -> String {
        match self {
            Self::Driver(sqlx::Error::Io(error)) if error.kind() == io::ErrorKind::UnexpectedEof => {
                "the server closed it".to_owned()
            }
            Self::Driver(sqlx::Error::Io(error)) => error.to_string(),
            Self::Driver(sqlx::Error::Database(error)) => error.message().to_owned(),
            _ => "the server's response was truncated or malformed".to_owned(),
        }
    }

    fn server_fault(&self, server: &impl Server) -> Option<ServerFault> {
        match self {
            Self::Driver(sqlx::Error::Database(error)) => Some(server.classify(&**error)),
            _ => None,
        }
    }
}

impl From<sqlx::Error> for Fault {
    fn from(error: sqlx::Error) -> Self {
        Self::Driver(error)
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::Rule(error)
    }
}

/// Whether an I/O error came from the network, and not from a certificate or its file.
fn is_about_the_network(error: &io::Error) -> bool {
    use io::ErrorKind::{InvalidData, InvalidInput, NotFound, PermissionDenied, Unsupported};
    !matches!(error.kind(), InvalidData | InvalidInput | NotFound | PermissionDenied | Unsupported)
}

/// An untrusted certificate is reported as an I/O error during the handshake.
fn is_about_tls(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::InvalidData
}

const WAIT: &str = "try again; if it persists, the server is overloaded, or this store's timeout or max_connections is too low";
const SECURE: &str = "check the TLS settings of the URL and of the server, and the certificates";
const REPAIR: &str = "the table was not changed; check that it is the right one";

//! What can go wrong below the store, and how it is told: kind, evidence, next step.

use std::borrow::Cow;
use std::io;
use std::time::Duration;

use super::super::error::{StoreError, StoreErrorKind};
use super::driver::Server;

/// A failure that does not know yet what the store was asked for.
#[derive(Debug)]
pub(super) enum Fault {
    /// The driver said so, or the server.
    Driver(sqlx::Error),
    /// No connection could be made in this time.
    Unreachable(Duration),
    /// The call took longer than this.
    OutOfTime(Duration),
    /// What was to be written over had been changed by somebody else.
    Changed,
    /// The store's own rules say so.
    Told(StoreError),
}

/// What it means when the server says that something failed.
pub(in crate::store) enum Trouble {
    /// The server is going away, or has closed the connection.
    Lost,
    /// Others were in the way; the transaction was taken back, and may be tried again.
    Contended,
    /// There is a row with that id already.
    Taken,
    /// Anything else: its kind, what to do next, and the server's words, unless they may quote a value.
    Other { kind: StoreErrorKind, next_step: Cow<'static, str>, words: Option<String> },
}

impl Fault {
    /// Whether the connection was lost: nobody knows what became of the last statement.
    pub(super) fn is_lost(&self, server: &impl Server) -> bool {
        match self {
            Self::Driver(sqlx::Error::Io(error)) => !is_about_tls(error),
            Self::Driver(sqlx::Error::Protocol(_)) => true,
            _ => matches!(self.trouble(server), Some(Trouble::Lost)),
        }
    }

    /// Whether the same may succeed when it is tried again at once, since others were in the way.
    pub(super) fn is_contended(&self, server: &impl Server) -> bool {
        matches!(self, Self::Changed)
            || matches!(self.trouble(server), Some(Trouble::Contended | Trouble::Taken))
    }

    /// Whether there is a row with that id already.
    pub(super) fn is_taken(&self, server: &impl Server) -> bool {
        matches!(self.trouble(server), Some(Trouble::Taken))
    }

    /// The error that the caller gets.
    pub(super) fn into_error(self, server: &impl Server, action: &'static str) -> StoreError {
        let of = |kind, next_step| StoreError::of(kind, action).next_step(next_step);
        if self.is_lost(server) {
            return of(StoreErrorKind::Busy, Cow::Borrowed(REACH))
                .evidence(format!("the connection failed: {}", self.words()));
        }
        match self {
            Self::Told(error) => error,
            Self::Unreachable(time) => of(StoreErrorKind::Busy, REACH.into())
                .evidence(format!("no connection within {} s", time.as_secs_f32())),
            Self::OutOfTime(time) => of(StoreErrorKind::Busy, WAIT.into())
                .evidence(format!("no answer within {} s", time.as_secs_f32())),
            Self::Changed => of(StoreErrorKind::Busy, "try again".into())
                .evidence("others kept changing what was to be written over"),
            Self::Driver(sqlx::Error::Database(error)) => match server.trouble(&*error) {
                Trouble::Lost | Trouble::Contended => of(StoreErrorKind::Busy, "try again".into())
                    .evidence(format!("others kept it from being written (error {})", server.code(&*error))),
                Trouble::Taken => of(StoreErrorKind::Refused, "choose another id".into()).evidence(
                    "there is a row already with that id, or with one that the table takes for the same",
                ),
                Trouble::Other { kind, next_step, words } => {
                    let code = server.code(&*error);
                    of(kind, next_step).evidence(match words {
                        Some(words) => format!("{words} (error {code})"),
                        None => format!("the server answered with error {code}"),
                    })
                }
            },
            Self::Driver(
                error @ (sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::Configuration(_)),
            ) => of(StoreErrorKind::Other, SECURE.into()).evidence(error.to_string()).caused_by(error),
            Self::Driver(error) => of(StoreErrorKind::Damaged, REPAIR.into())
                .evidence(format!("what it holds cannot be read: {error}")),
        }
    }

    fn words(&self) -> String {
        match self {
            Self::Driver(sqlx::Error::Io(error)) if error.kind() == io::ErrorKind::UnexpectedEof => {
                "the server closed it".to_owned()
            }
            Self::Driver(sqlx::Error::Io(error)) => error.to_string(),
            Self::Driver(sqlx::Error::Database(error)) => error.message().to_owned(),
            _ => "the server's answer was cut off, or makes no sense".to_owned(),
        }
    }

    fn trouble(&self, server: &impl Server) -> Option<Trouble> {
        match self {
            Self::Driver(sqlx::Error::Database(error)) => Some(server.trouble(&**error)),
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
        Self::Told(error)
    }
}

/// What to do when the server, or its account, has no connection left.
pub(in crate::store) const TOO_MANY: &str = "try again when others have gone; if it keeps happening raise the server's max_connections, or its limit for this account, or lower the max_connections of the stores that use it";
/// What to do when the server has no room left.
pub(in crate::store) const MAKE_ROOM: &str =
    "make room on the server's disk and try again; what was stored before is intact";
/// What to do when the server has no memory left.
pub(in crate::store) const MORE_MEMORY: &str =
    "give the server more memory, or less to do, and try again; what was stored before is intact";

/// What to do when the server at a host can only be read.
pub(in crate::store) fn read_only(host: &str) -> String {
    format!(
        "the server at {host} takes no writes, perhaps as a replica after a failover: name the primary, or try again when there is one"
    )
}

/// A certificate that is not trusted comes as an I/O error from within the handshake.
fn is_about_tls(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::InvalidData
}

const REACH: &str = "check that the server runs and can be reached from here, and try again";
const WAIT: &str = "try again; if it keeps happening the server is overloaded, or this store's timeout or max_connections is too low";
const SECURE: &str = "check how the URL asks for TLS, what the server offers, and the certificates";
const REPAIR: &str = "the table was left as it is: check that it is the right one";

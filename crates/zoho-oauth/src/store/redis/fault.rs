//! Failures of a Redis server and its client, and the store errors that they become.

use std::borrow::Cow;
use std::error::Error;
use std::path::PathBuf;
use std::time::Duration;
use std::{io, sync::Arc};

use redis::{ErrorKind, RedisError, ServerErrorKind};

use super::super::error::{StoreError, StoreErrorKind};

/// A failure, before it is known which call failed.
#[derive(Clone)]
pub(super) enum Fault {
    /// No connection was established.
    Unconnected(RedisError),
    /// The server returned an error, or the connection was lost before a response.
    Redis(RedisError),
    /// The call exceeded its timeout.
    TimedOut(Duration),
    /// The certificate file cannot be read.
    Certificates(PathBuf, Arc<io::Error>),
    /// The server may delete rows: its eviction policy.
    Evicts(String),
    /// A violation of the store's rules.
    Rule(StoreError),
    /// Content that cannot be parsed.
    Unreadable(Cow<'static, str>),
}

impl Fault {
    /// Converts into the error that the caller gets.
    pub(super) fn into_error(self, store: &str, action: &'static str) -> StoreError {
        let of = |kind, next_step| StoreError::of(kind, action).next_step(next_step);
        let error = match self {
            Self::Rule(error) => error,
            Self::Unconnected(error) | Self::Redis(error) => {
                let (kind, next_step) = classify(&error);
                let failed = of(kind, next_step).evidence(evidence(&error));
                // The text of any other error can contain a request or a response.
                if error.is_io_error() { failed.caused_by(error) } else { failed }
            }
            Self::TimedOut(time) => of(StoreErrorKind::Busy, REACH)
                .evidence(format!("no response within {} s", time.as_secs_f32())),
            Self::Certificates(path, error) => {
                of(StoreErrorKind::Other, "pass a PEM file that this account can read")
                    .evidence(format!("cannot read the certificate file `{}`: {error}", path.display()))
                    .caused_by(error)
            }
            Self::Evicts(policy) => of(
                StoreErrorKind::Other,
                "set maxmemory-policy noeviction, use another server, or accept the loss with allow_eviction=true",
            )
            .evidence(format!("the server deletes tokens when its memory is full (maxmemory-policy {policy})")),
            Self::Unreadable(what) => of(StoreErrorKind::Damaged, REPAIR).evidence(what),
        };
        error.in_store(store)
    }

    /// Whether the connection was lost, so that the result of the command is unknown.
    pub(super) fn is_lost(&self) -> bool {
        matches!(self, Self::Redis(error) if error.is_io_error())
    }

    /// Whether the server answered with an error.
    pub(super) fn is_answer(&self) -> bool {
        matches!(self, Self::Redis(error) if !error.is_io_error())
    }

    /// Whether no connection was established because the server is away.
    pub(super) fn is_outage(&self) -> bool {
        matches!(self, Self::Unconnected(error) if classify(error).0 == StoreErrorKind::Busy)
    }

    /// Whether the server rejected the command for now, and did nothing: it is starting, was demoted to a replica, or misses
    /// nodes or replicas.
    pub(super) fn is_not_now(&self) -> bool {
        matches!(self, Self::Redis(error)
            if !error.is_io_error() && classify(error).0 == StoreErrorKind::Busy)
    }

    /// Whether a new connection may help.
    pub(super) fn concerns_connection(&self) -> bool {
        let Self::Redis(error) = self else { return false };
        // After a failover, the old connection leads to a replica, or to a server that is not the primary yet.
        let is_replica = matches!(code(error), "READONLY" | "MASTERDOWN" | "LOADING");
        error.is_io_error() || error.is_unrecoverable_error() || is_replica
    }
}

impl From<RedisError> for Fault {
    fn from(error: RedisError) -> Self {
        Self::Redis(error)
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::Rule(error)
    }
}

const REACH: &str = "check that the server is running and reachable from here, and try again";
/// A server with too many clients sends an error and closes the connection; the client may see only the latter.
const CLOSED: &str = "check that the server is running, that it accepts another client (maxclients), and that both sides use TLS or neither, and try again";
const REPAIR: &str = "nothing was changed; check that the prefix is the right one, run `zoho tokens check --repair`, or restore a backup";
const LOST: &str = "set maxmemory-policy noeviction; then restore a backup, or run `zoho tokens check --repair` or call store::repair, and log in again";
const INDEX: &str = "run `zoho tokens check --repair` or call store::repair, which creates the index again; set maxmemory-policy noeviction";
const LOG_IN: &str = "check the user name and the password";
const PERMIT: &str = "ask an administrator to grant the account the keys of the prefix, and the commands that the store's documentation lists";
const LATER: &str = "the server is temporarily not ready; try again in a moment";
const PRIMARY: &str = "the server is a replica, perhaps after a failover; use the address of the primary, or try again when there is one";

/// The codes of the errors that the store's scripts return if a key of the store is gone.
const ROWS_LOST: &str = "ROWSLOST";
const INDEX_LOST: &str = "INDEXLOST";

fn classify(error: &RedisError) -> (StoreErrorKind, &'static str) {
    use StoreErrorKind::{Busy, Damaged, Full, Other, Permission};
    match error.kind() {
        ErrorKind::AuthenticationFailed => return (Permission, LOG_IN),
        ErrorKind::Parse | ErrorKind::UnexpectedReturnType => return (Damaged, REPAIR),
        ErrorKind::Io | ErrorKind::Client if rejects_certificate(error) => {
            return (
                Other,
                "trust the certificate's authority on this system, or pass its file with ca=, and check that the certificate is for this host",
            );
        }
        ErrorKind::Io if error.is_connection_dropped() && !error.is_connection_refusal() => {
            return (Busy, CLOSED);
        }
        ErrorKind::Io | ErrorKind::ClusterConnectionNotFound => return (Busy, REACH),
        ErrorKind::MasterNameNotFoundBySentinel => {
            return (Other, "check the name of the service, which follows the hosts in the URL");
        }
        ErrorKind::InvalidClientConfig => return (Other, "check the host and the certificate file"),
        _ => {}
    }
    match code(error) {
        "NOAUTH" | "WRONGPASS" => (Permission, LOG_IN),
        "NOPERM" => (Permission, PERMIT),
        "LOADING" | "TRYAGAIN" | "BUSY" => (Busy, LATER),
        "CLUSTERDOWN" => (Busy, "the cluster is missing a node; try again when it is complete"),
        "READONLY" | "MASTERDOWN" => (Busy, PRIMARY),
        "NOREPLICAS" => {
            (Busy, "the server requires more replicas; start them, or lower min-replicas-to-write")
        }
        "OOM" => (Full, "raise maxmemory or delete keys; what was stored before is intact"),
        "MISCONF" => {
            (Full, "free space on the server's disk and try again; what was stored before is intact")
        }
        "MOVED" | "ASK" | "CROSSSLOT" => (Other, "the server is part of a cluster; set cluster=true"),
        ROWS_LOST => (Damaged, LOST),
        INDEX_LOST => (Damaged, INDEX),
        "WRONGTYPE" => (Damaged, "another program has keys with this prefix; choose another prefix"),
        _ => match error.detail().unwrap_or_default() {
            // The message for a script whose caller lacks a permission.
            detail if detail.contains("The user executing the script") => (Permission, PERMIT),
            detail if detail.contains("max number of clients") => {
                (Busy, "raise maxclients, or try again later")
            }
            // The message of Redis 6 to 8 and of Valkey.
            detail if detail.contains("without any password configured") => {
                (Permission, "the server has no password; remove it from the URL, or set one on the server")
            }
            detail if detail.contains("cluster support disabled") => {
                (Other, "the server is not part of a cluster; remove cluster=true")
            }
            detail if detail.contains("unknown command 'SENTINEL'") => {
                (Other, "the server is not a Sentinel; pass the hosts of the Sentinels, or use redis://")
            }
            detail if detail.contains("unknown command") => {
                (Other, "use Redis 6.2 or later, or Valkey 7.2 or later, with the default commands enabled")
            }
            detail if detail.contains("DB index") || detail.contains("SELECT") => {
                (Other, "pass the number of a database that the server has; a cluster has only 0")
            }
            _ => (Other, "check the server's log"),
        },
    }
}

/// Whether the handshake failed because the server's certificate is invalid, for another host or not trusted.
fn rejects_certificate(error: &RedisError) -> bool {
    // The client keeps the error of the socket, and that the one of the TLS library.
    let cause = error.source().and_then(|cause| cause.downcast_ref::<Arc<dyn Error + Send + Sync>>());
    let of_socket = cause.and_then(|cause| cause.downcast_ref::<io::Error>()).and_then(io::Error::get_ref);
    let of_tls = of_socket.and_then(|cause| cause.downcast_ref::<rustls::Error>());
    matches!(of_tls, Some(rustls::Error::InvalidCertificate(_)))
}

/// Returns the code of an error. Before Redis 7, an error in a script has its code in the message.
fn code(error: &RedisError) -> &str {
    const IN_SCRIPTS: [&str; 7] =
        ["OOM", "READONLY", "MASTERDOWN", "MISCONF", "NOREPLICAS", "WRONGTYPE", "NOPERM"];
    let code = error.code().unwrap_or_default();
    if code != "ERR" {
        return code;
    }
    let detail = error.detail().unwrap_or_default();
    let is_in_message =
        |code: &&str| detail.split_once(": -").is_some_and(|(_, rest)| rest.starts_with(*code));
    IN_SCRIPTS.into_iter().find(is_in_message).unwrap_or(code)
}

/// Returns the evidence, without anything that was sent to the server or is stored there.
fn evidence(error: &RedisError) -> String {
    match error.kind() {
        ErrorKind::Io | ErrorKind::Client | ErrorKind::InvalidClientConfig => error.to_string(),
        ErrorKind::AuthenticationFailed => "the server rejected the user name or the password".to_owned(),
        ErrorKind::Parse | ErrorKind::UnexpectedReturnType => "its response is malformed".to_owned(),
        ErrorKind::ClusterConnectionNotFound => "no node of the cluster responds".to_owned(),
        ErrorKind::Server(ServerErrorKind::Moved | ServerErrorKind::Ask) => {
            "the keys are on another node".to_owned()
        }
        _ if matches!(code(error), ROWS_LOST | INDEX_LOST) => {
            format!("{}, as after an eviction", error.detail().unwrap_or_default())
        }
        _ => {
            let detail = error.detail().unwrap_or_default();
            // The arguments of a command, or a position in a script, follow these words.
            let end = [", with args", " script: "].iter().filter_map(|words| detail.find(words)).min();
            let detail = detail[..end.unwrap_or(detail.len())].trim_end_matches('.');
            format!("{} {detail}", error.code().unwrap_or_default()).trim().to_owned()
        }
    }
}

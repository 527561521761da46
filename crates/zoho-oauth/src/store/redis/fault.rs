//! What can go wrong below the store, and how it is told: kind, evidence, next step.

use std::borrow::Cow;
use std::path::PathBuf;
use std::time::Duration;
use std::{io, sync::Arc};

use redis::{ErrorKind, RedisError, ServerErrorKind};

use super::super::error::{StoreError, StoreErrorKind};

/// A failure that does not know yet what the store was asked for.
#[derive(Clone)]
pub(super) enum Fault {
    /// No connection came about.
    Unconnected(RedisError),
    /// The server said no, or the connection ended before it said anything.
    Redis(RedisError),
    /// The call took longer than one may.
    TimedOut(Duration),
    /// The file with the certificates cannot be read.
    Certificates(PathBuf, Arc<io::Error>),
    /// The store's own rules say so.
    Told(StoreError),
    /// The content makes no sense.
    Senseless(Cow<'static, str>),
}

impl Fault {
    /// The error that the caller gets.
    pub(super) fn into_error(self, store: &str, action: &'static str) -> StoreError {
        let of = |kind, next_step| StoreError::of(kind, action).next_step(next_step);
        let error = match self {
            Self::Told(error) => error,
            Self::Unconnected(error) | Self::Redis(error) => {
                let (kind, next_step) = classify(&error);
                let told = of(kind, next_step).evidence(evidence(&error));
                // Any other error may repeat what the server was sent or what it answered.
                if error.is_io_error() { told.caused_by(error) } else { told }
            }
            Self::TimedOut(time) => of(StoreErrorKind::Busy, REACH)
                .evidence(format!("it was not done within {} s", time.as_secs_f32())),
            Self::Certificates(path, error) => {
                of(StoreErrorKind::Other, "name a PEM file that this account may read")
                    .evidence(format!("the certificates in {} cannot be read: {error}", path.display()))
                    .caused_by(error)
            }
            Self::Senseless(what) => of(StoreErrorKind::Damaged, REPAIR).evidence(what),
        };
        error.in_store(store)
    }

    /// Whether the connection ended, so that nobody knows what became of what was asked.
    pub(super) fn is_lost(&self) -> bool {
        matches!(self, Self::Redis(error) if error.is_io_error())
    }

    /// Whether another connection may lead to a server that does better.
    pub(super) fn concerns_connection(&self) -> bool {
        let Self::Redis(error) = self else { return false };
        // After a failover the old connection is one to a replica.
        let is_replica = matches!(word(error), "READONLY" | "MASTERDOWN");
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
        Self::Told(error)
    }
}

const REACH: &str = "check that the server is up and can be reached from here, and try again";
/// A server with too many clients says so and hangs up, and the client may hear no more than the latter.
const ENDED: &str = "check that the server is up, that it has room for one more client (maxclients), and that both sides use TLS or neither, and try again";
const REPAIR: &str = "it was left as it is: check that the prefix is the right one, or restore a backup";
const LOG_IN: &str = "check the user name and the password";
const PERMIT: &str = "let an administrator give the account the keys of the prefix, and the commands that the documentation of the store names";
const LATER: &str = "the server will be ready again by itself: try again in a moment";
const PRIMARY: &str =
    "it is a replica, perhaps after a failover: name the primary, or try again when there is one";

fn classify(error: &RedisError) -> (StoreErrorKind, &'static str) {
    use StoreErrorKind::{Busy, Damaged, Full, Other, Permission};
    match error.kind() {
        ErrorKind::AuthenticationFailed => return (Permission, LOG_IN),
        ErrorKind::Parse | ErrorKind::UnexpectedReturnType => return (Damaged, REPAIR),
        ErrorKind::Io | ErrorKind::Client if error.to_string().contains("certificate") => {
            return (
                Other,
                "trust the certificate's authority on this system, or name its file with ca=; the host has to be the one that the certificate is for",
            );
        }
        ErrorKind::Io if error.is_connection_dropped() && !error.is_connection_refusal() => {
            return (Busy, ENDED);
        }
        ErrorKind::Io | ErrorKind::ClusterConnectionNotFound => return (Busy, REACH),
        ErrorKind::InvalidClientConfig => return (Other, "check the host and the certificate file"),
        _ => {}
    }
    match word(error) {
        "NOAUTH" | "WRONGPASS" => (Permission, LOG_IN),
        "NOPERM" => (Permission, PERMIT),
        "LOADING" | "TRYAGAIN" | "BUSY" => (Busy, LATER),
        "CLUSTERDOWN" => (Busy, "the cluster lacks a node: try again when it is complete"),
        "READONLY" | "MASTERDOWN" => (Busy, PRIMARY),
        "NOREPLICAS" => (Busy, "the server wants more replicas: start them, or lower min-replicas-to-write"),
        "OOM" => (Full, "raise maxmemory or delete something; what was stored before is intact"),
        "MISCONF" => (Full, "make room on the server's disk and try again; what was stored before is intact"),
        "MOVED" | "ASK" | "CROSSSLOT" => (Other, "the server is part of a cluster: say cluster=true"),
        "WRONGTYPE" => (Damaged, "another program has keys under this prefix: choose another prefix"),
        _ => match error.detail().unwrap_or_default() {
            // So a script is told that its caller lacks a right.
            detail if detail.contains("The user executing the script") => (Permission, PERMIT),
            detail if detail.contains("max number of clients") => {
                (Busy, "raise maxclients, or try again when others have gone")
            }
            // As Redis 6 to 8 and Valkey say it.
            detail if detail.contains("without any password configured") => {
                (Permission, "the server asks for no password: leave it out, or set one there")
            }
            detail if detail.contains("cluster support disabled") => {
                (Other, "the server is no part of a cluster: leave cluster=true out")
            }
            detail if detail.contains("unknown command") => {
                (Other, "take a server from Redis 6.2 or Valkey 7.2 on, with its usual commands")
            }
            detail if detail.contains("DB index") || detail.contains("SELECT") => {
                (Other, "give the number of a database that the server has; a cluster has 0 alone")
            }
            _ => (Other, "look into the server's log"),
        },
    }
}

/// The error's first word. Before version 7 a server hid it where a script ran into the error.
fn word(error: &RedisError) -> &str {
    const IN_SCRIPTS: [&str; 6] = ["OOM", "READONLY", "MISCONF", "NOREPLICAS", "WRONGTYPE", "NOPERM"];
    let code = error.code().unwrap_or_default();
    if code != "ERR" {
        return code;
    }
    let detail = error.detail().unwrap_or_default();
    let hidden = |word: &&str| detail.split_once(": -").is_some_and(|(_, rest)| rest.starts_with(*word));
    IN_SCRIPTS.into_iter().find(hidden).unwrap_or(code)
}

/// What was seen, without anything that the server was sent or has stored.
fn evidence(error: &RedisError) -> String {
    match error.kind() {
        ErrorKind::Io | ErrorKind::Client | ErrorKind::InvalidClientConfig => error.to_string(),
        ErrorKind::AuthenticationFailed => "the server refused the user name or the password".to_owned(),
        ErrorKind::Parse | ErrorKind::UnexpectedReturnType => "its answer makes no sense".to_owned(),
        ErrorKind::ClusterConnectionNotFound => "no node of the cluster answers".to_owned(),
        ErrorKind::Server(ServerErrorKind::Moved | ServerErrorKind::Ask) => {
            "the keys are on another node".to_owned()
        }
        _ => {
            let detail = error.detail().unwrap_or_default();
            // Behind these words stand the arguments of a command, or the place in a script.
            let end = [", with args", " script: "].iter().filter_map(|words| detail.find(words)).min();
            let detail = detail[..end.unwrap_or(detail.len())].trim_end_matches('.');
            format!("{} {detail}", error.code().unwrap_or_default()).trim().to_owned()
        }
    }
}

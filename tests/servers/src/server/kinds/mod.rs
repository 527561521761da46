//! How each kind of server is prepared, run and asked whether it is ready.

mod mariadb;
mod postgres;
mod redis;
mod secrets_manager;

use std::process::Command;

use rustix::process::Signal;

use crate::Kind;
use crate::server::NoServer;
use crate::server::place::Place;

/// A server whose folder is prepared.
#[derive(Debug)]
pub(crate) struct Prepared {
    /// Runs it, in the foreground.
    pub(crate) command: Command,
    /// The store's URL for the user `zoho`.
    pub(crate) url: String,
    /// The same for a user who may do everything.
    pub(crate) administrator_url: String,
    /// What is said to it on a new connection.
    pub(crate) question: Vec<u8>,
    /// Whether what it has answered so far shows that it is ready.
    pub(crate) is_ready: fn(&[u8]) -> bool,
}

/// Prepares a place, and says how a server with these options is run there.
pub(crate) fn prepare(kind: Kind, place: &Place, options: &[&str]) -> Result<Prepared, NoServer> {
    match kind {
        Kind::MariaDb => mariadb::prepare(place, options),
        Kind::Postgres => postgres::prepare(place, options),
        Kind::Redis => redis::prepare(place, options),
        Kind::RedisCluster => redis::prepare_cluster(place, options),
        Kind::SecretsManager => secrets_manager::prepare(place, options),
    }
}

/// How a server is told to end when nobody needs it any more. PostgreSQL removes its shared memory then, in which
/// every server that is killed outright, and not started again, leaves a megabyte behind.
pub(crate) const fn last_signal(kind: Kind) -> Signal {
    match kind {
        // <https://www.postgresql.org/docs/15/server-shutdown.html>
        Kind::Postgres => Signal::QUIT,
        _ => Signal::KILL,
    }
}

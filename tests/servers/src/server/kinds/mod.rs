//! How to prepare and run each kind of server, and how to see that it is ready.

mod mariadb;
pub(crate) mod postgres;
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
    /// Runs it in the foreground.
    pub(crate) command: Command,
    /// The store's URL for the user `zoho`.
    pub(crate) url: String,
    /// The store's URL for a user with all rights.
    pub(crate) administrator_url: String,
    /// What to send on a new connection.
    pub(crate) question: Vec<u8>,
    /// Whether the response so far shows that it is ready.
    pub(crate) is_ready: fn(&[u8]) -> bool,
}

/// Prepares a place for a server with these options.
pub(crate) fn prepare(kind: Kind, place: &Place, options: &[&str]) -> Result<Prepared, NoServer> {
    match kind {
        Kind::MariaDb => mariadb::prepare(place, options),
        Kind::Postgres => postgres::prepare(place, options),
        Kind::Redis => redis::prepare(place, options),
        Kind::RedisCluster => redis::prepare_cluster(place, options),
        Kind::SecretsManager => secrets_manager::prepare(place, options),
    }
}

/// The signal that ends a server that is no longer needed. PostgreSQL has to remove its shared memory: a server that is
/// killed leaves a megabyte behind.
pub(crate) const fn last_signal(kind: Kind) -> Signal {
    match kind {
        // <https://www.postgresql.org/docs/15/server-shutdown.html>
        Kind::Postgres => Signal::QUIT,
        _ => Signal::KILL,
    }
}

//! The servers that all tests and benchmarks share.

use std::env;
use std::thread;
use std::time::Instant;

use servers::{Kind, NoServer, Server};

use crate::debian;

/// The servers, what stands in front of them, and `faketime`, which gives a process a different clock.
const PACKAGES: [&str; 6] =
    ["mariadb-server", "postgresql", "redis-server", "pgbouncer", "haproxy", "faketime"];

/// A running server, or why it did not start.
pub(crate) type Outcome = (Kind, Result<Server, NoServer>);

/// Starts a server of each kind that the environment does not name.
pub(crate) fn start(install: bool) -> Vec<Outcome> {
    if install && let Err(reason) = debian::install(&PACKAGES) {
        eprintln!("Some packages are missing: {reason}");
    }
    let is_named = |kind: &Kind| env::var_os(kind.variable()).is_some_and(|url| !url.is_empty());
    thread::scope(|scope| {
        let kinds = Kind::ALL.into_iter().filter(|kind| !is_named(kind));
        let starts: Vec<_> = kinds.map(|kind| scope.spawn(move || (kind, start_one(kind)))).collect();
        starts.into_iter().filter_map(|start| start.join().ok()).collect()
    })
}

fn start_one(kind: Kind) -> Result<Server, NoServer> {
    let started = Instant::now();
    let server = Server::start(kind);
    match &server {
        Ok(server) => {
            let seconds = started.elapsed().as_secs_f64();
            eprintln!("{kind} listens on port {}, started in {seconds:.1} s", server.port());
        }
        Err(reason) => eprintln!("{kind} did not start: {reason}"),
    }
    server
}

//! What a test asks for: a server, or the reason why it cannot run on this machine.

use std::env;

use crate::Kind;
#[cfg(unix)]
use crate::{NoServer, Server};

/// Set by `cargo xtask test`, which counts the tests that print `SKIPPED:`.
const COUNTS_SKIPPED: &str = "ZOHOCRM_COUNTS_SKIPPED";
/// Set if a missing server or program is a failure, as in CI.
const REQUIRE_ALL: &str = "ZOHOCRM_REQUIRE_ALL";

/// The URL of the server that all tests share. `None`: the test is skipped and has to return.
///
/// # Panics
/// As [`skip`] does, if there is no such server.
#[must_use]
pub fn shared(kind: Kind) -> Option<String> {
    kind.shared_url().or_else(|| {
        skip(&variable(&kind.missing_variable()).unwrap_or_else(|| {
            format!("{} names no {kind} server; `cargo xtask test` starts one", kind.variable())
        }));
        None
    })
}

/// Like [`shared`], with an empty table or prefix that nothing else uses.
///
/// # Panics
/// As [`shared`] does.
#[must_use]
pub fn fresh(kind: Kind) -> Option<String> {
    shared(kind).map(|url| kind.with_fresh_place(&url))
}

/// A server for one test. `None`: its programs are missing, the test is skipped and has to return.
///
/// # Panics
/// As [`skip`] does, if its programs are missing; and if they are there but do not start.
#[cfg(unix)]
#[must_use]
pub fn private(kind: Kind) -> Option<Server> {
    private_with(kind, &[])
}

/// Like [`private`], with more options for the server, as in [`Server::start_with`].
///
/// # Panics
/// As [`private`] does.
#[cfg(unix)]
#[must_use]
pub fn private_with(kind: Kind, options: &[&str]) -> Option<Server> {
    started(Server::start_with(kind, options))
}

/// PgBouncer in front of a PostgreSQL server, as in [`Server::start_pgbouncer`].
///
/// # Panics
/// As [`private`] does.
#[cfg(unix)]
#[must_use]
pub fn pgbouncer(server: &Server, settings: &[&str]) -> Option<Server> {
    started(Server::start_pgbouncer(server, settings))
}

/// HAProxy in front of a server and its backups, as in [`Server::start_haproxy`].
///
/// # Panics
/// As [`private`] does.
#[cfg(unix)]
#[must_use]
pub fn haproxy(server: &Server, backups: &[&Server], settings: &[&str]) -> Option<Server> {
    started(Server::start_haproxy(server, backups, settings))
}

/// A Sentinel that watches a Redis server, as in [`Server::start_sentinel`]. `None`: the test is skipped and has to return.
///
/// # Panics
/// As [`private`] does.
#[cfg(unix)]
#[must_use]
pub fn sentinel(primary: &Server, settings: &[&str]) -> Option<Server> {
    started(Server::start_sentinel(primary, settings))
}

#[cfg(unix)]
fn started(server: Result<Server, NoServer>) -> Option<Server> {
    match server {
        Ok(server) => Some(server),
        Err(NoServer::Missing(reason)) => {
            skip(&reason);
            None
        }
        Err(NoServer::Failed(reason)) => panic!("{reason}"),
    }
}

/// Reports that a test cannot run on this machine: `cargo xtask test` counts it as skipped.
///
/// # Panics
/// If nothing counts it, or if everything is required: a test that did not run must not show as passed.
pub fn skip(reason: &str) {
    assert!(variable(REQUIRE_ALL).is_none(), "nothing may be skipped, but {reason}");
    skip_even_if_all_is_required(reason);
}

/// Like [`skip`], for what CI cannot have either: Zoho's own files are not part of this project.
///
/// # Panics
/// If nothing counts it.
#[allow(clippy::print_stdout, reason = "`cargo xtask test` reads it")]
pub fn skip_even_if_all_is_required(reason: &str) {
    assert!(variable(COUNTS_SKIPPED).is_some(), "this test cannot run here: {reason}");
    println!("SKIPPED: {reason}");
}

/// An environment variable that is set and not empty.
pub(crate) fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

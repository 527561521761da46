//! What a test asks for: a server, or to be skipped in a way that is seen.

use std::env;

use crate::{Kind, random_name};
#[cfg(unix)]
use crate::{NoServer, Server};

/// The URL of the server that all tests share, or `None` where there is none: then the test is to return.
///
/// # Panics
/// Where there is none, and `ZOHOCRM_REQUIRE_ALL` is set.
#[must_use]
pub fn shared(kind: Kind) -> Option<String> {
    let set = |variable: &str| env::var(variable).ok().filter(|value| !value.is_empty());
    set(kind.variable()).or_else(|| {
        skip(&set(&kind.missing_variable()).unwrap_or_else(|| {
            format!("{} names no {kind} server; `cargo xtask test` starts one", kind.variable())
        }));
        None
    })
}

/// Like [`shared`], with a place on the server that is empty and that nobody else uses.
///
/// # Panics
/// As [`shared`] does.
#[must_use]
pub fn fresh(kind: Kind) -> Option<String> {
    shared(kind).map(|url| kind.with_place(&url, &random_name()))
}

/// A server for this test alone, or `None` where its programs are missing: then the test is to return.
///
/// # Panics
/// Where the programs are missing and `ZOHOCRM_REQUIRE_ALL` is set, and where they are there but do not start.
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
    match Server::start_with(kind, options) {
        Ok(server) => Some(server),
        Err(NoServer::Missing(reason)) => {
            skip(&reason);
            None
        }
        Err(NoServer::Failed(reason)) => panic!("{reason}"),
    }
}

#[allow(clippy::print_stdout, reason = "`cargo xtask test` collects these lines")]
pub(crate) fn skip(reason: &str) {
    assert!(env::var_os("ZOHOCRM_REQUIRE_ALL").is_none(), "nothing may be skipped, but {reason}");
    println!("SKIPPED: {reason}");
}

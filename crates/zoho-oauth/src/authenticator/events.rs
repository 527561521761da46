//! What a program sees at INFO: one event for each login, renewal and removal, with its reason and duration. Single
//! attempts are at DEBUG.

use std::fmt;
use std::time::Duration;

use tracing::info;

use crate::error::Error;

/// The process that sent the request for a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leader {
    ThisProcess,
    AnotherProcess,
}

impl fmt::Display for Leader {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::ThisProcess => "this process",
            Self::AnotherProcess => "another process",
        })
    }
}

pub(super) fn login(user: &str, reason: &str, duration: Duration, outcome: Result<Leader, &Error>) {
    let operation = "login";
    match outcome {
        Ok(leader) => info!(operation, user, reason, %leader, ?duration, "logged in"),
        Err(error) => info!(operation, user, reason, %error, ?duration, "could not log in"),
    }
}

pub(super) fn renewal(user: &str, reason: &str, duration: Duration, outcome: Result<Leader, &Error>) {
    let operation = "renewal";
    match outcome {
        Ok(leader) => info!(operation, user, reason, %leader, ?duration, "renewed an access token"),
        Err(error) => info!(operation, user, reason, %error, ?duration, "could not renew an access token"),
    }
}

pub(super) fn revocation(user: &str, duration: Duration) {
    info!(operation = "revocation", user, reason = "the program revoked it", ?duration, "revoked a token");
}

pub(super) fn logout(user: &str, duration: Duration) {
    info!(operation = "logout", user, reason = "the program logged out", ?duration, "deleted a token");
}

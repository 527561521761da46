//! `ConnectionFailure`: why no response arrived.

use std::error::Error as StdError;
use std::fmt;

use zoho_oauth::{CertificateProblem, NetworkFailure};

/// What happened to a connection before a response was complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ConnectionFailure {
    /// There was no connection, so nothing was sent.
    NotConnected,
    /// The server's certificate is not trusted, so nothing was sent.
    Certificate(CertificateProblem),
    /// The proxy rejected its user and password, or got none, so nothing was sent.
    ProxyCredentials,
    /// No data arrived within the timeout.
    TimedOut,
    /// The connection broke.
    Interrupted,
    /// The body ended early, or is not compressed as its headers say.
    Undecodable,
}

impl ConnectionFailure {
    /// Whether the same call may succeed a moment later. A certificate and the credentials of a proxy have to be corrected
    /// first.
    #[must_use]
    pub fn is_transient(self) -> bool {
        !matches!(self, Self::Certificate(_) | Self::ProxyCredentials)
    }

    /// Whether the call may have reached Zoho.
    pub(crate) fn may_have_sent(self) -> bool {
        matches!(self, Self::TimedOut | Self::Interrupted | Self::Undecodable)
    }

    /// The same failure of a request to the accounts server.
    fn of_accounts_server(self) -> NetworkFailure {
        match self {
            Self::NotConnected => NetworkFailure::Connect,
            Self::Certificate(problem) => NetworkFailure::Certificate(problem),
            Self::ProxyCredentials => NetworkFailure::ProxyCredentials,
            Self::TimedOut => NetworkFailure::Timeout,
            Self::Interrupted | Self::Undecodable => NetworkFailure::Closed,
        }
    }

    pub(super) fn evidence(self, source: &(dyn StdError + Send + Sync + 'static)) -> String {
        self.of_accounts_server().evidence(Some(source))
    }

    pub(super) fn next_step(self) -> &'static str {
        self.of_accounts_server().next_step()
    }
}

impl fmt::Display for ConnectionFailure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotConnected => formatter.write_str("could not connect"),
            Self::Certificate(_) | Self::ProxyCredentials => self.of_accounts_server().fmt(formatter),
            Self::TimedOut => formatter.write_str("the request timed out"),
            Self::Interrupted => formatter.write_str("the connection broke before the response was complete"),
            Self::Undecodable => {
                formatter.write_str("the response ended early, or is not compressed as its headers say")
            }
        }
    }
}

//! Why a request got no complete response.

use std::error::Error as StdError;
use std::fmt;

/// Why a request received no complete response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NetworkFailure {
    /// No connection was made, so the server has not seen the request.
    Connect,
    /// The server's certificate is not trusted, so nothing was sent.
    Certificate(CertificateProblem),
    /// The proxy requires a user and a password, and rejected those it received, or received none. Nothing was sent.
    ProxyCredentials,
    /// The response took too long. The server may have acted on the request.
    Timeout,
    /// The connection closed before the response was complete. The server may have acted on the request.
    Closed,
}

impl NetworkFailure {
    /// Whether the same request may succeed a moment later. A certificate and the credentials of a proxy have to be
    /// corrected first.
    #[must_use]
    pub fn is_transient(self) -> bool {
        matches!(self, Self::Connect | Self::Timeout | Self::Closed)
    }

    /// Whether the server may have seen the request.
    #[must_use]
    pub fn may_have_sent(self) -> bool {
        matches!(self, Self::Timeout | Self::Closed)
    }

    /// Returns the root cause of a failed connection in parentheses, such as ` (Connection refused (os error 111))`, to be
    /// appended to a message. Empty for other failures.
    #[must_use]
    pub fn evidence(self, error: Option<&(dyn StdError + Send + Sync + 'static)>) -> String {
        let is_told = matches!(self, Self::Connect | Self::Certificate(_));
        let causes = error
            .filter(|_| is_told)
            .map(|error| std::iter::successors(error.source(), |&cause| cause.source()));
        let first = causes.and_then(Iterator::last);
        first.map(|cause| format!(" ({cause})")).unwrap_or_default()
    }

    /// What to do about it.
    #[must_use]
    pub fn next_step(self) -> &'static str {
        match self {
            Self::Connect => {
                "try again; if it keeps failing, check the network and the proxy, if there is one"
            }
            Self::Certificate(problem) => problem.next_step(),
            Self::ProxyCredentials => PROXY_CREDENTIALS,
            Self::Timeout | Self::Closed => "try again, and check the network if it keeps failing",
        }
    }
}

/// What to do about a proxy that rejected its user and password.
const PROXY_CREDENTIALS: &str = "set the user and password of the proxy in its URL (`HTTPS_PROXY`)";

impl fmt::Display for NetworkFailure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connect => formatter.write_str("no connection"),
            Self::Certificate(problem) => problem.fmt(formatter),
            Self::ProxyCredentials => {
                formatter.write_str("the proxy requires a user and a password, or rejected them")
            }
            Self::Timeout => formatter.write_str("the request timed out"),
            Self::Closed => formatter.write_str("the connection closed before the response was complete"),
        }
    }
}

/// Why a server's certificate is not trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CertificateProblem {
    /// It was signed by an authority that this system does not trust.
    UnknownAuthority,
    /// It has expired, or this machine's clock is fast.
    Expired,
    /// It is not valid yet, or this machine's clock is slow.
    NotYetValid,
    /// It is for another host.
    WrongHost,
    /// It is not valid for another reason.
    Other,
}

impl CertificateProblem {
    /// What to do about it.
    #[must_use]
    pub fn next_step(self) -> &'static str {
        match self {
            Self::UnknownAuthority => {
                "if a proxy inspects connections, add its certificate to those that this system trusts, or name the file \
                 with all trusted certificates in `SSL_CERT_FILE`"
            }
            Self::Expired | Self::NotYetValid => "check this machine's clock",
            Self::WrongHost => "check the host, and whether a proxy answers in its place",
            Self::Other => "check whether a proxy answers in place of the host",
        }
    }
}

impl fmt::Display for CertificateProblem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::UnknownAuthority => "its certificate was signed by an unknown authority",
            Self::Expired => "its certificate has expired",
            Self::NotYetValid => "its certificate is not valid yet",
            Self::WrongHost => "its certificate is for another host",
            Self::Other => "its certificate is not valid",
        })
    }
}

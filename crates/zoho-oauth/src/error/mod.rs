//! Why no token could be obtained, and what to do about it. No I/O.

mod config;
mod network;
mod request;

use std::fmt;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::store::StoreError;

pub use config::ConfigError;
pub(crate) use config::Invalid;
pub use network::{CertificateProblem, NetworkFailure};
pub use request::{OAuthErrorCode, OAuthRequest};

/// Why no token could be obtained. Cheap to clone, because many callers may wait for one attempt.
///
/// `Display` gives the cause, the evidence and what to do next; it never contains a secret.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The store failed: see [`StoreError::kind`].
    #[error(transparent)]
    Store(#[from] StoreError),

    /// No row has this id.
    #[error("no token with the id `{id}` is stored; list the stored ids, or log in")]
    NotFound {
        /// The requested id.
        id: String,
    },

    /// There is nothing to obtain a token with: the user has to log in.
    #[error("{user} has to log in: {reason}")]
    LoginRequired {
        /// The user's name, or else the row's id.
        user: String,
        /// Why what is stored does not suffice.
        reason: LoginReason,
    },

    /// The accounts server sent an error response.
    #[error("{host} rejected {request}: {code}; {}", code.next_step())]
    Rejected {
        /// The accounts server.
        host: String,
        /// The request that it rejected.
        request: OAuthRequest,
        /// Its error code.
        code: OAuthErrorCode,
    },

    /// No complete response came. It may the next time, unless the failure is one of this machine's settings.
    #[error("could not reach {host}: {failure}{}; {}", failure.evidence(source.as_deref()), failure.next_step())]
    Unreachable {
        /// The host.
        host: String,
        /// What happened to the request.
        failure: NetworkFailure,
        /// The HTTP client's error.
        #[source]
        source: Option<Arc<dyn std::error::Error + Send + Sync>>,
    },

    /// The response cannot be used: an error page, or a body that is not what was requested.
    #[error("{host} sent an invalid response: {evidence}; try again later")]
    InvalidResponse {
        /// The host.
        host: String,
        /// Status, content type and length, but not the body.
        evidence: String,
    },

    /// Zoho's quota for this refresh token is used up. No request was sent.
    #[error(
        "the quota of this refresh token is used up (Zoho issues ten access tokens in ten minutes); retry at {}",
        utc(*retry_at)
    )]
    Throttled {
        /// When the next token may be requested.
        retry_at: SystemTime,
    },

    /// Another process has just tried to renew the token, and failed for a reason that may be temporary.
    #[error("another process has just failed to renew this token: {evidence}")]
    SharedFailure {
        /// The message of its error, which says what to do.
        evidence: String,
    },

    /// The row belongs to hosts that this authenticator does not serve.
    #[error(
        "the token of {user} belongs to {api_domain}, but this authenticator serves {environment}; use {}",
        environment_to_use(fitting.as_deref())
    )]
    EnvironmentMismatch {
        /// The user's name, or else the row's id.
        user: String,
        /// The row's API domain.
        api_domain: String,
        /// The authenticator's environment.
        environment: String,
        /// The environment that serves the row, if its host is Zoho's as far as is known.
        fitting: Option<String>,
    },

    /// A setting or an argument cannot be used.
    #[error(transparent)]
    Config(ConfigError),

    /// The callback does not belong to the login that was started.
    #[error("the callback does not belong to this login: its state differs; start the login again")]
    StateMismatch,

    /// The task that does the work ended without a result: it panicked, or its runtime was shut down.
    #[error("the task that obtains the token was interrupted before it had a result; try again")]
    Interrupted,
}

impl Error {
    /// Whether the same call may succeed a moment later without any change.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Store(error) => error.is_transient(),
            Self::Unreachable { failure, .. } => failure.is_transient(),
            Self::InvalidResponse { .. } | Self::SharedFailure { .. } | Self::Interrupted => true,
            _ => false,
        }
    }

    /// Whether only a new login of the user helps.
    #[must_use]
    pub fn needs_login(&self) -> bool {
        match self {
            Self::LoginRequired { .. } | Self::StateMismatch => true,
            Self::Rejected { code, .. } => code.needs_login(),
            _ => false,
        }
    }

    /// When the next token may be requested, if Zoho's quota is what prevents it now.
    #[must_use]
    pub fn retry_at(&self) -> Option<SystemTime> {
        match self {
            Self::Throttled { retry_at } => Some(*retry_at),
            _ => None,
        }
    }
}

/// Why a user has to log in.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LoginReason {
    /// No row has this name.
    NotStored,
    /// The row has neither a refresh token nor an access token.
    NoToken,
    /// The access token has expired or was rejected, and there is no refresh token to renew it with.
    NoRefreshToken,
    /// The accounts server has rejected the stored refresh token within the last hour. Until then it is not sent again
    /// with the same client app to the same host, unless
    /// [`Authenticator::forget_rejections`](crate::Authenticator::forget_rejections) is called.
    RefreshTokenRejected {
        /// The accounts server.
        host: String,
        /// The accounts server's error code.
        code: OAuthErrorCode,
    },
    /// The API rejected the access token, and its row was deleted.
    Deleted,
}

impl fmt::Display for LoginReason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotStored => formatter.write_str(
                "no token is stored under this name; names match exactly, and the official SDKs store `email:zgid`",
            ),
            Self::NoToken => formatter.write_str("the row has neither a refresh token nor an access token"),
            Self::NoRefreshToken => formatter.write_str(
                "the access token has expired or was rejected, and no refresh token is stored",
            ),
            Self::RefreshTokenRejected { host, code } => write!(
                formatter,
                "{host} has rejected the stored refresh token ({code}): it was revoked, was evicted by a later login, \
                 or belongs to another data center or client app"
            ),
            Self::Deleted => formatter.write_str("the API rejected the access token, and its row was deleted"),
        }
    }
}

/// The environment that serves a row.
fn environment_to_use(fitting: Option<&str>) -> String {
    match fitting {
        Some(environment) => format!("the environment `{environment}`"),
        None => "an environment with this API host, if it is Zoho's".to_owned(),
    }
}

/// The time of day, such as `12:04:31 UTC`: enough for waits of minutes.
fn utc(moment: SystemTime) -> String {
    let seconds = moment.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs() % 86_400;
    format!("{:02}:{:02}:{:02} UTC", seconds / 3_600, seconds / 60 % 60, seconds % 60)
}

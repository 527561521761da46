//! Why a token could not be had, and what to do about it. No I/O.

use std::fmt;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::store::StoreError;

/// Why a token could not be had. Cheap to clone, since many callers may wait for one attempt.
///
/// `Display` gives the cause, what was seen, and what to do next; never a secret.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The store failed: see [`StoreError::kind`].
    #[error(transparent)]
    Store(#[from] StoreError),

    /// No row has that id.
    #[error("no token with the id {id} is stored; list the ids that are there, or log in")]
    NotFound {
        /// The id that was asked for.
        id: String,
    },

    /// There is nothing to renew with: the user has to log in.
    #[error("{who} has to log in: {reason}")]
    LoginRequired {
        /// Whose token was asked for.
        who: String,
        /// Why what is stored is not enough.
        reason: String,
    },

    /// The accounts server answered, and the answer was no.
    #[error("{host} refused {request}: {code}; {}", code.next_step())]
    Rejected {
        /// The accounts server.
        host: String,
        /// What was asked: `the grant token`, `the refresh token`.
        request: &'static str,
        /// Its word for why.
        code: OAuthErrorCode,
    },

    /// No answer came: try again.
    #[error("{host} could not be reached: {evidence}; try again, and check the network if it stays so")]
    Unreachable {
        /// The host.
        host: String,
        /// What was seen: refused, timed out, closed.
        evidence: String,
        /// The cause.
        #[source]
        source: Option<Arc<dyn std::error::Error + Send + Sync>>,
    },

    /// An answer came that cannot be used: an error page, or text that is not what was asked for.
    #[error("{host} gave an answer that cannot be used: {evidence}; try again later")]
    InvalidResponse {
        /// The host.
        host: String,
        /// What was seen, without the body.
        evidence: String,
    },

    /// Zoho's quota for this refresh token is used up; no request was sent.
    #[error(
        "the quota of this refresh token is used up (Zoho issues ten access tokens in ten minutes); a new one may \
         be asked for at {}", utc(*retry_at)
    )]
    Throttled {
        /// From when on a token may be asked for.
        retry_at: SystemTime,
    },

    /// Another process has just tried, and failed for a reason that may pass.
    #[error("another attempt to renew this token has just failed: {evidence}; try again in a moment")]
    SharedFailure {
        /// What the other attempt came to.
        evidence: String,
    },

    /// The row belongs to hosts that this authenticator does not serve.
    #[error(
        "the token of {who} is good at {api_domain}, and this authenticator serves {environment}; choose the \
         environment that the token was made in"
    )]
    OtherEnvironment {
        /// Whose token it is.
        who: String,
        /// Where it is good.
        api_domain: String,
        /// What the authenticator was built for.
        environment: String,
    },

    /// Something was given that cannot be used.
    #[error("{0}")]
    Config(String),

    /// The answer of a login does not belong to the login that was started.
    #[error("the answer does not belong to this login: its state differs; start the login again")]
    StateMismatch,

    /// The work ended without a result: a panic, or a runtime that was shut down.
    #[error("the renewal was interrupted: {0}; try again")]
    Interrupted(String),
}

impl Error {
    /// Whether the same call may succeed a moment later, without anybody doing anything.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Store(error) => error.is_transient(),
            Self::Unreachable { .. }
            | Self::InvalidResponse { .. }
            | Self::SharedFailure { .. }
            | Self::Interrupted(_) => true,
            _ => false,
        }
    }

    /// Whether nothing but a new login of the user helps.
    #[must_use]
    pub fn needs_login(&self) -> bool {
        match self {
            Self::LoginRequired { .. } | Self::StateMismatch => true,
            Self::Rejected { code, .. } => code.needs_login(),
            _ => false,
        }
    }

    /// From when on a token may be asked for, if that is what stands in the way.
    #[must_use]
    pub fn retry_at(&self) -> Option<SystemTime> {
        match self {
            Self::Throttled { retry_at } => Some(*retry_at),
            _ => None,
        }
    }
}

/// The accounts server's word for a refusal. Zoho sends it with HTTP 200 as often as with 400.
/// Source: <https://www.zoho.com/accounts/protocol/oauth/web-apps/access-token.html>.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OAuthErrorCode {
    /// The grant token was used, is too old or belongs to another data center; or the refresh token was revoked,
    /// evicted by the 21st login, or ended with a change of password.
    InvalidCode,
    /// The client id is unknown in this data center.
    InvalidClient,
    /// The client secret is wrong in this data center.
    InvalidClientSecret,
    /// The redirect URL is not the one of the login.
    InvalidRedirectUri,
    /// The user said no, or too many grant tokens were made in ten minutes.
    AccessDenied,
    /// Any other word.
    Other(String),
}

impl OAuthErrorCode {
    /// The code for the accounts server's word.
    #[must_use]
    pub fn from_word(word: &str) -> Self {
        match word {
            // RFC 6749 says invalid_grant where Zoho says invalid_code.
            "invalid_code" | "invalid_grant" => Self::InvalidCode,
            "invalid_client" => Self::InvalidClient,
            "invalid_client_secret" => Self::InvalidClientSecret,
            "invalid_redirect_uri" => Self::InvalidRedirectUri,
            "access_denied" => Self::AccessDenied,
            other => Self::Other(other.chars().filter(|letter| !letter.is_control()).take(80).collect()),
        }
    }

    /// The accounts server's word.
    #[must_use]
    pub fn word(&self) -> &str {
        match self {
            Self::InvalidCode => "invalid_code",
            Self::InvalidClient => "invalid_client",
            Self::InvalidClientSecret => "invalid_client_secret",
            Self::InvalidRedirectUri => "invalid_redirect_uri",
            Self::AccessDenied => "access_denied",
            Self::Other(word) => word,
        }
    }

    fn needs_login(&self) -> bool {
        matches!(self, Self::InvalidCode | Self::AccessDenied)
    }

    fn next_step(&self) -> &'static str {
        match self {
            Self::InvalidCode => {
                "the user has to log in again: it was used, revoked or replaced, or has ended"
            }
            Self::InvalidClient => "check the client id and the data center: each data center knows its own",
            Self::InvalidClientSecret => {
                "check the client secret: it may differ from data center to data center"
            }
            Self::InvalidRedirectUri => {
                "use the redirect URL that the login used and that the client is registered with"
            }
            Self::AccessDenied => {
                "the user refused, or more than ten logins began in ten minutes: log in again later"
            }
            Self::Other(_) => "look the word up in Zoho's documentation of the token request",
        }
    }
}

impl fmt::Display for OAuthErrorCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.word())
    }
}

/// A moment as `12:04:31 UTC` of its day: enough for waits of minutes.
fn utc(moment: SystemTime) -> String {
    let seconds = moment.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs() % 86_400;
    format!("{:02}:{:02}:{:02} UTC", seconds / 3_600, seconds / 60 % 60, seconds % 60)
}

//! What was asked of the accounts server, and the error codes in its responses.

use std::fmt;
use std::time::Duration;

/// A request to the accounts server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OAuthRequest {
    /// A login in the browser: the user consents, or does not.
    Login,
    /// A grant token in exchange for a refresh token and an access token.
    Exchange,
    /// A new access token for a refresh token.
    Refresh,
}

impl fmt::Display for OAuthRequest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Login => "the login",
            Self::Exchange => "the grant token",
            Self::Refresh => "the refresh token",
        })
    }
}

/// The accounts server's error code. Zoho sends it with HTTP 200 as often as with 400.
/// Source: <https://www.zoho.com/accounts/protocol/oauth/web-apps/access-token.html>.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OAuthErrorCode {
    /// The grant token was used, has expired or belongs to another data center; or the refresh token was revoked,
    /// evicted by the 21st login, or invalidated by a change of password.
    InvalidCode,
    /// The client id is unknown in this data center.
    InvalidClient,
    /// The client secret is wrong in this data center.
    InvalidClientSecret,
    /// The redirect URL is not the one of the login.
    InvalidRedirectUri,
    /// The user declined, or more than ten grant tokens were requested in ten minutes.
    AccessDenied,
    /// Any other code.
    Other(String),
}

impl OAuthErrorCode {
    /// Parses the text that the accounts server sends. RFC 6749's `invalid_grant` counts as Zoho's `invalid_code`.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        match text {
            "invalid_code" | "invalid_grant" => Self::InvalidCode,
            "invalid_client" => Self::InvalidClient,
            "invalid_client_secret" => Self::InvalidClientSecret,
            "invalid_redirect_uri" => Self::InvalidRedirectUri,
            "access_denied" => Self::AccessDenied,
            other => Self::Other(other.chars().filter(|letter| !letter.is_control()).take(80).collect()),
        }
    }

    /// The text that the accounts server sends.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::InvalidCode => "invalid_code",
            Self::InvalidClient => "invalid_client",
            Self::InvalidClientSecret => "invalid_client_secret",
            Self::InvalidRedirectUri => "invalid_redirect_uri",
            Self::AccessDenied => "access_denied",
            Self::Other(code) => code,
        }
    }

    pub(crate) fn needs_login(&self) -> bool {
        matches!(self, Self::InvalidCode | Self::AccessDenied)
    }

    /// How long a rejected request is not sent again, if that is longer than for any other failure. A proxy may have
    /// answered instead of Zoho, or the client app may be corrected there, so it is not for ever. Ten minutes are the
    /// window of Zoho's quota: wrong settings take one token out of it.
    pub(crate) fn is_remembered_for(&self) -> Option<Duration> {
        match self {
            Self::InvalidCode => Some(Duration::from_secs(60 * 60)),
            Self::InvalidClient | Self::InvalidClientSecret => Some(Duration::from_secs(10 * 60)),
            _ => None,
        }
    }

    pub(super) fn next_step(&self) -> &'static str {
        match self {
            Self::InvalidCode => {
                "it was used, revoked or replaced, has expired, or belongs to another data center or client app: check \
                 these, or log in again"
            }
            Self::InvalidClient => {
                "check the client id and the data center: a client app may exist in one data center only"
            }
            Self::InvalidClientSecret => "check the client secret: it may differ between data centers",
            Self::InvalidRedirectUri => {
                "use the redirect URL of the login, which has to be one that the client app is registered with"
            }
            Self::AccessDenied => {
                "the user declined, or more than ten logins were started in ten minutes: log in again later"
            }
            Self::Other(_) => "look up the code in Zoho's documentation of the token request",
        }
    }
}

impl fmt::Display for OAuthErrorCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

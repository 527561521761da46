//! Settings and arguments that cannot be used.

use std::fmt;

/// Why [`Error::Config`](super::Error::Config) was returned: a setting or an argument cannot be used.
///
/// `Display` says what is wrong and what to do. A program that reacts to one of these asks a predicate.
#[derive(Clone, Debug)]
pub struct ConfigError(Invalid);

/// Every invalid setting and argument. The messages are kept together here.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum Invalid {
    #[error("this call needs a client app; set its id and secret, which Zoho's API console shows")]
    NoClient,

    #[error("the client app has an empty id or secret; copy both from Zoho's API console")]
    IncompleteClient,

    #[error(
        "the row of `{row}` has no client id or no client secret to renew it with; set the client app's id and secret"
    )]
    RowWithoutClient { row: String },

    #[error("a login in a browser needs a redirect URL; set the one that the client app is registered with")]
    NoRedirectUrl,

    #[error("nothing in this token can be renewed; set an id, a user name or a refresh token")]
    NotRenewable,

    #[error("this token identifies no row; set an id, a user name or one of the three tokens")]
    EmptyToken,

    #[error(
        "the access token contains characters that an HTTP header cannot carry; check where it was copied from"
    )]
    UnsendableAccessToken,

    #[error(
        "unknown environment `{}`; expected one of {known}, optionally followed by `:sandbox` or `:developer`",
        text.escape_debug()
    )]
    UnknownEnvironment { text: String, known: String },

    #[error("`{}` is not the URL of a host; expected something like `https://accounts.zoho.eu`", text.escape_debug())]
    NotAHost { text: String },

    #[error(
        "the callback names the accounts server `{}`, which is not known; if you trust it, add an environment with this \
         accounts server",
        url.escape_debug()
    )]
    UnknownAccountsServer { url: String },

    #[error(
        "the callback names the data center `{}`, which is not known, and no accounts server; start the login at the \
         accounts server of the user's data center",
        location.escape_debug()
    )]
    UnknownLocation { location: String },

    #[error("the login's callback contains no code; start the login again")]
    NoCode,

    #[error("could not set up the HTTP client: {evidence}; check this system's TLS and proxy settings")]
    HttpClient { evidence: String },

    #[error(
        "this system has no certificates to trust a server with ({evidence}); install them (on Debian, the package \
         ca-certificates), or name them in SSL_CERT_FILE"
    )]
    NoTrustedCertificates { evidence: String },
}

impl ConfigError {
    /// Whether a client id or secret is missing: the authenticator's own, or that of the row in question.
    #[must_use]
    pub fn is_missing_client(&self) -> bool {
        matches!(self.0, Invalid::NoClient | Invalid::IncompleteClient | Invalid::RowWithoutClient { .. })
    }

    /// Whether the client app lacks the redirect URL that a login in a browser needs.
    #[must_use]
    pub fn is_missing_redirect_url(&self) -> bool {
        matches!(self.0, Invalid::NoRedirectUrl)
    }

    /// Whether the token that was passed cannot be used for this call: it identifies no row, has nothing to renew
    /// it with, or contains characters that an HTTP header cannot carry.
    #[must_use]
    pub fn is_unusable_token(&self) -> bool {
        matches!(self.0, Invalid::NotRenewable | Invalid::EmptyToken | Invalid::UnsendableAccessToken)
    }

    /// Whether a text is neither a known environment nor the URL of a host.
    #[must_use]
    pub fn is_invalid_environment(&self) -> bool {
        matches!(self.0, Invalid::UnknownEnvironment { .. } | Invalid::NotAHost { .. })
    }

    /// Whether a login's callback cannot be used: it has no code, or names an accounts server or a data center that is
    /// not known.
    #[must_use]
    pub fn is_invalid_callback(&self) -> bool {
        matches!(
            self.0,
            Invalid::UnknownAccountsServer { .. } | Invalid::UnknownLocation { .. } | Invalid::NoCode
        )
    }

    /// Whether this system did not allow an HTTP client to be set up, or has no certificates for one.
    #[must_use]
    pub fn is_http_client(&self) -> bool {
        matches!(self.0, Invalid::HttpClient { .. } | Invalid::NoTrustedCertificates { .. })
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, formatter)
    }
}

impl std::error::Error for ConfigError {}

impl From<Invalid> for super::Error {
    fn from(invalid: Invalid) -> Self {
        Self::Config(ConfigError(invalid))
    }
}

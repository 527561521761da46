//! What a caller is handed: a valid access token, and where it is good.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use secrecy::{ExposeSecret, SecretString};

use crate::environment::Environment;
use crate::error::Error;
use crate::token::{OAuthToken, UserSignature};

/// A valid access token. Cheap to clone; `Debug` does not show the secret.
#[derive(Clone)]
pub struct AccessToken {
    inner: Arc<Inner>,
}

struct Inner {
    secret: SecretString,
    token: OAuthToken,
    environment: Environment,
    persistence_error: Option<Error>,
}

impl AccessToken {
    /// The access token of `token`, if it has one.
    pub(crate) fn of(token: OAuthToken, environment: Environment) -> Option<Self> {
        let secret = token.access_token()?.clone();
        Some(Self { inner: Arc::new(Inner { secret, token, environment, persistence_error: None }) })
    }

    pub(crate) fn unsaved(self, error: Error) -> Self {
        let Inner { secret, token, environment, .. } = &*self.inner;
        Self {
            inner: Arc::new(Inner {
                secret: secret.clone(),
                token: token.clone(),
                environment: environment.clone(),
                persistence_error: Some(error),
            }),
        }
    }

    pub(crate) fn token(&self) -> &OAuthToken {
        &self.inner.token
    }

    pub(crate) fn secret(&self) -> &SecretString {
        &self.inner.secret
    }

    /// The secret itself, for the `Authorization: Zoho-oauthtoken …` header and nothing else.
    #[must_use]
    pub fn expose_secret(&self) -> &str {
        self.inner.secret.expose_secret()
    }

    /// When it ends; `None` when nobody knows.
    #[must_use]
    pub fn expires_at(&self) -> Option<SystemTime> {
        self.inner.token.expires_at()
    }

    /// The hosts at which it is good. It is for these and no others.
    #[must_use]
    pub fn environment(&self) -> &Environment {
        &self.inner.environment
    }

    /// Whose it is, where that is known.
    #[must_use]
    pub fn user(&self) -> Option<&UserSignature> {
        self.inner.token.user_signature()
    }

    /// The row that it is kept in, if it is kept.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.inner.token.id()
    }

    /// Why the store would not keep it. The token is good all the same, and was spooled where that was possible:
    /// it comes into the store at the next start.
    #[must_use]
    pub fn persistence_error(&self) -> Option<&Error> {
        self.inner.persistence_error.as_ref()
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("AccessToken")
            .field("secret", &"[redacted]")
            .field("user", &self.user())
            .field("expires_at", &self.expires_at())
            .field("environment", &self.environment().api_url())
            .field("persistence_error", &self.persistence_error())
            .finish()
    }
}

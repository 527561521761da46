//! What a caller gets: a valid access token, and the hosts that accept it.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use secrecy::{ExposeSecret, SecretString};

use crate::environment::Environment;
use crate::persistence::Persistence;
use crate::spool::Unsaved;
use crate::token::{OAuthToken, UserSignature};

use super::clock::Clock;

/// A valid access token. Cheap to clone; `Debug` does not show the secret.
#[derive(Clone)]
pub struct AccessToken {
    inner: Arc<Inner>,
}

/// Kept small and without the secrets that renew it: the cache holds one per user.
struct Inner {
    secret: SecretString,
    /// By `clock`.
    expires_at: Option<SystemTime>,
    /// The store's clock; `None` for a caller's token, which goes by this machine's.
    clock: Option<Arc<Clock>>,
    user: Option<UserSignature>,
    id: Option<String>,
    environment: Environment,
    is_renewable: bool,
    origin: Origin,
}

enum Origin {
    Store,
    Caller,
    /// The whole token, which the store rejected. Boxed, because nearly all tokens come from the store.
    Spool(Box<(OAuthToken, Unsaved)>),
}

static STORED: Persistence = Persistence::Stored;
static NOT_MANAGED: Persistence = Persistence::NotManaged;

impl AccessToken {
    /// The access token of a stored row, if it has one.
    pub(super) fn stored(row: &OAuthToken, environment: Environment, clock: &Arc<Clock>) -> Option<Self> {
        Self::of(row, environment, Some(clock), Origin::Store)
    }

    /// The access token that a caller passed alone.
    pub(crate) fn not_managed(token: &OAuthToken, environment: Environment) -> Option<Self> {
        Self::of(token, environment, None, Origin::Caller)
    }

    /// The access token of `token`, which the store rejected.
    pub(super) fn unsaved(
        token: &OAuthToken,
        environment: Environment,
        clock: &Arc<Clock>,
        unsaved: Unsaved,
    ) -> Option<Self> {
        Self::of(token, environment, Some(clock), Origin::Spool(Box::new((token.clone(), unsaved))))
    }

    fn of(
        token: &OAuthToken,
        environment: Environment,
        clock: Option<&Arc<Clock>>,
        origin: Origin,
    ) -> Option<Self> {
        Some(Self {
            inner: Arc::new(Inner {
                secret: token.access_token()?.clone(),
                expires_at: token.expires_at(),
                clock: clock.cloned(),
                user: token.user_signature().cloned(),
                id: token.id().map(str::to_owned),
                environment,
                is_renewable: token.refresh_token().is_some(),
                origin,
            }),
        })
    }

    /// The fields that identify its row.
    pub(crate) fn identity(&self) -> OAuthToken {
        match (self.id(), self.user()) {
            (Some(id), _) => OAuthToken::new().with_id(id),
            (None, Some(user)) => OAuthToken::new().with_user(user),
            (None, None) => match &self.inner.origin {
                Origin::Spool(spooled) => spooled.0.clone(),
                Origin::Store | Origin::Caller => OAuthToken::new(),
            },
        }
    }

    pub(crate) fn secret(&self) -> &SecretString {
        &self.inner.secret
    }

    pub(crate) fn is_renewable(&self) -> bool {
        self.inner.is_renewable
    }

    /// Whether the store does not have it yet.
    pub(crate) fn is_unsaved(&self) -> bool {
        matches!(&self.inner.origin, Origin::Spool(spooled) if !spooled.1.is_settled())
    }

    /// When it expires by the store's clock.
    pub(super) fn stored_expiry(&self) -> Option<SystemTime> {
        self.inner.expires_at
    }

    /// The secret itself, for the `Authorization: Zoho-oauthtoken …` header and nothing else.
    #[must_use]
    pub fn expose_secret(&self) -> &str {
        self.inner.secret.expose_secret()
    }

    /// When it expires, by this machine's clock as it is now; `None` if that is not known.
    #[must_use]
    pub fn expires_at(&self) -> Option<SystemTime> {
        let Inner { expires_at, clock, .. } = &*self.inner;
        expires_at.map(|end| clock.as_ref().map_or(end, |clock| clock.as_ours(end)))
    }

    /// The hosts that accept it. Send it to no others.
    #[must_use]
    pub fn environment(&self) -> &Environment {
        &self.inner.environment
    }

    /// The user it belongs to, if that is known.
    #[must_use]
    pub fn user(&self) -> Option<&UserSignature> {
        self.inner.user.as_ref()
    }

    /// The id of its row, if it is stored.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.inner.id.as_deref()
    }

    /// Where the token is persisted: in the store, unless the store rejected it.
    #[must_use]
    pub fn persistence(&self) -> &Persistence {
        match &self.inner.origin {
            Origin::Store => &STORED,
            Origin::Caller => &NOT_MANAGED,
            Origin::Spool(spooled) => &spooled.1.persistence,
        }
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
            .field("persistence", &self.persistence())
            .finish()
    }
}

/// A token on its way to the caller.
pub(super) struct Obtained {
    pub(super) access: AccessToken,
    /// Its whole lifetime, if that is known.
    pub(super) life: Option<Duration>,
}

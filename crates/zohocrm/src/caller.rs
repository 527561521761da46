//! `Caller`: on whose behalf calls are made, and through what.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use zoho_oauth::{AccessToken, Authenticator, OAuthToken};

use crate::error::Error;
use crate::transport::Transport;

/// What every handle needs to make calls: the authenticator, the token to ask it for, and the shared transport.
#[derive(Clone)]
pub(crate) struct Caller {
    authenticator: Authenticator,
    token: Arc<OAuthToken>,
    transport: Arc<Transport>,
    /// The access token that was obtained last because of a 401 that did not say why.
    replacement: Arc<Mutex<Option<AccessToken>>>,
}

impl Caller {
    pub(crate) fn new(authenticator: Authenticator, token: OAuthToken, transport: Transport) -> Self {
        let (token, transport) = (Arc::new(token), Arc::new(transport));
        Self { authenticator, token, transport, replacement: Arc::default() }
    }

    /// Makes calls for another token through the same transport.
    pub(crate) fn with_token(&self, token: OAuthToken) -> Self {
        Self { token: Arc::new(token), replacement: Arc::default(), ..self.clone() }
    }

    /// Returns a valid access token.
    pub(crate) async fn access_token(&self) -> Result<AccessToken, Error> {
        Ok(self.authenticator.access_token_for(&self.token).await?)
    }

    /// Returns an access token in place of one that Zoho has just rejected.
    pub(crate) async fn replace(&self, rejected: &AccessToken) -> Result<AccessToken, Error> {
        Ok(self.authenticator.replace(rejected).await?)
    }

    /// Notes that a token was obtained because of a 401 that did not say why.
    pub(crate) fn note_replacement(&self, newer: &AccessToken) {
        *self.replacement.lock().unwrap_or_else(PoisonError::into_inner) = Some(newer.clone());
    }

    /// Whether this token was obtained because of such a 401. Another token would not help either: a gateway that rejects
    /// every call would use up Zoho's quota of tokens.
    pub(crate) fn is_replacement(&self, token: &AccessToken) -> bool {
        let replacement = self.replacement.lock().unwrap_or_else(PoisonError::into_inner);
        replacement.as_ref().is_some_and(|replacement| replacement.expose_secret() == token.expose_secret())
    }

    pub(crate) fn transport(&self) -> &Transport {
        &self.transport
    }
}

impl fmt::Debug for Caller {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Caller").field("token", &self.token).finish_non_exhaustive()
    }
}

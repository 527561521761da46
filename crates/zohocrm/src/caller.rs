//! `Caller`: on whose behalf calls are made, and through what.

use std::fmt;
use std::sync::Arc;

use zoho_oauth::{AccessToken, Authenticator, OAuthToken};

use crate::error::Error;
use crate::transport::Transport;

/// What every handle needs to make calls: the authenticator, the token to ask it for, and the shared transport.
#[derive(Clone)]
pub(crate) struct Caller {
    authenticator: Authenticator,
    token: Arc<OAuthToken>,
    transport: Arc<Transport>,
}

impl Caller {
    pub(crate) fn new(authenticator: Authenticator, token: OAuthToken, transport: Transport) -> Self {
        Self { authenticator, token: Arc::new(token), transport: Arc::new(transport) }
    }

    /// Makes calls for another token through the same transport.
    pub(crate) fn with_token(&self, token: OAuthToken) -> Self {
        Self { token: Arc::new(token), ..self.clone() }
    }

    /// Returns a valid access token.
    pub(crate) async fn access_token(&self) -> Result<AccessToken, Error> {
        Ok(self.authenticator.access_token_for(&self.token).await?)
    }

    /// Returns an access token in place of one that Zoho has just rejected.
    pub(crate) async fn replace(&self, rejected: &AccessToken) -> Result<AccessToken, Error> {
        Ok(self.authenticator.replace(rejected).await?)
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

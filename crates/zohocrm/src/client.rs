//! `Crm`: the CRM as one user sees it.

use std::sync::Arc;

use zoho_oauth::{AccessToken, Authenticator, OAuthToken, UserSignature};

use crate::error::Error;
use crate::http::Transport;
use crate::record::Record;
use crate::records::Records;
use crate::request::{Method, Request};

/// The CRM as one user sees it: an [`Authenticator`], whose token it is asked for, and a connection pool.
///
/// Cheap to clone; clones share the connections. Making one does no I/O.
#[derive(Clone, Debug)]
pub struct Crm {
    authenticator: Authenticator,
    whose: Arc<OAuthToken>,
    transport: Arc<Transport>,
}

impl Crm {
    /// The CRM of a user whose token is stored.
    pub fn new(authenticator: &Authenticator, user: impl Into<UserSignature>) -> Self {
        Self::for_token(authenticator, OAuthToken::new().with_user(user))
    }

    /// The CRM of whomever `token` means: a row by its id, a refresh token, or an access token alone.
    #[must_use]
    pub fn for_token(authenticator: &Authenticator, token: OAuthToken) -> Self {
        Self {
            authenticator: authenticator.clone(),
            whose: Arc::new(token),
            transport: Arc::new(Transport::new()),
        }
    }

    /// The user whose token this is, as the CRM knows them: `id`, `email`, `full_name` and more.
    ///
    /// # Errors
    /// When the call fails, or the answer names nobody. Needs the scope `ZohoCRM.users.READ`.
    pub async fn current_user(&self) -> Result<Record, Error> {
        let request = self.request(Method::Get, "/crm/v8/users").query("type", "CurrentUser");
        request.only_item_of("users").await
    }

    /// The user's organisation: `id`, `zgid`, `company_name` and more.
    ///
    /// # Errors
    /// When the call fails, or the answer names none. Needs the scope `ZohoCRM.org.READ`.
    pub async fn organization(&self) -> Result<Record, Error> {
        self.request(Method::Get, "/crm/v8/org").only_item_of("org").await
    }

    /// The records of a module, by its API name: `Leads`, `Contacts`, `Students`.
    pub fn records(&self, module: impl Into<String>) -> Records<'_> {
        Records::new(self, module.into())
    }

    /// Any call: a path such as `/crm/v8/settings/modules`, or a whole URL on one of the token's own hosts.
    pub fn request(&self, method: Method, path: impl Into<String>) -> Request<'_> {
        Request::new(self, method, path.into())
    }

    /// An access token that is good now.
    pub(crate) async fn access_token(&self) -> Result<AccessToken, Error> {
        Ok(self.authenticator.access_token_for(&self.whose).await?)
    }

    /// An access token in place of one that Zoho has just turned down.
    pub(crate) async fn replace(&self, rejected: &AccessToken) -> Result<AccessToken, Error> {
        Ok(self.authenticator.replace(rejected).await?)
    }

    pub(crate) fn transport(&self) -> &Transport {
        &self.transport
    }
}

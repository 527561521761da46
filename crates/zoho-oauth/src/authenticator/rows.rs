//! Rows of the store, as an authenticator sees them: which one is meant, where it belongs, who may renew it.

use secrecy::ExposeSecret;

use crate::accounts::OAuthClient;
use crate::environment::Environment;
use crate::error::{Error, Invalid, LoginReason};
use crate::store::StoreErrorKind;
use crate::token::OAuthToken;

use super::Core;

impl Core {
    /// The row that `token` means. Where rows of several environments answer to it, this one's is meant; where
    /// `token` does not say which client app, this one's is.
    pub(super) async fn find(&self, token: &OAuthToken) -> Result<Option<OAuthToken>, Error> {
        let wanted = self.with_own_client(identity(token));
        match self.store.find_token(&wanted).await {
            Err(error) if error.kind() == StoreErrorKind::Ambiguous && wanted.api_domain().is_none() => {
                let here = wanted.with_api_domain(self.environments.primary.api_url());
                Ok(self.store.find_token(&here).await.map_err(|_| error)?)
            }
            found => Ok(found?),
        }
    }

    /// Deletes a row, and what waits to be saved into it. It is forgotten before, and once more for those who read
    /// it in between.
    pub(super) async fn delete(&self, row: &OAuthToken) -> Result<bool, Error> {
        self.cache.forget(row);
        self.forget_spooled(row);
        let was_there = self.store.delete_token(row.id().unwrap_or_default()).await;
        self.cache.forget(row);
        Ok(was_there?)
    }

    /// Deletes a row whose token was revoked, unless a new login has put another one there meanwhile.
    pub(super) async fn delete_revoked(&self, row: &OAuthToken) -> Result<(), Error> {
        let secrets = |row: &OAuthToken| {
            let secret = row.refresh_token().or(row.access_token());
            secret.map(|secret| secret.expose_secret().to_owned())
        };
        let now = self.store.find_token_by_id(row.id().unwrap_or_default()).await?;
        if now.is_some_and(|now| secrets(&now) == secrets(row)) {
            self.delete(row).await?;
        }
        self.cache.forget(row);
        Ok(())
    }

    /// Where the calls and renewals of a row go.
    pub(super) fn environment_of(&self, row: &OAuthToken) -> Result<Environment, Error> {
        self.environments.of(row.api_domain()).ok_or_else(|| Error::EnvironmentMismatch {
            user: name_of(row),
            api_domain: row.api_domain().unwrap_or_default().to_owned(),
            environment: self.environments.primary.to_string(),
        })
    }

    /// The client app of a row. The authenticator's own goes first, since its secret may have been changed after
    /// the row was written; but not in another data center, where the same app may have another secret.
    pub(super) fn client_of(&self, row: &OAuthToken) -> Result<OAuthClient, Error> {
        let is_here = self.environment_of(row)? == self.environments.primary;
        let own = self.client.as_ref().filter(|client| row.client_id().is_none_or(|id| id == client.id));
        match (row.client_id(), row.client_secret(), own) {
            (_, _, Some(own)) if is_here || row.client_secret().is_none() => Ok(own.clone()),
            (Some(id), Some(secret), _) => {
                let redirect_url = row.redirect_url().map(str::to_owned);
                Ok(OAuthClient { id: id.to_owned(), secret: secret.clone(), redirect_url })
            }
            (_, _, Some(own)) => Ok(own.clone()),
            _ => Err(Invalid::RowWithoutClient { row: name_of(row) }.into()),
        }
    }

    /// A user's row, and a row by its refresh or grant token, is looked for under this authenticator's client app.
    fn with_own_client(&self, wanted: OAuthToken) -> OAuthToken {
        let Some(client) = &self.client else { return wanted };
        let is_of_user = wanted.user_signature().is_some();
        let is_of_credential = wanted.refresh_token().is_some() || wanted.grant_token().is_some();
        match wanted.client_id() {
            None if wanted.id().is_none() && is_of_user => wanted.with_client_id(&client.id),
            None if wanted.id().is_none() && is_of_credential => {
                wanted.with_client(&client.id, client.secret.clone())
            }
            Some(id) if id == client.id && is_of_credential && wanted.client_secret().is_none() => {
                wanted.with_client(&client.id, client.secret.clone())
            }
            _ => wanted,
        }
    }
}

/// The fields of `token` that say which row is meant, without its other secrets: the stored ones are newer than
/// what a program once put into its configuration.
pub(super) fn identity(token: &OAuthToken) -> OAuthToken {
    let mut identity = OAuthToken::new();
    if token.id().is_some() {
        identity.id.clone_from(&token.id);
    } else if token.user_signature().is_some() {
        identity.user_signature.clone_from(&token.user_signature);
        identity.client_id.clone_from(&token.client_id);
        identity.api_domain.clone_from(&token.api_domain);
    } else if token.grant_token().is_some() || token.refresh_token().is_some() {
        identity.client_id.clone_from(&token.client_id);
        identity.client_secret.clone_from(&token.client_secret);
        identity.grant_token.clone_from(&token.grant_token);
        identity.refresh_token.clone_from(&token.refresh_token);
    } else {
        identity.access_token.clone_from(&token.access_token);
    }
    identity
}

/// A row's name in messages: its user, or its id.
pub(super) fn name_of(row: &OAuthToken) -> String {
    match (row.user_signature(), row.id()) {
        (Some(user), _) => user.to_string(),
        (None, Some(id)) => format!("id {id}"),
        (None, None) => "an unnamed user".to_owned(),
    }
}

/// What is said when `token` means no row.
pub(super) fn missing(token: &OAuthToken) -> Error {
    match (token.id(), token.user_signature()) {
        (Some(id), _) => Error::NotFound { id: id.to_owned() },
        _ => Error::LoginRequired { user: name_of(token), reason: LoginReason::NotStored },
    }
}

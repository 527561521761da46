//! A token is revoked, or its row deleted: in the store, in the spool and in memory.

use secrecy::{ExposeSecret, SecretString};

use crate::error::Error;
use crate::token::OAuthToken;

use super::cache::Cache;
use super::events;
use super::parts::Parts;
use super::rows::{missing, name_of};

/// The removal of tokens.
pub(super) struct Removal<'a> {
    pub(super) parts: &'a Parts,
    pub(super) cache: &'a Cache,
}

impl Removal<'_> {
    /// Revokes the token of the row that `token` identifies, and deletes the row unless a new login has put another
    /// token there in the meantime.
    pub(super) async fn revoke(&self, token: &OAuthToken) -> Result<(), Error> {
        let Parts { rows, accounts, machine, .. } = self.parts;
        let started = machine.uptime();
        let row = match rows.find(token).await? {
            Some(row) => row,
            None => self.parts.spooled_login(token).await.ok_or_else(|| missing(token))?.token,
        };
        let environment = rows.environment_of(&row)?;
        if let Some(secret) = revocable_secret(&row) {
            accounts.revoke(&environment, secret).await?;
        }
        let current = rows.store.find_token_by_id(row.id().unwrap_or_default()).await?;
        let exposed = |row| revocable_secret(row).map(ExposeSecret::expose_secret);
        if current.as_ref().is_some_and(|current| exposed(current) == exposed(&row)) {
            self.delete(&row).await?;
        } else {
            self.parts.forget_spooled(&OAuthToken { id: None, ..row.clone() }).await?;
        }
        self.cache.forget(&row);
        events::revocation(&name_of(&row), machine.uptime().saturating_sub(started));
        Ok(())
    }

    /// Deletes the row that `token` identifies, or its spooled login, if there is one.
    pub(super) async fn log_out(&self, token: &OAuthToken) -> Result<bool, Error> {
        let started = self.parts.machine.uptime();
        let deleted = match self.parts.rows.find(token).await? {
            Some(row) => self.delete(&row).await?.then_some(row),
            None => self.delete_spooled(token).await?,
        };
        if let Some(row) = &deleted {
            events::logout(&name_of(row), self.parts.machine.uptime().saturating_sub(started));
        }
        Ok(deleted.is_some())
    }

    async fn delete_spooled(&self, token: &OAuthToken) -> Result<Option<OAuthToken>, Error> {
        let Some(login) = self.parts.spooled_login(token).await else { return Ok(None) };
        self.parts.forget_spooled(&login.token).await?;
        self.cache.forget(&login.token);
        Ok(Some(login.token))
    }

    /// Deletes a row and its spooled tokens. The cache forgets it before, and again after, for callers that read the
    /// row in between.
    async fn delete(&self, row: &OAuthToken) -> Result<bool, Error> {
        self.cache.forget(row);
        self.parts.forget_spooled(row).await?;
        let was_there = self.parts.rows.store.delete_token(row.id().unwrap_or_default()).await;
        self.cache.forget(row);
        Ok(was_there?)
    }
}

/// The secret to revoke: the refresh token, which invalidates its access tokens too, or else the access token.
fn revocable_secret(row: &OAuthToken) -> Option<&SecretString> {
    row.refresh_token().or(row.access_token())
}

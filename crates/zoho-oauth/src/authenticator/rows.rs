//! Rows of the store, as an authenticator sees them: which row a token identifies, which hosts accept it, and which
//! client app renews it.

use std::time::Duration;

use secrecy::SecretString;

use crate::accounts::{Issued, OAuthClient};
use crate::environment::Environment;
use crate::environments::Environments;
use crate::error::{Error, Invalid, LoginReason};
use crate::ledger::Ledger;
use crate::rejections::Requester;
use crate::spool::Unsaved;
use crate::store::{StoreError, StoreErrorKind};
use crate::token::OAuthToken;

use super::access::{AccessToken, Obtained};
use super::clocked::ClockedStore;

#[derive(Debug)]
pub(super) struct Rows {
    pub(super) store: ClockedStore,
    pub(super) environments: Environments,
    pub(super) client: Option<OAuthClient>,
}

impl Rows {
    /// The row that `token` identifies. If `token` does not say which environment or which client app, this
    /// authenticator's decides between several rows.
    pub(super) async fn find(&self, token: &OAuthToken) -> Result<Option<OAuthToken>, Error> {
        let wanted = self.wanted(token);
        match self.store.find_token(&wanted).await {
            Err(error) if error.kind() == StoreErrorKind::Ambiguous && wanted.api_domain().is_none() => {
                let here = wanted.with_api_domain(self.environments.primary.api_url());
                Ok(self.store.find_token(&here).await.map_err(|_| error)?)
            }
            found => Ok(found?),
        }
    }

    /// What identifies the row of `token`, for this authenticator.
    pub(super) fn wanted(&self, token: &OAuthToken) -> OAuthToken {
        self.with_own_client(identity(token))
    }

    /// Reads `row` again. A row without an id was never stored, and is returned unchanged if the store has none for
    /// it. A row with an id that is no longer stored was deleted. So was one that belongs to another user by now: a store
    /// that lost its last writes in a failover assigns their ids again.
    pub(super) async fn reload(&self, row: OAuthToken) -> Result<OAuthToken, Error> {
        match row.id() {
            Some(id) => match self.store.find_token_by_id(id).await? {
                Some(stored) if is_still(&stored, &row) => Ok(stored),
                _ => Err(missing(&OAuthToken { id: None, ..row })),
            },
            None => Ok(self.find(&row).await?.unwrap_or(row)),
        }
    }

    /// The hosts that the calls and renewals of a row go to.
    pub(super) fn environment_of(&self, row: &OAuthToken) -> Result<Environment, Error> {
        self.environments.of(row.api_domain()).ok_or_else(|| Error::EnvironmentMismatch {
            user: name_of(row),
            api_domain: row.api_domain().unwrap_or_default().to_owned(),
            environment: self.environments.primary.to_string(),
            fitting: row.api_domain().and_then(Environment::of_api_domain).map(|fitting| fitting.to_string()),
        })
    }

    /// The hosts that accept the token of a row, whether or not they are served here.
    pub(super) fn hosts_of(&self, row: &OAuthToken) -> Option<Environment> {
        let served = self.environments.of(row.api_domain());
        served.or_else(|| row.api_domain().and_then(Environment::of_api_domain))
    }

    /// The client app that renews a row. In the authenticator's own environment, its own client app takes
    /// precedence, because its secret may have changed since the row was written. In another data center the same
    /// app may have another secret, so the row's takes precedence there.
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

    /// Who renews a row with this refresh token, and where.
    pub(super) fn requester_of(
        &self,
        row: &OAuthToken,
        refresh_token: &SecretString,
    ) -> Result<Requester, Error> {
        let (environment, client) = (self.environment_of(row)?, self.client_of(row)?);
        Ok(Requester::new(refresh_token, environment.accounts_url(), &client.id, &client.secret))
    }

    /// The row after Zoho has issued `issued` for it.
    pub(super) fn with_issued(&self, mut row: OAuthToken, issued: Issued) -> OAuthToken {
        row.api_domain = Some(self.environments.domain_after(issued.api_domain.as_deref(), row.api_domain()));
        row.access_token = Some(issued.access_token);
        row.expires_at = Some(self.store.clock().at(issued.requested_at) + issued.life);
        // Zoho does not rotate refresh tokens. If it should send one, that is the newer one.
        row.refresh_token = issued.refresh_token.or(row.refresh_token);
        row
    }

    /// The access token of a stored row.
    pub(super) fn obtained(&self, row: &OAuthToken) -> Result<Obtained, Error> {
        let access = AccessToken::stored(row, self.environment_of(row)?, self.store.clock());
        Ok(Obtained { access: access.ok_or_else(|| self.lost_access_token())?, life: None })
    }

    /// As [`obtained`](Self::obtained), with the token's lifetime from the ledger of its refresh token.
    pub(super) fn obtained_with_life(&self, row: &OAuthToken, ledger: &Ledger) -> Result<Obtained, Error> {
        Ok(Obtained { life: life_of(row, ledger), ..self.obtained(row)? })
    }

    /// The access token of a token that the store rejected.
    pub(super) fn obtained_unsaved(&self, token: &OAuthToken, unsaved: Unsaved) -> Result<Obtained, Error> {
        let access = AccessToken::unsaved(token, self.environment_of(token)?, self.store.clock(), unsaved);
        Ok(Obtained { access: access.ok_or_else(|| self.lost_access_token())?, life: None })
    }

    fn lost_access_token(&self) -> Error {
        StoreError::of(StoreErrorKind::Damaged, "return the access token that was just saved")
            .in_store(self.store.as_it_is().name())
            .into()
    }

    /// Rows are looked up by user, refresh token or grant token under this authenticator's client app, unless
    /// `wanted` names another.
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

/// The fields of `token` that identify its row, without its other secrets: the stored ones are newer than those that
/// a program may have in its configuration.
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

/// How long the access token of `row` lives, if the ledger of its refresh token knows.
pub(super) fn life_of(row: &OAuthToken, ledger: &Ledger) -> Option<Duration> {
    row.access_token().and_then(|token| ledger.life_of(token))
}

/// Whether `stored` belongs to the user of `row`. A row can get a name, and never loses it.
fn is_still(stored: &OAuthToken, row: &OAuthToken) -> bool {
    row.user_signature().is_none_or(|user| stored.user_signature() == Some(user))
}

/// A row's name in messages: its user, or else its id.
pub(super) fn name_of(row: &OAuthToken) -> String {
    match (row.user_signature(), row.id()) {
        (Some(user), _) => user.to_string(),
        (None, Some(id)) => format!("id {id}"),
        (None, None) => "an unnamed user".to_owned(),
    }
}

/// The error for a `token` that identifies no row.
pub(super) fn missing(token: &OAuthToken) -> Error {
    match (token.id(), token.user_signature()) {
        (Some(id), _) => Error::NotFound { id: id.to_owned() },
        _ => Error::LoginRequired { user: name_of(token), reason: LoginReason::NotStored },
    }
}

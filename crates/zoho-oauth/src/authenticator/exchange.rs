//! A grant token is spent once: the store is checked first, and what it brings is written down at once.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use crate::accounts::{Denied, Issued, OAuthClient};
use crate::environment::Environment;
use crate::error::Error;
use crate::login::Grant;
use crate::persistence::Persistence;
use crate::spool::{Entry, Origin};
use crate::store::coordination::{Acquired, Fenced, Lease, LeaseKey};
use crate::token::OAuthToken;

use super::Core;
use super::renewal::{Pauses, backoff, new_holder};

/// What a login brought.
#[derive(Clone)]
pub struct Login {
    token: Arc<OAuthToken>,
    persistence: Persistence,
}

impl Login {
    /// The token as it is stored: with its id, and the user's name where that could be had.
    #[must_use]
    pub fn token(&self) -> &OAuthToken {
        &self.token
    }

    /// Where the token is persisted: in the store, unless the store rejected it.
    #[must_use]
    pub fn persistence(&self) -> &Persistence {
        &self.persistence
    }

    fn saved(token: OAuthToken) -> Self {
        Self { token: Arc::new(token), persistence: Persistence::Stored }
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Login")
            .field("token", &self.token)
            .field("persistence", &self.persistence)
            .finish()
    }
}

impl Core {
    pub(super) async fn exchange(self: Arc<Self>, grant: Grant, client: OAuthClient) -> Result<Login, Error> {
        self.recover_once().await;
        self.exchange_now(grant, client, OAuthToken::new()).await
    }

    /// Spends the grant, unless another process has done so meanwhile. `basis` is the row that has the grant, or
    /// what a program says of it: its id and its user stay.
    pub(super) async fn exchange_now(
        &self,
        grant: Grant,
        client: OAuthClient,
        basis: OAuthToken,
    ) -> Result<Login, Error> {
        let key = LeaseKey::exchange(&grant.code);
        let basis = OAuthToken { id: basis.id, user_signature: basis.user_signature, ..OAuthToken::new() }
            .with_client(client.id.clone(), client.secret.clone())
            .with_grant_token(grant.code.clone());
        let mut pauses = Pauses::default();
        loop {
            // The lease is the first thing written, so a store that cannot be written stops here.
            let acquired = self.store.acquire(&key, &new_holder(), self.settings.lease_life).await?;
            let exchanged = self.exchanged_row(&basis).await;
            let lease = match acquired {
                Acquired::Granted(lease) => lease,
                Acquired::Held(state) => match exchanged? {
                    Some(row) => return Ok(Login::saved(row)),
                    None => {
                        tokio::time::sleep(pauses.next(state.remaining)).await;
                        continue;
                    }
                },
            };
            let login = match exchanged {
                Ok(Some(row)) => Ok(Login::saved(row)),
                Ok(None) => return self.spend(&lease, grant, client, basis).await,
                Err(error) => Err(error),
            };
            self.release(&lease).await;
            return login;
        }
    }

    /// The row of a code that was exchanged before.
    async fn exchanged_row(&self, basis: &OAuthToken) -> Result<Option<OAuthToken>, Error> {
        let row = match basis.id() {
            Some(id) => self.store.find_token_by_id(id).await?,
            None => {
                let by_code = OAuthToken { user_signature: None, ..basis.clone() };
                self.store.find_token(&by_code).await?
            }
        };
        Ok(row.filter(|row| row.access_token().is_some()))
    }

    async fn spend(
        &self,
        lease: &Lease,
        grant: Grant,
        client: OAuthClient,
        basis: OAuthToken,
    ) -> Result<Login, Error> {
        let environment = grant.environment.clone().unwrap_or_else(|| self.environments.primary.clone());
        // The code of a Self Client belongs to no redirect URL.
        let sent_as = OAuthClient {
            redirect_url: client.redirect_url.clone().filter(|_| !grant.is_self_client),
            ..client.clone()
        };
        let asked = match self.store.as_it_is().check_for_writing().await {
            Ok(()) => self.while_holding(lease, self.ask_for_exchange(&environment, &sent_as, &grant)).await,
            Err(error) => Err(error.into()),
        };
        let issued = match asked {
            Ok(issued) => issued,
            Err(error) => {
                self.release(lease).await;
                return Err(error);
            }
        };
        if issued.refresh_token.is_none() {
            tracing::warn!(
                "Zoho gave no refresh token: the login lacked access_type=offline or prompt=consent"
            );
        }
        let mut token = OAuthToken { redirect_url: client.redirect_url, ..basis };
        token.api_domain = Some(environment.api_url().to_owned());
        let mut token = self.merged(token, issued);

        // Written down before anything else is asked: a kill from here on loses nothing.
        let journal = self.journal(&token);
        if self.settings.find_user && token.user_signature().is_none() {
            self.while_holding(lease, self.name(&mut token)).await;
        }
        let saved = match self.save_under(lease, &token).await {
            Ok(Fenced::Saved(row)) => Ok(row),
            // Nobody else can have spent the code; the row is written without the lease.
            Ok(Fenced::Superseded) => self.store.save_token(&token).await,
            Err(error) => Err(error),
        };
        match saved {
            Ok(row) => {
                journal.iter().for_each(Entry::remove);
                self.cache.forget(&row);
                Ok(Login::saved(row))
            }
            Err(error) => {
                self.release(lease).await;
                let persistence = match journal {
                    Some(entry) => self.respool(&entry, &token, error),
                    None => self.spool(&token, Origin::Login, error),
                };
                self.remember_unsaved(&token, &persistence);
                Ok(Login { token: Arc::new(token), persistence })
            }
        }
    }

    /// Sends the code. Only a request that surely did not arrive is sent again: the code works once.
    async fn ask_for_exchange(
        &self,
        environment: &Environment,
        client: &OAuthClient,
        grant: &Grant,
    ) -> Result<Issued, Error> {
        let mut attempt = 1;
        loop {
            match self.accounts.exchange(environment, client, &grant.code).await {
                Ok(issued) => return Ok(issued),
                Err(Denied::Failed { may_have_acted: false, .. })
                    if attempt < self.settings.attempts.get() =>
                {
                    tokio::time::sleep(backoff(attempt)).await;
                    attempt += 1;
                }
                Err(Denied::Rejected(error) | Denied::Failed { error, .. }) => return Err(*error),
                Err(Denied::Throttled) => {
                    return Err(Error::Throttled {
                        retry_at: SystemTime::now() + self.settings.quota.window(),
                    });
                }
            }
        }
    }
}

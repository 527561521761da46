//! Spends a grant token once: the store is checked first, and the result is spooled before anything else happens.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use crate::accounts::{Denied, Issued, OAuthClient};
use crate::environment::Environment;
use crate::error::Error;
use crate::login::Grant;
use crate::persistence::Persistence;
use crate::spool::{LoginFacts, Origin, Unsaved};
use crate::store::StoreError;
use crate::store::coordination::{Fenced, LeaseKey};
use crate::token::{OAuthToken, epoch_milliseconds, fingerprint};

use super::clock::Clock;
use super::events::{self, Leader};
use super::held_lease::{HeldLease, LEASE_POLL, Take, YIELD};
use super::parts::Parts;
use super::rows::name_of;

/// The result of a login.
#[derive(Clone)]
pub struct Login {
    token: Arc<OAuthToken>,
    unsaved: Option<Unsaved>,
}

impl Login {
    /// The token as it is stored: with its id, and with the user's name if that could be determined.
    #[must_use]
    pub fn token(&self) -> &OAuthToken {
        &self.token
    }

    /// Where the token is persisted: in the store, unless the store rejected it.
    #[must_use]
    pub fn persistence(&self) -> &Persistence {
        self.unsaved.as_ref().map_or(&Persistence::Stored, |unsaved| &unsaved.persistence)
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Login")
            .field("token", &self.token)
            .field("persistence", self.persistence())
            .finish()
    }
}

/// The outcome of an exchange.
pub(super) struct Exchanged {
    pub(super) row: OAuthToken,
    /// Where the token is, if the store rejected it.
    pub(super) unsaved: Option<Unsaved>,
}

impl Exchanged {
    fn stored(row: OAuthToken) -> Self {
        Self { row, unsaved: None }
    }

    /// What the caller gets, by this machine's time of day.
    pub(super) fn into_login(self, clock: &Clock) -> Login {
        let Self { row, unsaved } = self;
        let expires_at = row.expires_at.map(|end| clock.as_ours(end));
        Login { token: Arc::new(OAuthToken { expires_at, ..row }), unsaved }
    }
}

/// Why a code brought no token.
enum Unspent {
    /// The request did not leave this machine.
    NotSent(Error),
    Failed(Error),
}

/// The exchange of one grant token. Any number of processes that run it at the same time spend the code once.
pub(super) struct Exchange<'a> {
    parts: &'a Parts,
    grant: Grant,
    client: OAuthClient,
    /// The row to write, as far as it is known before the exchange.
    basis: OAuthToken,
}

impl<'a> Exchange<'a> {
    /// `basis` is the row that holds the grant, or an empty token.
    pub(super) fn new(parts: &'a Parts, grant: Grant, client: OAuthClient, basis: OAuthToken) -> Self {
        let redirect_url = client.redirect_url.or_else(|| grant.redirect_url.clone());
        let client = OAuthClient { redirect_url, ..client };
        let basis = OAuthToken { id: basis.id, user_signature: basis.user_signature, ..OAuthToken::new() }
            .with_client(client.id.clone(), client.secret.clone())
            .with_grant_token(grant.code.clone());
        Self { parts, grant, client, basis }
    }

    /// Spends the grant, unless another process has done so.
    pub(super) async fn run(self) -> Result<Exchanged, Error> {
        let started = self.parts.machine.uptime();
        let outcome = self.exchanged().await;
        let reason =
            if self.grant.is_self_client { "a code of a Self Client" } else { "a login in a browser" };
        let duration = self.parts.machine.uptime().saturating_sub(started);
        let token = outcome.as_ref().map_or(&self.basis, |(exchanged, _)| &exchanged.row);
        events::login(&name_of(token), reason, duration, outcome.as_ref().map(|(_, leader)| *leader));
        outcome.map(|(exchanged, _)| exchanged)
    }

    async fn exchanged(&self) -> Result<(Exchanged, Leader), Error> {
        let (store, machine) = (&self.parts.rows.store, &self.parts.machine);
        let (life, max_attempts) = (self.parts.settings.lease_life, self.parts.settings.attempts.get());
        let key = LeaseKey::exchange(&self.grant.code);
        let (mut delays, mut attempt, mut yields) = (LEASE_POLL, 1, YIELD);
        loop {
            // Taking the lease is the first write, so a store that cannot be written fails here.
            let taken = HeldLease::take(store, &key, life).await?;
            let exchanged = self.exchanged_row().await;
            match taken {
                Take::Held(state) => match exchanged? {
                    Some(row) => return Ok((Exchanged::stored(row), Leader::AnotherProcess)),
                    None => machine.sleep(delays.next_delay(machine.random()).min(state.remaining)).await,
                },
                Take::Granted(lease) => match exchanged {
                    Ok(None) => match self.spooled_or_spent(lease).await {
                        Ok(exchanged) => return Ok((exchanged, Leader::ThisProcess)),
                        Err(Unspent::NotSent(error)) if error.is_transient() && attempt < max_attempts => {
                            // Another host may be able to send it, and gets its turn.
                            machine.sleep(yields.next_delay(machine.random())).await;
                            attempt += 1;
                        }
                        Err(Unspent::NotSent(error) | Unspent::Failed(error)) => return Err(error),
                    },
                    Ok(Some(row)) => {
                        lease.release().await;
                        return Ok((Exchanged::stored(row), Leader::AnotherProcess));
                    }
                    Err(error) => {
                        lease.release().await;
                        return Err(error.into());
                    }
                },
            }
        }
    }

    /// The row that an earlier exchange of this code wrote.
    async fn exchanged_row(&self) -> Result<Option<OAuthToken>, StoreError> {
        let store = &self.parts.rows.store;
        let row = match self.basis.id() {
            Some(id) => store.find_token_by_id(id).await?,
            None => {
                let by_code = OAuthToken { user_signature: None, ..self.basis.clone() };
                store.find_token(&by_code).await?
            }
        };
        Ok(row.filter(|row| row.access_token().is_some()))
    }

    /// The login that was spooled when this code was spent, or else a new one.
    async fn spooled_or_spent(&self, lease: HeldLease<'_>) -> Result<Exchanged, Unspent> {
        let by_code = OAuthToken { id: None, user_signature: None, ..self.basis.clone() };
        let Some(spooled) = self.parts.spooled_login(&by_code).await else { return self.spend(lease).await };
        lease.release().await;
        let (row, unsaved) = self.parts.use_spooled(spooled, self.parts.not_yet("it is still spooled"));
        Ok(Exchanged { row, unsaved: Some(unsaved) })
    }

    async fn spend(&self, mut lease: HeldLease<'_>) -> Result<Exchanged, Unspent> {
        let Parts { rows, spool, settings, .. } = self.parts;
        let environment = self.grant.environment.as_ref().unwrap_or(&rows.environments.primary);
        let requested = match rows.store.as_it_is().check_for_writing().await {
            Ok(()) => lease.while_working(self.request(environment)).await,
            Err(error) => Err(Unspent::Failed(error.into())),
        };
        let issued = match requested {
            Ok(issued) => issued,
            Err(error) => {
                lease.release().await;
                return Err(error);
            }
        };
        if issued.refresh_token.is_none() {
            tracing::warn!(
                "Zoho issued no refresh token: the login needs access_type=offline and prompt=consent"
            );
        }
        let mut token = OAuthToken { redirect_url: self.client.redirect_url.clone(), ..self.basis.clone() };
        token.api_domain = Some(environment.api_url().to_owned());
        let mut token = rows.with_issued(token, issued);

        // Spooled before any other request is sent: a kill from here on loses nothing.
        let at = lease.now();
        lease.note_login(at, settings.quota);
        let mut facts = LoginFacts { at: Some(epoch_milliseconds(at)), instead_of: None };
        spool.journal(&token, Origin::Login, facts.clone());
        self.parts.name(&lease, &mut token).await;
        let saved = match lease.save_or(|| (), &token).await {
            Ok(Fenced::Saved(row)) => Ok(row),
            // No other process can have spent the code, so the row is written without the lease, unless it was: the response
            // may have been lost, and the row may have been renewed since.
            Ok(Fenced::Superseded) => match self.exchanged_row().await {
                Ok(None) => rows.store.save_token(&token).await,
                Ok(Some(row)) => Ok(row),
                Err(error) => Err(error),
            },
            Err(error) => Err(error),
        };
        match saved {
            Ok(row) => {
                spool.remove_older_than(&row);
                Ok(Exchanged::stored(row))
            }
            Err(error) => {
                // Before the lease is released, so that no other process recovers the token without its user's name.
                facts.instead_of = self.replaced_by(&token, at).await;
                let unsaved = spool.keep(&token, Origin::Login, facts, error);
                lease.release().await;
                Ok(Exchanged { row: token, unsaved: Some(unsaved) })
            }
        }
    }

    /// The fingerprint of the refresh token that the token of a login at `at` is to replace: not that of a login that was later,
    /// and faster. One in the future was earlier, before the store's clock was set back.
    async fn replaced_by(&self, token: &OAuthToken, at: SystemTime) -> Option<String> {
        let row = self.parts.rows.find(token).await.ok().flatten()?;
        let login = self.parts.login_of(&row).await.ok()?;
        let is_later = login.is_some_and(|login| login > at && login <= self.parts.now());
        row.refresh_token().filter(|_| !is_later).map(fingerprint)
    }

    /// Sends the code. It works once, so only a request that did not leave this machine can be repeated.
    async fn request(&self, environment: &Environment) -> Result<Issued, Unspent> {
        let Parts { rows, accounts, settings, .. } = self.parts;
        // The code of a Self Client belongs to no redirect URL.
        let redirect_url = self.client.redirect_url.clone().filter(|_| !self.grant.is_self_client);
        let client = OAuthClient { redirect_url, ..self.client.clone() };
        accounts.exchange(environment, &client, &self.grant.code).await.map_err(|denied| match denied {
            Denied::NotSent(error) => Unspent::NotSent(*error),
            Denied::Rejected(error) | Denied::Failed(error) => Unspent::Failed(*error),
            Denied::Throttled => {
                let clock = rows.store.clock();
                let retry_at = clock.as_ours(clock.now() + settings.quota.window());
                Unspent::Failed(Error::Throttled { retry_at })
            }
        })
    }
}

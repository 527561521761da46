//! The one door: a valid access token, whenever it is asked for.
//!
//! Only this folder sees both the store and the accounts server. A store never renews, the accounts server's
//! client never saves.

mod access;
mod builder;
mod cache;
mod clocked;
mod exchange;
mod flight;
mod obtain;
mod renewal;
mod rows;
mod subject;
mod unsaved;

use std::sync::Arc;
use std::time::SystemTime;

use crate::accounts::{Accounts, OAuthClient};
use crate::environment::{Environment, Environments};
use crate::error::{Error, Invalid, LoginReason};
use crate::login::{Authorization, Callback, Grant};
use crate::spool::Spool;
use crate::store::AnyStore;
use crate::store::coordination::LeaseKey;
use crate::token::{OAuthToken, UserSignature, epoch_milliseconds, fingerprint};

pub use access::AccessToken;
pub use builder::AuthenticatorBuilder;
pub use exchange::Login;

use builder::Settings;
use cache::{Cache, Remembered};
use clocked::ClockedStore;
use flight::Flights;
use obtain::Demand;
use rows::missing;
use subject::Subject;
use unsaved::Recovery;

/// Hands out valid access tokens for all users of a store, and keeps them valid.
///
/// Cheap to clone; clones share everything. A valid token is served from memory without I/O; what another process
/// does to the store (renew, revoke, delete, a new login) is seen within one second, or within the time that the
/// store asks for ([`Coordination::poll_interval`](crate::store::coordination::Coordination::poll_interval)). However many tasks and
/// processes want the same token, one request goes to Zoho. Its methods need a tokio runtime.
///
/// ```no_run
/// use zoho_oauth::store::SqliteStore;
/// use zoho_oauth::{Authenticator, DataCenter, Grant, OAuthClient};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let authenticator = Authenticator::builder(DataCenter::Eu.production())
///     .client(OAuthClient::new("1000.CLIENT", std::env::var("ZOHO_CLIENT_SECRET")?))
///     .store(SqliteStore::open("zohooauth.db")?)
///     .build()?;
///
/// // Once, with the code that the API console shows for a Self Client:
/// let login = authenticator.exchange(Grant::from_self_client("1000.CODE")).await?;
/// let user = login.token().user_signature().cloned().ok_or("Zoho did not say who it is")?;
///
/// // From then on, in this program and in every other that opens the store:
/// let access_token = authenticator.access_token(&user).await?;
/// println!("good at {}", access_token.environment().api_url());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Authenticator {
    core: Arc<Core>,
}

/// What the clones of an authenticator share.
#[derive(Debug)]
struct Core {
    environments: Environments,
    client: Option<OAuthClient>,
    store: ClockedStore,
    accounts: Accounts,
    spool: Spool,
    settings: Settings,
    cache: Cache,
    tokens: Flights<(Subject, Demand), AccessToken>,
    logins: Flights<LeaseKey, Login>,
    recovery: tokio::sync::Mutex<Recovery>,
}

impl Authenticator {
    /// Starts to build an authenticator for an environment. Rows of other data centers are served too, at their
    /// own hosts; production, sandbox and developer never mix.
    pub fn builder(environment: Environment) -> AuthenticatorBuilder {
        AuthenticatorBuilder::new(environment)
    }

    /// The store.
    #[must_use]
    pub fn store(&self) -> &AnyStore {
        self.core.store.as_it_is()
    }

    /// The environment that it was built for.
    #[must_use]
    pub fn environment(&self) -> &Environment {
        &self.core.environments.primary
    }

    /// Starts a login in a browser: where to send the user, and the `state` to keep for the answer.
    ///
    /// # Errors
    /// [`Error::Config`] without a client app or without its redirect URL.
    pub fn authorize(
        &self,
        scopes: impl IntoIterator<Item = impl Into<String>>,
    ) -> Result<Authorization, Error> {
        let client = self.core.client.as_ref().ok_or(Invalid::NoClient)?;
        let redirect_url = client.redirect_url.as_deref().ok_or(Invalid::NoRedirectUrl)?;
        let scopes: Vec<String> = scopes.into_iter().map(Into::into).collect();
        Ok(Authorization::new(self.environment(), &client.id, redirect_url, &scopes))
    }

    /// Checks what Zoho handed to the redirect URL against the `state` of the login that was started.
    ///
    /// # Errors
    /// [`Error::StateMismatch`] when it answers another login; [`Error::Rejected`] when the user said no;
    /// [`Error::Config`] when it names an accounts server that is not known, or has no code.
    pub fn grant(&self, callback: Callback, state: &secrecy::SecretString) -> Result<Grant, Error> {
        callback.grant(state, &self.core.environments)
    }

    /// Spends a grant token, and stores what it brings before returning. Do it at once: a code lives one to three
    /// minutes and works once. The store is checked for writing before the code is spent.
    ///
    /// # Errors
    /// [`Error::Store`] when the store cannot be written (the code is not spent then), [`Error::Rejected`] when Zoho
    /// says no, [`Error::Unreachable`] or [`Error::InvalidResponse`] when no usable answer came.
    pub async fn exchange(&self, grant: Grant) -> Result<Login, Error> {
        let core = self.core.clone();
        let client = core.client.clone().ok_or(Invalid::NoClient)?;
        let key = LeaseKey::exchange(&grant.code);
        self.core.logins.join(key, || core.exchange(grant, client)).await
    }

    /// A valid access token of `user`, renewed if need be.
    ///
    /// # Errors
    /// [`Error::LoginRequired`] when nothing that could be used is stored; [`Error::Rejected`], [`Error::Throttled`]
    /// and the transient errors when a renewal fails and no valid token is left; [`Error::Store`].
    pub async fn access_token(&self, user: &UserSignature) -> Result<AccessToken, Error> {
        let now = self.core.look_if_due().await;
        if let Some(remembered) = self.core.cache.of_user(user, now) {
            return Ok(self.core.from_memory(remembered, || Subject::User(user.clone())));
        }
        self.core.obtain(Subject::User(user.clone()), OAuthToken::new().with_user(user), Demand::Fresh).await
    }

    /// A valid access token for whatever `token` says: an id, a user (of one client app, in one environment), a
    /// refresh token, a grant token that is then exchanged, or an access token alone, which is handed back as it
    /// is and neither renewed nor stored.
    ///
    /// # Errors
    /// As [`access_token`](Self::access_token), and [`Error::NotFound`] for an id that is not there.
    pub async fn access_token_for(&self, token: &OAuthToken) -> Result<AccessToken, Error> {
        let Some(subject) = Subject::of(token) else { return self.core.used_as_it_is(token) };
        let now = self.core.look_if_due().await;
        if let Some(remembered) = self.core.cache.of(&subject, now) {
            return Ok(self.core.from_memory(remembered, || subject.clone()));
        }
        self.core.obtain(subject, token.clone(), Demand::Fresh).await
    }

    /// A new access token of `user`, whether or not the stored one is still good. Zoho grants ten in ten minutes;
    /// after that the stored one is handed back while it is valid.
    ///
    /// # Errors
    /// As [`access_token`](Self::access_token); [`Error::Throttled`] when no valid one is left.
    pub async fn refresh(&self, user: &UserSignature) -> Result<AccessToken, Error> {
        self.core.obtain(Subject::User(user.clone()), OAuthToken::new().with_user(user), Demand::Newer).await
    }

    /// As [`refresh`](Self::refresh), for whatever `token` says.
    ///
    /// # Errors
    /// As [`refresh`](Self::refresh), and [`Error::Config`] for an access token alone: nothing can renew it.
    pub async fn refresh_for(&self, token: &OAuthToken) -> Result<AccessToken, Error> {
        let subject = Subject::of(token).ok_or(Invalid::NotRenewable)?;
        self.core.obtain(subject, token.clone(), Demand::Newer).await
    }

    /// Another access token in place of one that the API rejected with 401 `INVALID_TOKEN`: the one that somebody
    /// else has stored meanwhile, or a new one. Not for `OAUTH_SCOPE_MISMATCH`: a new token has the same scopes.
    ///
    /// # Errors
    /// As [`access_token`](Self::access_token). A token that nothing can renew is [`Error::LoginRequired`].
    pub async fn replace(&self, rejected: &AccessToken) -> Result<AccessToken, Error> {
        let identity = rejected.identity();
        let user = identity.user_signature().or(rejected.user()).map(ToString::to_string);
        let user = user.unwrap_or_else(|| "the user of this access token".to_owned());
        let subject = Subject::of(&identity).ok_or_else(|| Error::LoginRequired {
            user: user.clone(),
            reason: LoginReason::NoRefreshToken,
        })?;
        self.core.cache.forget(&identity);
        let demand = Demand::InsteadOf(fingerprint(rejected.secret()));
        self.core.obtain(subject, identity, demand).await.map_err(|error| match error {
            Error::NotFound { .. } => Error::LoginRequired { user, reason: LoginReason::Deleted },
            other => other,
        })
    }

    /// Revokes the token that `token` means at Zoho, then deletes its row. Revoking a refresh token ends all its
    /// access tokens. If Zoho cannot be reached the row stays.
    ///
    /// # Errors
    /// [`Error::NotFound`] or [`Error::LoginRequired`] when there is no such row; the transient errors; [`Error::Store`].
    pub async fn revoke(&self, token: &OAuthToken) -> Result<(), Error> {
        let core = &self.core;
        let row = core.find(token).await?.ok_or_else(|| missing(token))?;
        let environment = core.environment_of(&row)?;
        let secret = row.refresh_token().or(row.access_token());
        if let Some(secret) = secret {
            core.accounts.revoke(&environment, secret).await?;
        }
        core.delete_revoked(&row).await
    }

    /// Deletes the row that `token` means, and says whether there was one. Zoho is not told.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn logout(&self, token: &OAuthToken) -> Result<bool, Error> {
        match self.core.find(token).await? {
            Some(row) => self.core.delete(&row).await,
            None => Ok(false),
        }
    }

    /// Brings tokens into the store that it would not take before, and says how many. It is done by itself before
    /// the first use.
    ///
    /// # Errors
    /// [`Error::Store`] when the store still does not take them; they stay spooled.
    pub async fn recover(&self) -> Result<usize, Error> {
        self.core.recover().await
    }
}

impl Core {
    /// Now and then the store is asked whether anybody has changed it. Hands back the time.
    async fn look_if_due(self: &Arc<Self>) -> u64 {
        let now = epoch_milliseconds(SystemTime::now());
        if !self.cache.is_due(now) {
            return now;
        }
        self.cache.look(self.store.as_it_is()).await;
        if self.cache.has_unsaved() {
            // Beside the caller: a store in trouble may take its time to say no.
            let core = self.clone();
            tokio::spawn(async move { core.recover_beside().await });
        }
        epoch_milliseconds(SystemTime::now())
    }

    /// A token from memory. The one caller whose turn it is starts to renew it in the background.
    fn from_memory(
        self: &Arc<Self>,
        remembered: Remembered,
        subject: impl FnOnce() -> Subject,
    ) -> AccessToken {
        if remembered.begins_early {
            self.renew_early(subject(), remembered.token.identity());
        }
        remembered.token
    }

    fn renew_early(self: &Arc<Self>, subject: Subject, wanted: OAuthToken) {
        let (core, work_on) = (self.clone(), subject.clone());
        let renewal = self.tokens.launch((subject, Demand::Early), || async move {
            let outcome = core.obtain_now(work_on, wanted, Demand::Early).await;
            if let Err(error) = &outcome {
                tracing::debug!(%error, "an early renewal failed; the token is good for a while yet");
            }
            outcome
        });
        drop(renewal); // Nobody waits for it.
    }

    /// Joins the work for `subject`, or starts it.
    async fn obtain(
        self: &Arc<Self>,
        subject: Subject,
        wanted: OAuthToken,
        demand: Demand,
    ) -> Result<AccessToken, Error> {
        let core = self.clone();
        let work_on = (subject.clone(), demand.clone());
        self.tokens.join((subject, demand), || core.obtain_now(work_on.0, wanted, work_on.1)).await
    }

    /// An access token alone: handed back, neither looked up nor renewed nor kept.
    fn used_as_it_is(&self, token: &OAuthToken) -> Result<AccessToken, Error> {
        let environment = self.environment_of(token)?;
        AccessToken::not_managed(token, environment).ok_or_else(|| Invalid::EmptyToken.into())
    }
}

//! A valid access token, whenever a caller asks for one.
//!
//! Only this folder uses both the store and the accounts server: a store never renews, and the client of the
//! accounts server never saves.

mod access;
mod builder;
mod cache;
mod clock;
mod clocked;
mod core;
mod events;
mod exchange;
mod flight;
mod held_lease;
mod lookout;
mod margins;
mod parts;
mod recovery;
mod rejections;
mod removal;
mod renewal;
mod rows;
mod settings;
mod spooled;
mod subject;
mod verdict;
mod watch;
mod wish;

use std::sync::Arc;

use crate::environment::Environment;
use crate::error::{Error, Invalid, LoginReason};
use crate::login::{Authorization, Callback, Grant};
use crate::store::AnyStore;
use crate::token::{OAuthToken, UserSignature, fingerprint};

pub use access::AccessToken;
pub use builder::AuthenticatorBuilder;
pub use exchange::Login;

use self::core::Core;
use subject::Subject;
use wish::Demand;

/// Hands out valid access tokens for all users of a store, and renews them.
///
/// Cheap to clone; clones share everything. A valid token is served from memory without I/O. A change that another
/// process makes to the store (a renewal, revocation, deletion or login) is visible within one second, or within the
/// interval that the store asks for
/// ([`Coordination::poll_interval`](crate::store::coordination::Coordination::poll_interval)). While the store does not
/// respond, valid tokens are still served from memory. However many tasks and processes want the same token, one request
/// goes to Zoho. The methods need a tokio runtime.
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
/// // Once, with a code that the API console generated for a Self Client:
/// let login = authenticator.exchange(Grant::from_self_client("1000.CODE")).await?;
/// let user = login.token().user_signature().cloned().ok_or("the login has no user name")?;
///
/// // From then on, in this program and in every other that opens the store:
/// let access_token = authenticator.access_token(&user).await?;
/// println!("valid at {}", access_token.environment().api_url());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Authenticator {
    core: Arc<Core>,
}

impl Authenticator {
    /// Starts to build an authenticator for an environment. Rows of other data centers are served too, at their own
    /// hosts. Production, sandbox and developer never mix.
    pub fn builder(environment: Environment) -> AuthenticatorBuilder {
        AuthenticatorBuilder::new(environment)
    }

    /// The store.
    #[must_use]
    pub fn store(&self) -> &AnyStore {
        self.core.parts.rows.store.as_it_is()
    }

    /// The environment that it was built for.
    #[must_use]
    pub fn environment(&self) -> &Environment {
        &self.core.parts.rows.environments.primary
    }

    /// Returns the hosts that calls with `token` go to. A login can bring a token of another environment than this one, if
    /// the user chose a sandbox.
    ///
    /// # Errors
    /// [`Error::EnvironmentMismatch`] if this authenticator does not serve the token; it says which environment does.
    pub fn environment_of(&self, token: &OAuthToken) -> Result<Environment, Error> {
        self.core.parts.rows.environment_of(token)
    }

    /// Starts a login in a browser. Returns the URL to send the user to, and the `state` to check the callback with.
    ///
    /// # Errors
    /// [`Error::Config`] without a client app or without its redirect URL.
    pub fn authorize(
        &self,
        scopes: impl IntoIterator<Item = impl Into<String>>,
    ) -> Result<Authorization, Error> {
        let client = self.core.parts.rows.client.as_ref().ok_or(Invalid::NoClient)?;
        let redirect_url = client.redirect_url.as_deref().ok_or(Invalid::NoRedirectUrl)?;
        let scopes: Vec<String> = scopes.into_iter().map(Into::into).collect();
        Ok(Authorization::new(self.environment(), &client.id, redirect_url, &scopes))
    }

    /// Checks a callback against the `state` of the login that was started.
    ///
    /// # Errors
    /// [`Error::StateMismatch`] for the callback of another login; [`Error::Rejected`] if the user declined;
    /// [`Error::Config`] if the callback names an unknown accounts server, or has no code.
    pub fn grant(&self, callback: Callback, state: &secrecy::SecretString) -> Result<Grant, Error> {
        callback.grant(state, &self.core.parts.rows.environments)
    }

    /// Returns the grant in a callback URL that a person copied from the browser, for example into a terminal. Does not check
    /// the `state`: use [`grant`](Self::grant) for callbacks that a browser sends.
    ///
    /// If the client app has no redirect URL, the exchange uses the callback's own.
    ///
    /// # Errors
    /// As [`grant`](Self::grant), except for [`Error::StateMismatch`].
    pub fn copied_grant(&self, callback: Callback) -> Result<Grant, Error> {
        callback.checked_grant(&self.core.parts.rows.environments)
    }

    /// Spends a grant token, and stores the resulting token before returning. A code works once and within one to
    /// three minutes, so call this at once. The store is checked for writing before the code is spent.
    ///
    /// If the store rejects the token after that, the login succeeds, and [`Login::persistence`] says where the token
    /// is.
    ///
    /// # Errors
    /// [`Error::Store`] if the store cannot be written (the code is then not spent), [`Error::Rejected`] if Zoho rejects
    /// the code, [`Error::Unreachable`] or [`Error::InvalidResponse`] if no usable response came.
    pub async fn exchange(&self, grant: Grant) -> Result<Login, Error> {
        let client = self.core.parts.rows.client.clone().ok_or(Invalid::NoClient)?;
        self.core.exchange(grant, client).await
    }

    /// Returns a valid access token of `user`, renewed if necessary.
    ///
    /// # Errors
    /// [`Error::LoginRequired`] if no usable token is stored; [`Error::Rejected`], [`Error::Throttled`] and the
    /// transient errors if a renewal fails and no valid token is left; [`Error::Store`].
    pub async fn access_token(&self, user: &UserSignature) -> Result<AccessToken, Error> {
        self.core.fresh(user).await
    }

    /// Returns a valid access token for the row that `token` identifies by an id, a user (of one client app, in one
    /// environment) or a refresh token. A grant token is exchanged first. An access token alone is returned as it is,
    /// neither renewed nor stored.
    ///
    /// # Errors
    /// As [`access_token`](Self::access_token), and [`Error::NotFound`] for an unknown id.
    pub async fn access_token_for(&self, token: &OAuthToken) -> Result<AccessToken, Error> {
        match Subject::of(token) {
            Some(subject) => self.core.fresh_for(subject, token).await,
            None => self.core.as_it_is(token),
        }
    }

    /// Returns a new access token of `user`, even if the stored one is still valid. Zoho issues ten in ten minutes;
    /// after that, the stored one is returned as long as it is valid.
    ///
    /// # Errors
    /// As [`access_token`](Self::access_token); [`Error::Throttled`] if no valid token is left.
    pub async fn refresh(&self, user: &UserSignature) -> Result<AccessToken, Error> {
        let wanted = OAuthToken::new().with_user(user);
        self.core.obtain(Subject::User(user.clone()), wanted, Demand::Newer).await
    }

    /// As [`refresh`](Self::refresh), for the row that `token` identifies.
    ///
    /// # Errors
    /// As [`refresh`](Self::refresh), and [`Error::Config`] for an access token alone, which cannot be renewed.
    pub async fn refresh_for(&self, token: &OAuthToken) -> Result<AccessToken, Error> {
        let subject = Subject::of(token).ok_or(Invalid::NotRenewable)?;
        self.core.obtain(subject, token.clone(), Demand::Newer).await
    }

    /// Returns another access token in place of one that the API rejected with 401 `INVALID_TOKEN`: the one that
    /// another process has stored since, or a new one. Not for `OAUTH_SCOPE_MISMATCH`: a new token has the same scopes.
    ///
    /// # Errors
    /// As [`access_token`](Self::access_token), and [`Error::LoginRequired`] for a token that cannot be renewed.
    pub async fn replace(&self, rejected: &AccessToken) -> Result<AccessToken, Error> {
        let identity = rejected.identity();
        let row = OAuthToken { user_signature: rejected.user().cloned(), ..identity.clone() };
        let user = row.user_signature().map(ToString::to_string);
        let user = user.unwrap_or_else(|| "the user of this access token".to_owned());
        let login_required = |reason| Error::LoginRequired { user: user.clone(), reason };
        let subject = Subject::of(&identity).ok_or_else(|| login_required(LoginReason::NoRefreshToken))?;
        self.core.cache.forget(&row);
        let demand = Demand::InsteadOf(fingerprint(rejected.secret()));
        let token = self.core.obtain(subject, identity, demand).await.map_err(|error| match error {
            Error::NotFound { .. } => login_required(LoginReason::Deleted),
            other => other,
        })?;
        // A store that lost its last writes in a failover may have given the row's id to another user since.
        let is_of_same_user = rejected.user().is_none() || token.user() == rejected.user();
        if is_of_same_user { Ok(token) } else { Err(login_required(LoginReason::Deleted)) }
    }

    /// Forgets that Zoho has rejected the refresh token of the row that `token` identifies, so that the next call sends it
    /// again. Returns whether there was a rejection to forget. Call it once the cause has been removed, for example after a
    /// client app was enabled in the user's data center.
    ///
    /// Without this call, the refresh token is sent again after an hour, or after ten minutes if Zoho rejected the client app,
    /// by one of the processes that share the store. A request with another client id, client secret or accounts server is
    /// sent at once.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn forget_rejections(&self, token: &OAuthToken) -> Result<bool, Error> {
        self.core.parts.forget_rejections(token).await
    }

    /// Revokes the token that `token` identifies at Zoho, then deletes its row. Revoking a refresh token invalidates all
    /// its access tokens. If Zoho cannot be reached, the row stays.
    ///
    /// # Errors
    /// [`Error::NotFound`] or [`Error::LoginRequired`] if there is no such row; the transient errors; [`Error::Store`].
    pub async fn revoke(&self, token: &OAuthToken) -> Result<(), Error> {
        self.core.revoke(token).await
    }

    /// Deletes the row that `token` identifies, and returns whether there was one. Zoho is not informed.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn logout(&self, token: &OAuthToken) -> Result<bool, Error> {
        self.core.log_out(token).await
    }

    /// Stores the tokens that the store rejected before, and returns how many there were. This also happens
    /// automatically before the first use.
    ///
    /// # Errors
    /// [`Error::Store`] if the store still rejects one; it stays spooled.
    pub async fn recover(&self) -> Result<usize, Error> {
        self.core.recover().await
    }
}

//! How an authenticator is put together. No I/O.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rand::RngExt;
use secrecy::ExposeSecret;

use crate::accounts::{Accounts, OAuthClient};
use crate::environment::{Environment, Environments};
use crate::error::{Error, Invalid};
use crate::ledger::Quota;
use crate::spool::Spool;
use crate::store::coordination::Coordination;
use crate::store::{AnyStore, MemoryStore};

use super::cache::Cache;
use super::clocked::ClockedStore;
use super::flight::Flights;
use super::{Authenticator, Core};

/// Builds an [`Authenticator`]: see [`Authenticator::builder`].
#[derive(Debug)]
#[must_use]
pub struct AuthenticatorBuilder {
    environments: Environments,
    client: Option<OAuthClient>,
    store: Option<AnyStore>,
    spool_folder: Option<PathBuf>,
    settings: Settings,
}

/// What may be set, with its defaults.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) find_user: bool,
    pub(super) margin: Duration,
    pub(super) early_window: Duration,
    pub(super) request_timeout: Duration,
    pub(super) attempts: NonZeroUsize,
    pub(super) lease_life: Duration,
    pub(super) quota: Quota,
}

impl AuthenticatorBuilder {
    pub(super) fn new(environment: Environment) -> Self {
        Self {
            environments: Environments { primary: environment, others: Vec::new() },
            client: None,
            store: None,
            spool_folder: None,
            settings: Settings {
                find_user: true,
                margin: Duration::from_secs(60),
                early_window: Duration::from_secs(300),
                request_timeout: Duration::from_secs(30),
                attempts: const { NonZeroUsize::new(3).unwrap() },
                lease_life: Duration::from_secs(5),
                quota: Quota::default(),
            },
        }
    }

    /// Sets the client app. Rows that carry a client id and secret of their own do without. With a client app, a
    /// user's name means the row of that app.
    pub fn client(mut self, client: OAuthClient) -> Self {
        self.client = Some(client);
        self
    }

    /// Sets the store; without one, tokens live as long as the process.
    pub fn store(mut self, store: impl Into<AnyStore>) -> Self {
        self.store = Some(store.into());
        self
    }

    /// Adds an environment whose rows are served too: hosts of one's own. Zoho's data centers are known anyway.
    pub fn other_environment(mut self, environment: Environment) -> Self {
        self.environments.others.push(environment);
        self
    }

    /// Whether rows without a user name are named `email:zgid`, as the official SDKs do: two API calls, and the
    /// scopes `ZohoCRM.users.READ` and `ZohoCRM.org.READ`. On by default; a failure leaves the row unnamed.
    pub fn find_user(mut self, find_user: bool) -> Self {
        self.settings.find_user = find_user;
        self
    }

    /// How long before its end a token counts as ended: 60 seconds by default, a little more at random, so that
    /// processes do not renew together. At most a tenth of the token's life.
    pub fn margin(mut self, margin: Duration) -> Self {
        self.settings.margin = margin;
        self
    }

    /// How long before its end a token that is in use is renewed in the background: five minutes by default. At
    /// most a quarter of the token's life; zero turns it off.
    pub fn early_window(mut self, window: Duration) -> Self {
        self.settings.early_window = window;
        self
    }

    /// How long one request may take: 30 seconds by default.
    pub fn request_timeout(mut self, timeout: Duration) -> Self {
        self.settings.request_timeout = timeout;
        self
    }

    /// How often a renewal is tried when the failure may pass: three times by default. Each one counts against
    /// Zoho's quota, since a lost answer may have been a token.
    pub fn attempts(mut self, attempts: usize) -> Self {
        self.settings.attempts = NonZeroUsize::new(attempts).unwrap_or(NonZeroUsize::MIN);
        self
    }

    /// For how long a process that renews a token keeps others from doing so: five seconds by default, renewed
    /// while it works. If it is killed, another takes over after that time.
    pub fn lease_life(mut self, life: Duration) -> Self {
        self.settings.lease_life = life;
        self
    }

    /// Sets another quota than Zoho's ten tokens in ten minutes.
    pub fn quota(mut self, quota: Quota) -> Self {
        self.settings.quota = quota;
        self
    }

    /// Where tokens wait that the store would not take. By default a folder beside the store's file, and one under
    /// `~/.local/state/zoho-oauth`. Several stores of one's own that have no file need a folder each.
    pub fn spool_folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.spool_folder = Some(folder.into());
        self
    }

    /// Builds the authenticator.
    ///
    /// # Errors
    /// [`Error::Config`] for a client app without an id or a secret.
    pub fn build(self) -> Result<Authenticator, Error> {
        if self
            .client
            .as_ref()
            .is_some_and(|client| client.id.is_empty() || client.secret.expose_secret().is_empty())
        {
            return Err(Invalid::IncompleteClient.into());
        }
        let store = self.store.unwrap_or_else(|| MemoryStore::new().into());
        let mut settings = self.settings;
        settings.margin = settings.margin.mul_f64(1.0 + rand::rng().random::<f64>() / 4.0);
        let poll_interval = store.poll_interval();
        Ok(Authenticator {
            core: Arc::new(Core {
                environments: self.environments,
                client: self.client,
                accounts: Accounts::new(settings.request_timeout),
                spool: Spool::new(&store, self.spool_folder),
                store: ClockedStore::new(store),
                settings,
                cache: Cache::looking_every(poll_interval),
                tokens: Flights::new(),
                logins: Flights::new(),
                recovery: Default::default(),
            }),
        })
    }
}

//! How an authenticator is built. No I/O.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use secrecy::ExposeSecret;

use crate::accounts::{Accounts, OAuthClient};
use crate::backoff::fraction;
use crate::crm_user::CrmUsers;
use crate::environment::Environment;
use crate::environments::Environments;
use crate::error::{Error, Invalid};
use crate::ledger::Quota;
use crate::machine::Machine;
use crate::machine::this_machine::ThisMachine;
use crate::spool::{KnownIdentity, Spool};
use crate::store::coordination::{Coordination, LeaseEntry};
use crate::store::{AnyStore, MemoryStore, TokenStore};

use super::Authenticator;
use super::cache::Cache;
use super::clocked::ClockedStore;
use super::core::Core;
use super::parts::Parts;
use super::rows::Rows;
use super::settings::Settings;

/// Builds an [`Authenticator`]: see [`Authenticator::builder`].
#[derive(Debug)]
#[must_use]
pub struct AuthenticatorBuilder {
    environments: Environments,
    client: Option<OAuthClient>,
    store: Option<AnyStore>,
    spool_folder: Option<PathBuf>,
    machine: Option<Arc<dyn Machine>>,
    settings: Settings,
}

impl AuthenticatorBuilder {
    pub(super) fn new(environment: Environment) -> Self {
        Self {
            environments: Environments { primary: environment, others: Vec::new() },
            client: None,
            store: None,
            spool_folder: None,
            machine: None,
            settings: Settings::default(),
        }
    }

    /// Sets the client app. Rows that have a client id and secret can be renewed without it. With a client app, a
    /// user's name identifies the row of that app.
    pub fn client(mut self, client: OAuthClient) -> Self {
        self.client = Some(client);
        self
    }

    /// Sets the store: one of this crate, or a custom one. All processes that share a store of this crate cause one renewal;
    /// [`TokenStore::into_any`] decides it for a custom one. Default: a [`MemoryStore`], whose tokens live as long as the
    /// process.
    pub fn store(mut self, store: impl TokenStore) -> Self {
        self.store = Some(store.into_any());
        self
    }

    /// Adds an environment of custom hosts whose rows are served too. Zoho's own data centers are always included.
    pub fn other_environment(mut self, environment: Environment) -> Self {
        self.environments.others.push(environment);
        self
    }

    /// Sets whether rows without a user name are named `email:zgid`, as the official SDKs do. This takes two API calls
    /// and the scopes `ZohoCRM.users.READ` and `ZohoCRM.org.READ`; if it fails, the row stays unnamed. Default: `true`.
    pub fn find_user(mut self, find_user: bool) -> Self {
        self.settings.find_user = find_user;
        self
    }

    /// Sets how long before its expiry a token counts as expired: at most a tenth of its lifetime. Up to a quarter is
    /// added at random, so that processes do not renew at the same time. Default: 60 seconds.
    pub fn margin(mut self, margin: Duration) -> Self {
        self.settings.margins.margin = margin;
        self
    }

    /// Sets how long before its expiry a token in use is renewed in the background: at most a quarter of its lifetime.
    /// Zero turns this off. Default: five minutes.
    pub fn early_window(mut self, window: Duration) -> Self {
        self.settings.margins.early_window = window;
        self
    }

    /// Sets how long one request may take. Connecting may take three quarters of it, but no more than ten seconds: so long,
    /// a host without a connection can keep other hosts waiting. Default: 30 seconds.
    pub fn request_timeout(mut self, timeout: Duration) -> Self {
        self.settings.request_timeout = timeout;
        self
    }

    /// Sets how often a renewal is attempted if its failure may be temporary; at least once. An attempt counts
    /// against Zoho's quota as soon as its request has left this machine, because a lost response may have contained a token.
    /// Default: 3.
    pub fn attempts(mut self, attempts: usize) -> Self {
        self.settings.attempts = NonZeroUsize::new(attempts).unwrap_or(NonZeroUsize::MIN);
        self
    }

    /// Sets the life of the lease that keeps other processes from renewing the same token. It is extended while the
    /// renewal runs; after a kill, another process takes over once it has expired. At most five minutes. Default: five
    /// seconds.
    pub fn lease_life(mut self, life: Duration) -> Self {
        self.settings.lease_life = life.min(LeaseEntry::MAX_LIFE);
        self
    }

    /// Sets another quota. Default: Zoho's ten tokens in ten minutes.
    pub fn quota(mut self, quota: Quota) -> Self {
        self.settings.quota = quota;
        self
    }

    /// Sets the folder for tokens that the store rejected. Default: a folder beside the store's file, then one under
    /// `~/.local/state/zoho-oauth`. If a program uses several custom stores without a file, each needs its own folder.
    pub fn spool_folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.spool_folder = Some(folder.into());
        self
    }

    /// Sets the machine that the authenticator runs on, which a simulator replaces. Default: this machine.
    #[cfg(feature = "simulation")]
    pub fn machine(mut self, machine: impl Machine) -> Self {
        self.machine = Some(Arc::new(machine));
        self
    }

    /// Builds the authenticator.
    ///
    /// # Errors
    /// [`Error::Config`] for a client app with an empty id or secret.
    pub fn build(self) -> Result<Authenticator, Error> {
        let is_incomplete =
            |client: &OAuthClient| client.id.is_empty() || client.secret.expose_secret().is_empty();
        if self.client.as_ref().is_some_and(is_incomplete) {
            return Err(Invalid::IncompleteClient.into());
        }
        let store = self.store.unwrap_or_else(|| MemoryStore::new().into_any());
        let mut settings = self.settings;
        let machine = self.machine.unwrap_or_else(|| Arc::new(ThisMachine::new(settings.request_timeout)));
        let margin = &mut settings.margins.margin;
        *margin = margin.mul_f64(1.0 + fraction(machine.random()) / 4.0);
        let cache = Cache::looking_every(store.poll_interval());
        let identity = KnownIdentity::default();
        let parts = Parts {
            accounts: Accounts::new(machine.clone()),
            users: CrmUsers::new(machine.clone()),
            spool: Spool::new(machine.clone(), &store, identity.clone(), self.spool_folder),
            rows: Rows {
                store: ClockedStore::new(store, machine.clone(), identity),
                environments: self.environments,
                client: self.client,
            },
            settings,
            machine,
        };
        Ok(Authenticator { core: Arc::new(Core::new(parts, cache)) })
    }
}

//! A token store in AWS Secrets Manager.

mod client;
mod clock;
mod fault;
mod ids;
mod leases;
mod lists;
mod names;
mod options;
mod register;
mod rows;
mod save_locks;
mod secret;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use futures_util::{StreamExt, TryStreamExt};

use crate::token::OAuthToken;

use super::coordination::{Acquired, Coordination, Fenced, Lease, LeaseKey, LeaseState};
use super::error::StoreError;
use super::identity::StoreIdentity;
use super::matching::Criterion;
use super::page::TokenPage;
use super::store_url::StoreUrl;
use super::stored::StoredToken;
use super::token_store::{AnyStore, TokenStore};

use client::Client;
use fault::Fault;
use ids::Ids;
use names::Names;
use save_locks::SaveLocks;

pub use options::SecretsManagerOptions;

/// Stores tokens in AWS Secrets Manager: one secret for each row, with its ten columns as JSON.
///
/// Credentials and region come from the same places as for AWS's tools: the environment, the profile, the role of the
/// machine. The first call sends the first request.
///
/// # Secrets
/// | secret | content |
/// |---|---|
/// | `PREFIX/token/ID` | a row |
/// | `PREFIX/user/SHA-256` | the ids of a user's rows |
/// | `PREFIX/lease/refresh/SHA-256` | the lease and the ledger of a refresh token |
/// | `PREFIX/highest_id` | the ids that were assigned; its ARN identifies the store |
///
/// After 64 changes, a lease continues in `…/1`, `…/2` and so on. It is deleted with its refresh token.
///
/// No name and no tag contains a token or a user name. The tags of a row are the SHA-256 of its tokens. The list of a user's
/// rows and the leases are read by name and changed by compare-and-set.
///
/// The store's clock is the `Date` header of AWS's responses. It counts whole seconds, so a lease should last several, and
/// durations measured with it can be up to one second too long or too short.
///
/// # What AWS does not promise
/// AWS calls
/// [all its operations eventually consistent](https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_ListSecrets.html):
/// for a moment, a reader can see an old value. Writes are not affected, because each one is conditional on an unchanged
/// value. Lists can be up to five minutes old. They are used for
/// [`get_tokens`](TokenStore::get_tokens), for pages, for [`delete_tokens`](TokenStore::delete_tokens), and for
/// look-ups by an access, grant or refresh token alone; not for look-ups by id or user.
///
/// There are no transactions over several secrets. [`save_tokens`](TokenStore::save_tokens) and
/// [`delete_tokens`](TokenStore::delete_tokens) go row by row, and a failure can stop them in between. A deleted name
/// becomes free only after a moment.
///
/// # Limits and costs
/// A row has at most 65,536 bytes. It can be saved about a hundred times a day, because
/// [AWS removes no version younger than a day](https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html);
/// an hourly renewal needs far less. Leases have no such limit here. All programs of an account in a region share
/// 50 writes per second.
///
/// AWS charges 0.40 dollars per secret and month, and 0.05 dollars per 10,000 requests
/// (<https://aws.amazon.com/secrets-manager/pricing/>). A user needs three or four secrets. The calls send:
///
/// | call | requests |
/// |---|---|
/// | look-up by id | 1 |
/// | look-up by user | 2 |
/// | look-up by another token | 1 |
/// | save of an existing row, by id or by user | 3 or 4 |
/// | save of a new user | 4, and 2 more for every tenth one |
/// | a renewal with its lease | 12 to 17 |
/// | all rows | 1 for every 20 |
///
/// # Permissions
/// `secretsmanager:GetSecretValue`, `BatchGetSecretValue`, `ListSecrets`, `CreateSecret`, `PutSecretValue`,
/// `TagResource` and `DeleteSecret`.
///
/// ```
/// use zoho_oauth::store::SecretsManagerStore;
///
/// let store = SecretsManagerStore::open("aws-secretsmanager:my-tokens?region=eu-west-1")?;
/// # Ok::<_, zoho_oauth::store::StoreError>(())
/// ```
#[derive(Clone)]
pub struct SecretsManagerStore {
    shared: Arc<Shared>,
}

/// The number of rows that are deleted concurrently. AWS allows an account 50 deletions per second.
const CONCURRENT_DELETIONS: usize = 8;

struct Shared {
    backend: Backend,
    name: String,
    identity: StoreIdentity,
    timeout: Duration,
}

struct Backend {
    client: Client,
    names: Names,
    ids: Ids,
    save_locks: SaveLocks,
}

impl SecretsManagerStore {
    /// Opens a store by its URL, such as `aws-secretsmanager:my-tokens?region=eu-west-1`. Sends no request.
    ///
    /// Settings: `region`, `endpoint`, `connect_timeout` and `timeout` (seconds); see [`SecretsManagerOptions`].
    ///
    /// # Errors
    /// If the URL or a setting is invalid.
    pub fn open(url: &str) -> Result<Self, StoreError> {
        Self::at(&url.parse()?)
    }

    pub(super) fn at(url: &StoreUrl) -> Result<Self, StoreError> {
        Self::new(SecretsManagerOptions::from_url(url)?)
    }

    /// Opens a store with options. Sends no request.
    ///
    /// # Errors
    /// If an option is invalid.
    pub fn new(options: SecretsManagerOptions) -> Result<Self, StoreError> {
        options.check()?;
        let names = Names::under(&options.prefix)?;
        let mut name = format!("the AWS Secrets Manager token store {}", names.prefix());
        if let Some(region) = &options.region {
            name.push_str(" in ");
            name.push_str(region);
        }
        let (identity, timeout) = (options.identity(), options.timeout);
        let client = Client::new(options);
        let backend = Backend { client, names, ids: Ids::default(), save_locks: SaveLocks::default() };
        Ok(Self { shared: Arc::new(Shared { backend, name, identity, timeout }) })
    }

    fn backend(&self) -> &Backend {
        &self.shared.backend
    }

    /// Runs a call within its timeout, and converts its failure.
    async fn within<T>(
        &self,
        action: &'static str,
        work: impl Future<Output = Result<T, Fault>> + Send,
    ) -> Result<T, StoreError> {
        let seconds = self.shared.timeout.as_secs();
        let result = match tokio::time::timeout(self.shared.timeout, work).await {
            Ok(result) => result,
            Err(_) => Err(Fault::TimedOut { seconds }),
        };
        result.map_err(|fault| fault.into_error(&self.shared.name, action))
    }

    fn for_saving(&self, token: &OAuthToken) -> Result<StoredToken, StoreError> {
        StoredToken::for_saving(token).map_err(|error| error.in_store(&*self.shared.name))
    }
}

impl fmt::Debug for SecretsManagerStore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("SecretsManagerStore").field(&self.shared.name).finish()
    }
}

impl TokenStore for SecretsManagerStore {
    async fn find_token(&self, token: &OAuthToken) -> Result<Option<OAuthToken>, StoreError> {
        let wanted = StoredToken::from(token);
        let Some(criterion) = Criterion::of(&wanted) else { return Ok(None) };
        let row = self.within("look up a token", self.backend().find(&criterion)).await?;
        Ok(row.map(|row| wanted.filled_from(row).into()))
    }

    async fn save_token(&self, token: &OAuthToken) -> Result<OAuthToken, StoreError> {
        let token = self.for_saving(token)?;
        self.within("save a token", self.backend().save(&token)).await.map(OAuthToken::from)
    }

    async fn delete_token(&self, id: &str) -> Result<bool, StoreError> {
        if id.is_empty() {
            return Ok(false);
        }
        self.within("delete a token", self.backend().delete(id)).await
    }

    async fn get_tokens(&self) -> Result<Vec<OAuthToken>, StoreError> {
        let (mut tokens, mut after) = (Vec::new(), None);
        loop {
            let page = self.within("read all tokens", self.backend().page(after.as_deref())).await?;
            tokens.extend(page.tokens);
            after = page.next;
            if after.is_none() {
                return Ok(tokens);
            }
        }
    }

    async fn delete_tokens(&self) -> Result<(), StoreError> {
        let tokens = self.get_tokens().await?;
        // Each row has its own timeout.
        let deletions: Vec<_> =
            tokens.iter().filter_map(OAuthToken::id).map(|id| self.delete_token(id)).collect();
        let deleted = futures_util::stream::iter(deletions).buffer_unordered(CONCURRENT_DELETIONS);
        deleted.try_for_each(|_| std::future::ready(Ok(()))).await
    }

    async fn find_token_by_id(&self, id: &str) -> Result<Option<OAuthToken>, StoreError> {
        if id.is_empty() {
            return Ok(None);
        }
        let row = self.within("look up a token", self.backend().find(&Criterion::Id(id))).await?;
        Ok(row.map(OAuthToken::from))
    }

    async fn get_token_page(&self, after: Option<&str>) -> Result<TokenPage, StoreError> {
        self.within("read a page of tokens", self.backend().page(after)).await
    }

    fn into_any(self) -> AnyStore {
        self.into()
    }
}

impl Coordination for SecretsManagerStore {
    async fn acquire(&self, key: &LeaseKey, holder: &str, life: Duration) -> Result<Acquired, StoreError> {
        self.within("acquire a lease", self.backend().acquire(key, holder, life)).await
    }

    async fn renew(&self, lease: &Lease, life: Duration) -> Result<bool, StoreError> {
        self.within("renew a lease", self.backend().renew(lease, life)).await
    }

    async fn release(&self, lease: &Lease) -> Result<bool, StoreError> {
        self.within("release a lease", self.backend().release(lease)).await
    }

    async fn save_and_release(&self, lease: &Lease, token: &OAuthToken) -> Result<Fenced, StoreError> {
        let token = self.for_saving(token)?;
        self.within("save a token", self.backend().save_and_release(lease, &token)).await
    }

    async fn lease_state(&self, key: &LeaseKey) -> Result<LeaseState, StoreError> {
        self.within("read a lease", self.backend().lease_state(key)).await
    }

    /// Returns a minute: AWS charges for each request, and every token in use needs its own.
    fn poll_interval(&self) -> Duration {
        Duration::from_secs(60)
    }

    /// Returns `None`: AWS has no counter of all changes.
    async fn version(&self) -> Result<Option<u64>, StoreError> {
        Ok(None)
    }

    async fn clock(&self) -> Result<SystemTime, StoreError> {
        self.within("read the clock", self.backend().clock()).await
    }

    async fn damaged_leases(&self, keys: &[LeaseKey]) -> Result<Vec<LeaseKey>, StoreError> {
        self.within("read leases", self.backend().damaged(keys)).await
    }

    async fn stored_identity(&self) -> Result<Option<StoreIdentity>, StoreError> {
        self.within("read its identity", ids::identity(self.backend())).await
    }
}

impl From<SecretsManagerStore> for AnyStore {
    fn from(store: SecretsManagerStore) -> Self {
        let Shared { name, identity, .. } = &*store.shared;
        let (name, identity) = (name.clone(), identity.clone());
        Self::coordinated(store).named(name).identified_by(identity)
    }
}

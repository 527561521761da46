//! Tokens on a Redis or Valkey server, or on a cluster of them.

mod durability;
mod fault;
mod lease;
mod link;
mod options;
mod rounds;
mod row;
mod save;
mod server;

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::token::{OAuthToken, from_epoch_milliseconds};

use super::any::AnyStore;
use super::coordination::{Acquired, Coordination, Fenced, Lease, LeaseKey, LeaseState};
use super::error::StoreError;
use super::matching::Criterion;
use super::page::TokenPage;
use super::store_url::StoreUrl;
use super::stored::StoredToken;
use super::token_store::TokenStore;

use fault::Fault;
use row::Row;
use server::Server;

pub use options::RedisOptions;

/// Keeps tokens on a Redis server, from version 6.2 on, or on a Valkey server.
///
/// Any number of tasks, processes and hosts may use one store at once. Clones share the store and its one
/// connection. Nothing is asked of the server before the first call; when the server goes away and comes back, so
/// does the store.
///
/// # What is on the server
/// All keys begin with the prefix in braces, `{zohooauth}:`, so a cluster keeps a whole store on one node and each
/// step can be atomic. To spread tokens over the nodes, use several stores with different prefixes.
///
/// | key | what |
/// |---|---|
/// | `{zohooauth}:tokens` | a hash: each row's columns as JSON, under its id |
/// | `{zohooauth}:index` | a sorted set: which rows have which user name, refresh, access or grant token, by the SHA-256 of the value; and all ids, in the order of their bytes |
/// | `{zohooauth}:highest_id` | the highest id that was given out |
/// | `{zohooauth}:version` | how often rows were changed |
/// | `{zohooauth}:lease:…` | a hash per lease, which expires a month after it was last used |
///
/// A token takes a little more than a kilobyte of memory. An account that is restricted needs these keys, and the
/// commands of the categories `@read`, `@write` and `@scripting`, and `time`; with `config|get` or `info` it gets the
/// warnings below.
///
/// # What is lost when
/// A save is answered for when the server has answered, so it is as durable as the server makes it:
///
/// | setting of the server | what is lost of what was answered for |
/// |---|---|
/// | `appendonly yes`, `appendfsync always` | nothing, in a crash or a power cut |
/// | `appendonly yes`, `appendfsync everysec` | nothing when the server crashes; in a power cut the last second, or two on a busy disk |
/// | `appendonly yes`, `appendfsync no` | nothing when the server crashes; in a power cut what the system had not written yet, half a minute on Linux |
/// | `appendonly no` (the default) | everything since the last snapshot, in a crash as in a power cut |
///
/// Replicas get a save after it was answered for: a failover may lose the last ones, and then a refresh token that
/// Zoho replaced, or a lease, so that two hosts may renew the same token. This store does not wait for replicas
/// (`WAIT` would not prevent it either); `min-replicas-to-write` and `min-replicas-max-lag` bound the loss. With
/// `maxmemory` set, any policy but `noeviction` lets the server throw tokens or leases away. Where the server shows
/// its settings, the first call warns, by `tracing`, of those that lose tokens.
///
/// # Large stores
/// [`get_tokens`](TokenStore::get_tokens) reads 1,000 rows at a time, [`save_tokens`](TokenStore::save_tokens) writes
/// 250 at a time, each in one step with its own time-out; in between others get their turn. Deleting all rows is one short
/// step however many there are. A cluster moves a store from node to node as a whole, which takes seconds for a
/// million rows: then use several prefixes.
///
/// ```no_run
/// use zoho_oauth::OAuthToken;
/// use zoho_oauth::store::{RedisStore, TokenStore};
///
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// let store = RedisStore::open("redis://localhost:6379/0?prefix=zohooauth")?;
/// let saved = store.save_token(&OAuthToken::new().with_user("ada").with_access_token("1000.a")).await?;
/// assert!(saved.id().is_some());
/// # Ok::<_, zoho_oauth::store::StoreError>(())
/// # })?;
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct RedisStore {
    shared: Arc<Shared>,
}

struct Shared {
    server: Server,
    name: String,
    timeout: Duration,
}

impl RedisStore {
    /// A store on the server that the URL names: `redis://user:password@host:6379/0`, or `rediss://` for TLS.
    ///
    /// Every part may be left out. Behind a question mark may stand `prefix=`, `cluster=true`, `ca=` (a PEM file
    /// with the certificates to trust, for TLS), `connect_timeout=` and `timeout=` (seconds): see [`RedisOptions`].
    ///
    /// # Errors
    /// When the URL makes no sense. Whether the server is there is not asked.
    pub fn open(url: &str) -> Result<Self, StoreError> {
        Self::at(&url.parse()?)
    }

    pub(super) fn at(url: &StoreUrl) -> Result<Self, StoreError> {
        Self::new(RedisOptions::from_url(url)?)
    }

    /// A store on the server that the options name.
    ///
    /// # Errors
    /// When the options make no sense, such as an empty prefix. Whether the server is there is not asked.
    pub fn new(options: RedisOptions) -> Result<Self, StoreError> {
        let (name, timeout) = (options.name(), options.timeout);
        options.check().map_err(|error| error.in_store(&name))?;
        Ok(Self { shared: Arc::new(Shared { server: Server::new(options), name, timeout }) })
    }

    fn server(&self) -> &Server {
        &self.shared.server
    }

    /// Does the work within the time that a call may take, and tells what went wrong.
    async fn told<T>(
        &self,
        action: &'static str,
        work: impl Future<Output = Result<T, Fault>> + Send,
    ) -> Result<T, StoreError> {
        let Shared { server, name, timeout } = &*self.shared;
        let result = tokio::time::timeout(*timeout, work).await.unwrap_or_else(|_| {
            // The connection may be one that nothing comes back on.
            server.link.leave();
            Err(Fault::TimedOut(*timeout))
        });
        result.map_err(|fault| fault.into_error(name, action))
    }

    fn for_saving(&self, token: &OAuthToken) -> Result<StoredToken, StoreError> {
        StoredToken::for_saving(token).map_err(|error| error.in_store(&*self.shared.name))
    }
}

impl fmt::Debug for RedisStore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("RedisStore").field(&self.shared.name).finish()
    }
}

impl TokenStore for RedisStore {
    async fn find_token(&self, token: &OAuthToken) -> Result<Option<OAuthToken>, StoreError> {
        let wanted = StoredToken::from(token);
        let Some(criterion) = Criterion::of(&wanted) else { return Ok(None) };
        let row = self.told("look a token up", find(self.server(), &wanted, &criterion)).await?;
        Ok(row.map(|row| wanted.filled_from(row).into()))
    }

    async fn save_token(&self, token: &OAuthToken) -> Result<OAuthToken, StoreError> {
        let tokens = [self.for_saving(token)?];
        let saved = self.told("save a token", save::save(self.server(), &tokens)).await?;
        Ok(saved.into_iter().next().unwrap_or_default().into())
    }

    async fn delete_token(&self, id: &str) -> Result<bool, StoreError> {
        self.told("delete a token", save::delete(self.server(), id)).await
    }

    async fn get_tokens(&self) -> Result<Vec<OAuthToken>, StoreError> {
        let mut tokens = Vec::new();
        let mut next = None;
        loop {
            let page = self.get_token_page(next.as_deref()).await?;
            tokens.extend(page.tokens);
            next = page.next;
            if next.is_none() {
                return Ok(tokens);
            }
        }
    }

    async fn delete_tokens(&self) -> Result<(), StoreError> {
        self.told("delete all tokens", self.server().clear()).await
    }

    async fn find_token_by_id(&self, id: &str) -> Result<Option<OAuthToken>, StoreError> {
        let row = async { self.server().row(id).await?.as_ref().map(Row::token).transpose() };
        Ok(self.told("look a token up", row).await?.map(OAuthToken::from))
    }

    async fn get_token_page(&self, after: Option<&str>) -> Result<TokenPage, StoreError> {
        const LENGTH: usize = 1_000;
        let after = after.unwrap_or(row::ID);
        if !after.starts_with(row::ID) {
            return Err(TokenPage::unknown_cursor().in_store(&*self.shared.name));
        }
        let page = async {
            let rows = self.server().page(after, LENGTH).await?;
            let next = rows.last().filter(|_| rows.len() == LENGTH).map(|last| row::look_up_id(&last.id));
            let tokens =
                rows.iter().map(|row| row.token().map(OAuthToken::from)).collect::<Result<_, _>>()?;
            Ok(TokenPage { tokens, next })
        };
        self.told("read a page of tokens", page).await
    }

    /// Tokens are written 250 at a time, each 250 in one step. If one is refused, those before it are saved.
    async fn save_tokens(&self, tokens: &[OAuthToken]) -> Result<Vec<OAuthToken>, StoreError> {
        const AT_ONCE: usize = 250;
        let mut saved = Vec::with_capacity(tokens.len());
        for tokens in tokens.chunks(AT_ONCE) {
            let good: Vec<_> = tokens.iter().map_while(|token| self.for_saving(token).ok()).collect();
            let bad = tokens.get(good.len());
            saved.extend(self.told("save tokens", save::save(self.server(), &good)).await?);
            if let Some(bad) = bad {
                self.for_saving(bad)?;
            }
        }
        Ok(saved.into_iter().map(OAuthToken::from).collect())
    }
}

impl Coordination for RedisStore {
    async fn acquire(&self, key: &LeaseKey, holder: &str, life: Duration) -> Result<Acquired, StoreError> {
        self.told("take a lease", lease::acquire(self.server(), key, holder, life)).await
    }

    async fn renew(&self, lease: &Lease, life: Duration) -> Result<bool, StoreError> {
        self.told("renew a lease", lease::renew(self.server(), lease, life)).await
    }

    async fn release(&self, lease: &Lease) -> Result<bool, StoreError> {
        self.told("give a lease back", lease::release(self.server(), lease)).await
    }

    async fn save_and_release(&self, lease: &Lease, token: &OAuthToken) -> Result<Fenced, StoreError> {
        let token = self.for_saving(token)?;
        self.told("save a token", lease::save_and_release(self.server(), lease, token)).await
    }

    async fn lease_state(&self, key: &LeaseKey) -> Result<LeaseState, StoreError> {
        self.told("read a lease", lease::lease_state(self.server(), key)).await
    }

    async fn version(&self) -> Result<Option<u64>, StoreError> {
        self.told("read its version", self.server().version()).await.map(Some)
    }

    async fn clock(&self) -> Result<SystemTime, StoreError> {
        let view = self.told("read its clock", self.server().look(None, &[])).await?;
        Ok(from_epoch_milliseconds(view.now))
    }
}

impl From<RedisStore> for AnyStore {
    fn from(store: RedisStore) -> Self {
        let name = store.shared.name.clone();
        Self::coordinated(store).named(name)
    }
}

async fn find(
    server: &Server,
    wanted: &StoredToken,
    criterion: &Criterion<'_>,
) -> Result<Option<StoredToken>, Fault> {
    let rows = match *criterion {
        Criterion::Id(id) => server.row(id).await?.into_iter().collect(),
        _ => server.find(&row::look_up(wanted)).await?,
    };
    let tokens = rows.iter().map(Row::token).collect::<Result<Vec<_>, _>>()?;
    Ok(criterion.choose(tokens)?)
}

//! A token store on a Redis or Valkey server or cluster.

mod connection;
mod connector;
mod durability;
mod fault;
mod index;
mod lease;
mod link;
mod options;
mod rounds;
mod row;
mod save;
mod sentinel;
mod server;

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::token::{OAuthToken, from_epoch_milliseconds};

use super::coordination::{Acquired, Coordination, Fenced, Lease, LeaseKey, LeaseState};
use super::error::StoreError;
use super::identity::StoreIdentity;
use super::matching::Criterion;
use super::page::TokenPage;
use super::store_url::StoreUrl;
use super::stored::StoredToken;
use super::token_store::{AnyStore, TokenStore};

use fault::Fault;
use row::Row;
use server::Server;

pub use options::RedisOptions;

/// Stores tokens on a Redis server, version 6.2 or later, or on a Valkey server.
///
/// Any number of tasks, processes and hosts can use one store at the same time. Clones share the store and its single
/// connection. The first call connects; after a lost connection, the next call connects again.
///
/// A short outage is waited for within the timeout of a call: a server that restarts, has too many clients, is a replica
/// after a failover, or misses nodes of its cluster.
///
/// # Keys on the server
/// All keys begin with the prefix in braces, `{zohooauth}:`. So a cluster has a whole store on one node, and each step
/// can be atomic. To distribute tokens over the nodes, use several stores with different prefixes.
///
/// | key | what |
/// |---|---|
/// | `{zohooauth}:tokens` | a hash: the columns of each row as JSON, by id |
/// | `{zohooauth}:index` | a sorted set: the rows by the SHA-256 of their user name, refresh, access and grant token; and all ids, in byte order |
/// | `{zohooauth}:rows` | the number of rows, so that lost ones are noticed |
/// | `{zohooauth}:highest_id` | the highest id that was assigned |
/// | `{zohooauth}:version` | a counter of changes to rows |
/// | `{zohooauth}:identity` | a random text that identifies the store, whatever address it is opened at |
/// | `{zohooauth}:lease:…` | a hash for each lease, which expires a month after its last use |
///
/// A token takes a little more than a kilobyte of memory. A restricted account needs access to these keys, the command
/// categories `@read`, `@write` and `@scripting`, and `time`; with `config|get` or `info` it gets the warnings below.
///
/// # Durability
/// A save returns after the server has responded, so it is as durable as the server makes it:
///
/// | setting of the server | saves that can be lost after they returned |
/// |---|---|
/// | `appendonly yes`, `appendfsync always` | none |
/// | `appendonly yes`, `appendfsync everysec` | in a server crash none; in a power failure those of the last second, or two on a busy disk |
/// | `appendonly yes`, `appendfsync no` | in a server crash none; in a power failure those that the system had not written, about half a minute on Linux |
/// | `appendonly no` (the default) | in either case all since the last snapshot |
///
/// Replication is asynchronous. A failover can lose the last saves, such as a refresh token that Zoho replaced, or a lease,
/// so that two hosts renew the same token. This store does not wait for replicas, and `WAIT` would not prevent the loss;
/// `min-replicas-to-write` and `min-replicas-max-lag` limit it. If the account can read the server's settings, the first
/// call logs a warning for those that can lose tokens.
///
/// # Eviction
/// If `maxmemory` is set, a server with `maxmemory-policy allkeys-…` can delete all rows at once. The first call then is an
/// error, unless the URL has `allow_eviction=true`. With `volatile-…` it can delete leases, which is a warning. If rows or
/// their index are gone, calls that do not find a token fail with [`StoreErrorKind::Damaged`](super::StoreErrorKind::Damaged)
/// instead of returning "no token", and so does a login before it spends its code. [`repair`](super::repair) creates the
/// index again from the rows. If the rows are gone, it removes what is left of them.
///
/// # Large stores
/// [`get_tokens`](TokenStore::get_tokens) reads 1,000 rows per step, and [`save_tokens`](TokenStore::save_tokens) writes
/// 250. Each step has its own timeout, and other clients run in between. Deleting all rows is one short step. A cluster
/// moves a store between nodes as a whole, which takes seconds for a million rows; use several prefixes for such a store.
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
    identity: StoreIdentity,
    timeout: Duration,
}

impl RedisStore {
    /// Opens a store by its URL: `redis://user:password@host:6379/0`, or `rediss://` for TLS; `valkey://` and `valkeys://` mean
    /// the same. `redis+sentinel://user:password@one,two/SERVICE/0` names the hosts of Sentinels, and `rediss+sentinel://` uses
    /// TLS to them and to the server. A cluster can have several hosts too, of which one is enough to connect.
    ///
    /// Every part is optional. Settings: `prefix`, `cluster=true`, `allow_eviction=true`, `socket` (a Unix socket in place of a
    /// host), `password_file`, `password_command`, `sentinel_user`, `sentinel_password`, `ca` (a PEM file with the certificates
    /// to trust, for TLS), `cert` and `key` (the files of a client certificate), `connect_timeout` and `timeout` (seconds); see
    /// [`RedisOptions`].
    ///
    /// # Errors
    /// If the URL is invalid. The server is not contacted.
    pub fn open(url: &str) -> Result<Self, StoreError> {
        Self::at(&url.parse()?)
    }

    pub(super) fn at(url: &StoreUrl) -> Result<Self, StoreError> {
        Self::new(RedisOptions::from_url(url)?)
    }

    /// Opens a store with options.
    ///
    /// # Errors
    /// If an option is invalid, such as an empty prefix. The server is not contacted.
    pub fn new(options: RedisOptions) -> Result<Self, StoreError> {
        let (name, identity, timeout) = (options.name(), options.identity(), options.timeout);
        options.check()?;
        Ok(Self { shared: Arc::new(Shared { server: Server::new(options), name, identity, timeout }) })
    }

    fn server(&self) -> &Server {
        &self.shared.server
    }

    /// Runs a call within its timeout, and converts its failure.
    async fn call<T>(
        &self,
        action: &'static str,
        work: impl Future<Output = Result<T, Fault>> + Send,
    ) -> Result<T, StoreError> {
        let Shared { server, name, timeout, .. } = &*self.shared;
        let result = tokio::time::timeout(*timeout, work).await.unwrap_or_else(|_| {
            // The connection may be dead.
            server.link.discard();
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
        let row = self.call("look up a token", find(self.server(), &wanted, &criterion)).await?;
        Ok(row.map(|row| wanted.filled_from(row).into()))
    }

    async fn save_token(&self, token: &OAuthToken) -> Result<OAuthToken, StoreError> {
        let tokens = [self.for_saving(token)?];
        let saved = self.call("save a token", save::save(self.server(), &tokens)).await?;
        Ok(saved.into_iter().next().unwrap_or_default().into())
    }

    async fn delete_token(&self, id: &str) -> Result<bool, StoreError> {
        self.call("delete a token", save::delete(self.server(), id)).await
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
        self.call("delete all tokens", self.server().clear()).await
    }

    async fn find_token_by_id(&self, id: &str) -> Result<Option<OAuthToken>, StoreError> {
        let row = async { self.server().row(id).await?.as_ref().map(Row::token).transpose() };
        Ok(self.call("look up a token", row).await?.map(OAuthToken::from))
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
        self.call("read a page of tokens", page).await
    }

    /// Writes 250 tokens per step. If a token is rejected, those of earlier steps are saved.
    async fn save_tokens(&self, tokens: &[OAuthToken]) -> Result<Vec<OAuthToken>, StoreError> {
        const BATCH: usize = 250;
        let mut saved = Vec::with_capacity(tokens.len());
        for tokens in tokens.chunks(BATCH) {
            let valid: Vec<_> = tokens.iter().map_while(|token| self.for_saving(token).ok()).collect();
            let invalid = tokens.get(valid.len());
            saved.extend(self.call("save tokens", save::save(self.server(), &valid)).await?);
            if let Some(invalid) = invalid {
                self.for_saving(invalid)?;
            }
        }
        Ok(saved.into_iter().map(OAuthToken::from).collect())
    }

    fn into_any(self) -> AnyStore {
        self.into()
    }
}

impl Coordination for RedisStore {
    async fn acquire(&self, key: &LeaseKey, holder: &str, life: Duration) -> Result<Acquired, StoreError> {
        self.call("acquire a lease", lease::acquire(self.server(), key, holder, life)).await
    }

    async fn renew(&self, lease: &Lease, life: Duration) -> Result<bool, StoreError> {
        self.call("renew a lease", lease::renew(self.server(), lease, life)).await
    }

    async fn release(&self, lease: &Lease) -> Result<bool, StoreError> {
        self.call("release a lease", lease::release(self.server(), lease)).await
    }

    async fn save_and_release(&self, lease: &Lease, token: &OAuthToken) -> Result<Fenced, StoreError> {
        let token = self.for_saving(token)?;
        self.call("save a token", lease::save_and_release(self.server(), lease, token)).await
    }

    async fn lease_state(&self, key: &LeaseKey) -> Result<LeaseState, StoreError> {
        self.call("read a lease", lease::lease_state(self.server(), key)).await
    }

    async fn version(&self) -> Result<Option<u64>, StoreError> {
        self.call("read the version", self.server().version()).await.map(Some)
    }

    async fn clock(&self) -> Result<SystemTime, StoreError> {
        let view = self.call("read the clock", self.server().view(None, &[])).await?;
        Ok(from_epoch_milliseconds(view.now))
    }

    async fn damaged_leases(&self, keys: &[LeaseKey]) -> Result<Vec<LeaseKey>, StoreError> {
        self.call("read leases", lease::damaged(self.server(), keys)).await
    }

    async fn stored_identity(&self) -> Result<Option<StoreIdentity>, StoreError> {
        self.call("read its identity", identity(self.server())).await
    }
}

impl From<RedisStore> for AnyStore {
    fn from(store: RedisStore) -> Self {
        let Shared { name, identity, .. } = &*store.shared;
        let (name, identity) = (name.clone(), identity.clone());
        Self::coordinated(store.clone()).named(name).identified_by(identity).maintained_by(store)
    }
}

/// Reads the identity of the store, and creates it if there is none and the server accepts writes.
async fn identity(server: &Server) -> Result<Option<StoreIdentity>, Fault> {
    if let Some(identity) = server.identity().await? {
        return Ok(Some(identity));
    }
    match server.insert_identity(&StoreIdentity::random()).await {
        // Another program may have stored one at the same time.
        Ok(()) => server.identity().await,
        Err(fault) if fault.is_answer() => {
            let error = fault.into_error("the server", "store an identity");
            tracing::debug!(%error, "could not store an identity; continuing without it");
            Ok(None)
        }
        Err(fault) => Err(fault),
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

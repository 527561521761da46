//! A store on a database server: its calls with their timeouts, and its reads.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::OnceCell;

use crate::token::OAuthToken;

use super::super::coordination::{Acquired, Coordination, Fenced, Lease, LeaseKey, LeaseState};
use super::super::error::StoreError;
use super::super::identity::StoreIdentity;
use super::super::matching::Criterion;
use super::super::page::TokenPage;
use super::super::stored::StoredToken;
use super::super::token_store::{AnyStore, TokenStore};
use super::fault::Fault;
use super::options::ServerOptions;
use super::pool::{Pool, Pooled};
use super::retries::Retries;
use super::server::Server;
use super::set_up;
use super::tables::Tables;
use super::texts::PAGE;

/// A store on a database server. The first call connects. Clones share the store.
pub(in crate::store) struct SqlStore<S: Server> {
    pub(super) pool: Arc<Pool<S>>,
    tables: Arc<OnceCell<Tables>>,
    is_complete: Arc<OnceCell<()>>,
    timeout: Duration,
    name: Arc<str>,
    identity: StoreIdentity,
}

impl<S: Server> SqlStore<S> {
    pub(in crate::store) fn new(
        server: S,
        options: &ServerOptions,
        name: &str,
        identity: StoreIdentity,
    ) -> Self {
        Self {
            pool: Arc::new(Pool::new(server, options)),
            tables: Arc::default(),
            is_complete: Arc::default(),
            timeout: options.timeout,
            name: name.into(),
            identity,
        }
    }

    pub(in crate::store) fn name(&self) -> &str {
        &self.name
    }

    pub(in crate::store) fn identity(&self) -> &StoreIdentity {
        &self.identity
    }

    /// Runs a call within its timeout.
    async fn call<T>(
        &self,
        action: &'static str,
        work: impl Future<Output = Result<T, Fault>>,
    ) -> Result<T, StoreError> {
        self.call_within(self.timeout, action, work).await
    }

    /// Runs a call that concerns any number of rows, with a longer timeout.
    async fn call_for_many<T>(
        &self,
        action: &'static str,
        work: impl Future<Output = Result<T, Fault>>,
    ) -> Result<T, StoreError> {
        self.call_within(self.timeout * 10, action, work).await
    }

    async fn call_within<T>(
        &self,
        timeout: Duration,
        action: &'static str,
        work: impl Future<Output = Result<T, Fault>>,
    ) -> Result<T, StoreError> {
        let result = match tokio::time::timeout(timeout, work).await {
            Ok(result) => result,
            Err(_) => {
                self.pool.close_idle();
                Err(Fault::TimedOut(timeout))
            }
        };
        result.map_err(|fault| fault.into_error(self.pool.server(), action).in_store(&*self.name))
    }

    /// Returns what exists of the tables, or `None` if there is no official table yet. Creates nothing.
    pub(super) async fn tables(&self) -> Result<Option<&Tables>, Fault> {
        if !self.tables.initialized() {
            let find = self.with_session(|mut session| async move {
                (set_up::find_tables(&mut *session).await, session)
            });
            if let Some(tables) = find.await? {
                // A failure means that another call has found them too.
                let _ = self.tables.set(tables);
            }
        }
        Ok(self.tables.get())
    }

    /// Returns the tables with everything that writing requires, which is created if it is missing.
    pub(super) async fn tables_for_writing(&self) -> Result<&Tables, Fault> {
        let tables = match self.tables().await? {
            Some(tables) => tables,
            None => {
                let create = || {
                    self.with_session(|mut session| async move {
                        (set_up::create_token_table(&mut *session).await, session)
                    })
                };
                self.tables.get_or_try_init(create).await?
            }
        };
        tables.table.check_for_saving()?;
        let complete = || {
            self.with_session(|mut session| async move {
                (set_up::complete(self.pool.server(), tables, &mut *session).await, session)
            })
        };
        self.is_complete.get_or_try_init(complete).await?;
        Ok(tables)
    }

    /// Whether the table for leases and the highest id is known to exist.
    pub(super) async fn has_state(&self) -> Result<bool, Fault> {
        Ok(self.is_complete.initialized() || self.tables().await?.is_some_and(|tables| tables.has_state))
    }

    /// Runs idempotent work, and retries it after a conflict, and on a new connection after a lost one or if the server
    /// rejects it for now. The work returns the connection with its result.
    pub(super) async fn with_session<'s, T, E, W, F>(&'s self, work: W) -> Result<T, Fault>
    where
        E: Into<Fault>,
        W: Fn(Pooled<'s, S>) -> F,
        F: Future<Output = (Result<T, E>, Pooled<'s, S>)>,
    {
        let mut retries = Retries::of(&self.pool);
        loop {
            let (result, session) = work(self.pool.get().await?).await;
            let fault = match result.map_err(E::into) {
                Ok(value) => {
                    session.put_back();
                    retries.succeeded();
                    return Ok(value);
                }
                Err(fault) => fault,
            };
            if fault.spoils_connection(self.pool.server()) {
                drop(session);
            } else {
                session.put_back();
            }
            retries.after(fault).await?;
        }
    }

    /// Reads the identity. If there is none yet, creates it, with everything else that writing requires: callers are about
    /// to write.
    async fn read_identity(&self) -> Result<Option<StoreIdentity>, Fault> {
        let find = || self.with_session(|mut session| async move { (session.identity().await, session) });
        if self.has_state().await?
            && let Some(identity) = find().await?
        {
            return Ok(Some(identity));
        }
        let may_write = |tables: &Tables| tables.may_write && tables.table.check_for_saving().is_ok();
        if !self.tables().await?.is_none_or(may_write) {
            return Ok(None);
        }
        self.tables_for_writing().await?;
        find().await
    }

    async fn find(&self, criterion: &Criterion<'_>) -> Result<Option<StoredToken>, Fault> {
        let Some(tables) = self.tables().await? else { return Ok(None) };
        let (column, value) = (criterion.column(), criterion.value());
        let rows = self
            .with_session(|mut session| async move { (session.rows(tables, column, value).await, session) })
            .await?;
        Ok(criterion.choose(rows)?)
    }

    async fn all(&self) -> Result<Vec<OAuthToken>, Fault> {
        let Some(tables) = self.tables().await? else { return Ok(Vec::new()) };
        let rows =
            self.with_session(|mut session| async move { (session.all(tables).await, session) }).await?;
        Ok(rows.into_iter().map(OAuthToken::from).collect())
    }

    async fn page(&self, after: Option<&str>) -> Result<TokenPage, Fault> {
        let tables = match self.tables().await? {
            Some(tables) if after.is_none_or(|id| tables.table.can_have("id", id)) => tables,
            None if after.is_none() => return Ok(TokenPage::last(Vec::new())),
            _ => return Err(TokenPage::unknown_cursor().into()),
        };
        let rows = self
            .with_session(|mut session| async move { (session.page(tables, after).await, session) })
            .await?;
        let is_full = rows.len() == PAGE;
        let last = rows.last().and_then(|row| row.id.clone()).filter(|_| is_full);
        let tokens = rows.into_iter().map(OAuthToken::from).collect();
        Ok(match last {
            Some(id) => TokenPage::followed_by(id, tokens),
            None => TokenPage::last(tokens),
        })
    }
}

#[deny(clippy::missing_trait_methods)]
impl<S: Server> TokenStore for SqlStore<S> {
    async fn find_token(&self, token: &OAuthToken) -> Result<Option<OAuthToken>, StoreError> {
        let wanted = StoredToken::from(token);
        let Some(criterion) = Criterion::of(&wanted) else { return Ok(None) };
        let row = self.call("look a token up", self.find(&criterion)).await?;
        Ok(row.map(|row| wanted.filled_from(row).into()))
    }

    async fn save_token(&self, token: &OAuthToken) -> Result<OAuthToken, StoreError> {
        let save = async { self.save(&StoredToken::for_saving(token)?).await };
        Ok(self.call("save a token", save).await?.into())
    }

    async fn delete_token(&self, id: &str) -> Result<bool, StoreError> {
        if id.is_empty() {
            return Ok(false);
        }
        self.call("delete a token", self.delete(id)).await
    }

    async fn get_tokens(&self) -> Result<Vec<OAuthToken>, StoreError> {
        self.call_for_many("read all tokens", self.all()).await
    }

    async fn delete_tokens(&self) -> Result<(), StoreError> {
        self.call_for_many("delete all tokens", self.delete_all()).await
    }

    async fn find_token_by_id(&self, id: &str) -> Result<Option<OAuthToken>, StoreError> {
        if id.is_empty() {
            return Ok(None);
        }
        let row = self.call("look a token up", self.find(&Criterion::Id(id))).await?;
        Ok(row.map(OAuthToken::from))
    }

    async fn get_token_page(&self, after: Option<&str>) -> Result<TokenPage, StoreError> {
        self.call("read a page of tokens", self.page(after)).await
    }

    async fn save_tokens(&self, tokens: &[OAuthToken]) -> Result<Vec<OAuthToken>, StoreError> {
        let save = async { self.save_all(&StoredToken::all_for_saving(tokens)?).await };
        let rows = self.call_for_many("save tokens", save).await?;
        Ok(rows.into_iter().map(OAuthToken::from).collect())
    }

    fn into_any(self) -> AnyStore {
        let (name, identity) = (self.name().to_owned(), self.identity().clone());
        AnyStore::coordinated(self).named(name).identified_by(identity)
    }
}

impl<S: Server> Coordination for SqlStore<S> {
    async fn acquire(&self, key: &LeaseKey, holder: &str, life: Duration) -> Result<Acquired, StoreError> {
        self.call("acquire a lease", self.take_lease(key, holder, life)).await
    }

    async fn renew(&self, lease: &Lease, life: Duration) -> Result<bool, StoreError> {
        self.call("renew a lease", self.renew_lease(lease, life)).await
    }

    async fn release(&self, lease: &Lease) -> Result<bool, StoreError> {
        self.call("release a lease", self.release_lease(lease)).await
    }

    async fn save_and_release(&self, lease: &Lease, token: &OAuthToken) -> Result<Fenced, StoreError> {
        let save = async { self.save_under(lease, &StoredToken::for_saving(token)?).await };
        self.call("save a token", save).await
    }

    async fn lease_state(&self, key: &LeaseKey) -> Result<LeaseState, StoreError> {
        self.call("read a lease", self.lease_state(key)).await
    }

    /// None: the official SDKs write to the same table and would not change a version.
    async fn version(&self) -> Result<Option<u64>, StoreError> {
        Ok(None)
    }

    async fn clock(&self) -> Result<std::time::SystemTime, StoreError> {
        self.call("read the clock", self.server_clock()).await
    }

    async fn damaged_leases(&self, keys: &[LeaseKey]) -> Result<Vec<LeaseKey>, StoreError> {
        self.call("read leases", self.damaged(keys)).await
    }

    async fn stored_identity(&self) -> Result<Option<StoreIdentity>, StoreError> {
        self.call("read its identity", self.read_identity()).await
    }
}

impl<S: Server> Clone for SqlStore<S> {
    fn clone(&self) -> Self {
        Self {
            pool: self.pool.clone(),
            tables: self.tables.clone(),
            is_complete: self.is_complete.clone(),
            timeout: self.timeout,
            name: self.name.clone(),
            identity: self.identity.clone(),
        }
    }
}

impl<S: Server> fmt::Debug for SqlStore<S> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.name.fmt(formatter)
    }
}

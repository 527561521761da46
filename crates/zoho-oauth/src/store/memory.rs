//! A token store in memory.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::token::OAuthToken;

use super::coordination::{Acquired, Coordination, Fenced, Lease, LeaseKey, LeaseState};
use super::error::StoreError;
use super::ids::{id_number, next_id};
use super::lease_board::LeaseBoard;
use super::matching::Criterion;
use super::stored::{StoredToken, is_empty};
use super::token_store::{AnyStore, TokenStore};

/// Stores tokens in memory: for tests, and for programs that receive their tokens at every start.
///
/// Clones share the tokens. They are lost when the process ends. A look-up scans all of them.
#[derive(Clone, Debug, Default)]
pub struct MemoryStore {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    content: Mutex<Content>,
    version: AtomicU64,
}

#[derive(Debug, Default)]
struct Content {
    rows: Vec<StoredToken>,
    highest_id: u64,
    leases: LeaseBoard,
}

impl MemoryStore {
    /// Creates an empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn read(&self) -> MutexGuard<'_, Content> {
        self.shared.content.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> MutexGuard<'_, Content> {
        self.shared.version.fetch_add(1, Ordering::Release);
        self.read()
    }
}

impl Content {
    fn position(&self, wanted: &StoredToken) -> Result<Option<usize>, StoreError> {
        Criterion::of(wanted).map_or(Ok(None), |criterion| criterion.position_in(&self.rows))
    }

    fn save(&mut self, token: &OAuthToken) -> Result<OAuthToken, StoreError> {
        let new = StoredToken::for_saving(token)?;
        let position = match self.position(&new)? {
            Some(position) => {
                let row = std::mem::take(&mut self.rows[position]);
                self.rows[position] = row.overwritten_by(&new);
                position
            }
            None => {
                let row = self.with_id(new);
                self.rows.push(row);
                self.rows.len() - 1
            }
        };
        Ok(self.rows[position].clone().into())
    }

    fn with_id(&mut self, mut row: StoredToken) -> StoredToken {
        if is_empty(row.id.as_deref()) {
            let is_taken = |id: &str| self.rows.iter().any(|row| row.id.as_deref() == Some(id));
            row.id = Some(next_id(self.highest_id, is_taken));
        }
        let number = row.id.as_deref().and_then(id_number);
        self.highest_id = self.highest_id.max(number.unwrap_or(0));
        row
    }
}

impl TokenStore for MemoryStore {
    async fn find_token(&self, token: &OAuthToken) -> Result<Option<OAuthToken>, StoreError> {
        let wanted = StoredToken::from(token);
        let content = self.read();
        let position = content.position(&wanted)?;
        Ok(position.map(|position| wanted.filled_from(content.rows[position].clone()).into()))
    }

    async fn save_token(&self, token: &OAuthToken) -> Result<OAuthToken, StoreError> {
        self.write().save(token)
    }

    async fn delete_token(&self, id: &str) -> Result<bool, StoreError> {
        let mut content = self.write();
        let before = content.rows.len();
        content.rows.retain(|row| id.is_empty() || row.id.as_deref() != Some(id));
        Ok(content.rows.len() < before)
    }

    async fn get_tokens(&self) -> Result<Vec<OAuthToken>, StoreError> {
        Ok(self.read().rows.iter().cloned().map(OAuthToken::from).collect())
    }

    async fn delete_tokens(&self) -> Result<(), StoreError> {
        self.write().rows.clear();
        Ok(())
    }

    async fn find_token_by_id(&self, id: &str) -> Result<Option<OAuthToken>, StoreError> {
        self.find_token(&OAuthToken::new().with_id(id)).await
    }

    fn into_any(self) -> AnyStore {
        self.into()
    }
}

impl Coordination for MemoryStore {
    async fn acquire(&self, key: &LeaseKey, holder: &str, life: Duration) -> Result<Acquired, StoreError> {
        Ok(self.read().leases.acquire(key, holder, life))
    }

    async fn renew(&self, lease: &Lease, life: Duration) -> Result<bool, StoreError> {
        Ok(self.read().leases.renew(lease, life))
    }

    async fn release(&self, lease: &Lease) -> Result<bool, StoreError> {
        Ok(self.read().leases.release(lease))
    }

    async fn save_and_release(&self, lease: &Lease, token: &OAuthToken) -> Result<Fenced, StoreError> {
        let mut content = self.write();
        if !content.leases.is_held_under(lease) {
            return Ok(Fenced::Superseded);
        }
        if let Some(id) = &lease.row {
            let row = content.rows.iter().find(|row| row.id.as_ref() == Some(id));
            if !lease.permits(row.cloned().map(OAuthToken::from).as_ref()) {
                content.leases.release(lease);
                return Ok(Fenced::Superseded);
            }
        }
        let saved = content.save(token)?;
        content.leases.release(lease);
        Ok(Fenced::Saved(saved))
    }

    async fn lease_state(&self, key: &LeaseKey) -> Result<LeaseState, StoreError> {
        Ok(self.read().leases.lease_state(key))
    }

    async fn version(&self) -> Result<Option<u64>, StoreError> {
        Ok(Some(self.shared.version.load(Ordering::Acquire)))
    }
}

impl From<MemoryStore> for AnyStore {
    fn from(store: MemoryStore) -> Self {
        Self::coordinated(store).named("the memory token store").in_memory()
    }
}

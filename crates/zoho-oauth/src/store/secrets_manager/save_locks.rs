//! Locks that serialize concurrent saves of the same row in one process, which would otherwise conflict with each other.

use std::hash::{DefaultHasher, Hash, Hasher};

use tokio::sync::{Mutex, MutexGuard};

use super::super::matching::Criterion;
use super::super::stored::StoredToken;

/// A fixed number of locks. Different rows can share one, which only makes their saves wait for each other.
#[derive(Debug)]
pub(super) struct SaveLocks {
    locks: [Mutex<()>; 64],
}

impl SaveLocks {
    /// Waits for the lock of the row that this token identifies.
    pub(super) async fn lock(&self, token: &StoredToken) -> MutexGuard<'_, ()> {
        let mut hasher = DefaultHasher::new();
        Criterion::of(token).map(|criterion| criterion.value()).hash(&mut hasher);
        let number = hasher.finish() % (self.locks.len() as u64);
        self.locks[number as usize].lock().await
    }
}

impl Default for SaveLocks {
    fn default() -> Self {
        Self { locks: std::array::from_fn(|_| Mutex::default()) }
    }
}

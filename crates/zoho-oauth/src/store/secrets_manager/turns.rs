//! Savers of one process who are at the same row take turns: else each would be refused by the one before.

use std::hash::{DefaultHasher, Hash, Hasher};

use tokio::sync::{Mutex, MutexGuard};

use super::super::matching::Criterion;
use super::super::stored::StoredToken;

/// Locks that rows share by chance, which costs no more than a little waiting.
#[derive(Debug)]
pub(super) struct Turns {
    locks: [Mutex<()>; 64],
}

impl Turns {
    /// Waits for the turn of whoever saves this token.
    pub(super) async fn of(&self, token: &StoredToken) -> MutexGuard<'_, ()> {
        let mut hasher = DefaultHasher::new();
        Criterion::of(token).map(|criterion| criterion.value()).hash(&mut hasher);
        let number = hasher.finish() % (self.locks.len() as u64);
        self.locks[number as usize].lock().await
    }
}

impl Default for Turns {
    fn default() -> Self {
        Self { locks: std::array::from_fn(|_| Mutex::default()) }
    }
}

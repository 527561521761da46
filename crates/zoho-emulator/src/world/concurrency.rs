//! How many calls of an organisation are under way at the same time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The calls that are under way.
#[derive(Clone, Debug, Default)]
pub(crate) struct Concurrency {
    active: Arc<Mutex<HashMap<String, usize>>>,
}

/// The right of one call to be under way; it ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Seat {
    concurrency: Concurrency,
    organisation: String,
}

impl Concurrency {
    /// A seat for a call of an organisation; `None` if `limit` calls of it are under way.
    pub(crate) fn enter(&self, organisation: &str, limit: usize) -> Option<Seat> {
        let mut active = self.lock();
        let calls = active.entry(organisation.to_owned()).or_default();
        if *calls >= limit {
            return None;
        }
        *calls += 1;
        Some(Seat { concurrency: self.clone(), organisation: organisation.to_owned() })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, usize>> {
        self.active.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        if let Some(calls) = self.concurrency.lock().get_mut(&self.organisation) {
            *calls -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seat_is_free_again_when_its_call_ends_and_organisations_do_not_share() {
        let concurrency = Concurrency::default();
        let first = concurrency.enter("one", 1);
        assert!(first.is_some());
        assert!(concurrency.enter("one", 1).is_none());
        assert!(concurrency.enter("other", 1).is_some());
        drop(first);
        assert!(concurrency.enter("one", 1).is_some());
    }
}

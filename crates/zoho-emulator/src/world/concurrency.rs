//! Limits how many calls of an organization are in progress at the same time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The number of calls in progress, by organization.
#[derive(Clone, Debug, Default)]
pub(crate) struct Concurrency {
    active: Arc<Mutex<HashMap<String, usize>>>,
}

/// A place among the calls in progress. Dropping it gives the place back.
#[derive(Debug)]
pub(crate) struct CallPermit {
    concurrency: Concurrency,
    organization: String,
}

impl Concurrency {
    /// Admits a call of an organization; `None` if `limit` of its calls are already in progress.
    pub(crate) fn admit(&self, organization: &str, limit: usize) -> Option<CallPermit> {
        let mut active = self.lock();
        let calls = active.entry(organization.to_owned()).or_default();
        if *calls >= limit {
            return None;
        }
        *calls += 1;
        Some(CallPermit { concurrency: self.clone(), organization: organization.to_owned() })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, usize>> {
        self.active.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for CallPermit {
    fn drop(&mut self) {
        if let Some(calls) = self.concurrency.lock().get_mut(&self.organization) {
            *calls -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_free_again_when_its_call_ends_and_organizations_do_not_share_places() {
        let concurrency = Concurrency::default();
        let first = concurrency.admit("one", 1);
        assert!(first.is_some());
        assert!(concurrency.admit("one", 1).is_none());
        assert!(concurrency.admit("other", 1).is_some());
        drop(first);
        assert!(concurrency.admit("one", 1).is_some());
    }
}

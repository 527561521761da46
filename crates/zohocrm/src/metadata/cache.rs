//! `Cache`: keeps lists for a while, and lets concurrent callers share one call.

use std::collections::HashMap;
use std::sync::{Arc, Mutex as StdMutex, PoisonError};
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::error::Error;

/// Lists by name.
#[derive(Debug)]
pub(super) struct Cache<T> {
    entries: StdMutex<HashMap<String, Arc<Entry<T>>>>,
}

/// The caller that holds the lock requests the list; the others wait for the outcome.
type Entry<T> = Mutex<Option<Cached<T>>>;

#[derive(Debug)]
struct Cached<T> {
    outcome: Result<Arc<[T]>, Error>,
    since: Instant,
}

impl<T> Default for Cache<T> {
    fn default() -> Self {
        Self { entries: StdMutex::default() }
    }
}

impl<T> Cache<T> {
    /// Returns the list with this name if it is younger than `max_age`, otherwise the outcome of `request`. Callers that come
    /// while it is requested share the outcome, even a failure. If the requesting caller is dropped, the next one requests.
    pub(super) async fn get(
        &self,
        name: &str,
        max_age: Duration,
        request: impl Future<Output = Result<Vec<T>, Error>>,
    ) -> Result<Arc<[T]>, Error> {
        let started = Instant::now();
        let entry = {
            let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(entries.entry(name.to_owned()).or_default())
        };
        let mut cached = entry.lock().await;
        if let Some(Cached { outcome, since }) = &*cached {
            let is_fresh = outcome.is_ok() && since.elapsed() < max_age;
            if is_fresh || *since > started {
                return outcome.clone();
            }
        }
        let outcome = request.await.map(Arc::from);
        *cached = Some(Cached { outcome: outcome.clone(), since: Instant::now() });
        outcome
    }

    pub(super) fn clear(&self) {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    async fn slowly(requests: &AtomicU32, fails: bool) -> Result<Vec<u32>, Error> {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let count = requests.fetch_add(1, Ordering::SeqCst);
        if fails { Err(Error::late("zoho".to_owned())) } else { Ok(vec![count]) }
    }

    #[tokio::test(start_paused = true)]
    async fn concurrent_callers_share_one_call_and_its_failure() {
        for fails in [false, true] {
            let (cache, requests) = (Cache::default(), AtomicU32::new(0));
            let calls = (0..50).map(|_| cache.get("Leads", HOUR, slowly(&requests, fails)));
            let outcomes = futures_util::future::join_all(calls).await;
            assert!(outcomes.iter().all(|outcome| outcome.is_err() == fails));
            assert_eq!(requests.load(Ordering::SeqCst), 1);
            cache.get("Contacts", HOUR, slowly(&requests, false)).await.unwrap();
            assert_eq!(requests.load(Ordering::SeqCst), 2, "other lists are requested separately");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_list_is_used_until_it_is_too_old() {
        let (cache, requests) = (Cache::default(), AtomicU32::new(0));
        for (delay, count) in [(0, 1), (3590, 1), (20, 2)] {
            tokio::time::sleep(Duration::from_secs(delay)).await;
            cache.get("Leads", HOUR, slowly(&requests, false)).await.unwrap();
            assert_eq!(requests.load(Ordering::SeqCst), count);
        }
        cache.clear();
        cache.get("Leads", HOUR, slowly(&requests, false)).await.unwrap();
        assert_eq!(requests.load(Ordering::SeqCst), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn a_caller_that_gives_up_leaves_the_call_to_the_next() {
        let (cache, requests) = (Cache::default(), AtomicU32::new(0));
        let impatient = tokio::time::timeout(
            Duration::from_millis(10),
            cache.get("Leads", HOUR, slowly(&requests, false)),
        );
        let (given_up, outcome) = tokio::join!(impatient, cache.get("Leads", HOUR, slowly(&requests, false)));
        assert!(given_up.is_err() && outcome.is_ok());
    }
}

//! `Shelf`: what was read is kept for a while, and many who want it at once share one call.

use std::collections::HashMap;
use std::sync::{Arc, Mutex as StdMutex, PoisonError};
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::error::Error;

/// Lists by their name.
#[derive(Debug)]
pub(super) struct Shelf<T> {
    places: StdMutex<HashMap<String, Arc<Place<T>>>>,
}

/// Whoever holds it asks; the others wait for the outcome.
type Place<T> = Mutex<Option<Kept<T>>>;

#[derive(Debug)]
struct Kept<T> {
    outcome: Result<Arc<[T]>, Error>,
    since: Instant,
}

impl<T> Default for Shelf<T> {
    fn default() -> Self {
        Self { places: StdMutex::default() }
    }
}

impl<T> Shelf<T> {
    /// What is kept under a name and no older than that; else what `ask` gets. Those who come while it is asked share
    /// its outcome, a failure too. If whoever asks is dropped, the next one asks.
    pub(super) async fn take(
        &self,
        name: &str,
        oldest: Duration,
        ask: impl Future<Output = Result<Vec<T>, Error>>,
    ) -> Result<Arc<[T]>, Error> {
        let came = Instant::now();
        let place = {
            let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(places.entry(name.to_owned()).or_default())
        };
        let mut kept = place.lock().await;
        if let Some(Kept { outcome, since }) = &*kept {
            let is_fresh = outcome.is_ok() && since.elapsed() < oldest;
            if is_fresh || *since > came {
                return outcome.clone();
            }
        }
        let outcome = ask.await.map(Arc::from);
        *kept = Some(Kept { outcome: outcome.clone(), since: Instant::now() });
        outcome
    }

    pub(super) fn clear(&self) {
        self.places.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    async fn slowly(asked: &AtomicU32, fails: bool) -> Result<Vec<u32>, Error> {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let count = asked.fetch_add(1, Ordering::SeqCst);
        if fails { Err(Error::late("zoho".to_owned())) } else { Ok(vec![count]) }
    }

    #[tokio::test(start_paused = true)]
    async fn many_who_want_the_same_share_one_call_and_its_failure() {
        for fails in [false, true] {
            let (shelf, asked) = (Shelf::default(), AtomicU32::new(0));
            let calls = (0..50).map(|_| shelf.take("Leads", HOUR, slowly(&asked, fails)));
            let outcomes = futures_util::future::join_all(calls).await;
            assert!(outcomes.iter().all(|outcome| outcome.is_err() == fails));
            assert_eq!(asked.load(Ordering::SeqCst), 1);
            shelf.take("Contacts", HOUR, slowly(&asked, false)).await.unwrap();
            assert_eq!(asked.load(Ordering::SeqCst), 2, "other things are asked for on their own");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_kept_is_used_until_it_is_too_old() {
        let (shelf, asked) = (Shelf::default(), AtomicU32::new(0));
        for (pause, count) in [(0, 1), (3590, 1), (20, 2)] {
            tokio::time::sleep(Duration::from_secs(pause)).await;
            shelf.take("Leads", HOUR, slowly(&asked, false)).await.unwrap();
            assert_eq!(asked.load(Ordering::SeqCst), count);
        }
        shelf.clear();
        shelf.take("Leads", HOUR, slowly(&asked, false)).await.unwrap();
        assert_eq!(asked.load(Ordering::SeqCst), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn a_caller_who_gives_up_leaves_the_call_to_the_next() {
        let (shelf, asked) = (Shelf::default(), AtomicU32::new(0));
        let impatient =
            tokio::time::timeout(Duration::from_millis(10), shelf.take("Leads", HOUR, slowly(&asked, false)));
        let (given_up, outcome) = tokio::join!(impatient, shelf.take("Leads", HOUR, slowly(&asked, false)));
        assert!(given_up.is_err() && outcome.is_ok());
    }
}

//! One flight: callers who want the same thing at the same time share one piece of work and its outcome.

use std::collections::HashMap;
use std::future::Future;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};

use crate::error::Error;

/// The work that is under way, by what it is for.
#[derive(Debug)]
pub(crate) struct Flights<K, T: Clone> {
    running: Arc<Mutex<Running<K, T>>>,
}

type Outcome<T> = Result<T, Error>;
type Running<K, T> = HashMap<K, Shared<BoxFuture<'static, Outcome<T>>>>;

impl<K, T> Flights<K, T>
where
    K: Clone + Eq + Hash + Send + 'static,
    T: Clone + Send + Sync + 'static,
{
    pub(crate) fn new() -> Self {
        Self { running: Arc::default() }
    }

    /// Joins the flight for `key`, or starts one with `work`. All who joined get the same outcome, failures
    /// included. The work runs on a task of its own: a caller that is dropped does not stop it, and a panic in it
    /// ends the flight with an error and leaves the key free.
    pub(crate) async fn join<W>(&self, key: K, work: impl FnOnce() -> W) -> Outcome<T>
    where
        W: Future<Output = Outcome<T>> + Send + 'static,
    {
        let flight = {
            let mut running = lock(&self.running);
            running.entry(key.clone()).or_insert_with(|| self.start(key, work())).clone()
        };
        flight.await
    }

    /// Starts `work` for `key` unless a flight is under way; does not wait.
    pub(crate) fn launch<W>(&self, key: K, work: impl FnOnce() -> W)
    where
        W: Future<Output = Outcome<T>> + Send + 'static,
    {
        let mut running = lock(&self.running);
        running.entry(key.clone()).or_insert_with(|| self.start(key, work()));
    }

    fn start<W>(&self, key: K, work: W) -> Shared<BoxFuture<'static, Outcome<T>>>
    where
        W: Future<Output = Outcome<T>> + Send + 'static,
    {
        let landing = Landing { running: self.running.clone(), key };
        let task = tokio::spawn(async move {
            let _landing = landing;
            work.await
        });
        async move { task.await.unwrap_or_else(|error| Err(Error::Interrupted(error.to_string()))) }
            .boxed()
            .shared()
    }
}

/// Frees the key when the work ends, however it ends.
struct Landing<K: Eq + Hash, T: Clone> {
    running: Arc<Mutex<Running<K, T>>>,
    key: K,
}

impl<K: Eq + Hash, T: Clone> Drop for Landing<K, T> {
    fn drop(&mut self) {
        lock(&self.running).remove(&self.key);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use super::*;

    async fn slow(counter: Arc<AtomicUsize>, outcome: Outcome<usize>) -> Outcome<usize> {
        counter.fetch_add(1, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(30)).await;
        outcome
    }

    #[tokio::test]
    async fn a_hundred_callers_share_one_failure() {
        let (flights, counter) = (Flights::new(), Arc::new(AtomicUsize::new(0)));
        let callers = (0..100).map(|_| {
            let failure = Err(Error::Config("no".into()));
            flights.join("ada", || slow(counter.clone(), failure))
        });
        let outcomes = futures_util::future::join_all(callers).await;
        assert!(outcomes.iter().all(Result::is_err));
        assert_eq!(counter.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn a_dropped_caller_does_not_stop_the_work() {
        let (flights, counter) = (Flights::new(), Arc::new(AtomicUsize::new(0)));
        let caller = flights.join("ada", || slow(counter.clone(), Ok(1)));
        assert!(tokio::time::timeout(Duration::from_millis(1), caller).await.is_err());
        assert_eq!(flights.join("ada", || slow(counter.clone(), Ok(2))).await.unwrap(), 1);
        assert_eq!(counter.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn a_panic_is_an_error_and_frees_the_key() {
        let flights: Flights<&str, usize> = Flights::new();
        let outcome = flights.join("ada", || async { panic!("the work broke") }).await;
        assert!(matches!(outcome, Err(Error::Interrupted(_))));
        assert_eq!(flights.join("ada", || async { Ok(7) }).await.unwrap(), 7);
    }
}

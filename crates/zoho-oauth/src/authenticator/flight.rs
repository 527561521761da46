//! Callers that want the same thing at the same time share one flight: one piece of work, and its outcome.

use std::collections::HashMap;
use std::future::Future;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use tokio::sync::oneshot;

use crate::error::Error;
use crate::machine::Machine;

/// The flights under way, by key.
#[derive(Debug)]
pub(crate) struct Flights<K, T: Clone> {
    machine: Arc<dyn Machine>,
    running: Arc<Mutex<Running<K, T>>>,
}

type Outcome<T> = Result<T, Error>;
/// Work under way, as its callers wait for it.
pub(crate) type Flight<T> = Shared<BoxFuture<'static, Outcome<T>>>;
type Running<K, T> = HashMap<K, Flight<T>>;

impl<K, T> Flights<K, T>
where
    K: Clone + Eq + Hash + Send + 'static,
    T: Clone + Send + Sync + 'static,
{
    /// No flights yet. They will be tasks of `machine`.
    pub(crate) fn new(machine: Arc<dyn Machine>) -> Self {
        Self { machine, running: Arc::default() }
    }

    /// Joins the flight for `key`, or starts one with `work`. All callers get the same outcome, failures included.
    /// The work runs on its own task: dropping a caller does not stop it, and a panic ends the flight with an error
    /// and frees the key.
    pub(crate) async fn join<W>(&self, key: K, work: impl FnOnce() -> W) -> Outcome<T>
    where
        W: Future<Output = Outcome<T>> + Send + 'static,
    {
        self.launch(key, work).await
    }

    /// The flight for `key` that is under way.
    pub(crate) fn under_way(&self, key: &K) -> Option<Flight<T>> {
        lock(&self.running).get(key).cloned()
    }

    /// Starts `work` for `key` unless a flight is under way. A caller that does not wait drops the flight.
    pub(crate) fn launch<W>(&self, key: K, work: impl FnOnce() -> W) -> Flight<T>
    where
        W: Future<Output = Outcome<T>> + Send + 'static,
    {
        let (sender, flight) = {
            let mut running = lock(&self.running);
            if let Some(flight) = running.get(&key) {
                return flight.clone();
            }
            let (sender, receiver) = oneshot::channel();
            let interrupted = |_| Err(Error::Interrupted);
            let flight = receiver.map(move |received| received.unwrap_or_else(interrupted)).boxed().shared();
            running.insert(key.clone(), flight.clone());
            (sender, flight)
        };
        // Without the lock: a runtime that is shutting down drops the task at once, and `landing` with it.
        let landing = Landing { running: self.running.clone(), key };
        let work = work();
        self.machine.spawn(Box::pin(async move {
            let outcome = work.await;
            drop(landing);
            // Every caller may have been dropped.
            let _ = sender.send(outcome);
        }));
        flight
    }
}

/// Frees the key when the work ends, in whatever way.
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
    use crate::machine::this_machine::ThisMachine;

    fn flights<T: Clone + Send + Sync + 'static>() -> Flights<&'static str, T> {
        Flights::new(Arc::new(ThisMachine::new(Duration::from_secs(1))))
    }

    async fn slow(counter: Arc<AtomicUsize>, outcome: Outcome<usize>) -> Outcome<usize> {
        counter.fetch_add(1, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(30)).await;
        outcome
    }

    #[tokio::test]
    async fn a_hundred_callers_share_one_failure() {
        let (flights, counter) = (flights(), Arc::new(AtomicUsize::new(0)));
        let callers = (0..100).map(|_| {
            let failure = Err(Error::StateMismatch);
            flights.join("ada", || slow(counter.clone(), failure))
        });
        let outcomes = futures_util::future::join_all(callers).await;
        assert!(outcomes.iter().all(Result::is_err));
        assert_eq!(counter.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn a_dropped_caller_does_not_stop_the_work() {
        let (flights, counter) = (flights(), Arc::new(AtomicUsize::new(0)));
        let caller = flights.join("ada", || slow(counter.clone(), Ok(1)));
        assert!(tokio::time::timeout(Duration::from_millis(1), caller).await.is_err());
        assert_eq!(flights.join("ada", || slow(counter.clone(), Ok(2))).await.unwrap(), 1);
        assert_eq!(counter.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn a_panic_is_an_error_and_frees_the_key() {
        let flights = flights::<usize>();
        let outcome = flights.join("ada", || async { panic!("the work failed") }).await;
        assert!(matches!(outcome, Err(Error::Interrupted)));
        assert_eq!(flights.join("ada", || async { Ok(7) }).await.unwrap(), 7);
    }

    #[test]
    fn a_runtime_that_was_shut_down_ends_the_flight_and_blocks_no_caller() {
        let runtime = || tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let flights = flights::<usize>();
        let gone = runtime();
        let handle = gone.handle().clone();
        drop(gone);
        let flight = {
            let _entered = handle.enter();
            flights.launch("ada", || async { Ok(7) })
        };
        assert!(matches!(runtime().block_on(flight), Err(Error::Interrupted)));
        assert_eq!(runtime().block_on(flights.join("ada", || async { Ok(8) })).expect("a new flight"), 8);
    }
}

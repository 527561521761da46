//! Blocking work on a thread of its own.

use std::thread;

use tokio::sync::oneshot;

use crate::failure::Failure;
use crate::messages::Problem;

/// Runs `work` on a new thread. Use it for reading input, which blocks as long as a pipe is empty: when the process ends, it
/// waits for the runtime's threads, but not for this one.
pub(super) async fn on_a_thread<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Failure> {
    let (sender, receiver) = oneshot::channel();
    // An interrupted command no longer waits for the result.
    let work = move || drop(sender.send(work()));
    let started = thread::Builder::new().name("input".to_owned()).spawn(work);
    started.map_err(|error| Failure::from(Problem::InputThread).caused_by(&error))?;
    receiver.await.map_err(|error| Failure::from(Problem::InputThread).caused_by(&error))
}

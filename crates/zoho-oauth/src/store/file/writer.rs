//! The writer thread. Calls that arrive during a write share the next one.

use std::sync::mpsc::{self, Receiver, SendError, Sender};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::oneshot;

use crate::store::error::{StoreError, StoreErrorKind};

use super::draft::Draft;
use super::job::Job;
use super::shared::Shared;

/// A handle to the writer thread, which starts with the first job and ends with the store.
#[derive(Debug, Default)]
pub(super) struct Writer {
    jobs: Mutex<Option<Sender<Box<dyn Job>>>>,
}

impl Writer {
    /// Adds `change` to the next write and waits until it is on disk. The change is written even if the caller stops waiting.
    pub(super) async fn write<T, F>(&self, shared: &Arc<Shared>, change: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnMut(&mut Draft<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        let (reply, replied) = oneshot::channel();
        self.send(shared, Box::new(Waiting { change, outcome: None, reply }))?;
        replied.await.unwrap_or_else(|_| Err(stopped()))
    }

    fn send(&self, shared: &Arc<Shared>, job: Box<dyn Job>) -> Result<(), StoreError> {
        let mut jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        let job = match &*jobs {
            Some(running) => match running.send(job) {
                Ok(()) => return Ok(()),
                Err(SendError(job)) => job,
            },
            None => job,
        };
        let sender = start(shared.clone())?;
        sender.send(job).map_err(|_| stopped())?;
        *jobs = Some(sender);
        Ok(())
    }
}

fn start(shared: Arc<Shared>) -> Result<Sender<Box<dyn Job>>, StoreError> {
    let (sender, jobs) = mpsc::channel();
    std::thread::Builder::new()
        .name("zoho token file writer".into())
        .spawn(move || write_all(&shared, &jobs))
        .map_err(|error| StoreError::of(StoreErrorKind::Other, "start its writer thread").caused_by(error))?;
    Ok(sender)
}

fn write_all(shared: &Shared, jobs: &Receiver<Box<dyn Job>>) {
    while let Ok(first) = jobs.recv() {
        let mut group = vec![first];
        group.extend(jobs.try_iter());
        let written = shared.commit(&mut group);
        for job in group {
            job.reply(&written);
        }
    }
}

struct Waiting<T, F> {
    change: F,
    outcome: Option<Result<T, StoreError>>,
    reply: oneshot::Sender<Result<T, StoreError>>,
}

impl<T, F> Job for Waiting<T, F>
where
    T: Send,
    F: FnMut(&mut Draft<'_>) -> Result<T, StoreError> + Send,
{
    fn run(&mut self, draft: &mut Draft<'_>) {
        self.outcome = Some((self.change)(draft));
    }

    fn reply(self: Box<Self>, written: &Result<(), StoreError>) {
        let outcome = match (self.outcome, written) {
            // This job changed nothing.
            (Some(Err(rejected)), _) => Err(rejected),
            (_, Err(failed)) => Err(failed.clone()),
            (Some(done), Ok(())) => done,
            (None, Ok(())) => Err(stopped()),
        };
        // The caller may have stopped waiting.
        let _ = self.reply.send(outcome);
    }
}

fn stopped() -> StoreError {
    StoreError::of(StoreErrorKind::Other, "write")
        .evidence("its writer thread has stopped")
        .next_step("try again")
}

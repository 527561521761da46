//! One thread that writes. Whoever comes while it is writing waits, and all who wait share the next write.

use std::sync::mpsc::{self, Receiver, SendError, Sender};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::oneshot;

use crate::store::error::{StoreError, StoreErrorKind};

use super::draft::Draft;
use super::shared::Shared;

/// Something to be written, and somebody who waits for it.
pub(super) trait Job: Send {
    /// Adds its changes to the draft. Done again, on a fresh draft, if the file was changed meanwhile.
    fn run(&mut self, draft: &mut Draft<'_>);

    /// Tells the one who waits what it came to.
    fn answer(self: Box<Self>, written: &Result<(), StoreError>);
}

/// The way to the writer's thread, which is started by the first job and ends with the store.
#[derive(Debug, Default)]
pub(super) struct Writer {
    jobs: Mutex<Option<Sender<Box<dyn Job>>>>,
}

impl Writer {
    /// Has `change` done in the next write, and waits until it is on the disk. It is done even if the caller
    /// stops waiting.
    pub(super) async fn write<T, F>(&self, shared: &Arc<Shared>, change: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnMut(&mut Draft<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        self.send(shared, Box::new(Waiting { change, outcome: None, answer }))?;
        answered.await.unwrap_or_else(|_| Err(stopped()))
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
        .map_err(|error| StoreError::of(StoreErrorKind::Other, "start its writer").caused_by(error))?;
    Ok(sender)
}

fn write_all(shared: &Shared, jobs: &Receiver<Box<dyn Job>>) {
    while let Ok(first) = jobs.recv() {
        let mut group = vec![first];
        group.extend(jobs.try_iter());
        let written = shared.commit(&mut group);
        for job in group {
            job.answer(&written);
        }
    }
}

/// A change, and the caller who waits for it.
struct Waiting<T, F> {
    change: F,
    outcome: Option<Result<T, StoreError>>,
    answer: oneshot::Sender<Result<T, StoreError>>,
}

impl<T, F> Job for Waiting<T, F>
where
    T: Send,
    F: FnMut(&mut Draft<'_>) -> Result<T, StoreError> + Send,
{
    fn run(&mut self, draft: &mut Draft<'_>) {
        self.outcome = Some((self.change)(draft));
    }

    fn answer(self: Box<Self>, written: &Result<(), StoreError>) {
        let outcome = match (self.outcome, written) {
            // Nothing of this job was to be written.
            (Some(Err(refused)), _) => Err(refused),
            (_, Err(failed)) => Err(failed.clone()),
            (Some(done), Ok(())) => done,
            (None, Ok(())) => Err(stopped()),
        };
        // Nobody may be waiting any more.
        let _ = self.answer.send(outcome);
    }
}

fn stopped() -> StoreError {
    StoreError::of(StoreErrorKind::Other, "write").evidence("its writer has stopped").next_step("try again")
}

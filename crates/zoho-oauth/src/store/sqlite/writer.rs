//! The one thread that writes. It takes every job that waits, runs them in one transaction and commits once:
//! what costs time is the commit, not the rows.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use rusqlite::TransactionBehavior::Immediate;
use tokio::sync::oneshot;

use super::batch::Batch;
use super::fault::Fault;
use super::place::{Identity, Queue};
use super::{locked, schema};

/// More jobs than this are not put into one transaction, so that the first does not wait for too long.
const LARGEST_BATCH: usize = 1_024;

/// How long to wait for the return of those who were answered: about as long as a commit takes, so that waiting
/// costs no more than the commit that it saves.
const MOMENT: Duration = Duration::from_micros(150);

/// The way to the writer thread, which starts with the first job: most processes only read. (A process with a second
/// thread also pays milliseconds for what is free to one without, such as registering a memory barrier.) Dropping it
/// waits until every accepted job is done.
#[derive(Debug)]
pub(super) struct Writer {
    state: Mutex<State>,
}

#[derive(Debug)]
enum State {
    NotStarted(Desk),
    AtWork { jobs: Sender<Box<dyn Job>>, thread: JoinHandle<()> },
    Stopped,
}

impl Writer {
    pub(super) fn new(desk: Desk) -> Self {
        Self { state: Mutex::new(State::NotStarted(desk)) }
    }

    /// Runs a job and waits until it is committed. The job is done even if the caller stops waiting. It may run
    /// more than once; what it did before is taken back then.
    pub(super) async fn run<T, W>(&self, work: W) -> Result<T, Fault>
    where
        T: Send + 'static,
        W: FnMut(&mut Batch<'_>) -> Result<T, Fault> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        self.accept(Box::new(Pending { work, result: Err(Fault::Stopped), answer }))?;
        answered.await.unwrap_or(Err(Fault::Stopped))
    }

    fn accept(&self, job: Box<dyn Job>) -> Result<(), Fault> {
        let mut state = locked(&self.state);
        *state = match std::mem::replace(&mut *state, State::Stopped) {
            State::NotStarted(desk) => {
                let (jobs, queue) = channel();
                let builder = thread::Builder::new().name("zoho-sqlite".into());
                State::AtWork { jobs, thread: builder.spawn(move || desk.work_off(&queue))? }
            }
            other => other,
        };
        match &*state {
            State::AtWork { jobs, .. } => jobs.send(job).map_err(|_| Fault::Stopped),
            State::NotStarted(_) | State::Stopped => Err(Fault::Stopped),
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        if let State::AtWork { jobs, thread } = std::mem::replace(&mut *locked(&self.state), State::Stopped) {
            drop(jobs);
            // A panic there was reported when it happened.
            let _ = thread.join();
        }
    }
}

/// Something to be done in a transaction, and somebody who waits for it.
trait Job: Send {
    fn run(&mut self, batch: &mut Batch<'_>) -> Result<(), Fault>;
    fn fail(&mut self, fault: &Fault);
    fn answer(self: Box<Self>);
}

struct Pending<T, W> {
    work: W,
    result: Result<T, Fault>,
    answer: oneshot::Sender<Result<T, Fault>>,
}

impl<T, W> Job for Pending<T, W>
where
    T: Send,
    W: FnMut(&mut Batch<'_>) -> Result<T, Fault> + Send,
{
    fn run(&mut self, batch: &mut Batch<'_>) -> Result<(), Fault> {
        self.result = (self.work)(batch);
        self.result.as_ref().map(|_| ()).map_err(Fault::clone)
    }

    fn fail(&mut self, fault: &Fault) {
        self.result = Err(fault.clone());
    }

    fn answer(self: Box<Self>) {
        // Whoever stopped waiting does not want to know.
        let _ = self.answer.send(self.result);
    }
}

/// What the writer thread has.
#[derive(Debug)]
pub(super) struct Desk {
    /// Its connection; the readers' too where there is no other.
    pub(super) connection: Arc<Mutex<Connection>>,
    /// The file that the connection is to.
    pub(super) file: Option<Identity>,
    /// Where the processes of this machine queue for the file, which SQLite itself does not let them.
    pub(super) queue: Option<Queue>,
    /// Whether the tables are set up. Otherwise the first job brings that along.
    pub(super) prepared: bool,
}

impl Desk {
    fn work_off(mut self, queue: &Receiver<Box<dyn Job>>) {
        let mut jobs = Vec::new();
        loop {
            jobs.extend(queue.try_iter().take(LARGEST_BATCH - jobs.len()));
            if jobs.is_empty() {
                let Ok(job) = queue.recv() else { return };
                jobs.push(job);
                continue;
            }
            self.run(&mut jobs);
            let answered = jobs.len();
            jobs.drain(..).for_each(Job::answer);
            await_return(queue, answered, &mut jobs);
        }
    }

    /// Runs the jobs together. If that fails, each is run alone, so that one job's trouble stays its own; but not
    /// if, say, another program holds the file: then they have waited together already.
    fn run(&mut self, jobs: &mut [Box<dyn Job>]) {
        let Err(fault) = self.commit(jobs) else { return };
        if fault.concerns_all() {
            return jobs.iter_mut().for_each(|job| job.fail(&fault));
        }
        if fault.is_full() {
            // If even this finds no room, the jobs below say so.
            let _ = schema::move_log_into_database(&locked(&self.connection));
        }
        for job in jobs {
            if let Err(fault) = self.commit(std::slice::from_mut(job)) {
                job.fail(&fault);
            }
        }
    }

    fn commit(&mut self, jobs: &mut [Box<dyn Job>]) -> Result<(), Fault> {
        let _turn = self.queue.as_ref().and_then(Queue::turn);
        let mut connection = locked(&self.connection);
        if !self.prepared {
            schema::prepare(&mut connection)?;
            self.prepared = true;
        }
        let transaction = connection.transaction_with_behavior(Immediate)?;
        let mut batch = Batch::on(&transaction);
        for job in jobs {
            // A job that fails keeps its error. After the worst errors SQLite has taken back the transaction.
            if let Err(fault) = job.run(&mut batch)
                && transaction.is_autocommit()
            {
                return Err(fault);
            }
        }
        batch.finish()?;
        transaction.commit()?;
        self.file.as_ref().map_or(Ok(()), Identity::check)
    }
}

/// Those who were just answered often come back at once: waits a moment until as many jobs are there, so that
/// they share a commit, and a lone saver finds this thread awake.
fn await_return(queue: &Receiver<Box<dyn Job>>, answered: usize, jobs: &mut Vec<Box<dyn Job>>) {
    let answered_at = Instant::now();
    while jobs.len() < answered && answered_at.elapsed() < MOMENT {
        let before = jobs.len();
        jobs.extend(queue.try_iter().take(answered - before));
        if jobs.len() == before {
            thread::yield_now();
        }
    }
}

//! The writer thread. It runs all waiting jobs in one transaction and commits once, because the time goes into the
//! commit, not into the rows.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use rusqlite::TransactionBehavior::Immediate;
use tokio::sync::oneshot;

use super::batch::Batch;
use super::fault::Fault;
use super::locked;
use super::place::DatabaseFile;
use super::schema::{self, Tables};

/// The maximum number of jobs in one transaction, so that the first job does not wait too long.
const MAX_BATCH: usize = 1_024;

/// How long to wait for callers that come back after a commit. It is about the length of a commit, so that waiting costs
/// no more than the commit that it saves.
const RETURN_TIMEOUT: Duration = Duration::from_micros(150);

/// A handle to the writer thread. Dropping it waits until every accepted job is done.
///
/// The thread starts with the first job, because most processes only read. In a process with a second thread, some system
/// calls, such as registering a memory barrier, take milliseconds instead of nothing.
#[derive(Debug)]
pub(super) struct Writer {
    state: Mutex<State>,
}

#[derive(Debug)]
enum State {
    NotStarted(Desk),
    Running { jobs: Sender<Box<dyn Job>>, thread: JoinHandle<()> },
    Stopped,
}

impl Writer {
    pub(super) fn new(desk: Desk) -> Self {
        Self { state: Mutex::new(State::NotStarted(desk)) }
    }

    /// Runs a job and waits until it is committed. The job is done even if the caller stops waiting. It may run more than
    /// once; earlier runs are rolled back.
    pub(super) async fn run<T, W>(&self, work: W) -> Result<T, Fault>
    where
        T: Send + 'static,
        W: FnMut(&mut Batch<'_>) -> Result<T, Fault> + Send + 'static,
    {
        let (reply, replied) = oneshot::channel();
        self.accept(Box::new(Pending { work, result: Err(Fault::Stopped), reply }))?;
        replied.await.unwrap_or(Err(Fault::Stopped))
    }

    fn accept(&self, job: Box<dyn Job>) -> Result<(), Fault> {
        let mut state = locked(&self.state);
        *state = match std::mem::replace(&mut *state, State::Stopped) {
            State::NotStarted(desk) => {
                let (jobs, queue) = channel();
                let builder = thread::Builder::new().name("zoho-sqlite".into());
                State::Running { jobs, thread: builder.spawn(move || desk.run_all(&queue))? }
            }
            other => other,
        };
        match &*state {
            State::Running { jobs, .. } => jobs.send(job).map_err(|_| Fault::Stopped),
            State::NotStarted(_) | State::Stopped => Err(Fault::Stopped),
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        if let State::Running { jobs, thread } = std::mem::replace(&mut *locked(&self.state), State::Stopped)
        {
            drop(jobs);
            // A panic of the thread was reported when it happened.
            let _ = thread.join();
        }
    }
}

/// A change to make in a transaction, with the channel to its caller.
trait Job: Send {
    fn run(&mut self, batch: &mut Batch<'_>) -> Result<(), Fault>;
    fn fail(&mut self, fault: &Fault);
    fn reply(self: Box<Self>);
}

struct Pending<T, W> {
    work: W,
    result: Result<T, Fault>,
    reply: oneshot::Sender<Result<T, Fault>>,
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

    fn reply(self: Box<Self>) {
        // The caller may have stopped waiting.
        let _ = self.reply.send(self.result);
    }
}

/// What the writer thread works on.
#[derive(Debug)]
pub(super) struct Desk {
    pub(super) tables: Arc<Tables>,
    pub(super) database: Database,
}

#[derive(Debug)]
pub(super) enum Database {
    /// A file, and the connection once it is set up. The first job does it, because most processes only read.
    File { file: Arc<DatabaseFile>, connection: Option<Connection> },
    /// A database in memory, whose connection readers share.
    Memory(Arc<Mutex<Connection>>),
}

impl Desk {
    /// Opens the connection and sets up the tables now.
    pub(super) fn set_up(&mut self) -> Result<(), Fault> {
        match &mut self.database {
            Database::File { file, connection } => *connection = Some(prepared(file, &self.tables)?),
            Database::Memory(connection) => self.tables.prepare(&mut locked(connection))?,
        }
        Ok(())
    }

    fn run_all(mut self, queue: &Receiver<Box<dyn Job>>) {
        let mut jobs = Vec::new();
        loop {
            jobs.extend(queue.try_iter().take(MAX_BATCH - jobs.len()));
            if jobs.is_empty() {
                let Ok(job) = queue.recv() else { return self.tidy_up() };
                jobs.push(job);
                continue;
            }
            self.run(&mut jobs);
            let replied = jobs.len();
            jobs.drain(..).for_each(Job::reply);
            await_return(queue, replied, &mut jobs);
        }
    }

    /// Runs the jobs together. If that fails, runs each one alone, so that one job cannot fail the others. If every job
    /// would fail in the same way, for example because another program has locked the file, the jobs share the error.
    fn run(&mut self, jobs: &mut [Box<dyn Job>]) {
        let Err(fault) = self.commit(jobs) else { return };
        if fault.concerns_all() {
            return jobs.iter_mut().for_each(|job| job.fail(&fault));
        }
        if fault.is_full()
            && let Database::File { connection: Some(connection), .. } = &self.database
        {
            // If this fails too, the jobs below report it.
            let _ = schema::move_log_into_database(connection);
        }
        for job in jobs {
            if let Err(fault) = self.commit(std::slice::from_mut(job)) {
                job.fail(&fault);
            }
        }
    }

    fn commit(&mut self, jobs: &mut [Box<dyn Job>]) -> Result<(), Fault> {
        let Self { tables, database } = self;
        let (file, connection) = match database {
            Database::File { file, connection } => (file, connection),
            Database::Memory(connection) => return commit(&mut locked(connection), tables, jobs),
        };
        let _turn = file.turn()?;
        let connection = match connection {
            Some(connection) => connection,
            None => connection.insert(prepared(file, tables)?),
        };
        let committed =
            file.check().and_then(|()| commit(connection, tables, jobs)).and_then(|()| file.check());
        if matches!(committed, Err(Fault::Replaced(_))) && file.has_lost_its_log() {
            // What was committed is in a log without a name. This saves it.
            let _ = schema::move_log_into_database(connection);
        }
        committed
    }

    /// Leaves a database that is complete without its log.
    fn tidy_up(self) {
        if let Database::File { file, connection: Some(connection) } = self.database
            && file.check().is_ok()
            && connection.busy_timeout(Duration::ZERO).is_ok()
        {
            // While others use the database, one of them does it.
            let _ = schema::move_log_into_database(&connection);
        }
    }
}

fn prepared(file: &DatabaseFile, tables: &Tables) -> Result<Connection, Fault> {
    let mut connection = file.connect()?;
    tables.prepare(&mut connection)?;
    // Setting it up may have created the log.
    file.note_log(&connection)?;
    Ok(connection)
}

fn commit(connection: &mut Connection, tables: &Tables, jobs: &mut [Box<dyn Job>]) -> Result<(), Fault> {
    let transaction = connection.transaction_with_behavior(Immediate)?;
    let mut batch = Batch::on(&transaction, tables);
    for job in jobs {
        // A job that fails keeps its error. After the most severe errors, SQLite has rolled back the transaction.
        if let Err(fault) = job.run(&mut batch)
            && transaction.is_autocommit()
        {
            return Err(fault);
        }
    }
    batch.finish()?;
    Ok(transaction.commit()?)
}

/// Waits briefly for as many jobs as were just committed. Callers often save again immediately: they share a commit then,
/// and a single caller finds this thread awake.
fn await_return(queue: &Receiver<Box<dyn Job>>, replied: usize, jobs: &mut Vec<Box<dyn Job>>) {
    let replied_at = Instant::now();
    while jobs.len() < replied && replied_at.elapsed() < RETURN_TIMEOUT {
        let before = jobs.len();
        jobs.extend(queue.try_iter().take(replied - before));
        if jobs.len() == before {
            thread::yield_now();
        }
    }
}

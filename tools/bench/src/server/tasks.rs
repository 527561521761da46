//! Many tasks that share a store with eight connections, compared with one task.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::runtime;
use tokio::sync::Mutex;
use tokio::task::JoinSet;
use zoho_oauth::OAuthToken;
use zoho_oauth::store::{AnyStore, StoredToken, TokenStore};

use super::bare::Bare;
use super::place::Place;
use super::{KINDS, place_on};
use crate::Outcome;
use crate::fixture::{self, Key};
use crate::measure::Effort;
use crate::options::Options;
use crate::report::{Limit, Line, Report, count};

const TASKS: u64 = 64;
/// The default of a store.
const CONNECTIONS: u64 = 8;
/// Tasks do not share rows.
const ROWS_OF_A_TASK: u64 = 100;

/// What the tasks do.
#[derive(Clone, Copy, Debug)]
enum Work {
    Find,
    Save,
}

pub(crate) fn run(options: &Options, report: &mut Report) -> Outcome {
    report.part("Servers: many tasks at once, time per call", "one task");
    for kind in KINDS {
        let Some(place) = place_on(kind, report) else { continue };
        let runtime = runtime::Builder::new_multi_thread().enable_all().build()?;
        let (store, bare) = runtime.block_on(prepare(&place))?;
        for work in [Work::Find, Work::Save] {
            let mut measure = |tasks: u64, run: &dyn Fn(u64, u64) -> Outcome<Duration>, what, limit| {
                let Effort { rounds, round } = options.effort(Duration::from_millis(60));
                // In a call every task makes one; dividing by their number gives the time per call.
                let effort = Effort { rounds, round: round / tasks as u32 };
                let (product, other) = effort.pair(|calls| run(tasks, calls), |calls| run(1, calls))?;
                report.line(&Line { what, product, other: Some(other), limit });
                Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
            };
            let what = format!("{kind}, {}, {}", work.name(), count(TASKS, "task"));
            let run = |tasks, calls| {
                runtime.block_on(at_once(tasks, |task| store_often(store.clone(), work, task, calls)))
            };
            measure(TASKS, &run, what, Limit::TimesAsFast(5.0))?;
            let what = format!("{kind}, {}, bare driver, {}", work.name(), count(CONNECTIONS, "task"));
            let run = |tasks, calls| {
                runtime.block_on(at_once(tasks, |task| bare_often(bare.clone(), work, task, calls)))
            };
            measure(CONNECTIONS, &run, what, Limit::Stated)?;
        }
        drop((store, bare));
        runtime.block_on(clear(&place))?;
    }
    Ok(())
}

/// The connections of the bare driver, one for each task.
#[derive(Clone)]
struct BareTasks {
    connections: Arc<[Mutex<Bare>]>,
    rows: Arc<[StoredToken]>,
}

async fn prepare(place: &Place) -> Outcome<(AnyStore, BareTasks)> {
    const ROWS: u64 = TASKS * ROWS_OF_A_TASK;
    place.fill(ROWS).await?;
    let rows: Arc<[StoredToken]> = (0..ROWS).map(fixture::row).collect();
    let mut bare = Bare::connect_often(place, CONNECTIONS).await?;
    bare[0].prepare(&rows).await?;
    Ok((place.store()?, BareTasks { connections: bare.into_iter().map(Mutex::new).collect(), rows }))
}

async fn clear(place: &Place) -> Outcome {
    Bare::connect(place).await?.clear(TASKS * ROWS_OF_A_TASK).await?;
    place.clear().await
}

/// Runs the tasks at once, and returns the time divided by their number.
async fn at_once<F>(tasks: u64, work: impl Fn(u64) -> F) -> Outcome<Duration>
where
    F: Future<Output = Outcome> + Send + 'static,
{
    let started = Instant::now();
    let mut running = JoinSet::new();
    for task in 0..tasks {
        running.spawn(work(task));
    }
    while let Some(done) = running.join_next().await {
        done??;
    }
    Ok(started.elapsed() / tasks as u32)
}

async fn store_often(store: AnyStore, work: Work, task: u64, calls: u64) -> Outcome {
    for number in numbers_of(task, calls) {
        let user = fixture::user_name(number);
        match work {
            Work::Find => drop(store.find_token(&OAuthToken::new().with_user(user)).await?.ok_or(LOST)?),
            Work::Save => drop(store.save_token(&fixture::renewed(&user)).await?),
        }
    }
    Ok(())
}

async fn bare_often(bare: BareTasks, work: Work, task: u64, calls: u64) -> Outcome {
    let mut connection = bare.connections[task as usize].lock().await;
    for number in numbers_of(task, calls) {
        match work {
            Work::Find => connection.find(Key::User, &fixture::user_name(number)).await?,
            Work::Save => {
                let access_token = Some(fixture::secret(&mut rand::rng()));
                let row = bare.rows[number as usize].clone();
                connection.save(&StoredToken { access_token, ..row }).await?;
            }
        }
    }
    Ok(())
}

/// Returns the rows of a task, in the order of its calls.
fn numbers_of(task: u64, calls: u64) -> impl Iterator<Item = u64> {
    (0..calls).map(move |call| task * ROWS_OF_A_TASK + call % ROWS_OF_A_TASK)
}

impl Work {
    fn name(self) -> &'static str {
        match self {
            Self::Find => "look-ups",
            Self::Save => "saves",
        }
    }
}

const LOST: &str = "the row was not found";

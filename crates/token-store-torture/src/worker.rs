//! A worker: does to the store what it is told on standard input, a line at a time, until the input ends.

mod asking;

use std::collections::BTreeSet;
use std::error::Error;
use std::future::Future;
use std::io::{self, BufRead, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Serialize;
use serde_json::Value;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use zoho_oauth::OAuthToken;
use zoho_oauth::store::coordination::{Acquired, Coordination, Fenced, Lease, LeaseKey};
use zoho_oauth::store::{AnyStore, StoreError, TokenStore};

use crate::kit::Kit;
use crate::place::Place;
use crate::protocol::{Answer, Command, Looks, Renewed, Row, Saved, Seen, Turn};
use crate::row::{reading_of, refresh_token, row};

/// How long a store may say that it is busy, and that the same call may succeed a moment later.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Serves until standard input ends.
pub(crate) fn run(kit: Option<&Kit>) -> ExitCode {
    let served = kit.ok_or_else(|| "there is no such kit in this program".into()).and_then(serve);
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Whoever started this process reads it, unless it has gone.
            let _ = writeln!(io::stderr(), "{error}");
            ExitCode::FAILURE
        }
    }
}

fn serve(kit: &Kit) -> Result<(), Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let mut lines = io::stdin().lock().lines();
    let Some(first) = lines.next() else { return Ok(()) };
    let place: Place = serde_json::from_str(&first?)?;
    let store = match runtime.block_on(kit.open(place.clone())) {
        Ok(store) => store,
        Err(error) => return Ok(say(&Err(error))?),
    };
    say(&answered(()))?;
    let mut desk = Desk { place, store, lease: None };
    for line in lines {
        let command = serde_json::from_str(&line?)?;
        say(&runtime.block_on(desk.answer(command)))?;
    }
    Ok(())
}

/// Says something, and has it out of this process before it returns.
fn say(answer: &Answer) -> io::Result<()> {
    let mut line = serde_json::to_vec(answer)?;
    line.push(b'\n');
    let mut out = io::stdout().lock();
    out.write_all(&line)?;
    out.flush()
}

fn answered(answer: impl Serialize) -> Answer {
    serde_json::to_value(answer).map_err(|error| error.to_string())
}

/// Where commands are carried out.
struct Desk {
    place: Place,
    store: AnyStore,
    /// The last lease, and whose refresh token it is on.
    lease: Option<(String, Lease)>,
}

impl Desk {
    async fn answer(&mut self, command: Command) -> Answer {
        match command {
            Command::Save { user, number } => answered(save(&self.store, &user, number).await?),
            Command::SaveAll { users } => answered(save_all(&self.store, users).await?),
            Command::SaveAndDelete { users } => answered(save_and_delete(&self.store, &users).await?),
            Command::SaveWithoutEnd { first } => save_without_end(&self.store, first).await,
            Command::SaveOverAndOver { user, first } => save_over_and_over(&self.store, &user, first).await,
            Command::Delete { id } => answered(patiently(|| self.store.delete_token(&id)).await?),
            Command::Rows => answered(rows(&self.store).await?),
            Command::Look { user, time } => answered(look(&self.store, &user, time).await?),
            Command::Acquire { user, row, life } => answered(self.acquire(user, row, life).await?),
            Command::Renew { life, ledger } => {
                let (_, lease) = self.lease.as_mut().ok_or(NO_LEASE)?;
                lease.ledger = ledger.unwrap_or_else(|| lease.ledger.clone());
                answered(patiently(|| self.store.renew(lease, life)).await?)
            }
            Command::Release => {
                let (_, lease) = self.lease.as_ref().ok_or(NO_LEASE)?;
                answered(patiently(|| self.store.release(lease)).await?)
            }
            Command::SaveAndRelease { number } => answered(self.save_and_release(number).await?),
            Command::RenewWithoutEnd { user, row, first, life } => {
                self.renew_without_end(&user, &row, first, life).await
            }
            Command::Standing { user } => {
                let key = LeaseKey::refresh(&refresh_token(&user, 0));
                let standing = patiently(|| self.store.standing(&key)).await?;
                answered(Seen { epoch: standing.epoch, left: standing.lease_left, ledger: standing.ledger })
            }
            Command::SaveEnded { wanted, refresh_token } => {
                let token = asking::ended_token(&wanted, refresh_token);
                patiently(|| self.store.save_token(&token)).await?;
                answered(())
            }
            Command::AccessToken { wanted, tasks } => {
                answered(asking::access_token(&self.store, &self.place, &wanted, tasks).await?)
            }
        }
    }

    async fn acquire(&mut self, user: String, row: Option<String>, life: Duration) -> Result<Turn, String> {
        let key = LeaseKey::refresh(&refresh_token(&user, 0));
        let holder = format!("{}-{:016x}", std::process::id(), rand::random::<u64>());
        match patiently(|| self.store.acquire(&key, &holder, life)).await? {
            Acquired::Granted(lease) => {
                let turn = Turn { is_granted: true, epoch: lease.epoch };
                self.lease = Some((user, Lease { row, ..lease }));
                Ok(turn)
            }
            Acquired::Held(standing) => Ok(Turn { is_granted: false, epoch: standing.epoch }),
            other => Err(format!("an answer that this kit does not know: {other:?}")),
        }
    }

    async fn save_and_release(&self, number: u64) -> Result<bool, String> {
        let (user, lease) = self.lease.as_ref().ok_or(NO_LEASE)?;
        let mut token = row(user, number);
        if let Some(id) = &lease.row {
            token = token.with_id(id.clone());
        }
        let fenced = patiently(|| self.store.save_and_release(lease, &token)).await?;
        Ok(matches!(fenced, Fenced::Saved(_)))
    }

    async fn renew_without_end(&mut self, user: &str, row: &str, first: u64, life: Duration) -> Answer {
        let mut number = first;
        loop {
            let turn = self.acquire(user.to_owned(), Some(row.to_owned()), life).await?;
            if !turn.is_granted {
                tokio::time::sleep(Duration::from_millis(5)).await;
                continue;
            }
            number += 1;
            if self.save_and_release(number).await? {
                tell_now(Renewed { epoch: turn.epoch, number })?;
            }
        }
    }
}

const NO_LEASE: &str = "this worker never had a lease";

/// Calls again for as long as the store says that the same call may succeed a moment later.
async fn patiently<T, F>(mut call: impl FnMut() -> F) -> Result<T, String>
where
    F: Future<Output = Result<T, StoreError>>,
{
    let began = Instant::now();
    loop {
        match call().await {
            Err(error) if error.is_transient() && began.elapsed() < PATIENCE => {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            result => return result.map_err(|error| with_causes(&error)),
        }
    }
}

fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(source) = cause {
        text = format!("{text}: {source}");
        cause = source.source();
    }
    text
}

fn tell_now(answer: impl Serialize) -> Result<(), String> {
    say(&answered(answer)).map_err(|error| error.to_string())
}

async fn save(store: &AnyStore, user: &str, number: u64) -> Result<Saved, String> {
    let token = row(user, number);
    let saved = patiently(|| store.save_token(&token)).await?;
    let id = saved.id().ok_or("a row that was saved has no id")?.to_owned();
    Ok(Saved { user: user.to_owned(), number, id })
}

async fn save_all(store: &AnyStore, users: Vec<String>) -> Result<Vec<Saved>, String> {
    let turns = Arc::new(Semaphore::new(10));
    let mut tasks = JoinSet::new();
    for user in users {
        let (store, turns) = (store.clone(), turns.clone());
        tasks.spawn(async move {
            let _turn = turns.acquire().await;
            save(&store, &user, 1).await
        });
    }
    all(tasks).await
}

async fn save_and_delete(store: &AnyStore, users: &[String]) -> Result<Vec<Saved>, String> {
    let mut all = Vec::with_capacity(users.len());
    for user in users {
        let saved = save(store, user, 1).await?;
        patiently(|| store.delete_token(&saved.id)).await?;
        all.push(saved);
    }
    Ok(all)
}

/// Four tasks with four users each whom everybody knows; every fifth time with one whom nobody has seen before.
async fn save_without_end(store: &AnyStore, first: u64) -> Answer {
    let mut tasks = JoinSet::new();
    for task in 0..4 {
        let store = store.clone();
        tasks.spawn(async move {
            let mut number = first;
            loop {
                number += 1;
                let user = match number % 5 {
                    0 => format!("new {task} {number}"),
                    digit => format!("known {task} {digit}"),
                };
                tell_now(save(&store, &user, number).await?)?;
            }
        });
    }
    all::<Value>(tasks).await.map(Value::from)
}

async fn save_over_and_over(store: &AnyStore, user: &str, first: u64) -> Answer {
    let mut number = first;
    loop {
        number += 1;
        tell_now(save(store, user, number).await?)?;
    }
}

/// What all tasks come to, or the first failure.
async fn all<T: 'static>(mut tasks: JoinSet<Result<T, String>>) -> Result<Vec<T>, String> {
    let mut results = Vec::with_capacity(tasks.len());
    while let Some(ended) = tasks.join_next().await {
        results.push(ended.map_err(|error| error.to_string())??);
    }
    Ok(results)
}

async fn rows(store: &AnyStore) -> Result<Vec<Row>, String> {
    let rows = patiently(|| store.get_tokens()).await?;
    Ok(rows.iter().map(as_row).collect())
}

fn as_row(stored: &OAuthToken) -> Row {
    Row {
        id: stored.id().unwrap_or_default().to_owned(),
        user: stored.user_signature().map(|user| user.name().to_owned()).unwrap_or_default(),
        number: reading_of(stored),
    }
}

async fn look(store: &AnyStore, user: &str, time: Duration) -> Result<Looks, String> {
    let wanted = OAuthToken::new().with_user(user);
    let (mut looks, mut states) = (Looks::default(), BTreeSet::new());
    let began = Instant::now();
    while began.elapsed() < time {
        match patiently(|| store.find_token(&wanted)).await? {
            None => looks.missing += 1,
            Some(stored) => match reading_of(&stored) {
                None => looks.torn += 1,
                Some(number) => {
                    looks.whole += 1;
                    states.insert(number);
                }
            },
        }
    }
    looks.states = states.len();
    Ok(looks)
}

//! A worker process: carries out the commands on its standard input.

mod asking;
mod rows;

use std::error::Error;
use std::future::Future;
use std::io::{self, Write};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use serde::Serialize;
use zoho_oauth::store::coordination::{Acquired, Coordination, Fenced, Lease, LeaseKey};
use zoho_oauth::store::{AnyStore, StoreError, TokenStore};

use crate::child::{say, serve};
use crate::kit::Kit;
use crate::place::Place;
use crate::protocol::{Acquisition, Answer, BUSY_TIMEOUT, Command, Renewed, SeenLease};
use crate::row::{refresh_token, row};

/// Runs the worker until standard input ends.
pub(crate) fn run(kit: Option<&Kit>) -> ExitCode {
    let served = kit.ok_or_else(|| "this program has no such kit".into()).and_then(run_kit);
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // The parent reads it, unless it has ended.
            let _ = writeln!(io::stderr(), "{error}");
            ExitCode::FAILURE
        }
    }
}

fn run_kit(kit: &Kit) -> Result<(), Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let mut line = String::new();
    if io::stdin().read_line(&mut line)? == 0 {
        return Ok(());
    }
    let place: Place = serde_json::from_str(&line)?;
    let store = match runtime.block_on(kit.open(place.clone())) {
        Ok(store) => store,
        Err(error) => return Ok(say(&Answer::Err(error))?),
    };
    say(&answered(()))?;
    let mut desk = Desk { place, store, lease: None };
    Ok(serve(|command| runtime.block_on(desk.answer(command)))?)
}

fn answered(answer: impl Serialize) -> Answer {
    serde_json::to_value(answer).map_err(|error| error.to_string())
}

/// Carries out the commands.
struct Desk {
    place: Place,
    store: AnyStore,
    /// The user and the last lease on that user's refresh token.
    lease: Option<(String, Lease)>,
}

impl Desk {
    async fn answer(&mut self, command: Command) -> Answer {
        match command {
            Command::Save { user, number } => answered(rows::save(&self.store, &user, number).await?),
            Command::SaveAll { users } => answered(rows::save_all(&self.store, users).await?),
            Command::SaveAndDelete { users } => answered(rows::save_and_delete(&self.store, &users).await?),
            Command::SaveWithoutEnd { first } => rows::save_without_end(&self.store, first).await,
            Command::SaveOverAndOver { user, first } => {
                rows::save_over_and_over(&self.store, &user, first).await
            }
            Command::Delete { id } => answered(patiently(|| self.store.delete_token(&id)).await?),
            Command::Rows => answered(rows::all_rows(&self.store).await?),
            Command::LookUp { user, time } => answered(rows::look_up(&self.store, &user, time).await?),
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
            Command::LeaseState { user } => {
                let key = LeaseKey::refresh(&refresh_token(&user, 0));
                let state = patiently(|| self.store.lease_state(&key)).await?;
                answered(SeenLease { epoch: state.epoch, left: state.remaining, ledger: state.ledger })
            }
            Command::SaveExpired { wanted } => {
                let token = asking::expired_token(&wanted);
                patiently(|| self.store.save_token(&token)).await?;
                answered(())
            }
            Command::AccessToken { wanted, tasks } => {
                answered(asking::access_token(&self.store, &self.place, &wanted, tasks).await?)
            }
        }
    }

    async fn acquire(
        &mut self,
        user: String,
        row: Option<String>,
        life: Duration,
    ) -> Result<Acquisition, String> {
        let key = LeaseKey::refresh(&refresh_token(&user, 0));
        let holder = format!("{}-{:016x}", std::process::id(), rand::random::<u64>());
        match patiently(|| self.store.acquire(&key, &holder, life)).await? {
            Acquired::Granted(lease) => {
                let acquisition = Acquisition { is_granted: true, epoch: lease.epoch };
                self.lease = Some((user, Lease { row, ..lease }));
                Ok(acquisition)
            }
            Acquired::Held(state) => Ok(Acquisition { is_granted: false, epoch: state.epoch }),
            other => Err(format!("unknown result of `acquire`: {other:?}")),
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
            let acquisition = self.acquire(user.to_owned(), Some(row.to_owned()), life).await?;
            if !acquisition.is_granted {
                tokio::time::sleep(Duration::from_millis(5)).await;
                continue;
            }
            number += 1;
            if self.save_and_release(number).await? {
                tell_now(Renewed { epoch: acquisition.epoch, number })?;
            }
        }
    }
}

const NO_LEASE: &str = "this worker never had a lease";

/// Repeats a call that fails as busy.
async fn patiently<T, F>(mut call: impl FnMut() -> F) -> Result<T, String>
where
    F: Future<Output = Result<T, StoreError>>,
{
    let began = Instant::now();
    loop {
        match call().await {
            Err(error) if error.is_transient() && began.elapsed() < BUSY_TIMEOUT => {
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

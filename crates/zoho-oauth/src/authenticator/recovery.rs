//! Stores the tokens that the store rejected before: those in the spool, and those in memory only.

use std::time::Duration;

use crate::error::Error;
use crate::persistence::Persistence;
use crate::spool::{Origin, Spool};
use crate::store::coordination::{Fenced, LeaseKey};
use crate::token::OAuthToken;

use super::cache::Cache;
use super::clocked::ClockedStore;
use super::held_lease::{HeldLease, LEASE_POLL, Take};
use super::rows::identity;

/// How long after a failed recovery the next one is attempted.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// How late a store may notice that a lease has expired: the clock of one counts whole seconds.
const COARSEST_CLOCK: Duration = Duration::from_millis(1_100);

/// Whether the spool was emptied since the start. One recovery runs at a time.
#[derive(Debug, Default)]
pub(super) struct Recovery {
    progress: tokio::sync::Mutex<Progress>,
}

#[derive(Debug, Default)]
enum Progress {
    #[default]
    NotStarted,
    /// By the machine's uptime.
    RetryAt(Duration),
    Done,
}

/// The tokens to recover, and where they go.
pub(super) struct Unsaved<'a> {
    pub(super) spool: &'a Spool,
    pub(super) cache: &'a Cache,
    pub(super) store: &'a ClockedStore,
    pub(super) lease_life: Duration,
}

/// How many tokens were stored; and the longest remaining lease, if other processes are at work with some of them.
#[derive(Debug, Default)]
struct Recovered {
    stored: usize,
    leased_for: Option<Duration>,
}

/// The outcome for one token.
enum Outcome {
    Stored,
    /// The store has a newer token, or the row was deleted.
    Obsolete,
    /// Another process is at work with it, under a lease with so much time remaining.
    Leased(Duration),
}

impl Recovery {
    /// Empties the spool before the first use. A failure does not prevent the use; the next attempt is a second
    /// later. If another process is at work with a token, this waits for it, but no longer than a killed process keeps
    /// its lease.
    pub(super) async fn before_first_use(&self, unsaved: &Unsaved<'_>) {
        let machine = unsaved.store.machine();
        let mut progress = self.progress.lock().await;
        match *progress {
            Progress::Done => return,
            Progress::RetryAt(moment) if machine.uptime() < moment => return,
            Progress::RetryAt(_) | Progress::NotStarted => {}
        }
        let (mut deadline, mut delays) = (None, LEASE_POLL);
        *progress = loop {
            let started_at = machine.uptime();
            match unsaved.store_all().await {
                Ok(Recovered { leased_for: None, .. }) => break Progress::Done,
                Ok(Recovered { leased_for: Some(remaining), .. }) => {
                    let deadline = *deadline.get_or_insert(machine.uptime() + remaining + COARSEST_CLOCK);
                    if started_at >= deadline {
                        break Progress::RetryAt(machine.uptime() + RETRY_AFTER);
                    }
                    machine.sleep(delays.next_delay(machine.random()).min(unsaved.lease_life)).await;
                }
                Err(error) => {
                    tracing::warn!(target: Persistence::LOG_TARGET, %error, "could not store the spooled tokens");
                    break Progress::RetryAt(machine.uptime() + RETRY_AFTER);
                }
            }
        };
    }

    /// Stores every unsaved token, and returns how many there were.
    pub(super) async fn run(&self, unsaved: &Unsaved<'_>) -> Result<usize, Error> {
        let mut progress = self.progress.lock().await;
        let recovered = unsaved.store_all().await?;
        if recovered.leased_for.is_none() {
            *progress = Progress::Done;
        }
        Ok(recovered.stored)
    }

    /// As [`run`](Self::run), in the background, unless another recovery is running.
    pub(super) async fn run_if_idle(&self, unsaved: &Unsaved<'_>) {
        if let Ok(_one_at_a_time) = self.progress.try_lock()
            && let Err(error) = unsaved.store_all().await
        {
            tracing::debug!(target: Persistence::LOG_TARGET, %error, "could not store the unsaved tokens yet");
        }
    }
}

impl Unsaved<'_> {
    /// A token that cannot be stored does not prevent the others from being stored.
    async fn store_all(&self) -> Result<Recovered, Error> {
        let (mut recovered, mut failure) = (Recovered::default(), None);
        let in_memory = self.cache.take_unsaved();
        for entry in self.spool.entries() {
            match self.store_one(&entry.token.clone().into(), entry.origin).await {
                Ok(Outcome::Stored) => {
                    tracing::info!(
                        target: Persistence::LOG_TARGET,
                        path = %entry.path().display(),
                        "stored a spooled token"
                    );
                    recovered.stored += 1;
                    self.spool.remove(&entry);
                }
                Ok(Outcome::Obsolete) => self.spool.remove(&entry),
                Ok(Outcome::Leased(remaining)) => {
                    recovered.leased_for = recovered.leased_for.max(Some(remaining));
                }
                Err(error) => failure = Some(error),
            }
        }
        for token in in_memory {
            let origin = if token.id().is_some() { Origin::Renewal } else { Origin::Login };
            match self.store_one(&token, origin).await {
                Ok(Outcome::Stored | Outcome::Obsolete) => self.cache.forget_unsaved(&token),
                Ok(Outcome::Leased(_)) => self.cache.expect_unsaved(),
                Err(error) => {
                    self.cache.expect_unsaved();
                    failure = Some(error);
                }
            }
        }
        failure.map_or(Ok(recovered), Err)
    }

    async fn store_one(&self, token: &OAuthToken, origin: Origin) -> Result<Outcome, Error> {
        if let (Origin::Login, Some(code)) = (origin, token.grant_token()) {
            let state = self.store.lease_state(&LeaseKey::exchange(code)).await?;
            if !state.remaining.is_zero() {
                // Another process is finishing this login.
                return Ok(Outcome::Leased(state.remaining));
            }
        }
        let stored = self.store.find_token(&identity(token)).await?;
        let is_newer =
            |row: &OAuthToken| row.access_token().is_some() && row.expires_at() >= token.expires_at();
        if stored.as_ref().is_some_and(is_newer) {
            return Ok(Outcome::Obsolete);
        }
        let (Origin::Renewal, Some(refresh_token)) = (origin, token.refresh_token()) else {
            self.store.save_token(token).await?;
            return Ok(Outcome::Stored);
        };
        // Under the lease: a row that was deleted or replaced since must stay so.
        let key = LeaseKey::refresh(refresh_token);
        let mut lease = match HeldLease::take(self.store, &key, self.lease_life).await? {
            Take::Granted(lease) => lease,
            Take::Held(state) => return Ok(Outcome::Leased(state.remaining)),
        };
        lease.tie_to(token);
        match lease.save(token).await {
            Ok(Fenced::Saved(_)) => Ok(Outcome::Stored),
            Ok(Fenced::Superseded) => Ok(Outcome::Obsolete),
            Err(error) => {
                lease.release().await;
                Err(error.into())
            }
        }
    }
}

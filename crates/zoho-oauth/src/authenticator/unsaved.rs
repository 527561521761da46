//! Tokens that the store would not take: spooled, remembered, and brought in when it does.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::error::Error;
use crate::persistence::Persistence;
use crate::spool::{Entry, Origin};
use crate::store::coordination::{Acquired, Fenced, LeaseKey};
use crate::store::{StoreError, StoredToken};
use crate::token::OAuthToken;

use super::Core;
use super::cache::Margins;
use super::renewal::{Pauses, new_holder};
use super::rows::identity;
use super::subject::Subject;

/// Whether the spool was emptied since the start, and when that is tried next.
#[derive(Debug, Default)]
pub(super) enum Recovery {
    #[default]
    NotYet,
    NextAt(Instant),
    Done,
}

/// By how much a store may be late in seeing that a lease has ended: the clock of one counts whole seconds.
const COARSEST_CLOCK: Duration = Duration::from_millis(1_100);

/// How many tokens were saved; and if some wait for somebody who is at work with them, for how long at most.
#[derive(Debug, Default)]
struct Recovered {
    saved: usize,
    waiting: Option<Duration>,
}

/// What became of a token that was to be brought in.
enum Brought {
    Saved,
    /// The store has a newer one, or the row was deleted.
    NotWanted,
    /// Somebody is at work with it, and has so long a lease.
    NotNow(Duration),
}

impl Core {
    /// Brings spooled tokens in before the first use. A failure is no reason not to go on; it is tried again a
    /// second later. A token that another process is at work with is waited for, but not for longer than a process
    /// that was killed keeps its lease.
    pub(super) async fn recover_once(&self) {
        let mut recovery = self.recovery.lock().await;
        match *recovery {
            Recovery::Done => return,
            Recovery::NextAt(moment) if Instant::now() < moment => return,
            Recovery::NextAt(_) | Recovery::NotYet => {}
        }
        let (mut until, mut pauses) = (None, Pauses::default());
        *recovery = loop {
            let looked_at = Instant::now();
            match self.bring_all_in().await {
                Ok(Recovered { waiting: None, .. }) => break Recovery::Done,
                Ok(Recovered { waiting: Some(remaining), .. }) => {
                    let until = *until.get_or_insert(Instant::now() + remaining + COARSEST_CLOCK);
                    if looked_at >= until {
                        break Recovery::NextAt(Instant::now() + Duration::from_secs(1));
                    }
                    tokio::time::sleep(pauses.next(self.settings.lease_life)).await;
                }
                Err(error) => {
                    tracing::warn!(target: Persistence::LOG_TARGET, %error, "could not store the spooled tokens");
                    break Recovery::NextAt(Instant::now() + Duration::from_secs(1));
                }
            }
        };
    }

    /// Saves every token that waits, unless the store has a newer one or the row is gone. One that cannot be saved
    /// keeps no other from it.
    pub(super) async fn recover(&self) -> Result<usize, Error> {
        let _one_at_a_time = self.recovery.lock().await;
        Ok(self.bring_all_in().await?.saved)
    }

    /// As [`recover`](Self::recover), for nobody who waits; not while another is at it.
    pub(super) async fn recover_beside(&self) {
        if let Ok(_one_at_a_time) = self.recovery.try_lock()
            && let Err(error) = self.bring_all_in().await
        {
            tracing::debug!(target: Persistence::LOG_TARGET, %error, "could not store the unsaved tokens yet");
        }
    }

    async fn bring_all_in(&self) -> Result<Recovered, Error> {
        let (mut recovered, mut failure) = (Recovered::default(), None);
        let remembered = self.cache.take_unsaved();
        for entry in self.spool.entries() {
            match self.bring_in(&entry.token.clone().into(), entry.origin).await {
                Ok(Brought::Saved) => {
                    tracing::info!(target: Persistence::LOG_TARGET, path = %entry.path().display(), "stored a spooled token");
                    recovered.saved += 1;
                    entry.remove();
                }
                Ok(Brought::NotWanted) => entry.remove(),
                Ok(Brought::NotNow(remaining)) => {
                    recovered.waiting = recovered.waiting.max(Some(remaining));
                }
                Err(error) => failure = Some(error),
            }
        }
        for token in remembered {
            let origin = if token.id().is_some() { Origin::Renewal } else { Origin::Login };
            match self.bring_in(&token, origin).await {
                Ok(Brought::Saved | Brought::NotWanted) => self.cache.forget_unsaved(&token),
                Ok(Brought::NotNow(_)) => self.cache.expect_unsaved(),
                Err(error) => {
                    self.cache.expect_unsaved();
                    failure = Some(error);
                }
            }
        }
        failure.map_or(Ok(recovered), Err)
    }

    async fn bring_in(&self, token: &OAuthToken, origin: Origin) -> Result<Brought, Error> {
        if let (Origin::Login, Some(code)) = (origin, token.grant_token()) {
            let state = self.store.lease_state(&LeaseKey::exchange(code)).await?;
            if !state.remaining.is_zero() {
                // This login is just being finished, by another process.
                return Ok(Brought::NotNow(state.remaining));
            }
        }
        let stored = self.store.find_token(&identity(token)).await?;
        let is_newer =
            |row: &OAuthToken| row.access_token().is_some() && row.expires_at() >= token.expires_at();
        if stored.as_ref().is_some_and(is_newer) {
            return Ok(Brought::NotWanted);
        }
        let (Origin::Renewal, Some(refresh_token)) = (origin, token.refresh_token()) else {
            self.store.save_token(token).await?;
            return Ok(Brought::Saved);
        };
        // A row that was deleted or replaced meanwhile stays so.
        let key = LeaseKey::refresh(refresh_token);
        let acquired = self.store.acquire(&key, &new_holder(), self.settings.lease_life).await?;
        let mut lease = match acquired {
            Acquired::Granted(lease) => lease,
            Acquired::Held(state) => return Ok(Brought::NotNow(state.remaining)),
        };
        lease.row = token.id().map(str::to_owned);
        match self.store.save_and_release(&lease, token).await {
            Ok(Fenced::Saved(_)) => Ok(Brought::Saved),
            Ok(Fenced::Superseded) => Ok(Brought::NotWanted),
            Err(error) => {
                self.release(&lease).await;
                Err(error.into())
            }
        }
    }

    /// Writes down what an exchange brought, before it is saved.
    pub(super) fn journal(&self, token: &OAuthToken) -> Option<Entry> {
        match self.spool.put(StoredToken::from(token), Origin::Login) {
            Ok(entry) => Some(entry),
            Err(error) => {
                tracing::debug!(target: Persistence::LOG_TARGET, %error, "could not spool a new token before it is stored");
                None
            }
        }
    }

    /// Spools a token that the store rejected, and says where it is now.
    pub(super) fn spool(&self, token: &OAuthToken, origin: Origin, error: StoreError) -> Persistence {
        match self.spool.put(StoredToken::from(token), origin) {
            Ok(entry) => spooled_in(&entry, error),
            Err(spool_error) => {
                tracing::error!(
                    target: Persistence::LOG_TARGET,
                    %error, %spool_error,
                    "could not store a new token, nor spool it: it is in memory only"
                );
                Persistence::InMemory { error, spool_error: Arc::new(spool_error) }
            }
        }
    }

    /// The same for a token that stands in the journal already, now with its user's name.
    pub(super) fn respool(&self, journal: &Entry, token: &OAuthToken, error: StoreError) -> Persistence {
        match self.spool.put(StoredToken::from(token), Origin::Login) {
            Ok(entry) => {
                journal.remove();
                spooled_in(&entry, error)
            }
            Err(_) => spooled_in(journal, error),
        }
    }

    /// Serves a login that could not be saved from memory.
    pub(super) fn remember_unsaved(&self, token: &OAuthToken, persistence: &Persistence) {
        let settings = &self.settings;
        let margins = Margins { margin: settings.margin, early_window: Duration::ZERO };
        let obtained = self.hand_out_unsaved(token, persistence.clone());
        if let (Some(user), Ok(obtained)) = (token.user_signature(), obtained) {
            self.cache.put(Subject::User(user.clone()), obtained.access, margins, self.cache.generation());
        }
    }

    /// Forgets spooled tokens of a row that is being deleted.
    pub(super) fn forget_spooled(&self, row: &OAuthToken) {
        let row = StoredToken::from(row);
        let is_of_row = |entry: &Entry| {
            (row.id.is_some() && entry.token.id == row.id)
                || (row.refresh_token.is_some() && entry.token.refresh_token == row.refresh_token)
        };
        self.spool.entries().iter().filter(|entry| is_of_row(entry)).for_each(Entry::remove);
    }
}

fn spooled_in(entry: &Entry, error: StoreError) -> Persistence {
    tracing::error!(
        target: Persistence::LOG_TARGET,
        %error, path = %entry.path().display(),
        "could not store a new token; it is spooled"
    );
    Persistence::Spooled { path: entry.path().to_owned(), error }
}

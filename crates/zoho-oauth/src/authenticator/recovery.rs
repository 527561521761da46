//! Stores the tokens that the store rejected before: those in the spool, and those in memory only.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::error::Error;
use crate::persistence::Persistence;
use crate::spool::{Entry, Origin};
use crate::store::StoredToken;
use crate::store::coordination::{Fenced, LeaseKey};
use crate::token::{OAuthToken, fingerprint, from_epoch_milliseconds};

use super::clocked::ClockedStore;
use super::flight::{Flight, Flights};
use super::held_lease::{HeldLease, LEASE_POLL, Take};
use super::parts::Parts;
use super::rows::identity;

/// How long after a recovery that left something behind the next one is attempted.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// How late a store may notice that a lease has expired: the clock of one counts whole seconds.
const COARSEST_CLOCK: Duration = Duration::from_millis(1_100);

/// Stores the unsaved tokens. One recovery runs at a time.
#[derive(Debug)]
pub(super) struct Recovery {
    parts: Arc<Parts>,
    progress: Mutex<Progress>,
    one_at_a_time: tokio::sync::Mutex<()>,
    in_background: Flights<(), Arc<Recovered>>,
}

/// How far the recovery has come since the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    NotStarted,
    /// It left something behind, and is attempted again at this moment, by the machine's uptime.
    RetryAt(Duration),
    /// There was nothing left.
    Done,
}

/// What a recovery did.
#[derive(Debug, Default)]
pub(super) struct Recovered {
    /// How many tokens were stored.
    pub(super) stored: usize,
    leased: Vec<Leased>,
}

/// A token that another process is at work with.
#[derive(Debug)]
struct Leased {
    token: OAuthToken,
    remaining: Duration,
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
    pub(super) fn new(parts: Arc<Parts>) -> Self {
        Self {
            progress: Mutex::new(Progress::NotStarted),
            one_at_a_time: tokio::sync::Mutex::default(),
            in_background: Flights::new(parts.machine.clone()),
            parts,
        }
    }

    /// Stores every unsaved token.
    pub(super) async fn run(&self) -> Result<Recovered, Error> {
        let _one_at_a_time = self.one_at_a_time.lock().await;
        let recovered = self.store_all().await;
        let is_done = recovered.as_ref().is_ok_and(|recovered| recovered.leased.is_empty());
        let retry_at = self.parts.machine.uptime() + RETRY_AFTER;
        *self.progress() = if is_done { Progress::Done } else { Progress::RetryAt(retry_at) };
        recovered
    }

    /// As [`run`](Self::run), in the background, unless another recovery is running.
    pub(super) async fn run_if_idle(&self) {
        if let Ok(_one_at_a_time) = self.one_at_a_time.try_lock()
            && let Err(error) = self.store_all().await
        {
            tracing::debug!(target: Persistence::LOG_TARGET, %error, "could not store the unsaved tokens yet");
        }
    }

    /// Starts to store the unsaved tokens in the background, unless that was done. The first time, this waits for it, but
    /// not if the caller `is_served` without, and no longer than a lease lasts. Returns whether a token was stored.
    pub(super) async fn before_first_use(self: &Arc<Self>, is_served: bool) -> bool {
        let progress = *self.progress();
        let is_due = match progress {
            Progress::NotStarted => true,
            Progress::RetryAt(moment) => self.parts.machine.uptime() >= moment,
            Progress::Done => false,
        };
        if !is_due {
            return false;
        }
        let recovery = self.start();
        let waits = progress == Progress::NotStarted && !is_served;
        waits && self.for_a_lease(recovery).await.is_some_and(|recovered| recovered.stored > 0)
    }

    /// Stores the unsaved tokens, and waits for processes that are at work with what `wanted` identifies, but no longer
    /// than a killed process keeps its lease.
    pub(super) async fn run_for(self: &Arc<Self>, wanted: &OAuthToken) {
        let machine = &self.parts.machine;
        let (mut deadline, mut delays) = (None, LEASE_POLL);
        while let Some(recovered) = self.for_a_lease(self.start()).await
            && let Some(remaining) = recovered.longest_lease_on(wanted)
        {
            let now = machine.uptime();
            if now >= *deadline.get_or_insert(now + remaining + COARSEST_CLOCK) {
                return;
            }
            machine.sleep(delays.next_delay(machine.random())).await;
        }
    }

    /// Starts a recovery in the background, unless one is under way.
    fn start(self: &Arc<Self>) -> Flight<Arc<Recovered>> {
        let recovery = self.clone();
        self.in_background.launch((), || async move {
            recovery.run().await.map(Arc::new).inspect_err(|error| {
                tracing::warn!(target: Persistence::LOG_TARGET, %error, "could not store the unsaved tokens");
            })
        })
    }

    /// What a recovery did, unless it fails or lasts longer than a lease: a store in trouble may take long to fail.
    async fn for_a_lease(&self, recovery: Flight<Arc<Recovered>>) -> Option<Arc<Recovered>> {
        tokio::select! {
            biased;
            recovered = recovery => recovered.ok(),
            () = self.parts.machine.sleep(self.parts.settings.lease_life) => None,
        }
    }

    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Recovered {
    /// The longest remaining lease on a token that may be what `wanted` identifies.
    fn longest_lease_on(&self, wanted: &OAuthToken) -> Option<Duration> {
        let concerning = self.leased.iter().filter(|leased| leased.concerns(wanted));
        concerning.map(|leased| leased.remaining).max()
    }
}

impl Leased {
    /// Whether the token may be what `wanted` identifies. A login has no user's name until it was looked up.
    fn concerns(&self, wanted: &OAuthToken) -> bool {
        let (token, user) = (StoredToken::from(&self.token), wanted.user_signature());
        let wanted = StoredToken::from(wanted);
        let is_same = |ours: &Option<String>, theirs: &Option<String>| ours.is_some() && ours == theirs;
        match user {
            Some(user) => self.token.user_signature().is_none_or(|name| name == user),
            None => {
                is_same(&token.id, &wanted.id)
                    || is_same(&token.grant_token, &wanted.grant_token)
                    || is_same(&token.refresh_token, &wanted.refresh_token)
            }
        }
    }
}

impl Recovery {
    /// A token that cannot be stored does not prevent the others from being stored.
    async fn store_all(&self) -> Result<Recovered, Error> {
        let (mut recovered, mut failure) = (Recovered::default(), None);
        if !self.parts.spool.may_hold_tokens() {
            return Ok(recovered);
        }
        self.store().know_the_store().await?;
        for entry in self.parts.spool.entries() {
            let token = OAuthToken::from(entry.token.clone());
            match self.store_one(&token, &entry).await {
                Ok(Outcome::Stored) => {
                    let path = entry.path().map(|path| tracing::field::display(path.display()));
                    tracing::info!(target: Persistence::LOG_TARGET, path, "stored a spooled token");
                    recovered.stored += 1;
                    self.parts.spool.remove(&entry);
                }
                Ok(Outcome::Obsolete) => self.parts.spool.remove(&entry),
                Ok(Outcome::Leased(remaining)) => recovered.leased.push(Leased { token, remaining }),
                Err(error) => failure = Some(error),
            }
        }
        failure.map_or(Ok(recovered), Err)
    }

    /// Stores `token`, which is that of `entry`.
    async fn store_one(&self, token: &OAuthToken, entry: &Entry) -> Result<Outcome, Error> {
        let code = token.grant_token().filter(|_| entry.origin == Origin::Login);
        let exchange = code.map(LeaseKey::exchange);
        if let Some(key) = &exchange {
            let state = self.store().lease_state(key).await?;
            if !state.remaining.is_zero() {
                // Another process is finishing this login.
                return Ok(Outcome::Leased(state.remaining));
            }
        }
        if self.is_obsolete(token, entry).await? {
            return Ok(Outcome::Obsolete);
        }
        match exchange {
            Some(key) => self.store_login(&key, token, entry).await,
            None => self.store_token(token, entry).await,
        }
    }

    /// Stores the token of a login whose process ended before it did so. First notes in the store when the login took
    /// place, so that it can be told from later ones.
    async fn store_login(&self, key: &LeaseKey, token: &OAuthToken, entry: &Entry) -> Result<Outcome, Error> {
        let settings = &self.parts.settings;
        let mut exchange = match HeldLease::take(self.store(), key, settings.lease_life).await? {
            Take::Granted(lease) => lease,
            Take::Held(state) => return Ok(Outcome::Leased(state.remaining)),
        };
        if let Some(at) = entry.login.at {
            exchange.note_login(from_epoch_milliseconds(at), settings.quota);
        }
        let outcome = match exchange.extend().await {
            Ok(true) => exchange.while_working(self.store_token(token, entry)).await,
            Ok(false) => return Ok(Outcome::Leased(Duration::ZERO)),
            Err(error) => Err(error.into()),
        };
        exchange.release().await;
        outcome
    }

    async fn store_token(&self, token: &OAuthToken, entry: &Entry) -> Result<Outcome, Error> {
        let Some(refresh_token) = token.refresh_token() else {
            self.store().save_token(token).await?;
            return Ok(Outcome::Stored);
        };
        let key = LeaseKey::refresh(refresh_token);
        match HeldLease::take(self.store(), &key, self.parts.settings.lease_life).await? {
            Take::Granted(lease) => self.store_under(lease, token, entry).await,
            Take::Held(state) => Ok(Outcome::Leased(state.remaining)),
        }
    }

    /// With the lease: looks once more, because another process may have saved a newer token in between.
    async fn store_under(
        &self,
        mut lease: HeldLease<'_>,
        token: &OAuthToken,
        entry: &Entry,
    ) -> Result<Outcome, Error> {
        let is_obsolete = self.is_obsolete(token, entry).await;
        if let Ok(false) = is_obsolete {
            if entry.origin == Origin::Renewal {
                // A row that was deleted or replaced since must stay so.
                lease.tie_to(token);
            }
            match lease.while_working(lease.save(token)).await {
                Ok(Fenced::Saved(_)) => return Ok(Outcome::Stored),
                // The next recovery finds out whether it is obsolete.
                Ok(Fenced::Superseded) => return Ok(Outcome::Leased(Duration::ZERO)),
                Err(error) => {
                    lease.release().await;
                    return Err(error.into());
                }
            }
        }
        lease.release().await;
        is_obsolete.map(|_| Outcome::Obsolete)
    }

    fn store(&self) -> &ClockedStore {
        &self.parts.rows.store
    }

    /// Whether the store needs `token` no longer: it has a newer one, or the row was deleted or replaced since.
    async fn is_obsolete(&self, token: &OAuthToken, entry: &Entry) -> Result<bool, Error> {
        let is_renewal = entry.origin == Origin::Renewal;
        let Some(row) = self.store().find_token(&identity(token)).await? else {
            return Ok(is_renewal && token.id().is_some());
        };
        let is_newer = row.access_token().is_some() && row.expires_at() >= token.expires_at();
        let (stored, ours) = (row.refresh_token().map(fingerprint), token.refresh_token().map(fingerprint));
        if stored == ours {
            return Ok(is_newer);
        }
        if is_renewal {
            return Ok(true);
        }
        // The later login counts, even if the row has been renewed since.
        if stored.is_some() && stored == entry.login.instead_of {
            return Ok(false);
        }
        let moment = entry.login.at.map(from_epoch_milliseconds);
        let of_row = self.parts.login_of(&row).await?;
        Ok(moment.zip(of_row).map_or(is_newer, |(ours, theirs)| theirs > ours))
    }
}

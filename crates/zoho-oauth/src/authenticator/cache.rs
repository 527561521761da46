//! Valid tokens in memory, read without a lock and without I/O.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::token::{OAuthToken, UserSignature, epoch_milliseconds, milliseconds};

use super::access::AccessToken;
use super::clock::Moment;
use super::margins::{EARLY_RETRY_AFTER, Margins};
use super::subject::Subject;
use super::watch::{Reading, Standing, Watch};

/// The tokens that were handed out, by the subject that they were requested for.
#[derive(Debug)]
pub(super) struct Cache {
    users: papaya::HashMap<UserSignature, Cached>,
    others: papaya::HashMap<Subject, Cached>,
    /// Which of them may still be what the store has.
    pub(super) watch: Arc<Watch>,
}

/// A token and how long it may be handed out.
///
/// It is stored in the map itself: with many users, each pointer to follow is a cache miss.
#[derive(Debug)]
struct Cached {
    token: AccessToken,
    /// By the store's clock, in epoch milliseconds.
    fresh_until: u64,
    /// By the store's clock, in epoch milliseconds.
    early_from: AtomicU64,
    generation: u64,
    /// By the uptime, in milliseconds.
    read_at: u64,
    /// The generation for which a caller has started to read it again.
    read_for: AtomicU64,
}

/// A token that may be handed out.
#[derive(Debug)]
pub(super) struct Remembered {
    pub(super) token: AccessToken,
    /// Whether this caller has to start an early renewal in the background.
    pub(super) starts_renewal: bool,
    /// Whether this caller has to start to read it again in the background.
    pub(super) starts_reading: bool,
}

impl Cache {
    /// An empty cache over a store that is looked at for changes at this interval.
    pub(super) fn looking_every(interval: Duration) -> Self {
        Self {
            users: papaya::HashMap::default(),
            others: papaya::HashMap::default(),
            watch: Arc::new(Watch::at_interval(interval)),
        }
    }

    /// The token of `user`, if it may be handed out at `now`.
    pub(super) fn of_user(&self, user: &UserSignature, now: Moment) -> Option<Remembered> {
        self.users.pin().get(user).and_then(|cached| self.recall(cached, now))
    }

    /// The token of `subject`, if it may be handed out at `now`.
    pub(super) fn of(&self, subject: &Subject, now: Moment) -> Option<Remembered> {
        self.view(subject, |cached| self.recall(cached, now)).flatten()
    }

    /// The token that was last cached for `subject`, even if it is out of date, and when it enters its margin by the
    /// store's clock, in epoch milliseconds.
    pub(super) fn last_of(&self, subject: &Subject) -> Option<(AccessToken, u64)> {
        self.view(subject, |cached| (cached.token.clone(), cached.fresh_until))
    }

    /// Forgets the token of `subject`, which has none in the store.
    pub(super) fn remove(&self, subject: &Subject) {
        match subject {
            Subject::User(user) => drop(self.users.pin().remove(user)),
            other => drop(self.others.pin().remove(other)),
        }
    }

    /// Whether this caller, which has just read the token of `subject` from the store, has to renew it early.
    pub(super) fn claim_early_renewal(&self, subject: &Subject, now: Moment) -> bool {
        self.view(subject, |cached| cached.claim_early_renewal(now)).unwrap_or_default()
    }

    fn recall(&self, cached: &Cached, now: Moment) -> Option<Remembered> {
        if now.store >= cached.fresh_until {
            return None;
        }
        let starts_reading = match self.watch.standing(cached.generation, cached.read_at, now.uptime) {
            Standing::Current => false,
            _ if cached.token.is_unsaved() => false,
            Standing::Outdated(generation) => cached.claim_reading(generation),
            Standing::Unknown => return None,
        };
        let starts_renewal = cached.claim_early_renewal(now);
        Some(Remembered { token: cached.token.clone(), starts_renewal, starts_reading })
    }

    fn view<T>(&self, subject: &Subject, read: impl FnOnce(&Cached) -> T) -> Option<T> {
        match subject {
            Subject::User(user) => self.users.pin().get(user).map(read),
            other => self.others.pin().get(other).map(read),
        }
    }

    /// Caches `token`, the outcome of `reading`.
    pub(super) fn put(&self, subject: &Subject, token: AccessToken, margins: Margins, reading: Reading) {
        let before_end = |margin| match token.stored_expiry() {
            Some(end) => epoch_milliseconds(end).saturating_sub(milliseconds(margin)),
            None => u64::MAX,
        };
        let has_early_window = !margins.early_window.is_zero() && token.is_renewable();
        let early_from = if has_early_window { before_end(margins.early_window) } else { u64::MAX };
        // The same token read again must not bring the retry of a failed early renewal forward. If its window has not begun,
        // none has failed: its life was not known before.
        let of_same = self.view(subject, |before| {
            let is_same = before.token.expose_secret() == token.expose_secret();
            is_same.then(|| before.early_from.load(Ordering::Relaxed))
        });
        let early_from = match of_same.flatten() {
            Some(before) if early_from <= reading.began_at.store => before.max(early_from),
            _ => early_from,
        };
        let is_unsaved = token.is_unsaved();
        let fresh_until = before_end(margins.margin);
        let cached = Cached {
            token,
            fresh_until,
            early_from: AtomicU64::new(early_from),
            generation: reading.generation,
            read_at: reading.began_at.uptime,
            read_for: AtomicU64::new(0),
        };
        let (users, others) = (self.users.pin(), self.others.pin());
        match subject {
            Subject::User(user) => _ = users.insert(user.clone(), cached),
            other => _ = others.insert(other.clone(), cached),
        }
        // Checked after the insertion: `forget` notes its change before it looks for what to remove. A token that is nowhere
        // else is not lost for that.
        if !is_unsaved && self.watch.is_overtaken(reading) {
            match subject {
                Subject::User(user) => _ = users.remove(user),
                other => _ = others.remove(other),
            }
        }
    }

    /// Forgets a row, by its id and its user, under every subject that it was requested for.
    pub(super) fn forget(&self, row: &OAuthToken) {
        self.watch.note_own_change();
        if let Some(user) = row.user_signature() {
            self.users.pin().remove(user);
        }
        self.others.pin().retain(|_, cached| {
            let other = &cached.token;
            other.id() != row.id() && (row.user_signature().is_none() || other.user() != row.user_signature())
        });
    }
}

impl Cached {
    /// Whether this caller has to read the token again: one caller for each generation.
    fn claim_reading(&self, generation: u64) -> bool {
        self.read_for.fetch_max(generation, Ordering::AcqRel) < generation
    }

    /// Whether this caller has to renew the token in the background: one caller at a time, and after a failure
    /// another one half a minute later.
    fn claim_early_renewal(&self, now: Moment) -> bool {
        let from = self.early_from.load(Ordering::Relaxed);
        now.store >= from
            && self
                .early_from
                .compare_exchange(
                    from,
                    now.store + EARLY_RETRY_AFTER.as_millis() as u64,
                    Ordering::AcqRel,
                    Ordering::Relaxed,
                )
                .is_ok()
    }
}

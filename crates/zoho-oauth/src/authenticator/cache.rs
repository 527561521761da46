//! Valid tokens in memory, read without a lock and without I/O.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use secrecy::ExposeSecret;

use crate::store::AnyStore;
use crate::store::coordination::Coordination;
use crate::token::{OAuthToken, UserSignature, epoch_milliseconds};

use super::access::AccessToken;
use super::margins::{EARLY_RETRY_AFTER, Margins};
use super::subject::Subject;

/// The tokens that were handed out, by the subject that they were requested for.
#[derive(Debug)]
pub(super) struct Cache {
    users: papaya::HashMap<UserSignature, Cached>,
    others: papaya::HashMap<Subject, Cached>,
    /// Increased when another process has changed the store: tokens cached before that have to be read again.
    generation: AtomicU64,
    /// In milliseconds, like all times here.
    poll_interval: u64,
    polled_at: AtomicU64,
    version: Mutex<Option<u64>>,
    has_unsaved: AtomicBool,
}

/// A token and how long it may be handed out. Moments are epoch milliseconds.
///
/// It is stored in the map itself: with many users, each pointer to follow is a cache miss.
#[derive(Debug)]
struct Cached {
    token: AccessToken,
    fresh_until: u64,
    early_from: AtomicU64,
    generation: u64,
}

/// A token that may be handed out.
#[derive(Debug)]
pub(super) struct Remembered {
    pub(super) token: AccessToken,
    /// Whether this caller has to start an early renewal in the background.
    pub(super) starts_renewal: bool,
}

impl Cache {
    /// An empty cache over a store that is polled for changes at this interval.
    pub(super) fn polling_every(interval: Duration) -> Self {
        Self {
            users: papaya::HashMap::default(),
            others: papaya::HashMap::default(),
            generation: AtomicU64::new(0),
            poll_interval: u64::try_from(interval.as_millis()).unwrap_or(u64::MAX),
            polled_at: AtomicU64::new(0),
            version: Mutex::new(None),
            has_unsaved: AtomicBool::new(false),
        }
    }

    /// The token of `user`, if it may be handed out at `now`.
    pub(super) fn of_user(&self, user: &UserSignature, now: u64) -> Option<Remembered> {
        self.users.pin().get(user).and_then(|cached| self.recall(cached, now))
    }

    /// The token of `subject`, if it may be handed out at `now`.
    pub(super) fn of(&self, subject: &Subject, now: u64) -> Option<Remembered> {
        self.view(subject, |cached| self.recall(cached, now)).flatten()
    }

    /// The token that was last cached for `subject`, even if it is out of date.
    pub(super) fn last_of(&self, subject: &Subject) -> Option<AccessToken> {
        self.view(subject, |cached| cached.token.clone())
    }

    fn recall(&self, cached: &Cached, now: u64) -> Option<Remembered> {
        let is_current = cached.generation == self.generation() || cached.token.unsaved_token().is_some();
        (is_current && now < cached.fresh_until).then(|| Remembered {
            token: cached.token.clone(),
            starts_renewal: cached.claim_early_renewal(now),
        })
    }

    fn view<T>(&self, subject: &Subject, read: impl FnOnce(&Cached) -> T) -> Option<T> {
        match subject {
            Subject::User(user) => self.users.pin().get(user).map(read),
            other => self.others.pin().get(other).map(read),
        }
    }

    /// Caches `token`, which was read from the store when `generation` was current.
    pub(super) fn put(&self, subject: Subject, token: AccessToken, margins: Margins, generation: u64) {
        let before_end = |margin: Duration| match token.expires_at() {
            Some(end) => {
                epoch_milliseconds(end).saturating_sub(u64::try_from(margin.as_millis()).unwrap_or(u64::MAX))
            }
            None => u64::MAX,
        };
        let has_early_window = !margins.early_window.is_zero() && token.is_renewable();
        let early_from = if has_early_window { before_end(margins.early_window) } else { u64::MAX };
        // The same token read again must not bring the retry of a failed early renewal forward.
        let early_from = self
            .view(&subject, |before| {
                let is_same = before.token.expose_secret() == token.expose_secret();
                if is_same { before.early_from.load(Ordering::Relaxed).max(early_from) } else { early_from }
            })
            .unwrap_or(early_from);
        if token.unsaved_token().is_some() {
            self.expect_unsaved();
        }
        let fresh_until = before_end(margins.margin);
        let cached = Cached { token, fresh_until, early_from: AtomicU64::new(early_from), generation };
        match subject {
            Subject::User(user) => {
                self.users.pin().insert(user, cached);
            }
            other => {
                self.others.pin().insert(other, cached);
            }
        }
    }

    /// Forgets a row under every subject that it was requested for.
    pub(super) fn forget(&self, row: &OAuthToken) {
        if let Some(user) = row.user_signature() {
            self.users.pin().remove(user);
        }
        self.others.pin().retain(|_, cached| {
            let other = &cached.token;
            other.id() != row.id() && (row.user_signature().is_none() || other.user() != row.user_signature())
        });
        self.generation.fetch_add(1, Ordering::AcqRel);
    }

    pub(super) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// Whether it is time to poll the store for changes; `true` for one caller only.
    pub(super) fn is_due(&self, now: u64) -> bool {
        let last = self.polled_at.load(Ordering::Relaxed);
        // `abs_diff`, so that a clock that was set back does not stop the polling.
        let is_due = now.abs_diff(last) >= self.poll_interval;
        is_due && self.polled_at.compare_exchange(last, now, Ordering::AcqRel, Ordering::Relaxed).is_ok()
    }

    /// Polls the store for changes. A store that cannot be read counts as unchanged: a valid token is not withheld
    /// because a disk is busy.
    pub(super) async fn poll(&self, store: &AnyStore) {
        let version = match store.version().await {
            Ok(version) => version,
            Err(error) => return tracing::debug!(%error, "could not read the store's version"),
        };
        let mut known = self.version.lock().unwrap_or_else(PoisonError::into_inner);
        if version.is_none() || *known != version {
            *known = version;
            self.generation.fetch_add(1, Ordering::AcqRel);
        }
    }

    pub(super) fn has_unsaved(&self) -> bool {
        self.has_unsaved.load(Ordering::Acquire)
    }

    /// Notes that there is a token here that the store does not have.
    pub(super) fn expect_unsaved(&self) {
        self.has_unsaved.store(true, Ordering::Release);
    }

    /// Takes the list of tokens that the store does not have. For each that is still not stored afterwards, the
    /// caller calls [`expect_unsaved`](Self::expect_unsaved).
    pub(super) fn take_unsaved(&self) -> Vec<OAuthToken> {
        if !self.has_unsaved.swap(false, Ordering::AcqRel) {
            return Vec::new();
        }
        let (users, others) = (self.users.pin(), self.others.pin());
        let cached = users.values().chain(others.values());
        cached.filter_map(|cached| cached.token.unsaved_token().cloned()).collect()
    }

    /// Forgets a token that is now in the store, or that the store no longer needs.
    pub(super) fn forget_unsaved(&self, token: &OAuthToken) {
        let is_kept = |cached: &Cached| {
            let secret = token.access_token().map(ExposeSecret::expose_secret);
            cached.token.unsaved_token().is_none() || Some(cached.token.expose_secret()) != secret
        };
        self.users.pin().retain(|_, cached| is_kept(cached));
        self.others.pin().retain(|_, cached| is_kept(cached));
    }
}

impl Cached {
    /// Whether this caller has to renew the token in the background: one caller at a time, and after a failure
    /// another one half a minute later.
    fn claim_early_renewal(&self, now: u64) -> bool {
        let from = self.early_from.load(Ordering::Relaxed);
        now >= from
            && self
                .early_from
                .compare_exchange(
                    from,
                    now + EARLY_RETRY_AFTER.as_millis() as u64,
                    Ordering::AcqRel,
                    Ordering::Relaxed,
                )
                .is_ok()
    }
}

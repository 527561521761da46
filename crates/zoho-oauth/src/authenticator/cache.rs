//! Valid tokens in memory: read without a lock and without I/O.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use secrecy::ExposeSecret;

use crate::store::AnyStore;
use crate::store::coordination::Coordination;
use crate::token::{OAuthToken, UserSignature, epoch_milliseconds};

use super::access::AccessToken;
use super::subject::Subject;

/// How long after a failed early renewal the next one is tried, by anybody.
pub(super) const EARLY_AGAIN_AFTER: Duration = Duration::from_secs(30);

/// The tokens that were handed out, by what was asked for.
#[derive(Debug)]
pub(super) struct Cache {
    users: papaya::HashMap<UserSignature, Cached>,
    others: papaya::HashMap<Subject, Cached>,
    /// Goes up when somebody changed the store: what was remembered before has to be read again.
    generation: AtomicU64,
    /// In milliseconds, as all times here.
    look_every: u64,
    looked_at: AtomicU64,
    version: Mutex<Option<u64>>,
    has_unsaved: AtomicBool,
}

/// A token and for how long it may be handed out. Moments are epoch milliseconds.
///
/// It lies in the map itself: with many users, each pointer to follow is a wait for memory.
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
    /// Whether this caller is to renew it in the background.
    pub(super) begins_early: bool,
}

/// How long before its end a token is no longer handed out, and how long before that it is renewed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Margins {
    pub(super) margin: Duration,
    pub(super) early_window: Duration,
}

impl Cache {
    /// An empty one, over a store that is asked this often whether anybody has changed it.
    pub(super) fn looking_every(time: Duration) -> Self {
        Self {
            users: papaya::HashMap::default(),
            others: papaya::HashMap::default(),
            generation: AtomicU64::new(0),
            look_every: u64::try_from(time.as_millis()).unwrap_or(u64::MAX),
            looked_at: AtomicU64::new(0),
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

    /// The token that was last remembered of `subject`, whatever has become of it.
    pub(super) fn last_of(&self, subject: &Subject) -> Option<AccessToken> {
        self.view(subject, |cached| cached.token.clone())
    }

    fn recall(&self, cached: &Cached, now: u64) -> Option<Remembered> {
        let is_current = cached.generation == self.generation() || cached.token.unsaved_token().is_some();
        (is_current && now < cached.fresh_until)
            .then(|| Remembered { token: cached.token.clone(), begins_early: cached.begin_early(now) })
    }

    fn view<T>(&self, subject: &Subject, look: impl FnOnce(&Cached) -> T) -> Option<T> {
        match subject {
            Subject::User(user) => self.users.pin().get(user).map(look),
            other => self.others.pin().get(other).map(look),
        }
    }

    /// Remembers `token`, which was read from the store when `generation` was current.
    pub(super) fn put(&self, subject: Subject, token: AccessToken, margins: Margins, generation: u64) {
        let before_end = |margin: Duration| match token.expires_at() {
            Some(end) => {
                epoch_milliseconds(end).saturating_sub(u64::try_from(margin.as_millis()).unwrap_or(u64::MAX))
            }
            None => u64::MAX,
        };
        let is_early_wanted = !margins.early_window.is_zero() && token.is_renewable();
        let early_from = if is_early_wanted { before_end(margins.early_window) } else { u64::MAX };
        // Read again, it is the same token: a failed early renewal still waits for its next turn.
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

    /// Forgets what was remembered of a row, whatever it was asked for by.
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

    /// Whether it is time to look whether anybody changed the store; `true` for one caller only.
    pub(super) fn is_due(&self, now: u64) -> bool {
        let last = self.looked_at.load(Ordering::Relaxed);
        // A clock that was set back counts as due, too.
        let is_due = now.abs_diff(last) >= self.look_every;
        is_due && self.looked_at.compare_exchange(last, now, Ordering::AcqRel, Ordering::Relaxed).is_ok()
    }

    /// Looks whether anybody changed the store. A store that cannot be asked is taken as unchanged: a valid token
    /// is not withheld because a disk is busy.
    pub(super) async fn look(&self, store: &AnyStore) {
        let version = match store.version().await {
            Ok(version) => version,
            Err(error) => return tracing::debug!(%error, "the store's version could not be read"),
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

    /// Says that there is a token here which the store does not have.
    pub(super) fn expect_unsaved(&self) {
        self.has_unsaved.store(true, Ordering::Release);
    }

    /// The tokens that the store does not have. Who takes them sees to it, or says that they are still expected.
    pub(super) fn take_unsaved(&self) -> Vec<OAuthToken> {
        if !self.has_unsaved.swap(false, Ordering::AcqRel) {
            return Vec::new();
        }
        let (users, others) = (self.users.pin(), self.others.pin());
        let cached = users.values().chain(others.values());
        cached.filter_map(|cached| cached.token.unsaved_token().cloned()).collect()
    }

    /// Forgets a token that is in the store now, or not wanted there.
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
    /// Whether this caller is to renew the token in the background: one does, and after a failure another one half
    /// a minute later.
    fn begin_early(&self, now: u64) -> bool {
        let from = self.early_from.load(Ordering::Relaxed);
        now >= from
            && self
                .early_from
                .compare_exchange(
                    from,
                    now + EARLY_AGAIN_AFTER.as_millis() as u64,
                    Ordering::AcqRel,
                    Ordering::Relaxed,
                )
                .is_ok()
    }
}

impl Margins {
    /// The margins for a token that lives for `life` in all: short lives have short margins.
    pub(super) fn for_life(self, life: Option<Duration>) -> Self {
        let Some(life) = life else { return self };
        Self { margin: self.margin.min(life / 10), early_window: self.early_window.min(life / 4) }
    }

    /// Whether `token` may be handed out at `now`.
    pub(super) fn allow(self, token: &OAuthToken, now: SystemTime) -> bool {
        token.is_fresh(now, self.margin)
    }
}

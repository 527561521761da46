//! One renewal for all processes that share a store: lease, epoch and ledger. The rules are here, once; a backend only
//! stores the entries.

use std::future::Future;
use std::time::{Duration, SystemTime};

use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::ledger::Ledger;
use crate::token::{
    CLOCK_SLACK, OAuthToken, epoch_milliseconds, fingerprint, from_epoch_milliseconds, milliseconds,
};

use super::error::StoreError;
use super::identity::StoreIdentity;

/// What a store adds so that any number of processes cause exactly one request to the accounts server.
///
/// A *lease* on a credential (a refresh token or a grant code) is the exclusive right to spend it. It expires, so a killed
/// holder blocks others only for a short time. Each lease has a higher *epoch* than the one before. A write under an older
/// epoch is rejected, so a paused holder cannot overwrite a newer token. The lease carries the *ledger* of the credential:
/// when tokens were issued, and how the last attempt failed.
///
/// All moments are those of the store's clock, which can differ from the clock of a host. If it counts whole seconds, as that
/// of Secrets Manager does, then a lease, or the second for which a failure is shared, can last up to one second longer
/// or shorter.
///
/// Implementing this for a custom store is optional. Without it, there is one renewal per process. A wrapper should
/// forward every method, also those with a default: put `#[deny(clippy::missing_trait_methods)]` on its `impl`.
pub trait Coordination: Send + Sync + 'static {
    /// Takes the lease on `key` for `holder`, unless another holder has it. The lease is durable before this returns. It lasts
    /// for `life`, at most [`LeaseEntry::MAX_LIFE`].
    fn acquire(
        &self,
        key: &LeaseKey,
        holder: &str,
        life: Duration,
    ) -> impl Future<Output = Result<Acquired, StoreError>> + Send;

    /// Extends the lease to `life` from now, as [`acquire`](Self::acquire) does, and stores its ledger. Returns `false` if another holder has it.
    fn renew(&self, lease: &Lease, life: Duration) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Releases the lease and stores its ledger. Returns `false` and changes nothing if another holder has it.
    fn release(&self, lease: &Lease) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Saves the token and releases the lease in one atomic step, if the caller still holds the lease and the row still has
    /// the refresh token for which it was taken (see [`Lease::permits`]).
    fn save_and_release(
        &self,
        lease: &Lease,
        token: &OAuthToken,
    ) -> impl Future<Output = Result<Fenced, StoreError>> + Send;

    /// Returns the state of the lease on `key`.
    fn lease_state(&self, key: &LeaseKey) -> impl Future<Output = Result<LeaseState, StoreError>> + Send;

    /// Returns a number that changes whenever the store changes, if the store has one that is cheap to read.
    fn version(&self) -> impl Future<Output = Result<Option<u64>, StoreError>> + Send;

    /// Returns how often an authenticator polls the store for changes by other processes, and so how long such a change can
    /// go unnoticed. The default is half a second; a store that is slow or charges for requests returns more.
    fn poll_interval(&self) -> Duration {
        Duration::from_millis(500)
    }

    /// Returns the time of the store's clock. The default is the clock of this machine.
    fn clock(&self) -> impl Future<Output = Result<SystemTime, StoreError>> + Send {
        async { Ok(SystemTime::now()) }
    }

    /// Returns those of these leases whose entry is damaged: another program has changed it, so that a part of it counts as
    /// empty. Only a check of the store asks for it. The default is none.
    fn damaged_leases(
        &self,
        keys: &[LeaseKey],
    ) -> impl Future<Output = Result<Vec<LeaseKey>, StoreError>> + Send {
        let _ = keys;
        async { Ok(Vec::new()) }
    }

    /// Returns the identity that the store itself holds, whatever address it was opened at. So two addresses of one server
    /// are one store, and another database behind the same address is another store. A replica has the identity of its
    /// primary, and a copy of the tokens has its own.
    ///
    /// A store that has no identity yet gets a random one, if it accepts writes. `None` if it has none:
    /// [`AnyStore::identity`](super::AnyStore::identity) then identifies it by its place. The default is `None`.
    fn stored_identity(&self) -> impl Future<Output = Result<Option<StoreIdentity>, StoreError>> + Send {
        async { Ok(None) }
    }
}

/// The credential that a lease is on, by its fingerprint, from which it cannot be recovered.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LeaseKey(String);

impl LeaseKey {
    /// Creates the key for renewing with a refresh token.
    #[must_use]
    pub fn refresh(token: &SecretString) -> Self {
        Self(format!("refresh:{}", fingerprint(token)))
    }

    /// Creates the key for exchanging a grant token.
    #[must_use]
    pub fn exchange(token: &SecretString) -> Self {
        Self(format!("exchange:{}", fingerprint(token)))
    }

    /// Whether the key is for exchanging a grant token.
    #[cfg(any(feature = "mysql", feature = "postgres", feature = "sqlite"))]
    pub(super) fn is_exchange(&self) -> bool {
        self.0.starts_with("exchange:")
    }

    /// Returns the key as text: letters, digits and one colon, at most 73 characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The exclusive right to spend a credential, with its ledger.
#[derive(Clone, Debug)]
pub struct Lease {
    /// The credential.
    pub key: LeaseKey,
    /// The holder: unique to one attempt of one process.
    pub holder: String,
    /// The epoch: higher than that of every earlier lease on this key.
    pub epoch: u64,
    /// When the lease was granted, by the store's clock.
    pub granted_at: SystemTime,
    /// The id of the row that the token was read from, if any. A row that is deleted during the renewal stays deleted.
    pub row: Option<String>,
    /// The ledger of the credential, stored with the next renewal or release of the lease.
    pub ledger: Ledger,
}

impl Lease {
    /// Whether a save under this lease may overwrite `row`, the current content of the row that the lease names. It may not
    /// if the row was deleted, or if a new login has given it another refresh token.
    #[must_use]
    pub fn permits(&self, row: Option<&OAuthToken>) -> bool {
        let (Some(_), true) = (&self.row, self.key.0.starts_with("refresh:")) else { return true };
        row.and_then(OAuthToken::refresh_token).is_some_and(|token| LeaseKey::refresh(token) == self.key)
    }
}

/// The result of [`Coordination::acquire`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Acquired {
    /// The caller has the lease.
    Granted(Lease),
    /// Another holder has it.
    Held(LeaseState),
}

/// The result of [`Coordination::save_and_release`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Fenced {
    /// The token was saved; the row as it is now.
    Saved(OAuthToken),
    /// The token was not saved: another holder has the lease, or the row was deleted or replaced. The caller should read
    /// the store again.
    Superseded,
}

/// What the store knows about a lease now.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct LeaseState {
    /// The epoch of the last lease.
    pub epoch: u64,
    /// The time that the lease has left; zero if it was released or has expired.
    pub remaining: Duration,
    /// The time of the store's clock.
    pub now: SystemTime,
    /// The ledger of the credential.
    pub ledger: Ledger,
}

/// The entry that a store holds for a credential, with the rules for leases. Plain data. Moments are epoch
/// milliseconds of the store's clock.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LeaseEntry {
    /// The epoch of the last lease.
    pub epoch: u64,
    /// The holder; empty after a release.
    pub holder: String,
    /// When the lease expires.
    pub until: u64,
    /// When the entry was last written. Old entries are deleted.
    pub touched: u64,
    /// The ledger of the credential.
    pub ledger: Ledger,
}

impl LeaseEntry {
    /// The longest that a lease lasts unless it is renewed, whatever is asked for. A stored end that is later than that was
    /// not written by these rules, so it is not waited for.
    pub const MAX_LIFE: Duration = Duration::from_secs(300);

    /// The highest epoch. Stores hold epochs as signed integers, and scripts as floating-point numbers.
    const MAX_EPOCH: u64 = 1 << 53;

    /// Grants the lease to `holder`, unless another holder has it.
    pub fn acquire(&mut self, key: &LeaseKey, holder: &str, now: u64, life: Duration) -> Acquired {
        if self.left(now) > 0 && self.holder != holder {
            return Acquired::Held(self.lease_state(now));
        }
        self.epoch = if self.epoch < Self::MAX_EPOCH { self.epoch + 1 } else { 1 };
        holder.clone_into(&mut self.holder);
        self.until = now.saturating_add(life_milliseconds(life));
        self.touched = now;
        Acquired::Granted(Lease {
            key: key.clone(),
            holder: holder.to_owned(),
            epoch: self.epoch,
            granted_at: from_epoch_milliseconds(now),
            row: None,
            ledger: self.ledger.clone(),
        })
    }

    /// Extends the lease and stores its ledger, if it is still the current lease.
    pub fn renew(&mut self, lease: &Lease, now: u64, life: Duration) -> bool {
        let owned = self.is_held_under(lease);
        if owned {
            self.until = now.saturating_add(life_milliseconds(life));
            self.touched = now;
            self.ledger = lease.ledger.clone();
        }
        owned
    }

    /// Ends the lease and stores its ledger, if it is still the current lease.
    pub fn release(&mut self, lease: &Lease, now: u64) -> bool {
        let owned = self.is_held_under(lease);
        if owned {
            self.holder.clear();
            self.until = 0;
            self.touched = now;
            self.ledger = lease.ledger.clone();
        }
        owned
    }

    /// Whether no other holder has taken the lease since. An expired lease that no other holder took still permits a write,
    /// because there is nothing newer to overwrite.
    #[must_use]
    pub fn is_held_under(&self, lease: &Lease) -> bool {
        self.epoch == lease.epoch && self.holder == lease.holder
    }

    /// Returns the state of the lease at `now`.
    #[must_use]
    pub fn lease_state(&self, now: u64) -> LeaseState {
        LeaseState {
            epoch: self.epoch,
            remaining: Duration::from_millis(self.left(now)),
            now: from_epoch_milliseconds(now),
            ledger: self.ledger.clone(),
        }
    }

    /// Returns how many milliseconds the lease has left. One that was taken in the future counts as expired: the clock was
    /// set back since, so its end is unknown. So does one without a holder, whatever its end is.
    fn left(&self, now: u64) -> u64 {
        if self.holder.is_empty() || self.touched > now.saturating_add(CLOCK_SLACK) {
            return 0;
        }
        self.until.min(self.latest_end()).saturating_sub(now)
    }

    /// Returns the latest end of a lease that was taken or renewed when the entry was last written.
    fn latest_end(&self) -> u64 {
        self.touched.saturating_add(milliseconds(Self::MAX_LIFE))
    }

    /// Returns the entry with an epoch and an end that these rules can have written.
    #[cfg(any(
        feature = "sqlite",
        feature = "mysql",
        feature = "postgres",
        feature = "redis",
        feature = "secrets-manager"
    ))]
    pub(super) fn within_the_rules(self) -> Self {
        let epoch = if self.epoch <= Self::MAX_EPOCH { self.epoch } else { 0 };
        Self { epoch, until: self.until.min(self.latest_end()), ..self }
    }

    /// Whether the entry can be deleted: thirty days after it was last written.
    #[must_use]
    pub fn may_be_forgotten(&self, now: u64) -> bool {
        const RETENTION: Duration = Duration::from_secs(30 * 24 * 60 * 60);
        self.touched.saturating_add(milliseconds(RETENTION)) < now
    }
}

/// Returns the time of this machine, for stores that are used only on this machine.
pub(crate) fn machine_clock() -> u64 {
    epoch_milliseconds(SystemTime::now())
}

/// Returns the life of a lease in milliseconds, at most [`LeaseEntry::MAX_LIFE`].
pub(super) fn life_milliseconds(life: Duration) -> u64 {
    milliseconds(life.min(LeaseEntry::MAX_LIFE))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIFE: Duration = Duration::from_secs(5);

    fn key() -> LeaseKey {
        LeaseKey::refresh(&SecretString::from("1000.r"))
    }

    fn granted(acquired: Acquired) -> Lease {
        match acquired {
            Acquired::Granted(lease) => lease,
            Acquired::Held(state) => panic!("held: {state:?}"),
        }
    }

    #[test]
    fn a_lease_belongs_to_one_holder_until_it_expires() {
        let mut entry = LeaseEntry::default();
        let first = granted(entry.acquire(&key(), "a", 1_000, LIFE));
        assert!(matches!(entry.acquire(&key(), "b", 5_999, LIFE), Acquired::Held(_)));
        let second = granted(entry.acquire(&key(), "b", 6_000, LIFE));
        assert!(second.epoch > first.epoch);
    }

    #[test]
    fn a_paused_holder_can_neither_renew_nor_release_nor_write() {
        let mut entry = LeaseEntry::default();
        let paused = granted(entry.acquire(&key(), "a", 1_000, LIFE));
        let current = granted(entry.acquire(&key(), "b", 9_000, LIFE));
        assert!(!entry.renew(&paused, 9_001, LIFE));
        assert!(!entry.release(&paused, 9_001));
        assert!(!entry.is_held_under(&paused));
        assert!(entry.is_held_under(&current));
    }

    #[test]
    fn a_clock_that_was_set_back_does_not_extend_a_lease() {
        let mut entry = LeaseEntry::default();
        granted(entry.acquire(&key(), "a", 3_600_000, LIFE));
        assert!(entry.lease_state(1_000).remaining.is_zero());
        granted(entry.acquire(&key(), "b", 1_000, LIFE));
    }

    #[test]
    fn an_end_in_the_far_future_is_waited_for_no_longer_than_the_longest_lease() {
        let mut entry = LeaseEntry::default();
        granted(entry.acquire(&key(), "a", 1_000, Duration::MAX));
        assert_eq!(entry.lease_state(1_000).remaining, LeaseEntry::MAX_LIFE);
        entry.until = u64::MAX;
        assert_eq!(entry.lease_state(1_000).remaining, LeaseEntry::MAX_LIFE);
        granted(entry.acquire(&key(), "b", 1_000 + milliseconds(LeaseEntry::MAX_LIFE), LIFE));
    }

    #[test]
    fn an_epoch_does_not_overflow() {
        let mut entry = LeaseEntry { epoch: u64::MAX, ..LeaseEntry::default() };
        assert_eq!(granted(entry.acquire(&key(), "a", 1_000, LIFE)).epoch, 1);
    }

    #[test]
    fn a_late_holder_without_a_successor_may_still_write() {
        let mut entry = LeaseEntry::default();
        let late = granted(entry.acquire(&key(), "a", 1_000, LIFE));
        assert!(entry.renew(&late, 60_000, LIFE));
    }

    #[test]
    fn a_save_is_not_permitted_over_a_new_login_or_a_deleted_row() {
        let mut lease = granted(LeaseEntry::default().acquire(&key(), "a", 0, LIFE));
        lease.row = Some("1".into());
        assert!(lease.permits(Some(&OAuthToken::new().with_refresh_token("1000.r"))));
        assert!(!lease.permits(Some(&OAuthToken::new().with_refresh_token("1000.another"))));
        assert!(!lease.permits(None));
    }

    #[test]
    fn a_key_does_not_show_the_credential() {
        assert!(!key().as_str().contains("1000.r"));
    }
}

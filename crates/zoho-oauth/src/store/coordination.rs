//! One renewal for everybody who shares a store: lease, epoch and ledger. The rule is here, once; a backend only
//! says where it is kept.

use std::future::Future;
use std::time::{Duration, SystemTime};

use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::ledger::{CLOCK_SLACK, Ledger};
use crate::token::{OAuthToken, epoch_milliseconds, fingerprint, from_epoch_milliseconds};

use super::error::StoreError;

/// What a store adds so that any number of processes cause exactly one request to the accounts server.
///
/// A *lease* on a credential (a refresh token, or a grant code) says who may spend it now. It ends by itself, so
/// a holder that was killed blocks nobody for long. Each lease has a higher *epoch* than the one before; a write
/// under an older epoch is refused, so a holder that was paused cannot overwrite a newer token. With the lease
/// comes the credential's *ledger*: when tokens were issued and what the last attempt came to.
///
/// All moments are by the store's own clock; hosts may disagree with it. Implementing this for a store of
/// one's own is optional: without it there is one renewal per process.
pub trait Coordination: Send + Sync + 'static {
    /// Takes the lease on `key` for `holder`, unless another holder has it. Durable before it returns.
    fn acquire(
        &self,
        key: &LeaseKey,
        holder: &str,
        life: Duration,
    ) -> impl Future<Output = Result<Acquired, StoreError>> + Send;

    /// Keeps the lease for `life` from now and stores its ledger. `false`: it is no longer the caller's.
    fn renew(&self, lease: &Lease, life: Duration) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Gives the lease back and stores its ledger. `false`: it was no longer the caller's, and nothing changed.
    fn release(&self, lease: &Lease) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Saves the token and gives the lease back, in one atomic step, if the lease is still the caller's and the
    /// row is still the one that it was taken for (see [`Lease::permits`]).
    fn save_and_release(
        &self,
        lease: &Lease,
        token: &OAuthToken,
    ) -> impl Future<Output = Result<Fenced, StoreError>> + Send;

    /// How things stand with `key`, without taking anything.
    fn lease_state(&self, key: &LeaseKey) -> impl Future<Output = Result<LeaseState, StoreError>> + Send;

    /// A number that changes whenever anybody changes the store, cheap to ask for; `None` where there is none.
    fn version(&self) -> impl Future<Output = Result<Option<u64>, StoreError>> + Send;

    /// How often an authenticator asks whether anybody has changed the store, and so for how long it may not see what
    /// another process did: every half a second, unless a store is too slow or too dear for that.
    fn poll_interval(&self) -> Duration {
        Duration::from_millis(500)
    }

    /// The store's clock. Hosts may disagree with it; unless a store has a clock of its own, it is this machine's.
    fn clock(&self) -> impl Future<Output = Result<SystemTime, StoreError>> + Send {
        async { Ok(SystemTime::now()) }
    }
}

/// What a lease is on: a credential, by its fingerprint. The credential itself cannot be had back from it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LeaseKey(String);

impl LeaseKey {
    /// The lease on renewing with a refresh token.
    #[must_use]
    pub fn refresh(token: &SecretString) -> Self {
        Self(format!("refresh:{}", fingerprint(token)))
    }

    /// The lease on exchanging a grant token.
    #[must_use]
    pub fn exchange(token: &SecretString) -> Self {
        Self(format!("exchange:{}", fingerprint(token)))
    }

    /// The key as text: letters, digits and one colon, at most 73 characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The right to spend a credential, and what is known about it.
#[derive(Clone, Debug)]
pub struct Lease {
    /// What it is on.
    pub key: LeaseKey,
    /// Who has it: unique to one attempt of one process.
    pub holder: String,
    /// Higher than that of every lease on this key before.
    pub epoch: u64,
    /// The store's clock when the lease was granted.
    pub granted_at: SystemTime,
    /// The row that the token was read from, if there is one: a token that was deleted meanwhile stays deleted.
    pub row: Option<String>,
    /// What the key's ledger says; stored with the next renewal or release.
    pub ledger: Ledger,
}

impl Lease {
    /// Whether a save under this lease may be written over `row`, what the store holds now for the id that the
    /// lease names. It may not if the row is gone or has been given another refresh token by a new login.
    #[must_use]
    pub fn permits(&self, row: Option<&OAuthToken>) -> bool {
        let (Some(_), true) = (&self.row, self.key.0.starts_with("refresh:")) else { return true };
        row.and_then(OAuthToken::refresh_token).is_some_and(|token| LeaseKey::refresh(token) == self.key)
    }
}

/// The answer to [`Coordination::acquire`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Acquired {
    /// The caller has the lease.
    Granted(Lease),
    /// Somebody else has it.
    Held(LeaseState),
}

/// The answer to [`Coordination::save_and_release`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Fenced {
    /// Saved; the row as it is now.
    Saved(OAuthToken),
    /// Not saved: the lease has gone to somebody else, or the row was deleted or replaced meanwhile. The caller
    /// reads the store again.
    Superseded,
}

/// How things stand with a credential.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct LeaseState {
    /// The epoch of the last lease.
    pub epoch: u64,
    /// How much longer that lease lasts; zero when it was given back or has run out.
    pub remaining: Duration,
    /// The store's clock.
    pub now: SystemTime,
    /// What the key's ledger says.
    pub ledger: Ledger,
}

/// A credential's entry as a store keeps it: the lease rule itself, as plain data. Moments are epoch
/// milliseconds by the store's clock.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LeaseEntry {
    /// The epoch of the last lease.
    pub epoch: u64,
    /// Who has it; empty when nobody has.
    pub holder: String,
    /// When it ends.
    pub until: u64,
    /// When the entry was last written: what may be forgotten after a while.
    pub touched: u64,
    /// The ledger.
    pub ledger: Ledger,
}

impl LeaseEntry {
    /// Gives the lease to `holder`, unless another has it.
    pub fn acquire(&mut self, key: &LeaseKey, holder: &str, now: u64, life: Duration) -> Acquired {
        if self.left(now) > 0 && self.holder != holder {
            return Acquired::Held(self.lease_state(now));
        }
        self.epoch += 1;
        holder.clone_into(&mut self.holder);
        self.until = now.saturating_add(milliseconds(life));
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

    /// Extends the lease and takes over its ledger, if it is still this one.
    pub fn renew(&mut self, lease: &Lease, now: u64, life: Duration) -> bool {
        let owned = self.is_held_under(lease);
        if owned {
            self.until = now.saturating_add(milliseconds(life));
            self.touched = now;
            self.ledger = lease.ledger.clone();
        }
        owned
    }

    /// Ends the lease and takes over its ledger, if it is still this one.
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

    /// Whether nobody has taken the lease since. A lease that ran out but was not taken by anybody else is still
    /// good to write under: there is nothing newer to overwrite.
    #[must_use]
    pub fn is_held_under(&self, lease: &Lease) -> bool {
        self.epoch == lease.epoch && self.holder == lease.holder
    }

    /// How things stand at `now`.
    #[must_use]
    pub fn lease_state(&self, now: u64) -> LeaseState {
        LeaseState {
            epoch: self.epoch,
            remaining: Duration::from_millis(self.left(now)),
            now: from_epoch_milliseconds(now),
            ledger: self.ledger.clone(),
        }
    }

    /// How many milliseconds the lease has left. One that was taken in the future was taken before the clock was
    /// set back, and nobody can say when it would end.
    fn left(&self, now: u64) -> u64 {
        if self.touched > now.saturating_add(CLOCK_SLACK) { 0 } else { self.until.saturating_sub(now) }
    }

    /// Whether the entry says nothing any more that anybody needs: thirty days after it was last written.
    #[must_use]
    pub fn may_be_forgotten(&self, now: u64) -> bool {
        const KEPT: Duration = Duration::from_secs(30 * 24 * 60 * 60);
        self.touched.saturating_add(milliseconds(KEPT)) < now
    }
}

/// This machine's clock, for the stores whose users all sit on this machine.
pub(crate) fn machine_clock() -> u64 {
    epoch_milliseconds(SystemTime::now())
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
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
    fn a_lease_is_one_holders_until_it_ends() {
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
    fn a_clock_that_was_set_back_does_not_prolong_a_lease() {
        let mut entry = LeaseEntry::default();
        granted(entry.acquire(&key(), "a", 3_600_000, LIFE));
        assert!(entry.lease_state(1_000).remaining.is_zero());
        granted(entry.acquire(&key(), "b", 1_000, LIFE));
    }

    #[test]
    fn a_late_holder_that_nobody_followed_may_still_write() {
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

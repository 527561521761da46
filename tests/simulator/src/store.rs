//! The store: rows, leases, a clock, and the copies that a failover goes back to.

use std::collections::BTreeMap;
use std::time::{Duration, UNIX_EPOCH};

use zoho_oauth::store::coordination::{Acquired, Lease, LeaseEntry, LeaseKey, LeaseState};
use zoho_oauth::store::{Criterion, StoreError, StoredToken, id_number, next_id};
use zoho_oauth::{Ledger, OAuthToken};

use crate::accounts::{CLIENT, name};
use crate::clock::time_of_day;
use crate::fault::Fault;
use crate::flaw::Flaw;
use crate::plan::{Plan, StoreKind};
use crate::random::Random;
use crate::secret::{ACCESS, REFRESH};

/// How many copies are kept for a failover.
const COPIES: usize = 12;

/// The store's content and its clock.
#[derive(Debug)]
pub(crate) struct Store {
    pub(crate) content: Content,
    /// By how many milliseconds its clock is ahead of the true time.
    pub(crate) clock_ahead: i64,
    pub(crate) version: u64,
    kind: StoreKind,
    flaw: Option<Flaw>,
    /// Earlier contents, the latest last; empty unless the store can fail over.
    copies: Vec<Content>,
    keeps_copies: bool,
}

/// What a failover reverts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Content {
    pub(crate) rows: Vec<StoredToken>,
    highest_id: u64,
    leases: BTreeMap<LeaseKey, LeaseEntry>,
}

impl Store {
    pub(crate) fn new(plan: &Plan, random: &mut Random) -> Self {
        Self {
            content: Content::default(),
            clock_ahead: random.pick([0, 0, 700, -40_000]),
            version: 0,
            kind: plan.store,
            flaw: plan.flaw,
            copies: Vec::new(),
            keeps_copies: plan.faults.contains(Fault::Revert),
        }
    }

    /// Stores a row before the run begins: that of `user`, with an access token and the moment when it expires.
    pub(crate) fn insert(&mut self, user: usize, credential: usize, access: Option<(usize, u64)>) {
        let row = StoredToken {
            user_name: Some(name(user)),
            client_id: Some(CLIENT.0.to_owned()),
            client_secret: Some(CLIENT.1.to_owned()),
            refresh_token: Some(format!("{REFRESH}{credential}")),
            access_token: access.map(|(access, _)| format!("{ACCESS}{access}")),
            expiry_time: access.map(|(_, end)| end.to_string()),
            api_domain: Some("https://www.zohoapis.eu".to_owned()),
            ..StoredToken::default()
        };
        self.content.insert(row);
    }

    /// The store's time at `now`, in epoch milliseconds.
    pub(crate) fn clock(&self, now: Duration) -> u64 {
        let since_1970 = time_of_day(now, self.clock_ahead).duration_since(UNIX_EPOCH);
        let milliseconds = since_1970.unwrap_or_default().as_millis() as u64;
        if self.kind.counts_whole_seconds { milliseconds / 1_000 * 1_000 } else { milliseconds }
    }

    /// Goes back to an earlier content.
    pub(crate) fn revert(&mut self, random: &mut Random) -> bool {
        if self.copies.is_empty() {
            return false;
        }
        let chosen = random.below(self.copies.len());
        self.copies.truncate(chosen + 1);
        if let Some(copy) = self.copies.pop() {
            self.content = copy;
        }
        self.version += 1_000;
        true
    }

    /// Notes that the content is about to change.
    fn begin_write(&mut self) {
        self.version += 1;
        if self.keeps_copies {
            if self.copies.len() == COPIES {
                self.copies.remove(0);
            }
            self.copies.push(self.content.clone());
        }
    }

    pub(crate) fn find(&self, token: &OAuthToken) -> Result<Option<OAuthToken>, StoreError> {
        let wanted = StoredToken::from(token);
        let position = self.content.position(&wanted)?;
        Ok(position.map(|position| wanted.filled_from(self.content.rows[position].clone()).into()))
    }

    pub(crate) fn save(&mut self, token: &OAuthToken) -> Result<OAuthToken, StoreError> {
        let new = StoredToken::for_saving(token)?;
        self.begin_write();
        let position = self.content.position(&new)?;
        if self.flaw == Some(Flaw::DroppedSave)
            && let Some(position) = position
        {
            return Ok(self.content.rows[position].clone().overwritten_by(&new).into());
        }
        let position = match position {
            Some(position) => {
                let row = std::mem::take(&mut self.content.rows[position]);
                self.content.rows[position] = row.overwritten_by(&new);
                position
            }
            None => self.content.insert(new),
        };
        Ok(self.content.rows[position].clone().into())
    }

    pub(crate) fn delete(&mut self, id: &str) -> bool {
        self.begin_write();
        let before = self.content.rows.len();
        self.content.rows.retain(|row| id.is_empty() || row.id.as_deref() != Some(id));
        self.content.rows.len() < before
    }

    pub(crate) fn acquire(
        &mut self,
        key: &LeaseKey,
        holder: &str,
        now: u64,
        life: Duration,
        is_flawed: bool,
    ) -> Acquired {
        self.begin_lease_write();
        let entry = self.content.leases.entry(key.clone()).or_default();
        if is_flawed && self.flaw == Some(Flaw::LeaseGrantedTwice) {
            entry.until = 0;
        }
        if self.flaw == Some(Flaw::ForgottenLedger) {
            entry.ledger = Ledger::default();
        }
        entry.acquire(key, holder, now, life)
    }

    pub(crate) fn renew(&mut self, lease: &Lease, now: u64, life: Duration) -> bool {
        self.begin_lease_write();
        self.content.leases.entry(lease.key.clone()).or_default().renew(lease, now, life)
    }

    pub(crate) fn release(&mut self, lease: &Lease, now: u64) -> bool {
        self.begin_lease_write();
        self.content.leases.entry(lease.key.clone()).or_default().release(lease, now)
    }

    pub(crate) fn state(&self, key: &LeaseKey, now: u64) -> LeaseState {
        self.content.leases.get(key).unwrap_or(&LeaseEntry::default()).lease_state(now)
    }

    /// Whether a save under `lease` may be made. If the row forbids it, the lease is released.
    pub(crate) fn admits(&mut self, lease: &Lease, now: u64) -> bool {
        if self.flaw == Some(Flaw::OpenFence) {
            return true;
        }
        let is_held = self.content.leases.get(&lease.key).is_some_and(|entry| entry.is_held_under(lease));
        if !is_held {
            return false;
        }
        let Some(id) = &lease.row else { return true };
        let row = self.content.rows.iter().find(|row| row.id.as_ref() == Some(id));
        let is_permitted = lease.permits(row.cloned().map(OAuthToken::from).as_ref());
        if !is_permitted {
            self.release(lease, now);
        }
        is_permitted
    }

    /// Leases do not change the version, but a failover reverts them.
    fn begin_lease_write(&mut self) {
        let version = self.version;
        self.begin_write();
        self.version = version;
    }
}

impl Content {
    fn position(&self, wanted: &StoredToken) -> Result<Option<usize>, StoreError> {
        Criterion::of(wanted).map_or(Ok(None), |criterion| criterion.position_in(&self.rows))
    }

    /// Inserts a row and returns its position.
    fn insert(&mut self, mut row: StoredToken) -> usize {
        if row.id.as_deref().unwrap_or_default().is_empty() {
            let is_taken = |id: &str| self.rows.iter().any(|row| row.id.as_deref() == Some(id));
            row.id = Some(next_id(self.highest_id, is_taken));
        }
        let number = row.id.as_deref().and_then(id_number);
        self.highest_id = self.highest_id.max(number.unwrap_or_default());
        self.rows.push(row);
        self.rows.len() - 1
    }
}

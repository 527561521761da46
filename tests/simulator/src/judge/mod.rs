//! Whether the invariants hold.
//!
//! An excuse stands for what is not promised:
//!
//! * Expiry times, leases and ledgers are by the store's clock. If that is set, tokens and quotas are what it says. That the
//!   clock of a host is set excuses nothing.
//! * A save is durable in the store. If the store itself loses it in a failover, what it said is lost.
//! * A lease lasts as long as its life. Whoever is killed or paused holds others up for so long, once each time.
//! * A store that does not respond, or late, leaves it unknown whether it has written, so a request may be missing or too
//!   many in a ledger. Until it responds again, a token is served from memory.
//! * A spooled token is known on its host only.
//! * A change by another process is visible after the store's poll interval.

pub(crate) mod calls;
pub(crate) mod end;
pub(crate) mod requests;
pub(crate) mod rows;

use std::time::Duration;

use zoho_oauth::store::StoredToken;

use crate::accounts::{QUOTA, WINDOW};
use crate::fault::Fault;
use crate::records::Trouble;
use crate::secret::{ACCESS, REFRESH, number};
use crate::world::World;

/// How long after a fault its consequences can reach a caller: three attempts at the accounts server, with the delays
/// between them, and the half minute for which a failed early renewal is remembered.
pub(crate) const AFTERMATH: Duration = Duration::from_secs(180);

/// How long before a call its reason to fail can be: it may join the work of an earlier one, whose failure of half a minute
/// ago is shared, and whose last requests and saves take as long.
pub(crate) const REASON: Duration = Duration::from_secs(60);

/// By how much hosts may disagree about how long a token still lives: a store's clock may count whole seconds, and the
/// responses to the first readings of it may be slow.
pub(crate) const DISAGREEMENT: Duration = Duration::from_secs(6);

/// Whether a process may say that the quota of a user's refresh token is used up: so many requests were sent, or
/// may have been, or Zoho said so. A process that was struck, or that does not know whether the store has written a
/// lease, may have left a request in the ledger that was never sent. The ledger's moments are by the store's clock, and a
/// failover can bring back an older ledger.
pub(crate) fn is_throttle_true(world: &World, user: usize) -> bool {
    const SLACK: Duration = Duration::from_secs(10);
    const UNKNOWN: [Trouble; 3] = [Trouble::Struck, Trouble::RejectedWrite, Trouble::UnknownWrite];
    if world.plan.faults.contains_any(&[Fault::StepStoreClock, Fault::Revert]) {
        return true;
    }
    let since = world.now.saturating_sub(WINDOW + SLACK);
    let unknown = world.records.count_since(&UNKNOWN, since);
    let mut credentials = world.accounts.credentials.iter().filter(|credential| credential.user == user);
    credentials.any(|credential| {
        // One more may be in the ledger that is about to be sent.
        credential.sent_since(since) + unknown + 1 >= QUOTA
            || credential.throttled_at.is_some_and(|at| at >= since)
    })
}

/// The access token in the row of a refresh token.
pub(crate) fn stored(world: &World, credential: usize) -> Option<usize> {
    let mut rows = world.store.content.rows.iter().filter(|row| credential_of_row(row) == Some(credential));
    let access = rows.find_map(|row| number(ACCESS, row.access_token.as_deref()?))?;
    Some(access).filter(|access| world.accounts.issued[*access].credential == credential)
}

/// The number of the refresh token in a row.
pub(crate) fn credential_of_row(row: &StoredToken) -> Option<usize> {
    number(REFRESH, row.refresh_token.as_deref()?)
}

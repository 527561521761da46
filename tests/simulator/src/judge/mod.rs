//! Whether the invariants hold.

pub(crate) mod calls;
pub(crate) mod end;
pub(crate) mod requests;
pub(crate) mod rows;

use std::time::Duration;

use crate::accounts::{QUOTA, WINDOW};
use crate::fault::Fault;
use crate::records::Trouble;
use crate::world::World;

/// How long after a fault its consequences can reach a caller: three attempts at the accounts server, with the delays
/// between them, and the half minute for which a failed early renewal is remembered.
pub(crate) const AFTERMATH: Duration = Duration::from_secs(180);

/// By how much hosts may disagree about how long a token still lives: clocks that differ by less than two seconds count
/// as equal, a store's clock may count whole seconds, and the response to a reading may be slow.
pub(crate) const DISAGREEMENT: Duration = Duration::from_secs(6);

/// Whether a process may say that the quota of a user's refresh token is used up: so many requests were sent, or
/// may have been, or Zoho said so. A process that was struck, or a write to the store that got lost, may have left a
/// request in the ledger that was never sent.
pub(crate) fn is_throttle_true(world: &World, user: usize) -> bool {
    const SLACK: Duration = Duration::from_secs(10);
    const UNKNOWN: [Trouble; 5] =
        [Trouble::Struck, Trouble::LostStore, Trouble::RefusedStore, Trouble::RejectedWrite, Trouble::Slow];
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

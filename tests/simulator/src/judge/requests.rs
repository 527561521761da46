//! Requests to the accounts server: each needs a reason, and there is a quota.

use std::time::Duration;

use crate::accounts::{Asked, QUOTA, WINDOW};
use crate::fault::Fault;
use crate::invariant::Invariant;
use crate::records::ProcessId;
use crate::world::World;

use super::{DISAGREEMENT, stored};

/// Checks that a process has a reason to renew a token.
pub(crate) fn about_to_send(world: &mut World, process: ProcessId, asked: &Asked) {
    let Asked::Refresh(credential) = *asked else { return };
    // Expiry times are by the store's clock.
    if world.plan.faults.contains(Fault::StepStoreClock) {
        return;
    }
    let grant = world.records.grants.get(&(process, credential)).copied();
    let known = if world.plan.is_lossless() {
        world.accounts.credentials[credential].latest
    } else {
        // Whoever has the lease has seen the row as it is now, unless a failover has lost the lease, and what was spooled, unless
        // a logout has removed it since.
        let user = world.accounts.credentials[credential].user;
        let logged_out_at = world.records.users[user].logged_out_at;
        let at_the_grant = grant.filter(|grant| logged_out_at.is_none_or(|at| at < grant.at));
        let at_the_grant = at_the_grant.and_then(|grant| grant.freshest);
        let stored = stored(world, credential).filter(|_| !world.plan.faults.contains(Fault::Revert));
        at_the_grant.into_iter().chain(stored).max_by_key(|token| end_of(world, *token))
    };
    let granted_at = grant.map_or(world.now, |grant| grant.at);
    let Some(token) = known.filter(|token| !is_due(world, *token, granted_at)) else { return };
    let user = world.accounts.credentials[credential].user;
    let record = &mut world.records.users[user];
    let mut calls = world.records.open_calls.iter();
    let is_demanded = calls.any(|call| call.user == user && call.kind.is_demand())
        || record.demanded_at.is_some_and(|at| at >= granted_at);
    if is_demanded && record.demanded_requests < record.demands {
        record.demanded_requests += 1;
        return;
    }
    let left = world.accounts.issued[token].expires_at.saturating_sub(world.now);
    world.fail(
        Invariant::OneRenewal,
        Some(user),
        format!(
            "p{process} renews with refresh token {credential}, although access token {token} is valid for another \
             {} s and was in its reach when it got the lease; no caller insisted on a new one",
            left.as_secs()
        ),
    );
}

/// Notes that a request brought no token, or none that could be saved: who insisted on a new one may ask again.
pub(crate) fn was_in_vain(world: &mut World, credential: usize) {
    let user = world.accounts.credentials[credential].user;
    let record = &mut world.records.users[user];
    record.demanded_requests = record.demanded_requests.saturating_sub(1);
}

fn end_of(world: &World, token: usize) -> Duration {
    world.accounts.issued[token].expires_at
}

/// Whether a token was to be renewed at `moment`, early or late.
fn is_due(world: &World, token: usize, moment: Duration) -> bool {
    let issued = &world.accounts.issued[token];
    let tokens = world.plan.tokens;
    let window = tokens.early_window.max(tokens.margin * 5 / 4) + DISAGREEMENT;
    issued.revoked_at.is_some() || issued.holder_expects <= moment + window
}

/// Counts a request that leaves a machine, or may leave it.
pub(crate) fn sent(world: &mut World, asked: &Asked) {
    /// After these, the ledger may lack requests: its moments are by the store's clock, and a failover loses it.
    const UNCOUNTED: [Fault; 2] = [Fault::StepStoreClock, Fault::Revert];
    let Asked::Refresh(credential) = *asked else { return };
    let now = world.now;
    let Some(record) = world.accounts.credentials.get_mut(credential) else { return };
    record.sent.push(now);
    // How much later than its note in the ledger a request may be sent, and how coarse a store's clock is.
    let slack = world.plan.tokens.lease_life + Duration::from_secs(2);
    let recent = record.sent_since(now.saturating_sub(WINDOW - slack));
    if recent > QUOTA && !world.plan.faults.contains_any(&UNCOUNTED) {
        let user = record.user;
        world.fail(
            Invariant::QuotaKept,
            Some(user),
            format!("{recent} requests with refresh token {credential} were sent within ten minutes"),
        );
    }
}

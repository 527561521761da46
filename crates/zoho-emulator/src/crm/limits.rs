//! API credits and concurrency: what a call costs, and how many may be in progress.

use super::request::Caller;
use super::{bulk, coql, records};
use crate::http::Call;
use crate::model::credits::Spent;
use crate::version::Version;
use crate::world::World;
use crate::world::concurrency::CallPermit;

/// The organization has as many calls in progress as it may.
#[derive(Debug)]
pub(crate) struct TooManyCalls;

/// Admits a call of the CRM to the calls in progress of the caller's organization. `None`: the call is for another
/// server, or its caller is unknown.
pub(crate) fn admit(world: &World, call: &Call) -> Result<Option<CallPermit>, TooManyCalls> {
    let token = call.access_token().filter(|_| call.is_for_crm());
    let state = world.state();
    let grant = token.and_then(|token| state.grants.access(token, world.now_ms()));
    let Some(user) = grant.and_then(|grant| world.user(&grant.user)) else { return Ok(None) };
    let limit = state.allowance.concurrent_calls;
    world.concurrency.admit(&world.organization_of(user), limit).map(Some).ok_or(TooManyCalls)
}

/// The price of a call in API credits. <https://www.zoho.com/crm/developer/docs/api/v8/api-limits.html>
pub(super) fn cost(call: &Call) -> u64 {
    let path = Version::split(&call.path).map(|(_, path)| path).unwrap_or_default();
    match (call.method.as_str(), path.as_ref()) {
        ("POST", "coql") => coql::cost(call),
        ("POST", "bulk/read") => bulk::READ_COST,
        ("POST", "bulk/write") => bulk::WRITE_COST,
        _ => records::cost(call),
    }
}

/// Charges credits to the caller's organization.
pub(super) fn spend(world: &World, caller: &Caller<'_>, credits: u64) -> Spent {
    let now = world.now_ms();
    let mut state = world.state();
    let daily = state.allowance.daily_credits;
    state.credits.spend(&caller.organization, credits, daily, now)
}

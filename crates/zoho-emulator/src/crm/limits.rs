//! What a call costs, and how many may be under way.

use super::request::Caller;
use super::{bulk, coql, records};
use crate::http::Call;
use crate::model::credits::Spent;
use crate::world::World;
use crate::world::concurrency::Seat;

/// As many calls of an organisation as it may have are under way.
#[derive(Debug)]
pub(crate) struct AllTaken;

/// A seat among the calls of the caller's organisation that are under way. `None` for what is not a call of the CRM
/// by somebody it knows.
pub(crate) fn take_seat(world: &World, call: &Call) -> Result<Option<Seat>, AllTaken> {
    let token = call.access_token().filter(|_| call.is_for_crm());
    let state = world.state();
    let grant = token.and_then(|token| state.grants.access(token, world.now_ms()));
    let Some(user) = grant.and_then(|grant| world.user(&grant.user)) else { return Ok(None) };
    let limit = state.allowance.concurrent_calls;
    world.concurrency.enter(&world.organisation_of(user), limit).map(Some).ok_or(AllTaken)
}

/// What a call costs in API credits. <https://www.zoho.com/crm/developer/docs/api/v8/api-limits.html>
pub(super) fn cost(call: &Call) -> u64 {
    match call.key().as_str() {
        "POST /crm/v8/coql" => coql::cost(call),
        "POST /crm/bulk/v8/read" => bulk::READ_COST,
        "POST /crm/bulk/v8/write" => bulk::WRITE_COST,
        _ => records::cost(call),
    }
}

/// Takes credits from the caller's organisation.
pub(super) fn spend(world: &World, caller: &Caller<'_>, credits: u64) -> Spent {
    let now = world.now_ms();
    let mut state = world.state();
    let daily = state.allowance.daily_credits;
    state.credits.spend(&caller.organisation, credits, daily, now)
}

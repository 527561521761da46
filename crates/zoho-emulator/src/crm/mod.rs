//! The CRM: who is calling, whether they may, and which part of it is meant.

mod answers;
mod limits;
mod request;
mod routes;

use std::sync::Arc;

use serde_json::json;

pub(crate) use answers::*;
pub(crate) use limits::take_seat;
pub(crate) use request::{Request, list_in};

use crate::bulk;
use crate::credits::Spent;
use crate::http::{Answer, Call};
use crate::identity::User;
use crate::scope::Scopes;
use crate::state::{DataCenter, World};
use crate::store::Person;

/// Who is calling.
pub(crate) struct Caller<'a> {
    pub(crate) user: &'a User,
    pub(crate) person: Arc<Person>,
    pub(crate) organisation: String,
    scopes: Scopes,
}

/// Whether a request is for the CRM: it is below `/crm/`, or is the file of a bulk write job.
pub(crate) fn is_meant(call: &Call) -> bool {
    call.path.starts_with("/crm/") || call.path.starts_with("/v2/crm/")
}

/// Answers a request that [is meant](is_meant) for the CRM.
pub(crate) fn answer(world: &World, data_center: &DataCenter, call: &Call) -> Answer {
    let caller = match authenticate(world, data_center, call) {
        Ok(caller) => caller,
        Err(answer) => return answer,
    };
    bulk::run_due(world);
    match limits::spend(world, &caller, limits::cost(call)) {
        Spent::Exhausted => too_many_requests(),
        Spent::Plenty => routes::answer(world, &caller, call),
        Spent::Remaining(left) => {
            routes::answer(world, &caller, call).with_header("x-api-credits-remaining", left.to_string())
        }
    }
}

/// Answers a request that is part of another one, which was paid for and whose caller is known.
pub(crate) fn answer_within(world: &World, caller: &Caller<'_>, call: &Call) -> Answer {
    routes::answer(world, caller, call)
}

fn authenticate<'a>(world: &'a World, data_center: &DataCenter, call: &Call) -> Result<Caller<'a>, Answer> {
    let Some(token) = call.access_token() else {
        return Err(error(401, "AUTHENTICATION_FAILURE", &json!({}), "Authentication failed"));
    };
    let grant = world.state().grants.access(token, world.now_ms()).cloned();
    let here = grant.filter(|grant| grant.location == data_center.location);
    let known = here.and_then(|grant| Some((world.user(&grant.user)?, grant.scopes.clone())));
    let Some((user, scopes)) = known else {
        return Err(error(401, "INVALID_TOKEN", &json!({}), "invalid oauth token"));
    };
    if !user.api_access {
        return Err(no_permission("Crm_Implied_Api_Access"));
    }
    Ok(Caller { user, person: Person::of(user), organisation: world.organisation_of(user), scopes })
}

fn no_permission(permission: &str) -> Answer {
    error(403, "NO_PERMISSION", &json!({ "permissions": [permission] }), "permission denied")
}

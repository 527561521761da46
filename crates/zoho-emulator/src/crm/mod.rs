//! The CRM: authenticates the caller, charges API credits, and passes the request to the route table.

mod bulk;
mod composite;
mod coql;
mod files;
mod limits;
mod metadata;
mod notifications;
mod organization;
mod records;
mod related;
mod request;
mod routes;

use serde_json::json;

pub(crate) use self::bulk::run_due;
pub(crate) use self::limits::admit;
use self::request::Caller;
use crate::bodies::{error, no_permission, too_many_requests};
use crate::http::{Call, Response};
use crate::model::credits::Spent;
use crate::model::records::Person;
use crate::world::{DataCenter, World};

/// Responds to a request for the CRM.
pub(crate) fn respond(world: &World, data_center: &DataCenter, call: &Call) -> Response {
    let caller = match authenticate(world, data_center, call) {
        Ok(caller) => caller,
        Err(response) => return response,
    };
    run_due(world);
    match limits::spend(world, &caller, limits::cost(call)) {
        Spent::Exhausted => too_many_requests(),
        Spent::Plenty => routes::respond(world, &caller, call),
        Spent::Remaining(left) => {
            routes::respond(world, &caller, call).with_header("x-api-credits-remaining", left.to_string())
        }
    }
}

fn authenticate<'a>(world: &'a World, data_center: &DataCenter, call: &Call) -> Result<Caller<'a>, Response> {
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
    Ok(Caller { user, person: Person::of(user), organization: world.organization_of(user), scopes })
}

//! The CRM: who is calling, which resource is meant; users and organisation.

use serde_json::{Value, json};

use crate::concurrency::Seat;
use crate::credits::Spent;
use crate::http::{Answer, Call};
use crate::identity::User;
use crate::records;
use crate::scope::Scopes;
use crate::state::{DataCenter, World};

/// Who is calling.
pub(crate) struct Caller<'a> {
    pub(crate) user: &'a User,
    pub(crate) organisation: String,
    scopes: Scopes,
}

/// Answers a request below `/crm/`.
pub(crate) fn answer(world: &World, data_center: &DataCenter, call: &Call) -> Answer {
    let caller = match authenticate(world, data_center, call) {
        Ok(caller) => caller,
        Err(answer) => return answer,
    };
    match spend(world, &caller, records::cost(call)) {
        Spent::Exhausted => too_many_requests(),
        Spent::Plenty => route(world, &caller, call),
        Spent::Remaining(left) => {
            route(world, &caller, call).with_header("x-api-credits-remaining", left.to_string())
        }
    }
}

/// A seat among the calls of the caller's organisation that are under way; none for what is not a call of the CRM
/// by somebody it knows.
///
/// # Errors
///
/// If all seats are taken.
pub(crate) fn take_seat(world: &World, call: &Call) -> Result<Option<Seat>, AllTaken> {
    let token = call.access_token().filter(|_| call.path.starts_with("/crm/"));
    let state = world.state();
    let grant = token.and_then(|token| state.grants.access(token, world.now_ms()));
    let Some(user) = grant.and_then(|grant| world.user(&grant.user)) else { return Ok(None) };
    let limit = state.allowance.concurrent_calls;
    world.concurrency.enter(&world.organisation_of(user), limit).map(Some).ok_or(AllTaken)
}

/// As many calls of an organisation as it may have are under way.
#[derive(Debug)]
pub(crate) struct AllTaken;

fn spend(world: &World, caller: &Caller<'_>, credits: u64) -> Spent {
    let now = world.now_ms();
    let mut state = world.state();
    let daily = state.allowance.daily_credits;
    state.credits.spend(&caller.organisation, credits, daily, now)
}

/// 429: credits or concurrency, Zoho does not say which, and not for how long.
pub(crate) fn too_many_requests() -> Answer {
    error(429, "TOO_MANY_REQUESTS", &json!({}), "You have made too many requests. Please try again later.")
}

/// An error of the CRM.
pub(crate) fn error(status: u16, code: &str, details: &Value, message: &str) -> Answer {
    let body = json!({ "code": code, "details": details, "message": message, "status": "error" });
    Answer::json(status, &body)
}

/// 401 when the scopes of the token are not enough. A new token with the same scopes would not help.
fn scope_mismatch() -> Answer {
    error(401, "OAUTH_SCOPE_MISMATCH", &json!({}), "invalid oauth scope to access this URL")
}

fn no_permission(permission: &str) -> Answer {
    error(403, "NO_PERMISSION", &json!({ "permissions": [permission] }), "permission denied")
}

fn wrong_method() -> Answer {
    error(405, "INVALID_REQUEST_METHOD", &json!({}), "The http request method type is not a valid one")
}

fn invalid_url() -> Answer {
    let message = "Please check if the URL trying to access is a correct one";
    error(404, "INVALID_URL_PATTERN", &json!({}), message)
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
    Ok(Caller { user, organisation: world.organisation_of(user), scopes })
}

fn route(world: &World, caller: &Caller<'_>, call: &Call) -> Answer {
    let Some(path) = call.path.strip_prefix("/crm/v8/") else { return invalid_url() };
    let segments: Vec<&str> = path.trim_end_matches('/').split('/').collect();
    let method = call.method.as_str();
    match segments.as_slice() {
        ["users", rest @ ..] => users(world, caller, call, rest),
        ["org"] if method != "GET" => wrong_method(),
        ["org"] if !caller.scopes.allow("org", "READ") => scope_mismatch(),
        ["org"] => organisation(caller),
        [module, rest @ ..] if is_module_name(module) => module_records(world, caller, call, module, rest),
        _ => invalid_url(),
    }
}

fn module_records(world: &World, caller: &Caller<'_>, call: &Call, module: &str, rest: &[&str]) -> Answer {
    let settings = &world.settings;
    if settings.modules.as_ref().is_some_and(|modules| !modules.contains(module)) {
        let details = json!({ "resource_path_index": 0 });
        return error(400, "INVALID_MODULE", &details, "the module name given seems to be invalid");
    }
    let operations: &[&str] = match (call.method.as_str(), rest) {
        ("GET", [] | [_]) => &["READ"],
        ("POST", []) => &["CREATE"],
        ("POST", ["upsert"]) => &["CREATE", "UPDATE"],
        ("PUT", [] | [_]) => &["UPDATE"],
        ("DELETE", [] | [_]) => &["DELETE"],
        (_, [] | [_]) => return wrong_method(),
        _ => return invalid_url(),
    };
    if !operations.iter().all(|operation| caller.scopes.allow_module(module, operation)) {
        return scope_mismatch();
    }
    if settings.forbidden_modules.contains(module) {
        return no_permission(&format!("Crm_Implied_View_{module}"));
    }
    records::answer(world, caller, call, module, rest.first().copied())
}

fn users(world: &World, caller: &Caller<'_>, call: &Call, rest: &[&str]) -> Answer {
    if rest.len() > 1 {
        return invalid_url();
    }
    if call.method != "GET" {
        return wrong_method();
    }
    if !caller.scopes.allow("users", "READ") {
        return scope_mismatch();
    }
    let colleagues = world.settings.users.iter().filter(|user| {
        let id_fits = rest.first().is_none_or(|id| user.id == *id);
        id_fits && world.organisation_of(user) == caller.organisation
    });
    let listed: Vec<&User> = match call.query_value("type").unwrap_or("AllUsers") {
        "CurrentUser" => vec![caller.user],
        "AllUsers" | "ActiveUsers" | "ActiveConfirmedUsers" | "ConfirmedUsers" => colleagues.collect(),
        "AdminUsers"
        | "ActiveConfirmedAdmins"
        | "CurrentUserSubordinates"
        | "DeactiveUsers"
        | "NotConfirmedUsers"
        | "DeletedUsers" => Vec::new(),
        _ => return error(400, "INVALID_DATA", &json!({ "param_name": "type" }), "invalid data"),
    };
    if listed.is_empty() {
        return Answer::empty(204);
    }
    let users: Vec<Value> = listed.into_iter().map(user_body).collect();
    let info = json!({ "per_page": 200, "count": users.len(), "page": 1, "more_records": false });
    Answer::json(200, &json!({ "users": users, "info": info }))
}

fn user_body(user: &User) -> Value {
    json!({
        "id": user.id,
        "email": user.email,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "full_name": user.full_name(),
        "zuid": user.zuid,
        "role": { "name": "CEO", "id": "5545974000000000861" },
        "profile": { "name": "Administrator", "id": "5545974000000000497" },
        "status": "active",
        "confirm": true,
        "locale": "en_US",
        "time_zone": "Etc/UTC",
        "type__s": "Regular User",
    })
}

fn organisation(caller: &Caller<'_>) -> Answer {
    let user = caller.user;
    let organisation = json!({
        "id": format!("55459740000{}", user.zgid),
        "zgid": user.zgid,
        "company_name": user.company,
        "domain_name": format!("org{}", user.zgid),
        "type": "production",
        "primary_email": user.email,
        "primary_zuid": user.zuid,
        "time_zone": "Etc/UTC",
        "currency": "US Dollar - USD",
        "currency_symbol": "$",
        "iso_code": "USD",
        "country_code": "US",
        "max_per_page": 200,
        "license_details": { "paid": true, "paid_type": "enterprise", "users_license_purchased": 10 },
    });
    Answer::json(200, &json!({ "org": [organisation] }))
}

/// Modules begin with a capital letter; what does not is another resource of the API, which is not here.
fn is_module_name(segment: &str) -> bool {
    segment.starts_with(|first: char| first.is_ascii_uppercase())
        && segment.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
}

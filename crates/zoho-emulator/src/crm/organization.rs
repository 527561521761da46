//! The organization and its users, roles and profiles.

use serde_json::{Value, json};

use crate::bodies::{invalid_parameter, page_info};
use crate::crm::request::Request;
use crate::http::Response;
use crate::model::identity::User;

/// The maximum number of users on a page.
const MAX_PAGE: usize = 200;
/// The same for every user: the emulator does not record when a user was added.
const USERS_CREATED: &str = "2026-01-01T09:00:00+00:00";
/// Id, name, and the index of the superior role.
const ROLES: [(&str, &str, Option<usize>); 2] =
    [("5545974000000000861", "CEO", None), ("5545974000000000864", "Manager", Some(0))];
const PROFILES: [(&str, &str); 2] =
    [("5545974000000000497", "Administrator"), ("5545974000000000501", "Standard")];

pub(crate) fn organization(request: &Request<'_>) -> Result<Response, Response> {
    let user = request.caller.user;
    let organization = json!({
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
    Ok(Response::json(200, &json!({ "org": [organization] })))
}

pub(crate) fn users(request: &Request<'_>) -> Result<Response, Response> {
    let page = request.parameter("page", 1_usize)?.max(1);
    let per_page = request.parameter("per_page", MAX_PAGE)?;
    if per_page == 0 || per_page > MAX_PAGE {
        return Err(invalid_parameter("per_page"));
    }
    let mut found: Vec<&User> = match request.call.query_value("type").unwrap_or("AllUsers") {
        "CurrentUser" => vec![request.caller.user],
        "AllUsers"
        | "ActiveUsers"
        | "ConfirmedUsers"
        | "ActiveConfirmedUsers"
        | "AdminUsers"
        | "ActiveConfirmedAdmins" => colleagues(request).collect(),
        "CurrentUserSubordinates" | "DeactiveUsers" | "NotConfirmedUsers" | "DeletedUsers" => Vec::new(),
        _ => return Err(invalid_parameter("type")),
    };
    if let Some(ids) = request.ids_parameter()? {
        found.retain(|user| ids.contains(&user.id.as_str()));
    }
    let listed: Vec<Value> = found
        .iter()
        .skip((page - 1).saturating_mul(per_page))
        .take(per_page)
        .map(|user| user_body(user))
        .collect();
    if listed.is_empty() {
        return Ok(Response::empty(204));
    }
    let more = page.saturating_mul(per_page) < found.len();
    let info = page_info(page, per_page, listed.len(), more);
    Ok(Response::json(200, &json!({ "users": listed, "info": info })))
}

pub(crate) fn user(request: &Request<'_>) -> Result<Response, Response> {
    let found = colleagues(request).find(|user| user.id == request.id());
    Ok(found.map_or_else(
        || Response::empty(204),
        |user| Response::json(200, &json!({ "users": [user_body(user)] })),
    ))
}

pub(crate) fn roles(_: &Request<'_>) -> Result<Response, Response> {
    let roles: Vec<Value> = (0..ROLES.len()).map(role_body).collect();
    Ok(Response::json(200, &json!({ "roles": roles })))
}

pub(crate) fn role(request: &Request<'_>) -> Result<Response, Response> {
    let found = ROLES.iter().position(|(id, _, _)| *id == request.id());
    Ok(found.map_or_else(
        || Response::empty(204),
        |index| Response::json(200, &json!({ "roles": [role_body(index)] })),
    ))
}

pub(crate) fn profiles(_: &Request<'_>) -> Result<Response, Response> {
    let profiles: Vec<Value> = PROFILES.into_iter().map(profile_body).collect();
    Ok(Response::json(200, &json!({ "profiles": profiles })))
}

pub(crate) fn profile(request: &Request<'_>) -> Result<Response, Response> {
    let found = PROFILES.into_iter().find(|(id, _)| *id == request.id());
    Ok(found.map_or_else(
        || Response::empty(204),
        |profile| Response::json(200, &json!({ "profiles": [profile_body(profile)] })),
    ))
}

/// The users of the caller's organization.
fn colleagues<'a>(request: &'a Request<'_>) -> impl Iterator<Item = &'a User> {
    let world = request.world;
    world.settings.users.iter().filter(|user| world.organization_of(user) == request.organization())
}

fn user_body(user: &User) -> Value {
    json!({
        "id": user.id,
        "email": user.email,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "full_name": user.full_name(),
        "zuid": user.zuid,
        "role": { "name": ROLES[0].1, "id": ROLES[0].0 },
        "profile": { "name": PROFILES[0].1, "id": PROFILES[0].0 },
        "status": "active",
        "confirm": true,
        "locale": "en_US",
        "language": "en_US",
        "country_locale": "en_US",
        "time_zone": "Etc/UTC",
        "date_format": "MM/dd/yyyy",
        "time_format": "hh:mm a",
        "type__s": "Regular User",
        "alias": null,
        "phone": null,
        "Reporting_To": null,
        "created_by": { "name": user.full_name(), "id": user.id },
        "created_time": USERS_CREATED,
        "Modified_By": { "name": user.full_name(), "id": user.id },
        "Modified_Time": USERS_CREATED,
        "decimal_separator": "Period",
        "status_reason__s": null,
        "microsoft": false,
        "sandboxDeveloper": false,
    })
}

fn role_body(index: usize) -> Value {
    let (id, name, above) = ROLES[index];
    let above = above.map(|above| json!({ "name": ROLES[above].1, "id": ROLES[above].0 }));
    json!({
        "id": id, "name": name, "display_label": name, "api_name": name, "reporting_to": above,
        "share_with_peers": true, "admin_user": above.is_none(), "description": null, "forecast_manager": null,
        "created_by__s": null, "modified_by__s": null, "created_time__s": null, "modified_time__s": null,
    })
}

fn profile_body((id, name): (&str, &str)) -> Value {
    json!({
        "id": id, "name": name, "display_label": name, "api_name": name, "type": "normal_profile", "custom": false,
        "description": null, "created_by": null, "modified_by": null, "created_time": null, "modified_time": null,
        "permission_type": null, "_default": name == "Administrator", "_delete": null,
    })
}

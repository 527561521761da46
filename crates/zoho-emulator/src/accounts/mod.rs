//! The accounts server: exchanges, refreshes and revokes tokens.

mod login;
mod pages;

use serde_json::{Map, Value, json};

pub(crate) use self::login::log_in;
use crate::http::{Call, Response};
use crate::model::grants::{Issued, Rejection};
use crate::model::identity::ClientApp;
use crate::timestamp::milliseconds;
use crate::world::{DataCenter, World};

/// Responds to a request below `/oauth/`.
pub(crate) fn respond(world: &World, data_center: &DataCenter, call: &Call) -> Response {
    match (call.method.as_str(), call.path.as_str()) {
        ("GET" | "POST", "/oauth/v2/auth") => login::respond(world, call),
        ("POST", "/oauth/v2/token") => token(world, data_center, call),
        ("POST", "/oauth/v2/token/revoke") => revoke_by_token_alone(world, call),
        ("POST", "/oauth/v2/revoke/token") => revoke_with_client(world, data_center, call),
        ("GET", "/oauth/serverinfo") => server_info(world),
        ("GET", "/oauth/user/info") => user_info(world, data_center, call),
        (_, "/oauth/v2/token" | "/oauth/v2/token/revoke" | "/oauth/v2/revoke/token") => bad_request(),
        _ => Response::html(404, "<!DOCTYPE html>\n<title>404</title><h1>Page not found</h1>\n"),
    }
}

/// The throttle of the token endpoint, in English or in the Chinese form that users have reported.
pub(crate) fn throttled(world: &World, call: &Call, localized: bool) -> Response {
    world.state().throttle_events += 1;
    let language = call.header("accept-language").unwrap_or_default();
    let chinese = localized
        || language.starts_with("zh")
        || (world.settings.localized_throttle && !language.starts_with("en"));
    let (description, error) = if chinese {
        ("您连续发出了太多请求。请稍后再试。", "拒绝访问")
    } else {
        ("You have made too many requests continuously. Please try again after some time.", "Access Denied")
    };
    let body = json!({ "error_description": description, "error": error, "status": "failure" });
    Response::json(world.settings.throttle_status, &body)
}

fn token(world: &World, data_center: &DataCenter, call: &Call) -> Response {
    let Some(grant_type) = call.parameter("grant_type") else { return bad_request() };
    let issued = client_of(world, data_center, call).and_then(|client| {
        let now = world.now_ms();
        let (location, policy) = (data_center.location.as_str(), &world.settings.tokens);
        let grants = &mut world.state().grants;
        match grant_type {
            "authorization_code" => {
                let code = call.parameter("code").ok_or(Rejection::Code)?;
                let redirect_url = call.parameter("redirect_uri");
                grants.exchange(code, client.id(), redirect_url, location, now, policy)
            }
            "refresh_token" => {
                let refresh_token = call.parameter("refresh_token").ok_or(Rejection::Code)?;
                grants.refresh(refresh_token, client.id(), location, now, policy)
            }
            _ => Err(Rejection::Client),
        }
    });
    match issued {
        Ok(issued) => Response::json(200, &token_body(world, data_center, &issued)),
        Err(Rejection::Throttled) => throttled(world, call, false),
        Err(rejection) => Response::json(200, &json!({ "error": error_code(rejection) })),
    }
}

fn token_body(world: &World, data_center: &DataCenter, issued: &Issued) -> Value {
    let mut body = Map::new();
    body.insert("access_token".to_owned(), json!(issued.access_token));
    if let Some(refresh_token) = &issued.refresh_token {
        body.insert("refresh_token".to_owned(), json!(refresh_token));
    }
    body.insert("scope".to_owned(), json!(issued.grant.scopes.with_blanks()));
    let api_domain = world.settings.api_domain.as_ref().unwrap_or(&data_center.base_url);
    body.insert("api_domain".to_owned(), json!(api_domain));
    body.insert("token_type".to_owned(), json!("Bearer"));
    let lifetime_ms = reported_lifetime(world);
    if world.settings.legacy_expiry_units {
        body.insert("expires_in_sec".to_owned(), json!(lifetime_ms / 1000));
        body.insert("expires_in".to_owned(), json!(lifetime_ms));
    } else {
        body.insert("expires_in".to_owned(), json!(lifetime_ms / 1000));
    }
    Value::Object(body)
}

/// The lifetime of an access token that the client is told, in milliseconds.
fn reported_lifetime(world: &World) -> u64 {
    let lifetime_ms = milliseconds(world.settings.tokens.token_lifetime);
    if world.settings.expiry_in_real_seconds {
        (lifetime_ms as f64 / world.settings.clock_speed) as u64
    } else {
        lifetime_ms
    }
}

/// The old endpoint: the token alone is enough to revoke it.
fn revoke_by_token_alone(world: &World, call: &Call) -> Response {
    let token = call.parameter("token").unwrap_or_default();
    let mut state = world.state();
    if state.revoke_refresh_token(token) || state.grants.remove_access_token(token).is_some() {
        Response::json(200, &json!({ "status": "success" }))
    } else {
        Response::json(400, &json!({ "error": "invalid_code" }))
    }
}

/// The new endpoint: only the client that owns the token can revoke it, and must name its type.
fn revoke_with_client(world: &World, data_center: &DataCenter, call: &Call) -> Response {
    let rejected = |rejection| Response::json(400, &json!({ "error": error_code(rejection) }));
    let Some((id, secret)) = call.basic_credentials() else { return rejected(Rejection::Client) };
    let client = match known_client(world, data_center, &id, Some(&secret)) {
        Ok(client) => client,
        Err(rejection) => return rejected(rejection),
    };
    let token = call.parameter("token").unwrap_or_default();
    let now = world.now_ms();
    let mut state = world.state();
    let revoked = match call.parameter("token_type").unwrap_or("refresh_token") {
        "refresh_token" => {
            let owner = state.grants.refresh_grant(token);
            owner.is_some_and(|grant| grant.client_id == client.id()) && state.revoke_refresh_token(token)
        }
        "access_token" => {
            let owner = state.grants.access(token, now);
            owner.is_some_and(|grant| grant.client_id == client.id())
                && state.grants.remove_access_token(token).is_some()
        }
        _ => false,
    };
    if revoked { Response::json(200, &json!({ "status": "success" })) } else { rejected(Rejection::Code) }
}

fn server_info(world: &World) -> Response {
    let locations: Map<String, Value> = world
        .data_centers
        .iter()
        .map(|data_center| (data_center.location.clone(), json!(data_center.base_url)))
        .collect();
    Response::json(200, &json!({ "result": "success", "locations": locations }))
}

fn user_info(world: &World, data_center: &DataCenter, call: &Call) -> Response {
    let state = world.state();
    let grant = call.access_token().and_then(|token| state.grants.access(token, world.now_ms()));
    let Some(grant) = grant.filter(|grant| grant.location == data_center.location) else {
        return Response::json(401, &json!({ "cause": "INVALID_OAUTHTOKEN", "response": "error" }));
    };
    if !grant.scopes.has("AaaServer.profile.READ") {
        return Response::json(401, &json!({ "cause": "INVALID_OAUTHSCOPE", "response": "error" }));
    }
    let Some(user) = world.user(&grant.user) else {
        return Response::json(401, &json!({ "cause": "INVALID_OAUTHTOKEN", "response": "error" }));
    };
    let body = json!({
        "First_Name": user.first_name,
        "Email": user.email,
        "Last_Name": user.last_name,
        "Display_Name": user.full_name(),
        "ZUID": user.zuid,
    });
    Response::json(200, &body)
}

/// Authenticates the client, which identifies itself by Basic authentication, form or query string.
fn client_of<'a>(
    world: &'a World,
    data_center: &DataCenter,
    call: &Call,
) -> Result<&'a ClientApp, Rejection> {
    if let Some((id, secret)) = call.basic_credentials() {
        return known_client(world, data_center, &id, Some(&secret));
    }
    let id = call.parameter("client_id").ok_or(Rejection::Client)?;
    known_client(world, data_center, id, call.parameter("client_secret"))
}

fn known_client<'a>(
    world: &'a World,
    data_center: &DataCenter,
    id: &str,
    secret: Option<&str>,
) -> Result<&'a ClientApp, Rejection> {
    let client = world.client(id).ok_or(Rejection::Client)?;
    let right = secret == Some(client.secret_of(&data_center.location));
    right.then_some(client).ok_or(Rejection::Secret)
}

fn error_code(rejection: Rejection) -> &'static str {
    match rejection {
        Rejection::Client => "invalid_client",
        Rejection::Secret => "invalid_client_secret",
        Rejection::Code => "invalid_code",
        Rejection::RedirectUrl => "invalid_redirect_uri",
        Rejection::Throttled => "Access Denied",
    }
}

/// HTTP 400 without an error code, for a wrong method or a missing grant type.
fn bad_request() -> Response {
    Response::html(400, "<!DOCTYPE html>\n<title>400</title><h1>Bad request</h1>\n")
}

//! The accounts server: tokens are exchanged, refreshed and revoked here.

mod login;
mod pages;

use serde_json::{Map, Value, json};

pub(crate) use self::login::log_in;
use crate::http::{Answer, Call};
use crate::model::grants::{Issued, Rejection};
use crate::model::identity::ClientApp;
use crate::timestamp::milliseconds;
use crate::world::{DataCenter, World};

/// Answers a request below `/oauth/`.
pub(crate) fn answer(world: &World, data_center: &DataCenter, call: &Call) -> Answer {
    match (call.method.as_str(), call.path.as_str()) {
        ("GET" | "POST", "/oauth/v2/auth") => login::answer(world, call),
        ("POST", "/oauth/v2/token") => token(world, data_center, call),
        ("POST", "/oauth/v2/token/revoke") => revoke_by_token_alone(world, call),
        ("POST", "/oauth/v2/revoke/token") => revoke_with_client(world, data_center, call),
        ("GET", "/oauth/serverinfo") => server_info(world),
        ("GET", "/oauth/user/info") => user_info(world, data_center, call),
        (_, "/oauth/v2/token" | "/oauth/v2/token/revoke" | "/oauth/v2/revoke/token") => bad_request(),
        _ => Answer::html(404, "<!DOCTYPE html>\n<title>404</title><h1>Page not found</h1>\n"),
    }
}

/// The throttle of the token endpoint, in English or as it was seen in Chinese.
pub(crate) fn throttled(world: &World, call: &Call, localised: bool) -> Answer {
    world.state().throttle_events += 1;
    let language = call.header("accept-language").unwrap_or_default();
    let chinese = localised
        || language.starts_with("zh")
        || (world.settings.localised_throttle && !language.starts_with("en"));
    let (description, error) = if chinese {
        ("您连续发出了太多请求。请稍后再试。", "拒绝访问")
    } else {
        ("You have made too many requests continuously. Please try again after some time.", "Access Denied")
    };
    let body = json!({ "error_description": description, "error": error, "status": "failure" });
    Answer::json(world.settings.throttle_status, &body)
}

fn token(world: &World, data_center: &DataCenter, call: &Call) -> Answer {
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
        Ok(issued) => Answer::json(200, &token_body(world, data_center, &issued)),
        Err(Rejection::Throttled) => throttled(world, call, false),
        Err(rejection) => Answer::json(200, &json!({ "error": error_code(rejection) })),
    }
}

fn token_body(world: &World, data_center: &DataCenter, issued: &Issued) -> Value {
    let mut body = Map::new();
    body.insert("access_token".to_owned(), json!(issued.access_token));
    if let Some(refresh_token) = &issued.refresh_token {
        body.insert("refresh_token".to_owned(), json!(refresh_token));
    }
    body.insert("scope".to_owned(), json!(issued.grant.scopes.with_blanks()));
    body.insert("api_domain".to_owned(), json!(data_center.base_url));
    body.insert("token_type".to_owned(), json!("Bearer"));
    let life_ms = life_to_tell(world);
    if world.settings.legacy_expiry_units {
        body.insert("expires_in_sec".to_owned(), json!(life_ms / 1000));
        body.insert("expires_in".to_owned(), json!(life_ms));
    } else {
        body.insert("expires_in".to_owned(), json!(life_ms / 1000));
    }
    Value::Object(body)
}

/// The life of an access token in the milliseconds that the client is told.
fn life_to_tell(world: &World) -> u64 {
    let life_ms = milliseconds(world.settings.tokens.token_lifetime);
    if world.settings.expiry_in_real_seconds {
        (life_ms as f64 / world.settings.clock_speed) as u64
    } else {
        life_ms
    }
}

/// The old form: whoever has the token may revoke it.
fn revoke_by_token_alone(world: &World, call: &Call) -> Answer {
    let token = call.parameter("token").unwrap_or_default();
    let mut state = world.state();
    if state.revoke_refresh_token(token) || state.grants.remove_access_token(token).is_some() {
        Answer::json(200, &json!({ "status": "success" }))
    } else {
        Answer::json(400, &json!({ "error": "invalid_code" }))
    }
}

/// The new form: only the client that owns the token, and the type has to be right.
fn revoke_with_client(world: &World, data_center: &DataCenter, call: &Call) -> Answer {
    let rejected = |rejection| Answer::json(400, &json!({ "error": error_code(rejection) }));
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
    if revoked { Answer::json(200, &json!({ "status": "success" })) } else { rejected(Rejection::Code) }
}

fn server_info(world: &World) -> Answer {
    let locations: Map<String, Value> = world
        .data_centers
        .iter()
        .map(|data_center| (data_center.location.clone(), json!(data_center.base_url)))
        .collect();
    Answer::json(200, &json!({ "result": "success", "locations": locations }))
}

fn user_info(world: &World, data_center: &DataCenter, call: &Call) -> Answer {
    let state = world.state();
    let grant = call.access_token().and_then(|token| state.grants.access(token, world.now_ms()));
    let Some(grant) = grant.filter(|grant| grant.location == data_center.location) else {
        return Answer::json(401, &json!({ "cause": "INVALID_OAUTHTOKEN", "response": "error" }));
    };
    if !grant.scopes.has("AaaServer.profile.READ") {
        return Answer::json(401, &json!({ "cause": "INVALID_OAUTHSCOPE", "response": "error" }));
    }
    let Some(user) = world.user(&grant.user) else {
        return Answer::json(401, &json!({ "cause": "INVALID_OAUTHTOKEN", "response": "error" }));
    };
    let body = json!({
        "First_Name": user.first_name,
        "Email": user.email,
        "Last_Name": user.last_name,
        "Display_Name": user.full_name(),
        "ZUID": user.zuid,
    });
    Answer::json(200, &body)
}

/// The client that a request says it is: by Basic authentication, form or query string.
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

/// Wrong method, or no grant type: HTTP 400 without an error code.
fn bad_request() -> Answer {
    Answer::html(400, "<!DOCTYPE html>\n<title>400</title><h1>Bad request</h1>\n")
}

//! `/_emulator/…`: controls an emulator from another process, with JSON.

mod faults;
mod reply;
mod schema;
mod tokens;

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use self::reply::{ControlError, body, done};
use crate::http::{Call, Response};
use crate::world::World;

/// Responds to a control request.
pub(crate) fn respond(world: &World, call: &Call) -> Response {
    let outcome = match call.key().as_str() {
        "GET /_emulator/state" => Ok(state(world)),
        "GET /_emulator/journal" => Ok(journal(world, call)),
        "DELETE /_emulator/journal" => Ok(clear_journal(world)),
        "POST /_emulator/faults" => body(call).and_then(|fault| faults::install(world, fault)),
        "DELETE /_emulator/faults" => Ok(clear_faults(world)),
        "POST /_emulator/limits" => body(call).map(|limits| change_limits(world, &limits)),
        "POST /_emulator/fail_next_bulk_job" => Ok(fail_next_bulk_job(world)),
        "POST /_emulator/advance" => body(call).and_then(|by| advance(world, &by)),
        "POST /_emulator/self_client_code" => {
            body(call).and_then(|owner| tokens::self_client_code(world, &owner))
        }
        "POST /_emulator/refresh_token" => body(call).and_then(|owner| tokens::refresh_token(world, &owner)),
        "POST /_emulator/access_token" => body(call).and_then(|of| tokens::access_token(world, &of)),
        "POST /_emulator/expire_access_tokens" => Ok(tokens::expire_access_tokens(world)),
        "POST /_emulator/invalidate_access_token" => {
            body(call).and_then(|of| tokens::invalidate_access_token(world, &of))
        }
        "POST /_emulator/evict_refresh_token" => {
            body(call).and_then(|of| tokens::evict_refresh_token(world, &of))
        }
        "POST /_emulator/modules" => body(call).and_then(|module| schema::add_module(world, module)),
        "POST /_emulator/fields" => body(call).and_then(|field| schema::add_field(world, field)),
        "POST /_emulator/records" => body(call).and_then(|records| schema::add_records(world, records)),
        "POST /_emulator/log_in" => body(call).and_then(|visit| tokens::log_in(world, &visit)),
        _ => Err(ControlError::new(404, format!("unknown control endpoint `{} {}`", call.method, call.path))),
    };
    match outcome {
        Ok(body) => Response::json(200, &body),
        Err(error) => Response::json(error.status, &json!({ "error": error.message })),
    }
}

fn state(world: &World) -> Value {
    let now = world.now_ms();
    let state = world.state();
    let data_centers: serde_json::Map<String, Value> = world
        .data_centers
        .iter()
        .map(|data_center| (data_center.location.clone(), json!(data_center.base_url)))
        .collect();
    let clients = world.settings.clients.iter().map(|client| {
        json!({ "id": client.id(), "secret": client.secret(), "redirect_urls": client.redirect_urls() })
    });
    let users = world.settings.users.iter().map(|user| {
        let home = &world.home_of(user).location;
        json!({ "email": user.email, "password": user.password, "zgid": user.zgid, "data_center": home })
    });
    json!({
        "now_ms": now,
        "data_centers": data_centers,
        "clients": clients.collect::<Vec<_>>(),
        "users": users.collect::<Vec<_>>(),
        "live_refresh_tokens": state.grants.live_refresh_tokens(),
        "live_access_tokens": state.grants.all_live_access_tokens(now),
        "throttle_events": state.throttle_events,
        "pending_faults": world.faults.pending(),
    })
}

/// The journal; with `?of=POST /oauth/v2/token`, only the requests with that method and path.
fn journal(world: &World, call: &Call) -> Value {
    let mut entries = world.journal.entries();
    let Some(of) = call.query_value("of") else {
        return json!({ "count": entries.len(), "entries": entries });
    };
    entries.retain(|entry| format!("{} {}", entry.method, entry.path) == of);
    json!({ "count": world.journal.count(of), "entries": entries })
}

fn clear_journal(world: &World) -> Value {
    world.journal.clear();
    done()
}

fn clear_faults(world: &World) -> Value {
    world.faults.clear();
    done()
}

/// The limits to change. A missing one stays as it is.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Limits {
    daily_credits: Option<u64>,
    concurrent_calls: Option<usize>,
}

fn change_limits(world: &World, limits: &Limits) -> Value {
    let allowance = &mut world.state().allowance;
    allowance.daily_credits = limits.daily_credits.unwrap_or(allowance.daily_credits);
    allowance.concurrent_calls = limits.concurrent_calls.unwrap_or(allowance.concurrent_calls);
    json!({ "daily_credits": allowance.daily_credits, "concurrent_calls": allowance.concurrent_calls })
}

fn fail_next_bulk_job(world: &World) -> Value {
    world.state().jobs.failures_ahead += 1;
    done()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    seconds: f64,
}

fn advance(world: &World, by: &Advance) -> Result<Value, ControlError> {
    let by = Duration::try_from_secs_f64(by.seconds)
        .map_err(|error| ControlError::new(400, format!("invalid `seconds`: {error}")))?;
    world.clock.advance(by);
    Ok(json!({ "now_ms": world.now_ms() }))
}

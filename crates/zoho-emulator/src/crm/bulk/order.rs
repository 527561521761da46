//! What all kinds of jobs have in common.

use serde_json::{Value, json};

use crate::bodies::error;
use crate::crm::request::Request;
use crate::http::Response;
use crate::model::jobs::job::Job;
use crate::timestamp::milliseconds;
use crate::world::state::State;

/// Creates a job of the caller.
pub(super) fn order_job<Order, Outcome>(
    request: &Request<'_>,
    state: &mut State,
    callback: Option<String>,
    order: Order,
) -> Job<Order, Outcome> {
    let (world, user) = (request.world, request.caller.user);
    let now = world.now_ms();
    Job {
        id: state.records.new_id(),
        organization: request.organization().to_owned(),
        user: user.email.clone(),
        ordered_by: json!({ "id": user.id, "name": user.full_name() }),
        callback,
        created_ms: now,
        due_ms: now + milliseconds(world.settings.bulk_job_duration),
        fails: state.jobs.take_failure(),
        order,
        outcome: None,
    }
}

/// The `callback` of an order: the URL to which the details of the finished job are posted.
pub(super) fn callback_of(body: &Value) -> Result<Option<String>, Response> {
    let Some(callback) = body.get("callback").filter(|callback| !callback.is_null()) else { return Ok(None) };
    let method = callback["method"].as_str().unwrap_or_default();
    if !method.eq_ignore_ascii_case("post") {
        let details = json!({ "supported_callback_methods": ["post"] });
        return Err(error(400, "INVALID_CALLBACK_METHOD", &details, "callback method is not supported"));
    }
    match callback["url"].as_str().filter(|url| url::Url::parse(url).is_ok()) {
        Some(url) => Ok(Some(url.to_owned())),
        None => Err(error(400, "INVALID_CALLBACK_URL", &json!({}), "callback url is not valid")),
    }
}

pub(super) fn not_found(status: u16, resource: &str) -> Response {
    let details = json!({ "resource": resource });
    error(status, "RESOURCE_NOT_FOUND", &details, "The requested resource doesn't exist.")
}

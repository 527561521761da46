//! Notification channels: `actions/watch`.

use serde_json::{Value, json};

use crate::bodies::{
    Outcome, failure, invalid_data, mandatory_not_found, missing_parameter, page_info, success, together,
};
use crate::crm::request::Request;
use crate::http::Response;
use crate::model::channels::{Channel, resource};
use crate::model::records::id_of;

const SUBSCRIBED: &str = "Successfully subscribed for actions-watch of the given module";
const UPDATED: &str = "Successfully updated the subscribe details";
const REMOVED: &str = "Successfully removed the subscribe details";
const UNSUBSCRIBED: &str = "Successfully un-subscribed from actions-watch";

/// `POST`: creates channels. A channel replaces the one with the same id.
pub(crate) fn enable(request: &Request<'_>) -> Result<Response, Response> {
    each(request, 201, |channel, path| {
        let (metadata, now) = (request.metadata(), request.world.now_ms());
        let channel = Channel::read(channel, None, metadata, path, now, request.version)?;
        let result = json!({ "events": channel.subscriptions(metadata, &api_url(request)) });
        request.world.state().channels.put(request.organization(), channel);
        Ok(success(&result, SUBSCRIBED))
    })
}

/// `GET`: the channels, one entry for each module.
pub(crate) fn list(request: &Request<'_>) -> Result<Response, Response> {
    let (page, per_page) = (request.parameter("page", 1_usize)?, request.parameter("per_page", 200_usize)?);
    let wanted = |name: &str, value: Option<&str>| {
        request.call.query_value(name).is_none_or(|wanted| value == Some(wanted))
    };
    let state = request.world.state();
    let channels = state.channels.live(request.organization(), request.world.now_ms());
    let entries = channels.flat_map(|channel| channel.entries(request.metadata(), &api_url(request)));
    let entries: Vec<Value> = entries
        .filter(|entry| {
            wanted("channel_id", id_of(&entry["channel_id"]).as_deref())
                && wanted("module", entry["resource_name"].as_str())
        })
        .collect();
    let listed: Vec<&Value> =
        entries.iter().skip(page.saturating_sub(1).saturating_mul(per_page)).take(per_page).collect();
    if listed.is_empty() {
        return Ok(Response::empty(204));
    }
    let more_records = entries.len() > page.saturating_mul(per_page);
    let info = page_info(page, per_page, listed.len(), more_records);
    Ok(Response::json(200, &json!({ "watch": listed, "info": info })))
}

/// `PUT`: replaces channels; omitted values are reset.
pub(crate) fn replace(request: &Request<'_>) -> Result<Response, Response> {
    each(request, 200, |channel, path| {
        let (metadata, now) = (request.metadata(), request.world.now_ms());
        known(request, channel, path)?;
        let channel = Channel::read(channel, None, metadata, path, now, request.version)?;
        let result = json!({ "events": channel.subscriptions(metadata, &api_url(request)) });
        request.world.state().channels.put(request.organization(), channel);
        Ok(success(&result, UPDATED))
    })
}

/// `PATCH`: changes channels; omitted values stay. With `_delete_events`, removes the named events.
pub(crate) fn change(request: &Request<'_>) -> Result<Response, Response> {
    each(request, 200, |body, path| {
        let (metadata, now) = (request.metadata(), request.world.now_ms());
        let before = known(request, body, path)?;
        let mut channel = Channel::read(body, Some(&before), metadata, path, now, request.version)?;
        let result = json!({ "events": channel.subscriptions(metadata, &api_url(request)) });
        let deletes = body["_delete_events"] == json!(true);
        if deletes {
            let named = std::mem::replace(&mut channel.events, before.events);
            channel.events.retain(|event| !named.contains(event));
        }
        request.world.state().channels.put(request.organization(), channel);
        Ok(success(&result, if deletes { REMOVED } else { UPDATED }))
    })
}

/// `DELETE`: removes the channels in `channel_ids`.
pub(crate) fn disable(request: &Request<'_>) -> Result<Response, Response> {
    let ids = request.list_parameter("channel_ids").filter(|ids| !ids.is_empty());
    let ids = ids.ok_or_else(|| missing_parameter("channel_ids"))?;
    let mut state = request.world.state();
    let outcomes = ids.into_iter().map(|id| {
        let now = request.world.now_ms();
        let channel =
            state.channels.find(request.organization(), id, now).ok_or_else(not_subscribed)?.clone();
        state.channels.remove(request.organization(), id);
        let module = channel.modules().first().copied().unwrap_or_default();
        let mut details = resource(module, request.metadata(), &api_url(request));
        details["channel_id"] = channel.id.clone();
        Ok(success(&details, UNSUBSCRIBED))
    });
    Ok(respond(200, outcomes))
}

fn each(
    request: &Request<'_>,
    status: u16,
    one: impl Fn(&Value, &str) -> Outcome,
) -> Result<Response, Response> {
    let channels = request.list_in_body("watch")?;
    let each = channels.iter().enumerate().map(|(index, channel)| {
        let path = format!("$.watch[{index}]");
        if channel.is_object() {
            one(channel, &path)
        } else {
            Err(invalid_data("watch", "jsonobject", &path))
        }
    });
    Ok(respond(status, each))
}

/// The status is `status` if all channels succeeded, 400 if all failed, otherwise 202.
fn respond(status: u16, outcomes: impl IntoIterator<Item = Outcome>) -> Response {
    let (status, results) = together(status, 202, outcomes);
    Response::json(status, &json!({ "watch": results }))
}

/// The channel that a request changes.
fn known(request: &Request<'_>, body: &Value, path: &str) -> Result<Channel, Value> {
    let missing = || mandatory_not_found("channel_id", &format!("{path}.channel_id"));
    let id = body.get("channel_id").and_then(id_of).ok_or_else(missing)?;
    let mut state = request.world.state();
    let channel = state.channels.find(request.organization(), &id, request.world.now_ms());
    channel.cloned().ok_or_else(not_subscribed)
}

fn not_subscribed() -> Value {
    failure("NOT_SUBSCRIBED", &json!({}), "the channel is not subscribed")
}

/// The URL of the API in the version of the request.
fn api_url(request: &Request<'_>) -> String {
    format!("{}/crm/{}", request.world.home_of(request.caller.user).base_url, request.version)
}

//! `actions/watch`

use serde_json::{Value, json};

use crate::bodies::{Outcome, failure, invalid_data, mandatory_not_found, missing_parameter, success};
use crate::crm::request::Request;
use crate::http::Answer;
use crate::model::channels::{Channel, resource, text_of};

const SUBSCRIBED: &str = "Successfully subscribed for actions-watch of the given module";
const UPDATED: &str = "Successfully updated the subscribe details";
const REMOVED: &str = "Successfully removed the subscribe details";
const UNSUBSCRIBED: &str = "Successfully un-subscribed from actions-watch";

/// `POST`: new channels. One with the id of another takes its place.
pub(crate) fn enable(request: &Request<'_>) -> Result<Answer, Answer> {
    each(request, 201, |channel, path| {
        let (metadata, now) = (request.metadata(), request.world.now_ms());
        let channel = Channel::read(channel, None, metadata, path, now)?;
        let result = json!({ "events": channel.subscriptions(metadata, base_url(request)) });
        request.world.state().channels.put(request.organisation(), channel);
        Ok(success(&result, SUBSCRIBED))
    })
}

/// `GET`: the channels, once for each module.
pub(crate) fn list(request: &Request<'_>) -> Result<Answer, Answer> {
    let (page, per_page) = (request.parameter("page", 1_usize)?, request.parameter("per_page", 200_usize)?);
    let wanted = |name: &str, value: &Value| {
        request.call.query_value(name).is_none_or(|wanted| text_of(value) == wanted)
    };
    let state = request.world.state();
    let channels = state.channels.live(request.organisation(), request.world.now_ms());
    let entries = channels.flat_map(|channel| channel.entries(request.metadata(), base_url(request)));
    let entries: Vec<Value> = entries
        .filter(|entry| {
            wanted("channel_id", &entry["channel_id"]) && wanted("module", &entry["resource_name"])
        })
        .collect();
    let listed: Vec<&Value> =
        entries.iter().skip(page.saturating_sub(1).saturating_mul(per_page)).take(per_page).collect();
    if listed.is_empty() {
        return Ok(Answer::empty(204));
    }
    let more_records = entries.len() > page.saturating_mul(per_page);
    let info =
        json!({ "per_page": per_page, "count": listed.len(), "page": page, "more_records": more_records });
    Ok(Answer::json(200, &json!({ "watch": listed, "info": info })))
}

/// `PUT`: what is not named is gone.
pub(crate) fn replace(request: &Request<'_>) -> Result<Answer, Answer> {
    each(request, 200, |channel, path| {
        let (metadata, now) = (request.metadata(), request.world.now_ms());
        known(request, channel, path)?;
        let channel = Channel::read(channel, None, metadata, path, now)?;
        let result = json!({ "events": channel.subscriptions(metadata, base_url(request)) });
        request.world.state().channels.put(request.organisation(), channel);
        Ok(success(&result, UPDATED))
    })
}

/// `PATCH`: what is not named stays; with `_delete_events` the events that are named go.
pub(crate) fn change(request: &Request<'_>) -> Result<Answer, Answer> {
    each(request, 200, |body, path| {
        let (metadata, now) = (request.metadata(), request.world.now_ms());
        let before = known(request, body, path)?;
        let mut channel = Channel::read(body, Some(&before), metadata, path, now)?;
        let result = json!({ "events": channel.subscriptions(metadata, base_url(request)) });
        let deletes = body["_delete_events"] == json!(true);
        if deletes {
            let named = std::mem::replace(&mut channel.events, before.events);
            channel.events.retain(|event| !named.contains(event));
        }
        request.world.state().channels.put(request.organisation(), channel);
        Ok(success(&result, if deletes { REMOVED } else { UPDATED }))
    })
}

/// `DELETE`: the channels in `channel_ids`.
pub(crate) fn disable(request: &Request<'_>) -> Result<Answer, Answer> {
    let ids = request.list_parameter("channel_ids").filter(|ids| !ids.is_empty());
    let ids = ids.ok_or_else(|| missing_parameter("channel_ids"))?;
    let mut state = request.world.state();
    let outcomes = ids.into_iter().map(|id| {
        let now = request.world.now_ms();
        let channel =
            state.channels.find(request.organisation(), id, now).ok_or_else(not_subscribed)?.clone();
        state.channels.remove(request.organisation(), id);
        let module = channel.modules().first().copied().unwrap_or_default();
        let mut details = resource(module, request.metadata(), base_url(request));
        details["channel_id"] = channel.id.clone();
        Ok(success(&details, UNSUBSCRIBED))
    });
    Ok(answer(200, outcomes.collect()))
}

fn each(request: &Request<'_>, status: u16, one: impl Fn(&Value, &str) -> Outcome) -> Result<Answer, Answer> {
    let channels = request.list_in_body("watch")?;
    let each = channels.iter().enumerate().map(|(index, channel)| {
        let path = format!("$.watch[{index}]");
        if channel.is_object() {
            one(channel, &path)
        } else {
            Err(invalid_data("watch", "jsonobject", &path))
        }
    });
    Ok(answer(status, each.collect()))
}

/// What is wrong with some channels comes with 202, beside what is right with others; with 400 if nothing is.
fn answer(status: u16, outcomes: Vec<Outcome>) -> Answer {
    let failures = outcomes.iter().filter(|outcome| outcome.is_err()).count();
    let status = match failures {
        0 => status,
        _ if failures == outcomes.len() => 400,
        _ => 202,
    };
    let results: Vec<Value> =
        outcomes.into_iter().map(|outcome| outcome.unwrap_or_else(|failure| failure)).collect();
    Answer::json(status, &json!({ "watch": results }))
}

/// The channel that a change is about.
fn known(request: &Request<'_>, body: &Value, path: &str) -> Result<Channel, Value> {
    let missing = || mandatory_not_found("channel_id", &format!("{path}.channel_id"));
    let id = body.get("channel_id").map(text_of).ok_or_else(missing)?;
    let mut state = request.world.state();
    let channel = state.channels.find(request.organisation(), &id, request.world.now_ms());
    channel.cloned().ok_or_else(not_subscribed)
}

fn not_subscribed() -> Value {
    failure("NOT_SUBSCRIBED", &json!({}), "the channel is not subscribed")
}

fn base_url<'r>(request: &'r Request<'_>) -> &'r str {
    &request.world.home_of(request.caller.user).base_url
}

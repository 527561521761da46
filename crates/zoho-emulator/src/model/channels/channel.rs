//! A channel: which events of which modules are posted, and where.

use std::borrow::Cow;
use std::time::Duration;

use serde_json::{Value, json};
use url::Url;

use super::event::Event;
use crate::bodies::{invalid_data, mandatory_not_found};
use crate::model::metadata::Metadata;
use crate::model::records::{id_of, parse_id};
use crate::timestamp::{iso8601, milliseconds, parse_iso8601};
use crate::version::Version;

const MAX_LIFETIME: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// The lifetime of a channel that names no expiry, or one that is too late.
const DEFAULT_LIFETIME: Duration = Duration::from_secs(60 * 60);
const MAX_TOKEN_LENGTH: usize = 50;

/// A client's subscription to changes of records.
#[derive(Clone, Debug)]
pub(crate) struct Channel {
    /// The version of the API in which the channel was created.
    pub(super) version: Version,
    /// A number or a string, as the client wrote it.
    pub(crate) id: Value,
    pub(crate) events: Vec<(String, Event)>,
    pub(crate) notify_url: String,
    pub(crate) token: Value,
    pub(crate) expires_ms: u64,
    pub(crate) return_affected_field_values: bool,
    notify_on_related_action: bool,
    notification_condition: Value,
}

impl Channel {
    /// Parses a channel. `before` supplies the values that the client omits; without it, nothing may be omitted.
    pub(crate) fn read(
        body: &Value,
        before: Option<&Self>,
        metadata: &Metadata,
        path: &str,
        now: u64,
        version: Version,
    ) -> Result<Self, Value> {
        let missing = |name: &str| mandatory_not_found(name, &format!("{path}.{name}"));
        let wrong = |name: &str, expected: &str| invalid_data(name, expected, &format!("{path}.{name}"));
        let id = body.get("channel_id").filter(|id| !id.is_null()).ok_or_else(|| missing("channel_id"))?;
        if id_of(id).and_then(|id| parse_id(&id)).is_none() {
            return Err(wrong("channel_id", "bigint"));
        }
        let events = match (body.get("events"), before) {
            (None | Some(Value::Null), Some(before)) => before.events.clone(),
            (None | Some(Value::Null), None) => return Err(missing("events")),
            (Some(events), _) => read_events(events, metadata, path)?,
        };
        let notify_url = match (body["notify_url"].as_str(), before) {
            (Some(url), _) if Url::parse(url).is_ok() => url.to_owned(),
            (Some(_), _) => return Err(wrong("notify_url", "website")),
            (None, Some(before)) => before.notify_url.clone(),
            (None, None) => return Err(missing("notify_url")),
        };
        let token = body.get("token").or(before.map(|before| &before.token)).cloned().unwrap_or_default();
        if token.as_str().is_some_and(|token| token.chars().count() > MAX_TOKEN_LENGTH) {
            let mut failure = wrong("token", "text");
            failure["details"]["maximum_length"] = json!(MAX_TOKEN_LENGTH);
            return Err(failure);
        }
        let expires_ms = match (body["channel_expiry"].as_str(), before) {
            (Some(text), _) => parse_iso8601(text)
                .map(|expiry| expiry.min(expiry_within(expiry, now)))
                .ok_or_else(|| wrong("channel_expiry", "datetime"))?,
            (None, Some(before)) => before.expires_ms,
            (None, None) => now + milliseconds(DEFAULT_LIFETIME),
        };
        let flag = |name: &str, before: Option<bool>| body[name].as_bool().or(before).unwrap_or(false);
        Ok(Self {
            version,
            id: id.clone(),
            events,
            notify_url,
            token,
            expires_ms,
            return_affected_field_values: flag(
                "return_affected_field_values",
                before.map(|before| before.return_affected_field_values),
            ),
            notify_on_related_action: flag(
                "notify_on_related_action",
                before.map(|before| before.notify_on_related_action),
            ),
            notification_condition: body
                .get("notification_condition")
                .or(before.map(|before| &before.notification_condition))
                .cloned()
                .unwrap_or_default(),
        })
    }

    pub(crate) fn id_text(&self) -> Cow<'_, str> {
        id_of(&self.id).unwrap_or_default()
    }

    /// The watched modules, in the order in which the client named them.
    pub(crate) fn modules(&self) -> Vec<&str> {
        let mut modules: Vec<&str> = Vec::new();
        for (module, _) in &self.events {
            if !modules.contains(&module.as_str()) {
                modules.push(module);
            }
        }
        modules
    }

    /// What a response says about each module of the channel.
    pub(crate) fn subscriptions(&self, metadata: &Metadata, api_url: &str) -> Vec<Value> {
        let subscription = |module: &str| {
            let mut subscription = resource(module, metadata, api_url);
            subscription["channel_expiry"] = json!(iso8601(self.expires_ms));
            subscription["resource_name"] = json!(module);
            subscription["channel_id"] = self.id.clone();
            subscription
        };
        self.modules().into_iter().map(subscription).collect()
    }

    /// The channel as a list shows it: one entry for each module.
    pub(crate) fn entries(&self, metadata: &Metadata, api_url: &str) -> Vec<Value> {
        let mut entries = self.subscriptions(metadata, api_url);
        for (entry, module) in entries.iter_mut().zip(self.modules()) {
            let events = self.events.iter().filter(|(watched, _)| watched == module);
            let events: Vec<String> =
                events.map(|(module, event)| format!("{module}.{}", event.name())).collect();
            entry["events"] = json!(events);
            entry["notify_url"] = json!(self.notify_url);
            entry["token"] = self.token.clone();
            entry["fields"] = Value::Null;
            entry["return_affected_field_values"] = json!(self.return_affected_field_values);
            entry["notify_on_related_action"] = json!(self.notify_on_related_action);
            entry["notification_condition"] = self.notification_condition.clone();
        }
        entries
    }

    /// The fields whose changes are posted; empty: all fields.
    pub(crate) fn selected_fields(&self, module: &str) -> Vec<&str> {
        let conditions = self.notification_condition.as_array().map_or(&[][..], Vec::as_slice).iter();
        let own = conditions.filter(|condition| condition["module"]["api_name"] == module);
        own.flat_map(|condition| fields_in(&condition["field_selection"])).collect()
    }
}

/// The URL and id of a module.
pub(crate) fn resource(module: &str, metadata: &Metadata, api_url: &str) -> Value {
    json!({ "resource_uri": format!("{api_url}/{module}"), "resource_id": metadata.module_id(module) })
}

/// Replaces an expiry that is too late by the default one.
fn expiry_within(expiry: u64, now: u64) -> u64 {
    if expiry > now + milliseconds(MAX_LIFETIME) { now + milliseconds(DEFAULT_LIFETIME) } else { expiry }
}

fn read_events(events: &Value, metadata: &Metadata, path: &str) -> Result<Vec<(String, Event)>, Value> {
    let wrong = |path: &str, expected: &str| invalid_data("events", expected, path);
    let path = format!("{path}.events");
    let named =
        events.as_array().filter(|events| !events.is_empty()).ok_or_else(|| wrong(&path, "jsonarray"))?;
    let mut read = Vec::new();
    for (index, event) in named.iter().enumerate() {
        let path = format!("{path}[{index}]");
        let (module, name) =
            event.as_str().and_then(|text| text.split_once('.')).ok_or_else(|| wrong(&path, "text"))?;
        let meant: &[Event] = match name {
            "create" => &[Event::Create],
            "edit" => &[Event::Edit],
            "delete" => &[Event::Delete],
            "all" => &[Event::Create, Event::Edit, Event::Delete],
            _ => return Err(wrong(&path, "text")),
        };
        if metadata.module(module).is_none() {
            return Err(wrong(&path, "text"));
        }
        read.extend(meant.iter().map(|event| (module.to_owned(), *event)));
    }
    Ok(read)
}

/// The names of the fields in a selection, which may contain groups.
fn fields_in(selection: &Value) -> Vec<&str> {
    let own = selection["field"]["api_name"].as_str();
    let group = selection["group"].as_array().map_or(&[][..], Vec::as_slice).iter();
    own.into_iter().chain(group.flat_map(fields_in)).collect()
}

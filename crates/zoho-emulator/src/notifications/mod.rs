//! Notifications: what is posted to a client when records change.
//! <https://www.zoho.com/crm/developer/docs/api/v8/notifications/overview.html>

mod channel;
mod endpoints;

use serde_json::json;

use self::channel::Channel;
pub(crate) use self::endpoints::{change, disable, enable, list, replace};
use crate::state::{State, World};
use crate::store::Fields;

/// The channels of all organisations.
#[derive(Debug, Default)]
pub(crate) struct Notifications {
    /// By organisation.
    channels: Vec<(String, Channel)>,
}

/// What was done with a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    Create,
    Edit,
    Delete,
}

/// A record that was written.
#[derive(Debug)]
pub(crate) struct Change<'a> {
    pub(crate) organisation: &'a str,
    pub(crate) module: &'a str,
    pub(crate) id: &'a str,
    pub(crate) event: Event,
    /// What was set.
    pub(crate) fields: &'a Fields,
}

impl Notifications {
    /// The channels of an organisation that have not expired.
    fn live<'s>(&'s self, organisation: &'s str, now: u64) -> impl Iterator<Item = &'s Channel> {
        let own = self.channels.iter().filter(move |(owner, _)| owner == organisation);
        own.map(|(_, channel)| channel).filter(move |channel| channel.expires_ms > now)
    }

    fn find(&mut self, organisation: &str, id: &str, now: u64) -> Option<&mut Channel> {
        let own = self.channels.iter_mut().filter(|(owner, _)| owner == organisation);
        own.map(|(_, channel)| channel).find(|channel| channel.id_text() == id && channel.expires_ms > now)
    }

    fn remove(&mut self, organisation: &str, id: &str) {
        self.channels.retain(|(owner, channel)| owner != organisation || channel.id_text() != id);
    }
}

/// Tells every channel that watches for it.
pub(crate) fn tell(world: &World, state: &State, change: &Change<'_>) {
    let now = world.now_ms();
    let location = change.organisation.split('/').next().unwrap_or_default();
    let home = world.data_center(location).unwrap_or(&world.data_centers[0]);
    for channel in state.notifications.live(change.organisation, now) {
        if channel.watches(change) {
            world.webhooks.post(&channel.notify_url, &channel.message(change, &home.base_url, now));
        }
    }
}

impl Event {
    /// As subscriptions name it: `Leads.create`.
    fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Edit => "edit",
            Self::Delete => "delete",
        }
    }

    /// As messages name it.
    fn operation(self) -> &'static str {
        match self {
            Self::Create => "insert",
            Self::Edit => "update",
            Self::Delete => "delete",
        }
    }
}

impl Channel {
    fn watches(&self, change: &Change<'_>) -> bool {
        let watched =
            self.events.iter().any(|(module, event)| module == change.module && *event == change.event);
        let selected = self.selected_fields(change.module);
        let concerns = selected.is_empty()
            || change.event != Event::Edit
            || selected.iter().any(|field| change.fields.contains_key(*field));
        watched && concerns
    }

    /// The body that is posted.
    fn message(&self, change: &Change<'_>, base_url: &str, now: u64) -> serde_json::Value {
        let parameters = url::Url::parse(&self.notify_url).ok();
        let parameters: Fields = parameters
            .iter()
            .flat_map(|url| url.query_pairs())
            .map(|(name, value)| (name.into_owned(), json!(value)))
            .collect();
        let names: Vec<&String> = change.fields.keys().collect();
        let affected = match change.event {
            Event::Edit => json!([{ change.id: names }]),
            Event::Create | Event::Delete => json!([]),
        };
        let mut message = json!({
            "server_time": now,
            "query_params": parameters,
            "module": change.module,
            "resource_uri": format!("{base_url}/crm/v8/{}", change.module),
            "ids": [change.id],
            "affected_fields": affected,
            "operation": change.event.operation(),
            "channel_id": self.id,
            "token": self.token,
        });
        if self.return_affected_field_values {
            message["affected_values"] = json!([{ "record_id": change.id, "values": change.fields }]);
        }
        message
    }
}

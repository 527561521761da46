//! `Channel`: the events to watch, and the URL that Zoho calls.

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use crate::value::{DateTime, Extra, Map, Value, object, or_number};

/// Events to watch, and the URL that Zoho calls when they occur. In a response, any field can be absent.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Channel {
    /// A number that the caller chooses.
    #[serde(deserialize_with = "or_number")]
    pub channel_id: String,
    /// The events: `Leads.create`, `Contacts.edit`, `Deals.delete`, `Deals.all`.
    pub events: Option<Vec<String>>,
    /// The URL that Zoho posts a [`Notification`](crate::Notification) to.
    pub notify_url: Option<String>,
    /// A secret in each [`Notification`](crate::Notification) that proves that Zoho sent it: at most 50 characters.
    pub token: Option<SecretString>,
    /// The expiry of the channel.
    pub channel_expiry: Option<DateTime>,
    /// Whether notifications contain the new values.
    pub return_affected_field_values: Option<bool>,
    /// Whether changes of related records cause notifications.
    pub notify_on_related_action: Option<bool>,
    /// The fields that have to change, as Zoho's JSON.
    pub notification_condition: Option<Value>,
    /// The module that the channel watches. In responses only.
    pub resource_name: Option<String>,
    /// The id of that module. In responses only.
    pub resource_id: Option<String>,
    /// The URL of that module. In responses only.
    pub resource_uri: Option<String>,
    /// Fields without a named member.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Channel {
    /// Creates a channel with a number that the caller chooses, or refers to the existing channel with this number.
    #[must_use]
    pub fn new(channel_id: impl Into<String>) -> Self {
        Self { channel_id: channel_id.into(), ..Self::default() }
    }

    /// Sets the events: `Leads.create`, `Contacts.edit`, `Deals.delete`, `Deals.all`.
    #[must_use]
    pub fn events(self, events: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { events: Some(events.into_iter().map(Into::into).collect()), ..self }
    }

    /// Sets the URL that Zoho posts a [`Notification`](crate::Notification) to.
    #[must_use]
    pub fn notify_url(self, url: impl Into<String>) -> Self {
        Self { notify_url: Some(url.into()), ..self }
    }

    /// Sets the secret in each [`Notification`](crate::Notification) that proves that Zoho sent it: at most 50 characters,
    /// hard to guess.
    #[must_use]
    pub fn token(self, token: impl Into<SecretString>) -> Self {
        Self { token: Some(token.into()), ..self }
    }

    /// Sets the expiry of the channel: at most one week from now. Default, also for a later time: one hour.
    #[must_use]
    pub fn expiry(self, until: impl Into<DateTime>) -> Self {
        Self { channel_expiry: Some(until.into()), ..self }
    }

    /// Sets whether notifications contain the new values.
    #[must_use]
    pub fn return_affected_field_values(self, values: bool) -> Self {
        Self { return_affected_field_values: Some(values), ..self }
    }

    /// Sets whether changes of related records cause notifications. Default: true.
    #[must_use]
    pub fn notify_on_related_action(self, related: bool) -> Self {
        Self { notify_on_related_action: Some(related), ..self }
    }

    /// Sets the fields that have to change, as Zoho's JSON: a list of `{"type": "field_selection", "module": …,
    /// "field_selection": …}`.
    #[must_use]
    pub fn condition(self, condition: impl Into<Value>) -> Self {
        Self { notification_condition: Some(condition.into()), ..self }
    }

    /// The body of a request. The type has no `Serialize`, which could expose the token by accident.
    pub(super) fn body(&self) -> Map {
        let members = object! {
            "channel_id": self.channel_id.as_str(),
            "events": self.events.clone(),
            "notify_url": self.notify_url.clone(),
            "token": self.token.as_ref().map(ExposeSecret::expose_secret),
            "channel_expiry": self.channel_expiry.clone(),
            "return_affected_field_values": self.return_affected_field_values,
            "notify_on_related_action": self.notify_on_related_action,
            "notification_condition": self.notification_condition.clone(),
        };
        members.into_iter().filter(|(_, value)| !value.is_null()).collect()
    }
}

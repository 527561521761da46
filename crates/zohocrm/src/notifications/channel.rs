//! `Channel`: what is watched, and which URL is called.

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Value, json};

use super::number_as_text;
use crate::value::{DateTime, Extra};

/// What is watched, and which URL is called when it changes. In an answer a field may be missing.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Channel {
    /// A number of the caller's choice.
    #[serde(deserialize_with = "number_as_text")]
    pub channel_id: String,
    /// What is watched: `Leads.create`, `Contacts.edit`, `Deals.delete`, `Deals.all`.
    pub events: Option<Vec<String>>,
    /// Where Zoho posts a [`Notification`](crate::Notification).
    pub notify_url: Option<String>,
    /// What a [`Notification`](crate::Notification) carries to show that Zoho sent it: at most 50 letters.
    pub token: Option<SecretString>,
    /// Until when it is open.
    pub channel_expiry: Option<DateTime>,
    /// Whether a notification tells the new values.
    pub return_affected_field_values: Option<bool>,
    /// Whether changes of related records count.
    pub notify_on_related_action: Option<bool>,
    /// Which fields have to change: Zoho's JSON.
    pub notification_condition: Option<Value>,
    /// The module that it watches. In answers only.
    pub resource_name: Option<String>,
    /// The id of that module. In answers only.
    pub resource_id: Option<String>,
    /// The URL of that module. In answers only.
    pub resource_uri: Option<String>,
    /// What else there was.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Channel {
    /// A channel, by a number of the caller's choice: that of one that is there, or a new one.
    #[must_use]
    pub fn new(channel_id: impl Into<String>) -> Self {
        Self { channel_id: channel_id.into(), ..Self::default() }
    }

    /// Sets what is watched: `Leads.create`, `Contacts.edit`, `Deals.delete`, `Deals.all`.
    #[must_use]
    pub fn events(self, events: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { events: Some(events.into_iter().map(Into::into).collect()), ..self }
    }

    /// Sets where Zoho posts a [`Notification`](crate::Notification).
    #[must_use]
    pub fn notify_url(self, url: impl Into<String>) -> Self {
        Self { notify_url: Some(url.into()), ..self }
    }

    /// Sets what a [`Notification`](crate::Notification) carries to show that Zoho sent it: at most 50 letters that nobody can guess.
    #[must_use]
    pub fn token(self, token: impl Into<SecretString>) -> Self {
        Self { token: Some(token.into()), ..self }
    }

    /// Sets until when it is open: a week at most. An hour, if Zoho is not told or told more.
    #[must_use]
    pub fn expiry(self, until: impl Into<DateTime>) -> Self {
        Self { channel_expiry: Some(until.into()), ..self }
    }

    /// Sets whether a notification tells the new values.
    #[must_use]
    pub fn return_affected_field_values(self, values: bool) -> Self {
        Self { return_affected_field_values: Some(values), ..self }
    }

    /// Sets whether changes of related records count. They do, if Zoho is not told.
    #[must_use]
    pub fn notify_on_related_action(self, related: bool) -> Self {
        Self { notify_on_related_action: Some(related), ..self }
    }

    /// Sets which fields have to change, in Zoho's JSON: a list of `{"type": "field_selection", "module": …,
    /// "field_selection": …}`.
    #[must_use]
    pub fn condition(self, condition: impl Into<Value>) -> Self {
        Self { notification_condition: Some(condition.into()), ..self }
    }

    /// What is sent. There is no `Serialize`, since the token would come along wherever a channel is written.
    pub(super) fn body(&self) -> Value {
        let members = [
            ("channel_id", json!(self.channel_id)),
            ("events", json!(self.events)),
            ("notify_url", json!(self.notify_url)),
            ("token", json!(self.token.as_ref().map(ExposeSecret::expose_secret))),
            ("channel_expiry", json!(self.channel_expiry)),
            ("return_affected_field_values", json!(self.return_affected_field_values)),
            ("notify_on_related_action", json!(self.notify_on_related_action)),
            ("notification_condition", json!(self.notification_condition)),
        ];
        members
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| (name.to_owned(), value))
            .collect()
    }
}

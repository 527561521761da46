//! Which changes a channel watches, and the message that it posts.

use serde_json::{Value, json};
use url::Url;

use super::channel::Channel;
use super::event::{Change, Event};
use crate::model::records::Fields;

impl Channel {
    pub(crate) fn watches(&self, change: &Change<'_>) -> bool {
        let watched =
            self.events.iter().any(|(module, event)| module == change.module && *event == change.event);
        let selected = self.selected_fields(change.module);
        let concerns = selected.is_empty()
            || change.event != Event::Edit
            || selected.iter().any(|field| change.fields.contains_key(*field));
        watched && concerns
    }

    /// The body of the post.
    pub(crate) fn message(&self, change: &Change<'_>, base_url: &str, now: u64) -> Value {
        let parameters = Url::parse(&self.notify_url).ok();
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
            "resource_uri": format!("{base_url}/crm/{}/{}", self.version, change.module),
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

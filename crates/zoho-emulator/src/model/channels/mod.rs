//! Notification channels: which changes of records are posted, and where.
//! <https://www.zoho.com/crm/developer/docs/api/v8/notifications/overview.html>

mod channel;
mod event;
mod message;

pub(crate) use self::channel::{Channel, resource};
pub(crate) use self::event::{Change, Event};

/// The channels of all organizations.
#[derive(Debug, Default)]
pub(crate) struct Channels {
    /// By organization.
    channels: Vec<(String, Channel)>,
}

impl Channels {
    /// The channels of an organization that have not expired.
    pub(crate) fn live<'s>(&'s self, organization: &'s str, now: u64) -> impl Iterator<Item = &'s Channel> {
        let own = self.channels.iter().filter(move |(owner, _)| owner == organization);
        own.map(|(_, channel)| channel).filter(move |channel| channel.expires_ms > now)
    }

    pub(crate) fn find(&mut self, organization: &str, id: &str, now: u64) -> Option<&mut Channel> {
        let own = self.channels.iter_mut().filter(|(owner, _)| owner == organization);
        own.map(|(_, channel)| channel).find(|channel| channel.id_text() == id && channel.expires_ms > now)
    }

    /// Adds a channel, or replaces the one with the same id. A channel without events is only removed.
    pub(crate) fn put(&mut self, organization: &str, channel: Channel) {
        self.remove(organization, &channel.id_text());
        if !channel.events.is_empty() {
            self.channels.push((organization.to_owned(), channel));
        }
    }

    pub(crate) fn remove(&mut self, organization: &str, id: &str) {
        self.channels.retain(|(owner, channel)| owner != organization || channel.id_text() != id);
    }
}

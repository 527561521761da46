//! Notification channels: which changes of records are posted, and where.
//! <https://www.zoho.com/crm/developer/docs/api/v8/notifications/overview.html>

mod channel;
mod event;
mod message;

pub(crate) use self::channel::{Channel, resource, text_of};
pub(crate) use self::event::{Change, Event};

/// The channels of all organisations.
#[derive(Debug, Default)]
pub(crate) struct Channels {
    /// By organisation.
    channels: Vec<(String, Channel)>,
}

impl Channels {
    /// The channels of an organisation that have not expired.
    pub(crate) fn live<'s>(&'s self, organisation: &'s str, now: u64) -> impl Iterator<Item = &'s Channel> {
        let own = self.channels.iter().filter(move |(owner, _)| owner == organisation);
        own.map(|(_, channel)| channel).filter(move |channel| channel.expires_ms > now)
    }

    pub(crate) fn find(&mut self, organisation: &str, id: &str, now: u64) -> Option<&mut Channel> {
        let own = self.channels.iter_mut().filter(|(owner, _)| owner == organisation);
        own.map(|(_, channel)| channel).find(|channel| channel.id_text() == id && channel.expires_ms > now)
    }

    /// Adds a channel, or replaces the one with the same id. A channel without events is only removed.
    pub(crate) fn put(&mut self, organisation: &str, channel: Channel) {
        self.remove(organisation, &channel.id_text());
        if !channel.events.is_empty() {
            self.channels.push((organisation.to_owned(), channel));
        }
    }

    pub(crate) fn remove(&mut self, organisation: &str, id: &str) {
        self.channels.retain(|(owner, channel)| owner != organisation || channel.id_text() != id);
    }
}

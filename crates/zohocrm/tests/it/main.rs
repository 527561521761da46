//! What `zohocrm` promises, against the emulator.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod attachments;
mod calls;
mod composite;
mod coql;
mod deleted;
mod errors;
mod notes;
mod notifications;
mod photo;
mod records;
mod related;
mod search;
mod support;
mod tags;
mod transport;

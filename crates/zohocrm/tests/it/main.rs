//! What `zohocrm` promises, against the emulator.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod calls;
mod composite;
mod coql;
mod errors;
mod notifications;
mod records;
mod support;
mod transport;

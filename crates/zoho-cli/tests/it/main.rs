//! What the `zoho` command promises. Every test drives the real executable.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod check;
mod copy;
#[cfg(unix)]
mod copy_servers;
mod coql;
mod demo;
mod emulator;
mod paginate;
mod records;
mod secrets;
mod session;
mod support;
mod tokens;
mod unsaved;
mod usage;

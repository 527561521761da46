//! What `zohocrm` promises, against the emulator.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod calls;
mod errors;
mod records;
mod support;
mod transport;

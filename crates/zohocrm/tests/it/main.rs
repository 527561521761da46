//! What `zohocrm` promises, against the emulator.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

#[cfg(feature = "bulk")]
mod bulk_read;
#[cfg(feature = "bulk")]
mod bulk_write;
mod calls;
mod composite;
mod coql;
mod errors;
mod files;
mod metadata;
mod notifications;
mod records;
mod rust_struct;
#[rustfmt::skip]
#[expect(unreachable_pub, clippy::upper_case_acronyms, reason = "it is as it was written")]
mod students;
mod support;
mod transport;

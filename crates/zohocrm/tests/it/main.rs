//! What `zohocrm` promises, against the emulator.

#![expect(clippy::disallowed_methods, reason = "the environment says what can be tested")]
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod attachments;
#[cfg(feature = "bulk")]
mod bulk_read;
#[cfg(feature = "bulk")]
mod bulk_write;
mod calls;
mod composite;
mod coql;
mod deleted;
mod errors;
mod files;
mod metadata;
mod notes;
mod notifications;
mod photo;
mod records;
mod related;
mod retries;
mod rust_struct;
mod search;
mod several;
#[rustfmt::skip]
#[expect(unreachable_pub, clippy::upper_case_acronyms, reason = "it is as it was written")]
mod students;
mod support;
mod tags;
mod transport;

//! Tests of `zohocrm` against the emulator.

#![expect(clippy::disallowed_methods, reason = "environment variables select tests")]
#![expect(clippy::unwrap_used, reason = "a panic fails the test")]

mod attachments;
mod awaited;
#[cfg(feature = "bulk")]
mod bulk_read;
#[cfg(feature = "bulk")]
mod bulk_write;
mod calls;
mod composite;
mod coql;
mod deleted;
mod digits;
mod errors;
mod events;
mod files;
mod metadata;
#[cfg(feature = "full")]
mod misfits;
mod not_finite;
mod notes;
mod notifications;
mod photo;
mod readme;
mod records;
mod related;
mod retries;
mod rust_struct;
mod search;
mod several;
#[rustfmt::skip]
#[expect(unreachable_pub, clippy::upper_case_acronyms, reason = "the generated file is unchanged")]
mod students;
mod support;
mod tags;
mod transport;

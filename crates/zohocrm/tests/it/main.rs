//! What `zohocrm` promises, against the emulator.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

#[cfg(feature = "bulk")]
mod bulk_read;
#[cfg(feature = "bulk")]
mod bulk_write;
mod calls;
mod errors;
mod files;
mod metadata;
mod records;
mod support;
mod transport;

//! Tests of the `zoho` command. Every test runs the executable.

#![expect(clippy::disallowed_methods, reason = "the environment says what can be tested")]
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod bulk;
mod bulk_write;
mod check;
mod copy;
#[cfg(all(unix, feature = "mysql", feature = "postgres", feature = "redis", feature = "secrets-manager"))]
mod copy_servers;
mod coql;
mod csv;
mod demo;
mod destination;
mod digits;
mod emulator;
#[cfg(unix)]
mod few_files;
mod interrupted_reads;
mod interrupted_writes;
mod interruption;
mod missing_store;
mod module;
mod names;
mod paginate;
mod records;
mod search;
mod secrets;
mod session;
mod streams;
mod support;
mod terminal;
mod tokens;
mod unsaved;
mod usage;

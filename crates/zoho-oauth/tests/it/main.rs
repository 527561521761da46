//! Tests of `zoho-oauth` with real stores and the emulator. Tests with several processes are in `tests/processes`.

#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "tests inspect the stores' data directly"
)]
#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

mod authenticator;
mod certificates;
#[cfg(unix)]
mod check;
mod columns;
mod conformance;
mod copy;
#[cfg(all(unix, feature = "mysql", feature = "postgres", feature = "redis", feature = "secrets-manager"))]
mod damaged_leases;
mod file;
#[cfg(all(feature = "mysql", feature = "postgres", feature = "redis", feature = "secrets-manager"))]
mod identity;
mod log;
mod many;
mod matching;
mod messages;
#[cfg(all(unix, feature = "mysql", feature = "postgres", feature = "redis", feature = "secrets-manager"))]
mod outages;
#[cfg(all(unix, feature = "redis"))]
mod redis;
#[cfg(feature = "secrets-manager")]
mod secrets_manager;
#[cfg(all(feature = "mysql", feature = "postgres"))]
mod sql;
mod sqlite;
#[cfg(all(feature = "mysql", feature = "postgres", feature = "redis", feature = "secrets-manager"))]
mod store_messages;

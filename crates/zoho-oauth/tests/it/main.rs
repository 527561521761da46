//! What `zoho-oauth` promises, against real stores and the emulator. What needs several processes is in `tests/processes`.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod check;
mod clocks;
mod conformance;
mod copy;
mod data_centers;
mod file_faults;
mod file_golden;
mod file_sharing;
mod file_store;
mod lifecycle;
mod many;
mod matching;
#[cfg(all(unix, feature = "mysql", feature = "postgres"))]
mod mysql_official;
mod one_flight;
#[cfg(all(feature = "mysql", feature = "postgres"))]
mod postgres_values;
mod quota;
#[cfg(all(unix, feature = "redis"))]
mod redis_faults;
#[cfg(all(unix, feature = "redis"))]
mod redis_leases;
#[cfg(all(unix, feature = "redis"))]
mod redis_repeats;
#[cfg(all(unix, feature = "redis"))]
mod redis_store;
#[cfg(all(unix, feature = "redis"))]
mod redis_support;
#[cfg(all(unix, feature = "redis"))]
mod redis_tls;
#[cfg(all(unix, feature = "redis"))]
mod redis_warnings;
mod revocation;
mod secrets;
#[cfg(feature = "secrets-manager")]
mod secrets_manager;
#[cfg(feature = "secrets-manager")]
mod secrets_manager_faults;
#[cfg(feature = "secrets-manager")]
mod secrets_manager_support;
#[cfg(all(unix, feature = "mysql", feature = "postgres"))]
mod sql_faults;
#[cfg(all(unix, feature = "mysql", feature = "postgres"))]
mod sql_refusals;
#[cfg(all(feature = "mysql", feature = "postgres"))]
mod sql_sharing;
#[cfg(all(feature = "mysql", feature = "postgres"))]
mod sql_support;
#[cfg(all(unix, feature = "mysql", feature = "postgres"))]
mod sql_tls;
mod sqlite_faults;
mod sqlite_leases;
mod sqlite_official;
mod sqlite_processes;
mod sqlite_support;
mod support;
mod unsaved;

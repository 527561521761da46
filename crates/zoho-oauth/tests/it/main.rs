//! What `zoho-oauth` promises, against real stores and the emulator. What needs several processes is in `torture`.

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
#[cfg(feature = "mysql")]
#[cfg(feature = "mysql")]
mod mysql_support;
mod one_flight;
#[cfg(feature = "postgres")]
#[cfg(feature = "postgres")]
mod postgres_support;
mod quota;
#[cfg(feature = "redis")]
mod redis_faults;
#[cfg(feature = "redis")]
mod redis_leases;
#[cfg(feature = "redis")]
mod redis_repeats;
#[cfg(feature = "redis")]
mod redis_store;
#[cfg(feature = "redis")]
mod redis_support;
#[cfg(feature = "redis")]
mod redis_tls;
#[cfg(feature = "redis")]
mod redis_warnings;
mod revocation;
mod secrets;
#[cfg(feature = "secrets-manager")]
mod secrets_manager;
#[cfg(feature = "secrets-manager")]
mod secrets_manager_faults;
#[cfg(feature = "secrets-manager")]
mod secrets_manager_support;
mod sqlite_faults;
mod sqlite_leases;
mod sqlite_official;
mod sqlite_processes;
mod sqlite_support;
mod support;
mod unsaved;

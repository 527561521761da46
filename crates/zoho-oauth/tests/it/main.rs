//! What `zoho-oauth` promises, against real stores and the emulator. What needs several processes is in `torture`.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod conformance;
mod data_centers;
mod file_faults;
mod file_golden;
mod file_sharing;
mod file_store;
mod lifecycle;
mod many;
mod matching;
mod one_flight;
mod quota;
mod revocation;
mod secrets;
#[cfg(all(feature = "mysql", feature = "postgres"))]
mod sql_conformance;
#[cfg(all(feature = "mysql", feature = "postgres"))]
mod sql_sharing;
#[cfg(all(feature = "mysql", feature = "postgres"))]
mod sql_support;
mod sqlite_faults;
mod sqlite_leases;
mod sqlite_official;
mod sqlite_processes;
mod sqlite_support;
mod support;
mod unsaved;

//! What `zoho-oauth` promises, against real stores, real processes and the emulator.

mod conformance;
mod sqlite_faults;
mod sqlite_leases;
mod sqlite_official;
mod sqlite_processes;
mod sqlite_support;

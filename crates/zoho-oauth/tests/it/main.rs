//! What `zoho-oauth` promises, against real stores, real processes and the emulator.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod conformance;
mod file_store;
mod sqlite_support;

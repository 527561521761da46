//! What `zoho-oauth` promises, against real stores, real processes and the emulator.

mod conformance;
mod sqlite_support;

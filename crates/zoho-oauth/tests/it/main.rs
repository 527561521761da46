//! What `zoho-oauth` promises, against real stores, real processes and the emulator.

mod conformance;
mod file_faults;
mod file_golden;
mod file_sharing;
mod file_store;

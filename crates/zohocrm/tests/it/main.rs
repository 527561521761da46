//! What `zohocrm` promises, against the emulator.

mod calls;
mod records;
mod support;

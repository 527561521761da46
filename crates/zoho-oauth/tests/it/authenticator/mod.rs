//! What the authenticator promises, against the emulator.

mod clocks;
mod data_centers;
mod lifecycle;
mod login;
mod one_flight;
mod quota;
mod revocation;
mod secrets;
pub(crate) mod support;
mod unsaved;

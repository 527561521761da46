//! What the authenticator promises, against the emulator.

#[cfg(feature = "simulation")]
mod api_domains;
mod clocks;
mod data_centers;
mod early;
mod events;
#[cfg(feature = "simulation")]
mod host;
#[cfg(feature = "simulation")]
mod hosts;
mod lifecycle;
mod login;
mod one_flight;
mod quota;
mod recovery;
mod rejections;
mod revocation;
mod secrets;
mod server_store;
#[cfg(feature = "simulation")]
mod set_clocks;
mod slow_store;
mod spooled;
pub(crate) mod support;
mod unreachable;
mod unsaved;

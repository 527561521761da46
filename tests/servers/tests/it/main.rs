//! Tests of the servers and of the proxy.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[cfg(target_os = "linux")]
mod client;
mod proxy;
#[cfg(target_os = "linux")]
mod server;
mod shared;

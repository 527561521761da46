//! Real servers of every kind, and the proxy.

#[cfg(target_os = "linux")]
mod client;
mod proxy;
#[cfg(target_os = "linux")]
mod server;

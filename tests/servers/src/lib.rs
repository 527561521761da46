//! Private database servers for the tests and benchmarks.
//!
//! - [`shared`] and [`fresh`]: the URL of a server that `cargo xtask test` has started once for all tests.
//! - [`private`] and [`Server`]: a server for one test, which may kill, pause and restart it.
//! - [`pgbouncer`] and [`haproxy`]: what stands between programs and such servers.
//! - [`sentinel`]: what names the primary of several Redis servers.
//! - [`SmallDisk`]: a disk that a test can fill, below a server's data or a file.
//! - [`Proxy`]: a TCP proxy that cuts, hangs and delays connections, and counts round trips.
//!
//! A test that needs one is marked `#[ignore = "needs …"]`, so plain `cargo test` shows it as ignored. `cargo xtask test`
//! runs it, and counts it as skipped if it calls [`skip`]. Anything else that runs it without what it needs sees it fail.

#[cfg(unix)]
mod disk;
mod kind;
mod port;
mod proxy;
#[cfg(unix)]
mod server;
mod testing;

#[cfg(unix)]
pub use disk::SmallDisk;
pub use kind::Kind;
pub use port::port_of;
pub use proxy::Proxy;
#[cfg(unix)]
pub use server::{NoServer, Server};
pub use testing::{fresh, shared, skip, skip_even_if_all_is_required};
#[cfg(unix)]
pub use testing::{haproxy, pgbouncer, private, private_with, sentinel};

/// A unique name of 16 lower-case letters and digits. The first is a letter.
fn random_name() -> String {
    format!("t{:015x}", rand::random::<u64>() >> 4)
}

//! Database servers for the tests and the benchmarks, each in a folder of its own that nobody else uses.
//!
//! - [`shared`] and [`fresh`]: the URL of a server that `cargo xtask test` has started once for all tests.
//! - [`private`] and [`Server`]: a server for one test, which may kill it, stop it and start it again.
//! - [`SmallDisk`]: a disk that can be filled, under a server's data or a file.
//! - [`Proxy`]: stands before a server, cuts, hangs, delays, and counts round trips.
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
pub use testing::{private, private_with};

/// A name that nothing else has: 16 characters, lower case, the first a letter.
fn random_name() -> String {
    format!("t{:015x}", rand::random::<u64>() >> 4)
}

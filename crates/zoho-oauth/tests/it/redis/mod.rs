//! `RedisStore`, on real servers and clusters.

mod faults;
mod leases;
mod retries;
mod rows;
pub(crate) mod support;
mod tls;
mod warnings;

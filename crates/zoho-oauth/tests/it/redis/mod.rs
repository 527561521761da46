//! `RedisStore`, on real servers and clusters.

mod eviction;
mod faults;
mod leases;
mod retries;
mod rows;
pub(crate) mod support;
mod tls;
mod warnings;
mod ways;

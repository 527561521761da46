//! `MySqlStore` and `PostgresStore`, on real servers.

#[cfg(unix)]
mod accounts;
#[cfg(unix)]
mod columns;
#[cfg(unix)]
mod faults;
#[cfg(unix)]
mod mysql_official;
mod older_sdks;
#[cfg(unix)]
mod poolers;
mod postgres_values;
mod reading;
mod sharing;
pub(crate) mod support;
#[cfg(unix)]
mod tls;
#[cfg(unix)]
mod unavailable;
#[cfg(unix)]
mod ways;

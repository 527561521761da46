//! `MySqlStore` and `PostgresStore`, on real servers.

#[cfg(unix)]
mod faults;
#[cfg(unix)]
mod mysql_official;
mod postgres_values;
mod sharing;
pub(crate) mod support;
#[cfg(unix)]
mod tls;
#[cfg(unix)]
mod unavailable;

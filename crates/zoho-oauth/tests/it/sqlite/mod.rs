//! `SqliteStore`: an embedded database.

mod columns;
mod faults;
mod leases;
pub(crate) mod official;
mod processes;
#[cfg(unix)]
mod replaced;
pub(crate) mod support;

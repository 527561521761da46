//! `SqliteStore`: an embedded database.

mod faults;
mod leases;
pub(crate) mod official;
mod processes;
pub(crate) mod support;

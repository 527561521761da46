//! The shared implementation of the stores on database servers. Only the SQL dialects and the drivers differ.
//!
//! `SqlStore` implements the store with the steps of a `Session`. A read takes one statement, and so does writing the row
//! of a known user; neither opens a transaction. A row is overwritten only if it is still as it was read. Inserts,
//! deletions and saves of many rows first lock the row that counts ids.

mod connection;
mod draft;
mod driver;
mod fault;
mod leases;
mod options;
mod pool;
mod public;
mod retries;
mod row_texts;
mod server;
mod session;
#[cfg(feature = "postgres")]
mod sessions;
mod set_up;
mod side_table;
mod store;
mod tables;
mod texts;
mod transaction;
mod writes;

#[cfg(feature = "mysql")]
pub(super) use driver::Link;
pub(super) use driver::{Dialect, Statement, Value};
pub(super) use options::{Place, ServerOptions, server_options};
pub(super) use public::sql_store;
#[cfg(feature = "mysql")]
pub(super) use server::REACH;
pub(super) use server::{FREE_SPACE, MORE_MEMORY, NoConnection, Server, ServerFault, TOO_MANY, read_only};
#[cfg(feature = "postgres")]
pub(super) use sessions::Role;
pub(super) use store::SqlStore;
pub(super) use texts::{ReplaceParts, Words};

pub use options::Tls;
#[cfg(feature = "postgres")]
pub use sessions::Sessions;

//! What the stores on database servers have in common: everything but the words that each server wants to hear.
//!
//! `SqlStore` does what a store promises, out of the steps of a `Session`. Reads and saves of known users take one
//! statement each, without a transaction; a row is overwritten on condition that it is still as it was read. Whoever
//! makes new ids, or deletes, first locks the row that counts them.

mod draft;
mod driver;
mod fault;
mod leases;
mod options;
mod patience;
mod pool;
mod public;
mod session;
mod set_up;
mod store;
mod texts;
mod transaction;
mod writes;

pub(super) use driver::{Fields, Link, Server, Statement, Value};
pub(super) use fault::{FREE_SPACE, MORE_MEMORY, TOO_MANY, Trouble, read_only};
pub(super) use options::{Place, ServerOptions, server_options};
pub(super) use public::sql_store;
pub(super) use store::SqlStore;
pub(super) use texts::{Texts, Words};

pub use options::Tls;

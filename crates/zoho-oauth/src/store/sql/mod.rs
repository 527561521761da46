//! What the stores on database servers have in common: everything but the words that each server wants to hear.
//!
//! `SqlStore` does what a store promises, out of the steps of a `Session`. Reads and saves of known users take one
//! statement each, without a transaction; a row is overwritten on condition that it is still as it was read. Whoever
//! makes new ids, or deletes, first locks the row that counts them.

mod draft;
mod fault;
mod leases;
mod options;
mod patience;
mod pool;
mod session;
mod set_up;
mod store;
mod transaction;
mod writes;

pub(super) use fault::Trouble;
pub(super) use options::{Place, ServerOptions, server_options};
pub(super) use session::{
    HIGHEST_ID, LOOK_UPS, PAGE, Server, Session, Statement, entry, integer, ledger, milliseconds, number,
    position, sql, token,
};
pub(super) use set_up::{Column, Tables};
pub(super) use store::{SqlStore, sql_store};

pub use options::Tls;

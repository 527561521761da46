//! A deterministic simulation of a fleet of authenticators.
//!
//! The real [`Authenticator`](zoho_oauth::Authenticator) runs in several simulated processes on several simulated hosts,
//! over a simulated store, accounts server, network, disk and clock. A seeded scheduler decides which task runs next and
//! when time passes. At every await and every disk operation it may kill a process, and at any time lose a request, fill
//! a disk, set a clock, and so on: see [`Fault`]. Meanwhile the [invariants](Invariant) are checked. The same [`Plan`]
//! gives the same run, event by event, so whatever a seed finds can be examined.
//!
//! [`Flaw`] plants a bug in the store or the disk, to show that the invariants find it.

mod accounts;
mod adversary;
mod callers;
mod clock;
mod disk;
mod executor;
mod fault;
mod finale;
mod flaw;
mod invariant;
mod judge;
mod machine;
mod network;
mod plan;
mod processes;
mod random;
mod records;
mod run;
mod search;
mod secret;
mod simulation;
mod store;
mod store_client;
mod timers;
mod trace;
mod world;

pub use fault::{Fault, Faults};
pub use flaw::Flaw;
pub use invariant::{Invariant, Invariants};
pub use plan::Plan;
pub use records::Violation;
pub use run::{Outcome, run, run_traced, shrink};
pub use search::{Found, search};
pub use trace::Line;

//! A stand-in for Zoho on a loopback port: accounts server and CRM, for tests and offline work.
//!
//! It speaks Zoho's own protocol over HTTP and shares no code with the clients it is used to test: a mirror
//! would not show a mistake. What it does *not* imitate is the first section of its `README.md`.
//!
//! ```
//! use zoho_emulator::{Emulator, Fault};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let zoho = Emulator::start().await; // stops when it is dropped
//! let client = zoho.default_client();
//! let code = zoho.self_client_code("ada@example.com");
//! // Point the program under test at `zoho.base_url()`, with `client.id()`, `client.secret()` and `code`.
//!
//! zoho.fault(Fault::on("POST /oauth/v2/token").times(2).drop_after()); // the next two answers get lost
//! zoho.expire_access_tokens();
//! assert_eq!(zoho.journal().count("POST /oauth/v2/token"), 0);
//! # let _ = (client, code);
//! # }
//! ```
//!
//! # Contents
//!
//! * [`Emulator`]: start, seed, steer, look.
//! * [`EmulatorBuilder`]: settings: clients, users, data centers, lives, quotas, the speed of the clock.
//! * [`ClientApp`] and [`User`]: who takes part.
//! * [`Module`] and [`Field`]: what the CRM consists of.
//! * [`Fault`]: what goes wrong on purpose.
//! * [`Journal`] and [`Entry`]: what arrived.
//!
//! # Inside
//!
//! The server (`server.rs`) reads a request into plain data, asks whether something goes wrong on purpose, and
//! hands it to `accounts.rs`, `crm/` or `control/`. Those are plain functions from a request to an answer.
//! `crm/routes.rs` lists every request of the CRM. What they change is in `grants.rs` (codes, tokens, quotas),
//! `metadata/` (modules, fields), `store/` (records) and `bulk/` (jobs, which the server carries out in time).
//! Answers that break the rules of HTTP are written by `wire.rs`, past the HTTP library.

mod accounts;
mod bodies;
mod builder;
mod control;
mod crm;
mod emulator;
mod http;
mod model;
mod scope;
mod secret;
mod server;
mod timestamp;
mod world;

pub use builder::EmulatorBuilder;
pub use emulator::Emulator;
pub use model::identity::{ClientApp, User};
pub use model::metadata::{Field, Module};
pub use world::faults::Fault;
pub use world::journal::{Entry, Journal};

//! An emulator of Zoho's accounts server and CRM on a loopback port, for tests and offline work.
//!
//! It speaks Zoho's protocol over HTTP and shares no code with the clients that it is used to test: shared code would
//! hide shared mistakes. The first section of its `README.md` lists what it does *not* imitate.
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
//! zoho.fault(Fault::on("POST /oauth/v2/token").times(2).drop_after()); // the next two responses get lost
//! zoho.expire_access_tokens();
//! assert_eq!(zoho.journal().count("POST /oauth/v2/token"), 0);
//! # let _ = (client, code);
//! # }
//! ```
//!
//! # Contents
//!
//! * [`Emulator`]: the handle of a running emulator, which seeds, controls and inspects it.
//! * [`EmulatorBuilder`]: its settings: clients, users, data centers, lifetimes, quotas, the speed of the clock.
//! * [`ClientApp`] and [`User`]: the clients and users that Zoho knows.
//! * [`Module`] and [`Field`]: the schema of the CRM.
//! * [`Fault`]: deliberate faults.
//! * [`Journal`] and [`Entry`]: the requests that arrived.
//!
//! # Inside
//!
//! The server reads a request into plain data (`http.rs`), applies a fault if one is installed, and passes the request
//! to `accounts/`, `crm/` or `control/`. These are plain functions from a request to a response; `crm/routes.rs` lists
//! every request of the CRM. They change the `State` of a `World` (`world/`), which consists of independent parts
//! (`model/`): tokens and quotas, modules and fields, records, jobs, channels. `server/wire.rs` writes responses that
//! break the rules of HTTP, without the HTTP library.

mod accounts;
mod bodies;
mod builder;
mod control;
mod crm;
mod digits;
mod emulator;
mod http;
mod model;
mod scope;
mod secret;
mod server;
mod timestamp;
mod version;
mod world;

pub use builder::EmulatorBuilder;
pub use emulator::Emulator;
pub use model::identity::{ClientApp, User};
pub use model::metadata::{Field, Module};
pub use world::faults::Fault;
pub use world::journal::{Entry, Journal};

//! Checks the typed client against Zoho's own description of the API.
//!
//! The crate shares no code with the generator, which creates the client from the same description. Two independent readers
//! rarely make the same mistake.
//!
//! * [`openapi`] and [`sdk`] read what Zoho publishes into a [`Description`]: [`Operation`]s and their [`Schemas`].
//! * [`registry`] lists what the generator created: an [`Entry`](registry::Entry) for each operation.
//! * [`sample`] creates bodies from schemas, [`compare`] compares them after a round trip, and [`probe`] tells which of their
//!   members a type knows.
//! * [`example`] reads the example bodies that Zoho publishes.
//!
//! The checks themselves are in `tests/it`.

pub mod compare;
pub mod description;
pub mod example;
pub mod generated;
pub mod openapi;
pub mod operation;
pub mod probe;
pub mod registry;
pub mod sample;
pub mod schema;
pub mod sdk;

pub use description::{Description, Unreadable};
pub use operation::Operation;
pub use schema::{SchemaId, Schemas, Shape};

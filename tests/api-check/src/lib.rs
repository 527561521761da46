//! Checks the typed client against Zoho's own description of the API. It shares no code with the generator that made the
//! client from the same description: that two readers are wrong in the same place is less likely than that one is.
//!
//! * [`openapi`] and [`sdk`] read what Zoho publishes into a [`Description`]: [`Operation`]s and their [`Schemas`].
//! * [`registry`] is what the generator says that it made: an [`Entry`](registry::Entry) for each operation.
//! * [`sample`] makes bodies from schemas, [`compare`] says what became of them, and [`probe`] which of their members a
//!   type knows.
//! * [`example`] reads the bodies that Zoho publishes.
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

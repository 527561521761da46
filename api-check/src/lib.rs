//! Checks the typed client against Zoho's own description of the API. It shares no code with the generator that made the
//! client from the same description: two readers that are wrong in the same place are less likely than one.
//!
//! * [`openapi`] and [`sdk`] read what Zoho publishes into a [`Description`]: [`Operation`]s and [`Schemas`].

pub mod compare;
pub mod description;
pub mod openapi;
pub mod operation;
pub mod sample;
pub mod schema;
pub mod sdk;

pub use description::{Description, Unreadable};
pub use operation::Operation;
pub use schema::{SchemaId, Schemas, Shape};

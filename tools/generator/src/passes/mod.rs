//! Turns the description into the model. `assemble` runs the passes in order.

pub mod assemble;
pub mod contradictions;
mod duplicates;
mod envelope;
pub mod lower;
pub mod merge;
pub mod operations;
pub mod place;
mod scopes;
pub mod shapes;
pub mod types;
mod union;
mod words;
mod wrapper;

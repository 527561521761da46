//! From what the sources say to what is emitted; `assemble` runs one pass after the other.

pub mod assemble;
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

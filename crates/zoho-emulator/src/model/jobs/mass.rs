//! Mass actions: one change to every record of a module.

use crate::model::records::Fields;

/// A change to every record of a module.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    pub(crate) module: String,
    pub(crate) change: Change,
}

#[derive(Clone, Debug)]
pub(crate) enum Change {
    Set(Fields),
    Delete,
}

/// How many records were changed, and how many could not be.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) done: usize,
    pub(crate) failed: usize,
}

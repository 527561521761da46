//! What the checks share: where Zoho's descriptions are, which entry stands for what, and how findings are told.

pub(crate) mod findings;
pub(crate) mod kinds;
pub(crate) mod mistaken;
pub(crate) mod pairs;
pub(crate) mod recorder;
pub(crate) mod surroundings;
pub(crate) mod unknown;

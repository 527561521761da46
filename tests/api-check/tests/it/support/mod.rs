//! Shared parts of the checks: Zoho's descriptions, the pairing of entries with operations, and findings.

pub(crate) mod findings;
pub(crate) mod kinds;
pub(crate) mod mistaken;
pub(crate) mod pairs;
pub(crate) mod recorder;
pub(crate) mod surroundings;
pub(crate) mod unknown;

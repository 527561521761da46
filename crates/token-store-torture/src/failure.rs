//! How a test fails: with what was promised, and what was seen instead.

use std::fmt;

use crate::promise::Promise;

/// Why a test failed.
#[derive(Debug)]
pub struct Failure {
    promised: Promise,
    seen: String,
}

/// The result of a test.
pub(crate) type Outcome<T = ()> = Result<T, Failure>;

impl Failure {
    pub(crate) fn new(promised: Promise, seen: impl Into<String>) -> Self {
        Self { promised, seen: seen.into() }
    }

    /// The test itself could not run.
    pub(crate) fn of_the_kit(error: impl fmt::Display) -> Self {
        Self::new(Promise::TheTestCanRun, error.to_string())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "promised: {}\nseen:     {}", self.promised, self.seen)
    }
}

/// Fails unless the promise is kept.
pub(crate) fn check(is_kept: bool, promised: Promise, seen: impl FnOnce() -> String) -> Outcome {
    if is_kept { Ok(()) } else { Err(Failure::new(promised, seen())) }
}

//! How a test fails: what was promised, and what was seen instead.

use std::fmt;

/// Why a test failed.
#[derive(Debug)]
pub struct Failure {
    promised: String,
    seen: String,
}

/// The result of a test.
pub(crate) type Outcome<T = ()> = Result<T, Failure>;

impl Failure {
    pub(crate) fn new(promised: impl Into<String>, seen: impl Into<String>) -> Self {
        Self { promised: promised.into(), seen: seen.into() }
    }

    /// The test itself could not run.
    pub(crate) fn of_the_kit(error: impl fmt::Display) -> Self {
        Self::new("this machine can run the test", error.to_string())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "promised: {}\nseen:     {}", self.promised, self.seen)
    }
}

/// Fails unless the promise is kept.
pub(crate) fn check(is_kept: bool, promised: &str, seen: impl FnOnce() -> String) -> Outcome {
    if is_kept { Ok(()) } else { Err(Failure::new(promised, seen())) }
}

//! How a test fails: in words that say what was promised, and what was seen instead.

use std::fmt;

/// What a test that fails has to say.
#[derive(Debug)]
pub(crate) struct Failure {
    promised: String,
    seen: String,
}

/// What a test comes to.
pub(crate) type Outcome<T = ()> = Result<T, Failure>;

impl Failure {
    pub(crate) fn new(promised: impl Into<String>, seen: impl Into<String>) -> Self {
        Self { promised: promised.into(), seen: seen.into() }
    }

    /// The test itself could not be done.
    pub(crate) fn of_the_kit(error: impl fmt::Display) -> Self {
        Self::new("the machine lets this test run", error.to_string())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "promised: {}\nseen:     {}", self.promised, self.seen)
    }
}

/// Fails with `promised` and with what was seen, unless it is so.
pub(crate) fn check(is_so: bool, promised: &str, seen: impl FnOnce() -> String) -> Outcome {
    if is_so { Ok(()) } else { Err(Failure::new(promised, seen())) }
}

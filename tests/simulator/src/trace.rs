//! What happened in a run, line by line.

use std::fmt;
use std::time::Duration;

/// The trace of a run. It is empty unless the run records it.
#[derive(Debug, Default)]
pub(crate) struct Trace {
    pub(crate) is_recorded: bool,
    pub(crate) lines: Vec<Line>,
}

/// One event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// When it happened, since the start.
    pub at: Duration,
    /// The process that did it, or to which it happened.
    pub process: Option<usize>,
    /// The user that it concerns.
    pub user: Option<usize>,
    /// What happened.
    pub text: String,
}

impl fmt::Display for Line {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let process = self.process.map_or_else(String::new, |process| format!("p{process}"));
        let user = self.user.map_or_else(String::new, |user| format!("u{user}"));
        write!(formatter, "{:>12.6} {process:<4}{user:<3} {}", self.at.as_secs_f64(), self.text)
    }
}

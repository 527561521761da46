//! What a check found. All of it is told, not the first only.

use std::fmt::Display;

/// So many findings are printed; the rest is counted.
const MOST: usize = 2000;

/// What is wrong.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    found: Vec<String>,
}

impl Findings {
    /// Adds one.
    pub(crate) fn add(&mut self, what: impl Display) {
        self.found.push(what.to_string());
    }

    /// Prints the summary of the check, which has failed if anything was found.
    #[track_caller]
    pub(crate) fn conclude(self, summary: impl Display) {
        println!("{summary}");
        if !self.found.is_empty() {
            let more = self.found.len().saturating_sub(MOST);
            let shown = self.found.iter().take(MOST).map(String::as_str).collect::<Vec<_>>().join("\n");
            panic!("{} findings:\n{shown}\n({more} more)", self.found.len());
        }
    }
}

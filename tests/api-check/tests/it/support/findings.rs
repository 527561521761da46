//! Collects the findings of a check, so that it reports all of them and not only the first.

use std::fmt::Display;

/// The maximum number of findings to print. The rest is counted.
const MAX_PRINTED: usize = 2000;

/// The findings of a check.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    found: Vec<String>,
}

impl Findings {
    /// Adds a finding.
    pub(crate) fn add(&mut self, what: impl Display) {
        self.found.push(what.to_string());
    }

    /// Prints the summary of the check, and fails if there are findings.
    #[track_caller]
    pub(crate) fn conclude(self, summary: impl Display) {
        println!("{summary}");
        if !self.found.is_empty() {
            let more = self.found.len().saturating_sub(MAX_PRINTED);
            let shown =
                self.found.iter().take(MAX_PRINTED).map(String::as_str).collect::<Vec<_>>().join("\n");
            panic!("{} findings:\n{shown}\n({more} more)", self.found.len());
        }
    }
}

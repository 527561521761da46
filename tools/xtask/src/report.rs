//! Reads the output of the test programs: how many tests passed, which failed, and which were skipped and why.

use std::mem;

/// What a test that cannot run on this machine prints before the reason. libtest counts it as passed.
const SKIPPED: &str = "SKIPPED:";
/// The beginning of the reasons that never fail a run, even if everything is required: Zoho's own files are not part of this
/// project.
const EXCUSE: &str = "Zoho's own ";

/// The outcome of all tests, read line by line from `cargo test -- --show-output`.
#[derive(Debug, Default)]
pub(crate) struct Report {
    passed: usize,
    failed: Vec<String>,
    skipped: Vec<Skip>,
    section: Section,
}

/// A test that did not run.
#[derive(Debug, PartialEq, Eq)]
struct Skip {
    test: String,
    reason: String,
}

/// The part of a test program's output that is being read.
#[derive(Debug, Default, PartialEq, Eq)]
enum Section {
    /// The list of tests and their outcomes.
    #[default]
    Outcomes,
    /// What passing tests printed; the test, once it has been named.
    Successes(Option<String>),
    /// What failing tests printed.
    Failures,
}

impl Report {
    /// Reads a line, and returns whether to show it. The output of passing tests is not shown.
    pub(crate) fn read(&mut self, line: &str) -> bool {
        match line {
            "successes:" => self.section = Section::Successes(None),
            "failures:" => self.section = Section::Failures,
            _ if line.starts_with("test result: ") => self.section = Section::Outcomes,
            _ => return self.read_in_section(line),
        }
        !matches!(self.section, Section::Successes(_))
    }

    fn read_in_section(&mut self, line: &str) -> bool {
        match &mut self.section {
            Section::Outcomes => {
                self.read_outcome(line);
                true
            }
            Section::Failures => true,
            Section::Successes(test) => {
                if let Some(name) = printed_by(line) {
                    *test = Some(name.to_owned());
                } else if let Some(reason) = line.strip_prefix(SKIPPED) {
                    // A test counts once, even if it prints several reasons.
                    if let Some(test) = mem::take(test) {
                        self.passed = self.passed.saturating_sub(1);
                        self.skipped.push(Skip { test, reason: reason.trim().to_owned() });
                    }
                }
                false
            }
        }
    }

    /// Reads a line such as `test store::memory::finds ... ok`.
    fn read_outcome(&mut self, line: &str) {
        let Some((test, outcome)) = line.strip_prefix("test ").and_then(|line| line.rsplit_once(" ... "))
        else {
            return;
        };
        let test = test.trim_end();
        // libtest prints `ignored, why`; libtest-mimic prints `ignored (why)` and pads names.
        let in_brackets = outcome.strip_prefix("ignored (").and_then(|outcome| outcome.strip_suffix(')'));
        let (outcome, reason) = in_brackets
            .map(|reason| ("ignored", reason))
            .or_else(|| outcome.split_once(", "))
            .unwrap_or((outcome, "it is marked as ignored"));
        match outcome {
            "ok" => self.passed += 1,
            "FAILED" => self.fail(test.to_owned()),
            "ignored" => {
                self.skipped.push(Skip { test: test.to_owned(), reason: reason.to_owned() });
            }
            _ => {}
        }
    }

    /// Counts a failure.
    pub(crate) fn fail(&mut self, what: String) {
        self.failed.push(what);
    }

    pub(crate) fn has_no_failure(&self) -> bool {
        self.failed.is_empty()
    }

    /// Whether nothing failed and, if everything is required, only Zoho's own files were missing.
    pub(crate) fn passed_all(&self, require_all: bool) -> bool {
        let is_excused = |skip: &Skip| skip.reason.starts_with(EXCUSE);
        self.has_no_failure() && (!require_all || self.skipped.iter().all(is_excused))
    }

    /// Prints the skipped and the failed tests, then the closing line. The end of a long output is what a person sees.
    pub(crate) fn print(&self) {
        println!("\n{}", self.lines().join("\n"));
    }

    fn lines(&self) -> Vec<String> {
        let skipped = self.reasons().into_iter().map(|reason| {
            let tests: Vec<_> =
                self.skipped.iter().filter(|skip| skip.reason == reason).map(|skip| &*skip.test).collect();
            format!("SKIPPED {} because {reason}:\n        {}", count(&tests), tests.join("\n        "))
        });
        let failed = self.failed.iter().map(|test| format!("FAILED  {test}"));
        skipped.chain(failed).chain([self.closing_line()]).collect()
    }

    /// Returns the different reasons, in the order of the output.
    fn reasons(&self) -> Vec<&str> {
        let mut reasons = Vec::new();
        for skip in &self.skipped {
            if !reasons.contains(&&*skip.reason) {
                reasons.push(&*skip.reason);
            }
        }
        reasons
    }

    fn closing_line(&self) -> String {
        format!("{} passed, {} failed, {} skipped", self.passed, self.failed.len(), self.skipped.len())
    }
}

/// Returns the test that a line such as `---- store::finds stdout ----` names.
fn printed_by(line: &str) -> Option<&str> {
    line.strip_prefix("---- ")?.strip_suffix(" stdout ----")
}

fn count(tests: &[&str]) -> String {
    if tests.len() == 1 { "one test".to_owned() } else { format!("{} tests", tests.len()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: &str = "
running 4 tests
test finds ... ok
test reads_python ... ok
test takes_an_hour ... ignored
test loses ... FAILED

successes:

---- finds stdout ----
the word SKIPPED: in the middle means nothing
test nobody ... FAILED

---- reads_python stdout ----
SKIPPED: there is no Python
SKIPPED: and no pip


successes:
    finds
    reads_python

failures:

---- loses stdout ----
test nobody ... ok

failures:
    loses

test result: FAILED. 2 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s

running 1 test
test crates/zoho-oauth/src/lib.rs - (line 3) ... ok

test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s
";

    fn report(output: &str) -> (Report, Vec<&str>) {
        let mut report = Report::default();
        let shown = output.lines().filter(|line| report.read(line)).collect();
        (report, shown)
    }

    #[test]
    fn tests_are_counted_over_all_programs() {
        let (report, _) = report(OUTPUT);
        assert_eq!(report.closing_line(), "2 passed, 1 failed, 2 skipped");
        assert_eq!(report.failed, ["loses"]);
    }

    #[test]
    fn a_skip_is_named_with_its_reason() {
        let (report, _) = report(OUTPUT);
        let skips: Vec<_> = report.skipped.iter().map(|skip| (&*skip.test, &*skip.reason)).collect();
        assert_eq!(
            skips,
            [("takes_an_hour", "it is marked as ignored"), ("reads_python", "there is no Python")]
        );
    }

    #[test]
    fn the_failures_stand_at_the_end_after_the_skips() {
        let (report, _) = report(OUTPUT);
        assert_eq!(
            report.lines(),
            [
                "SKIPPED one test because it is marked as ignored:\n        takes_an_hour",
                "SKIPPED one test because there is no Python:\n        reads_python",
                "FAILED  loses",
                "2 passed, 1 failed, 2 skipped",
            ]
        );
    }

    #[test]
    fn the_output_of_libtest_mimic_is_understood() {
        let (report, _) = report(
            "test finds_it   ... ok\ntest loses_it   ... FAILED\ntest stops_it ... ignored (on Unix, alone)",
        );
        assert_eq!(report.closing_line(), "1 passed, 1 failed, 1 skipped");
        assert_eq!(report.failed, ["loses_it"]);
        assert_eq!(report.reasons(), ["on Unix, alone"]);
    }

    #[test]
    fn what_passing_tests_print_is_not_shown() {
        let (_, shown) = report(OUTPUT);
        assert!(!shown.iter().any(|line| line.contains("SKIPPED")));
        assert!(shown.contains(&"---- loses stdout ----"));
        assert!(shown.contains(&"test crates/zoho-oauth/src/lib.rs - (line 3) ... ok"));
    }

    #[test]
    fn a_skip_is_a_failure_only_where_everything_is_required() {
        let (mut report, _) = report("test slow ... ignored");
        assert!(report.passed_all(false));
        assert!(!report.passed_all(true));
        report.fail("cargo test".to_owned());
        assert!(!report.passed_all(false));
    }

    #[test]
    fn a_file_that_is_zoho_s_own_is_never_required() {
        let (report, _) = report("test reads ... ignored, Zoho's own files are not part of this project");
        assert_eq!(report.closing_line(), "0 passed, 0 failed, 1 skipped");
        assert!(report.passed_all(true));
    }
}

//! `Retries`: when a call is sent again, and after what pause.

use std::time::Duration;

use rand::RngExt;

use crate::error::Error;
use crate::transport::Incoming;

/// How often a call is tried, and with what pauses.
///
/// Zoho names no time to wait for, so the pauses double from the first to the longest, each shortened by chance by up to
/// half: programs that failed together do not come back together. What is tried again:
///
/// * a call that Zoho turned away (429), or that never left (no connection): nothing was done, so every method;
/// * a call that ended in an error of Zoho's (500 to 599), or whose answer was lost: only where asking twice is the same
///   as asking once. That is GET; updates of records, unless they add rows to a subform; upserts that find a record by
///   one of its own values; and what [`Request::repeatable`](crate::Request::repeatable) says so.
///
/// ```
/// use std::time::Duration;
/// use zohocrm::Retries;
///
/// let patient = Retries::new().attempts(6).first_pause(Duration::from_secs(1));
/// let none = Retries::none();
/// # let _ = (patient, none);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retries {
    attempts: u32,
    first_pause: Duration,
    longest_pause: Duration,
}

impl Default for Retries {
    fn default() -> Self {
        Self { attempts: 4, first_pause: Duration::from_millis(250), longest_pause: Duration::from_secs(10) }
    }
}

impl Retries {
    /// Four attempts; pauses from a quarter of a second to ten seconds.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Every call is tried once.
    #[must_use]
    pub fn none() -> Self {
        Self::default().attempts(1)
    }

    /// Sets how often a call is tried, the first time included. At least once.
    #[must_use]
    pub fn attempts(self, attempts: u32) -> Self {
        Self { attempts: attempts.max(1), ..self }
    }

    /// Sets the pause after the first attempt. It doubles after each.
    #[must_use]
    pub fn first_pause(self, first_pause: Duration) -> Self {
        Self { first_pause, ..self }
    }

    /// Sets what no pause is longer than.
    #[must_use]
    pub fn longest_pause(self, longest_pause: Duration) -> Self {
        Self { longest_pause, ..self }
    }

    /// What to do after an attempt, counted from 1.
    pub(super) fn verdict(
        &self,
        attempt: u32,
        repeatable: bool,
        outcome: &Result<Incoming, Error>,
    ) -> Verdict {
        let again = match outcome {
            Ok(incoming) if incoming.status == 429 => true,
            Ok(incoming) => repeatable && (500..=599).contains(&incoming.status),
            Err(Error::Unreachable { sent, .. }) => repeatable || !sent,
            Err(_) => false,
        };
        if !again || attempt >= self.attempts {
            return Verdict::Enough;
        }
        let everybody = matches!(outcome, Ok(incoming) if incoming.status == 429);
        Verdict::After { pause: self.pause_after(attempt), everybody }
    }

    fn pause_after(&self, attempt: u32) -> Duration {
        let doubled = self.first_pause.saturating_mul(2_u32.saturating_pow(attempt - 1));
        doubled.min(self.longest_pause).mul_f64(rand::rng().random_range(0.5..=1.0))
    }
}

/// What to do after an attempt.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// This is the outcome.
    Enough,
    /// Try again after a pause; for the other calls too, if Zoho has too many of them.
    After { pause: Duration, everybody: bool },
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::Headers;

    fn answered(status: u16) -> Result<Incoming, Error> {
        Ok(Incoming::of_bytes(status, Headers::default(), Vec::new()))
    }

    fn tries_again(repeatable: bool, outcome: &Result<Incoming, Error>) -> bool {
        Retries::new().verdict(1, repeatable, outcome) != Verdict::Enough
    }

    #[test]
    fn what_zoho_turned_away_is_tried_again_whatever_it_is() {
        assert!(tries_again(true, &answered(429)) && tries_again(false, &answered(429)));
    }

    #[test]
    fn what_zoho_failed_at_is_tried_again_only_if_twice_is_the_same_as_once() {
        assert!(tries_again(true, &answered(503)));
        assert!(!tries_again(false, &answered(503)));
    }

    #[test]
    fn an_answer_is_an_answer() {
        for status in [200, 201, 204, 207, 304, 400, 401, 404] {
            assert!(!tries_again(true, &answered(status)), "{status}");
        }
    }

    #[test]
    fn the_last_attempt_is_the_last() {
        let twice = Retries::new().attempts(2);
        assert_ne!(twice.verdict(1, true, &answered(500)), Verdict::Enough);
        assert_eq!(twice.verdict(2, true, &answered(500)), Verdict::Enough);
    }

    #[test]
    fn pauses_double_up_to_the_longest_and_are_shortened_by_at_most_half() {
        let retries =
            Retries::new().first_pause(Duration::from_millis(100)).longest_pause(Duration::from_millis(350));
        for (attempt, full) in [(1, 100), (2, 200), (3, 350), (4, 350), (40, 350)] {
            let pause = retries.pause_after(attempt).as_millis();
            assert!((full / 2..=full).contains(&pause), "attempt {attempt}: {pause} ms");
        }
    }
}

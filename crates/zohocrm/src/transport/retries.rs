//! `Retries`: when a call is retried, and after what delay.

use std::time::Duration;

use rand::RngExt;

use crate::backoff::Backoff;
use crate::error::Error;

/// How often a call is attempted, and the delays between the attempts.
///
/// Zoho names no time to wait for, so the delay doubles from the first to the maximum. Each is shortened at random by up to
/// half, so that programs that failed together do not come back together. Retried are:
///
/// * calls that Zoho rejected for their number (429) and calls that were never sent (no connection), with every method:
///   Zoho has not acted on them;
/// * calls that Zoho failed to carry out (500 to 599) and calls whose response was lost, if a repetition has no further
///   effect. These are GET; updates of records, unless they add rows to a subform; upserts that find a record by one of its
///   own values; and calls with [`Request::repeatable`](crate::Request::repeatable).
///
/// ```
/// use std::time::Duration;
/// use zohocrm::Retries;
///
/// let persistent = Retries::new().attempts(6).first_delay(Duration::from_secs(1));
/// let none = Retries::none();
/// # let _ = (persistent, none);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retries {
    attempts: u32,
    delay: Backoff,
    time: Duration,
}

impl Default for Retries {
    fn default() -> Self {
        let delay = Backoff { first: Duration::from_millis(250), max: Duration::from_secs(10) };
        Self { attempts: 4, delay, time: Duration::from_secs(120) }
    }
}

impl Retries {
    /// Four attempts in two minutes, with delays from 250 milliseconds to ten seconds.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A single attempt.
    #[must_use]
    pub fn none() -> Self {
        Self::default().attempts(1)
    }

    /// Sets how often a call is attempted, including the first time; at least once. Default: four times.
    #[must_use]
    pub fn attempts(self, attempts: u32) -> Self {
        Self { attempts: attempts.max(1), ..self }
    }

    /// Sets the delay after the first attempt. It doubles with each further attempt. Default: 250 milliseconds.
    #[must_use]
    pub fn first_delay(self, first: Duration) -> Self {
        Self { delay: Backoff { first, ..self.delay }, ..self }
    }

    /// Sets the maximum delay. Default: ten seconds.
    #[must_use]
    pub fn max_delay(self, max: Duration) -> Self {
        Self { delay: Backoff { max, ..self.delay }, ..self }
    }

    /// Sets how long a call is retried: no attempt begins later than this after the first one. Default: two minutes.
    ///
    /// So a server that accepts calls and never responds costs at most this and one
    /// [timeout](crate::CrmBuilder::timeout).
    #[must_use]
    pub fn give_up_after(self, time: Duration) -> Self {
        Self { time, ..self }
    }

    /// Decides what to do after an attempt, given the status of its response or its error.
    pub(super) fn verdict(
        &self,
        Attempts { count, elapsed }: Attempts,
        repeatable: bool,
        outcome: Result<u16, &Error>,
    ) -> Verdict {
        let again = match outcome {
            Ok(429) => true,
            Ok(status) => repeatable && (500..=599).contains(&status),
            Err(Error::Unreachable { failure, sent, .. }) => failure.is_transient() && (repeatable || !sent),
            Err(_) => false,
        };
        let delay = self.delay_after(count);
        if !again || count >= self.attempts || elapsed + delay > self.time {
            return Verdict::Final;
        }
        Verdict::RetryAfter { delay, all_calls: matches!(outcome, Ok(429)) }
    }

    fn delay_after(&self, attempt: u32) -> Duration {
        self.delay.delay(attempt).mul_f64(rand::rng().random_range(0.5..=1.0))
    }
}

/// The attempts so far.
#[derive(Clone, Copy, Debug)]
pub(super) struct Attempts {
    pub(super) count: u32,
    /// The time since the first one began.
    pub(super) elapsed: Duration,
}

/// What to do after an attempt.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The outcome stands.
    Final,
    /// The call is retried after a delay. If Zoho gets too many calls, all calls wait.
    RetryAfter { delay: Duration, all_calls: bool },
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempts(count: u32, seconds: u64) -> Attempts {
        Attempts { count, elapsed: Duration::from_secs(seconds) }
    }

    fn retries(repeatable: bool, status: u16) -> bool {
        Retries::new().verdict(attempts(1, 0), repeatable, Ok(status)) != Verdict::Final
    }

    #[test]
    fn a_call_that_zoho_rejected_for_its_number_is_always_retried() {
        assert!(retries(true, 429) && retries(false, 429));
    }

    #[test]
    fn a_call_that_zoho_failed_to_carry_out_is_retried_only_if_it_is_repeatable() {
        assert!(retries(true, 503));
        assert!(!retries(false, 503));
    }

    #[test]
    fn other_responses_are_final() {
        for status in [200, 201, 204, 207, 304, 400, 401, 404] {
            assert!(!retries(true, status), "{status}");
        }
    }

    #[test]
    fn the_last_attempt_is_final() {
        let twice = Retries::new().attempts(2);
        assert_ne!(twice.verdict(attempts(1, 0), true, Ok(500)), Verdict::Final);
        assert_eq!(twice.verdict(attempts(2, 0), true, Ok(500)), Verdict::Final);
    }

    #[test]
    fn no_attempt_begins_after_the_time_for_retries() {
        let late = Error::late("zoho".to_owned());
        let retries = |retries: &Retries, seconds| {
            retries.verdict(attempts(1, seconds), true, Err(&late)) != Verdict::Final
        };
        assert!(retries(&Retries::new(), 60) && !retries(&Retries::new(), 120));
        let impatient = Retries::new().give_up_after(Duration::from_secs(30));
        assert!(retries(&impatient, 29) && !retries(&impatient, 30));
    }

    #[test]
    fn delays_double_up_to_the_maximum_and_are_shortened_by_at_most_half() {
        let retries =
            Retries::new().first_delay(Duration::from_millis(100)).max_delay(Duration::from_millis(350));
        for (attempt, full) in [(1, 100), (2, 200), (3, 350), (4, 350), (40, 350)] {
            let delay = retries.delay_after(attempt).as_millis();
            assert!((full / 2..=full).contains(&delay), "attempt {attempt}: {delay} ms");
        }
    }
}

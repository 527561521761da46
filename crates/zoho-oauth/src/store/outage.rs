//! Waiting for a server that is away for a short time: it restarts, accepts no more connections, or was demoted.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::backoff::Backoff;

const DELAY: Backoff = Backoff::new(Duration::from_millis(20), 2.0, Duration::from_millis(400), (0.5, 1.5));

/// When the current outage of a server began, as this process has noticed it.
///
/// A call waits for the end of an outage until its own timeout, and until the outage has lasted for that long. So the first
/// calls wait, and while the server stays away, later calls fail at their first attempt.
#[derive(Debug)]
pub(super) struct Outage {
    timeout: Duration,
    noticed: Mutex<Option<Noticed>>,
}

#[derive(Clone, Copy, Debug)]
struct Noticed {
    first: Instant,
    last: Instant,
}

/// The attempts of one call during an outage.
#[derive(Debug)]
pub(super) struct Attempts<'o> {
    outage: &'o Outage,
    began: Instant,
    delays: Backoff,
    failed: bool,
}

impl Outage {
    /// Creates the state for a server whose calls have this timeout. There is no outage yet.
    pub(super) fn new(timeout: Duration) -> Self {
        Self { timeout, noticed: Mutex::default() }
    }

    /// Starts the attempts of a call.
    pub(super) fn attempts(&self) -> Attempts<'_> {
        Attempts { outage: self, began: Instant::now(), delays: DELAY, failed: false }
    }

    /// Notes that the server is there.
    pub(super) fn end(&self) {
        *self.noticed.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Notes that the server is away. Returns the moment since which it is. If no call has noticed the outage within the
    /// timeout, the server may have been there in between, so a new outage begins.
    fn note(&self) -> Instant {
        let now = Instant::now();
        let mut noticed = self.noticed.lock().unwrap_or_else(PoisonError::into_inner);
        let current = noticed.filter(|noticed| now - noticed.last < self.timeout);
        let first = current.map_or(now, |noticed| noticed.first);
        *noticed = Some(Noticed { first, last: now });
        first
    }
}

impl Attempts<'_> {
    /// Waits before the next attempt. Returns `fault`, why the last one failed, if no time is left.
    pub(super) async fn after<F>(&mut self, fault: F) -> Result<(), F> {
        let since = self.outage.note().min(self.began);
        let delay = self.delays.next_delay(rand::random());
        if since.elapsed() + delay >= self.outage.timeout - self.margin() {
            return Err(fault);
        }
        self.failed = true;
        tokio::time::sleep(delay).await;
        Ok(())
    }

    /// Returns how long the next attempt may take: `usual`, but after a failure no longer than the call.
    pub(super) fn limit(&self, usual: Duration) -> Duration {
        if !self.failed {
            return usual;
        }
        usual.min(self.outage.timeout.saturating_sub(self.began.elapsed() + self.margin()))
    }

    /// Notes that an attempt has succeeded. If an earlier one failed, the outage has ended.
    pub(super) fn succeeded(&self) {
        if self.failed {
            self.outage.end();
        }
    }

    /// The part of the timeout that is left when the attempts end, so that the call returns their last failure.
    fn margin(&self) -> Duration {
        self.outage.timeout / 10
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMEOUT: Duration = Duration::from_millis(300);

    #[tokio::test]
    async fn a_call_waits_within_its_timeout_and_a_later_one_does_not_wait_for_the_same_outage() {
        let outage = Outage::new(TIMEOUT);
        let start = Instant::now();
        assert!(attempts_in(&outage).await > 1);
        assert!(start.elapsed() < TIMEOUT, "{:?}", start.elapsed());
        tokio::time::sleep(TIMEOUT.saturating_sub(start.elapsed())).await;
        assert_eq!(attempts_in(&outage).await, 1, "the outage is known");
        outage.end();
        assert!(attempts_in(&outage).await > 1, "another outage is waited for");
        tokio::time::sleep(TIMEOUT).await;
        assert!(attempts_in(&outage).await > 1, "the server may have been there in between");
    }

    /// Returns how many attempts a call makes if all of them fail.
    async fn attempts_in(outage: &Outage) -> u32 {
        let mut attempts = outage.attempts();
        let mut count = 1;
        while attempts.after(()).await.is_ok() {
            count += 1;
        }
        count
    }
}

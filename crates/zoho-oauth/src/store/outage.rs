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
    /// Whether a call has waited for its end for as long as it may.
    waited_for: bool,
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

    /// Notes that the server is away. If no call has noticed the outage within the timeout, the server may have been there in
    /// between, so a new outage begins.
    fn note(&self) -> Noticed {
        let now = Instant::now();
        let mut noticed = self.noticed.lock().unwrap_or_else(PoisonError::into_inner);
        let current = noticed.filter(|noticed| now - noticed.last < self.timeout);
        let new = Noticed { first: now, last: now, waited_for: false };
        *noticed.insert(current.map_or(new, |current| Noticed { last: now, ..current }))
    }

    /// Notes that a call has waited for the end of the outage, so that later calls do not.
    fn note_wait(&self) {
        if let Some(noticed) = &mut *self.noticed.lock().unwrap_or_else(PoisonError::into_inner) {
            noticed.waited_for = true;
        }
    }
}

impl Attempts<'_> {
    /// Waits before the next attempt. Returns `fault`, why the last one failed, if no time is left.
    pub(super) async fn after<F>(&mut self, fault: F) -> Result<(), F> {
        let noticed = self.outage.note();
        let delay = self.delays.next_delay(rand::random());
        let late = |since: Instant| since.elapsed() + delay >= self.outage.timeout - 2 * self.margin();
        if noticed.waited_for || late(noticed.first) {
            self.outage.note_wait();
            return Err(fault);
        }
        if late(self.began) {
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

    /// The part of the timeout that is left when the attempts end, so that the call returns their last failure. The last
    /// attempt has at least as long: cut short, it would fail for another reason than the server's.
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

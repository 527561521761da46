//! `Gate`: limits the concurrent calls of an organization and keeps API credits in reserve.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use crate::error::Error;
use crate::message::Headers;

/// How long a program with too few credits waits before a call finds out how many there are now.
const CHECK_INTERVAL: Duration = Duration::from_secs(60);

/// Admits calls, up to a number at a time.
#[derive(Debug)]
pub(super) struct Gate {
    slots: Arc<Semaphore>,
    credits_floor: u64,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Zoho rejected a call for the number of calls: none is admitted before this time.
    closed_until: Option<Instant>,
    /// Set while fewer credits than the floor are left.
    short: Option<Shortage>,
}

#[derive(Clone, Copy, Debug)]
struct Shortage {
    credits_remaining: u64,
    next_check: Instant,
    retry_at: SystemTime,
}

/// A slot among the concurrent calls; released when dropped.
#[derive(Debug)]
pub(super) struct Pass {
    _slot: Option<OwnedSemaphorePermit>,
}

impl Gate {
    pub(super) fn new(concurrency: usize, credits_floor: u64) -> Self {
        let slots = Arc::new(Semaphore::new(concurrency.clamp(1, Semaphore::MAX_PERMITS)));
        Self { slots, credits_floor, state: Mutex::default() }
    }

    /// Waits for a slot.
    ///
    /// # Errors
    /// If the organization has fewer credits than the floor.
    pub(super) async fn enter(&self) -> Result<Pass, Error> {
        let slot = Arc::clone(&self.slots).acquire_owned().await.ok();
        loop {
            let closed_until = self.state().closed_until;
            match closed_until {
                Some(moment) if moment > Instant::now() => tokio::time::sleep_until(moment).await,
                _ => break,
            }
        }
        self.spend()?;
        Ok(Pass { _slot: slot })
    }

    /// Records how many credits a response says are left. Zoho sends the number only after half of them have been used, so
    /// a successful JSON response without it means that there are plenty. A file, a proxy's response and a rejection say
    /// nothing about credits.
    pub(super) fn saw(&self, status: u16, headers: &Headers) {
        let credits_remaining = headers.credits_remaining();
        if credits_remaining.is_none() && !(headers.is_json() && (200..300).contains(&status)) {
            return;
        }
        let short =
            credits_remaining.filter(|credits| *credits < self.credits_floor).map(|credits_remaining| {
                Shortage {
                    credits_remaining,
                    next_check: Instant::now() + CHECK_INTERVAL,
                    retry_at: SystemTime::now() + CHECK_INTERVAL,
                }
            });
        self.state().short = short;
    }

    /// Admits no call for a while.
    pub(super) fn close_for(&self, delay: Duration) {
        let until = Instant::now() + delay;
        let mut state = self.state();
        state.closed_until = Some(state.closed_until.map_or(until, |known| known.max(until)));
    }

    /// Admits the call unless there are too few credits. One call a minute is admitted even then, to find out whether there
    /// are credits again.
    fn spend(&self) -> Result<(), Error> {
        let mut state = self.state();
        let Some(short) = &mut state.short else { return Ok(()) };
        if short.next_check <= Instant::now() {
            short.next_check = Instant::now() + CHECK_INTERVAL;
            short.retry_at = SystemTime::now() + CHECK_INTERVAL;
            return Ok(());
        }
        Err(Error::CreditsShort {
            remaining: short.credits_remaining,
            floor: self.credits_floor,
            retry_at: short.retry_at,
        })
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credits(remaining: u64) -> Headers {
        Headers { fields: vec![("x-api-credits-remaining".to_owned(), remaining.to_string())] }
    }

    #[tokio::test]
    async fn concurrent_calls_are_limited() {
        let gate = Gate::new(2, 0);
        let (first, _second) = (gate.enter().await.unwrap(), gate.enter().await.unwrap());
        let moment = Duration::from_millis(20);
        assert!(tokio::time::timeout(moment, gate.enter()).await.is_err());
        drop(first);
        assert!(tokio::time::timeout(moment, gate.enter()).await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn a_closed_gate_opens_again() {
        let gate = Gate::new(2, 0);
        gate.close_for(Duration::from_secs(5));
        gate.close_for(Duration::from_secs(1));
        let start = Instant::now();
        gate.enter().await.unwrap();
        assert!(start.elapsed() >= Duration::from_secs(5));
    }

    #[tokio::test(start_paused = true)]
    async fn below_the_floor_one_call_a_minute_finds_out_whether_there_are_credits_again() {
        let gate = Gate::new(2, 100);
        gate.saw(200, &credits(100));
        gate.enter().await.unwrap();
        gate.saw(200, &credits(99));
        let rejected = gate.enter().await.unwrap_err();
        assert!(matches!(rejected, Error::CreditsShort { remaining: 99, floor: 100, .. }), "{rejected:?}");
        tokio::time::advance(CHECK_INTERVAL).await;
        gate.enter().await.unwrap();
        assert!(gate.enter().await.is_err(), "one call is admitted, not all");
        let json = Headers { fields: vec![("content-type".to_owned(), "application/json".to_owned())] };
        gate.saw(200, &Headers::default());
        gate.saw(429, &json);
        assert!(gate.enter().await.is_err(), "a file and a rejection say nothing about credits");
        gate.saw(200, &json);
        gate.enter().await.unwrap();
    }
}

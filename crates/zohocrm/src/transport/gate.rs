//! `Gate`: how many calls of an organisation are under way at once, and whether it has credits left for one more.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use crate::error::Error;
use crate::request::Headers;

/// How long a program whose organisation is short of credits waits before it asks Zoho how many there are now.
const CHECK_INTERVAL: Duration = Duration::from_secs(60);

/// Lets calls through, so many at once.
#[derive(Debug)]
pub(super) struct Gate {
    places: Arc<Semaphore>,
    credits_floor: u64,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Zoho turned a call away: nobody goes before this.
    closed_until: Option<Instant>,
    /// Too few credits were left when last seen, and when that was.
    short: Option<Shortage>,
}

#[derive(Clone, Copy, Debug)]
struct Shortage {
    credits_remaining: u64,
    next_check: Instant,
    retry_at: SystemTime,
}

/// A place among the calls at once; given back when dropped.
#[derive(Debug)]
pub(super) struct Pass {
    _place: Option<OwnedSemaphorePermit>,
}

impl Gate {
    pub(super) fn new(concurrency: usize, credits_floor: u64) -> Self {
        let places = Arc::new(Semaphore::new(concurrency.clamp(1, Semaphore::MAX_PERMITS)));
        Self { places, credits_floor, state: Mutex::default() }
    }

    /// Waits for a place.
    ///
    /// # Errors
    /// When the organisation is short of credits.
    pub(super) async fn enter(&self) -> Result<Pass, Error> {
        let place = Arc::clone(&self.places).acquire_owned().await.ok();
        loop {
            let closed_until = self.state().closed_until;
            match closed_until {
                Some(moment) if moment > Instant::now() => tokio::time::sleep_until(moment).await,
                _ => break,
            }
        }
        self.spend()?;
        Ok(Pass { _place: place })
    }

    /// Takes note of how many credits an answer says are left. Zoho says so only when half of them are used up, so an
    /// answer of the CRM that says nothing means that there are plenty. A file's, a proxy's and a refusal mean nothing.
    pub(super) fn saw(&self, status: u16, headers: &Headers) {
        let credits_remaining =
            headers.get("x-api-credits-remaining").and_then(|credits| credits.trim().parse::<u64>().ok());
        let is_json = headers.get("content-type").is_some_and(|kind| kind.contains("json"));
        if credits_remaining.is_none() && !(is_json && (200..300).contains(&status)) {
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

    /// Nobody goes for a while.
    pub(super) fn close_for(&self, pause: Duration) {
        let until = Instant::now() + pause;
        let mut state = self.state();
        state.closed_until = Some(state.closed_until.map_or(until, |known| known.max(until)));
    }

    /// Lets the call go unless credits are short. One call a minute goes all the same: it is how one learns that there
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
    async fn only_so_many_calls_go_at_once() {
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
    async fn below_the_floor_one_call_a_minute_looks_whether_there_are_credits_again() {
        let gate = Gate::new(2, 100);
        gate.saw(200, &credits(100));
        gate.enter().await.unwrap();
        gate.saw(200, &credits(99));
        let refused = gate.enter().await.unwrap_err();
        assert!(matches!(refused, Error::CreditsShort { remaining: 99, floor: 100, .. }), "{refused:?}");
        tokio::time::advance(CHECK_INTERVAL).await;
        gate.enter().await.unwrap();
        assert!(gate.enter().await.is_err(), "one, not all");
        let json = Headers { fields: vec![("content-type".to_owned(), "application/json".to_owned())] };
        gate.saw(200, &Headers::default());
        gate.saw(429, &json);
        assert!(gate.enter().await.is_err(), "a file and a refusal say nothing about credits");
        gate.saw(200, &json);
        gate.enter().await.unwrap();
    }
}

//! The emulator's clock: real time at a configurable speed, which a test can move forward.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::timestamp::milliseconds;

/// Simulated time. It starts at the real time and never goes back.
#[derive(Debug)]
pub(crate) struct Clock {
    started: Instant,
    started_ms: u64,
    speed: f64,
    advanced_ms: AtomicU64,
}

impl Clock {
    /// A clock on which `speed` seconds pass per real second.
    pub(crate) fn new(speed: f64) -> Self {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self {
            started: Instant::now(),
            started_ms: milliseconds(since_epoch),
            speed,
            advanced_ms: AtomicU64::new(0),
        }
    }

    /// Simulated milliseconds since 1970.
    pub(crate) fn now_ms(&self) -> u64 {
        let passed = self.started.elapsed().as_secs_f64() * self.speed * 1000.0;
        self.started_ms + passed as u64 + self.advanced_ms.load(Ordering::SeqCst)
    }

    /// Moves the clock forward.
    pub(crate) fn advance(&self, by: Duration) {
        self.advanced_ms.fetch_add(milliseconds(by), Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advancing_moves_the_clock_at_once() {
        let clock = Clock::new(1.0);
        let before = clock.now_ms();
        clock.advance(Duration::from_secs(3600));
        assert!(clock.now_ms() >= before + 3_600_000);
    }
}

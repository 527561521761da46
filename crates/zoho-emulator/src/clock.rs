//! The emulator's clock: real time, multiplied and moved forward as a test wants it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Simulated time. It starts at the real time and never runs backwards.
#[derive(Debug)]
pub(crate) struct Clock {
    started: Instant,
    started_ms: u64,
    speed: f64,
    advanced_ms: AtomicU64,
}

impl Clock {
    /// A clock on which `speed` seconds pass in each real second.
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

    /// Moves the clock forward at once.
    pub(crate) fn advance(&self, by: Duration) {
        self.advanced_ms.fetch_add(milliseconds(by), Ordering::SeqCst);
    }
}

/// A duration in whole milliseconds.
pub(crate) fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Epoch milliseconds as the CRM writes a moment: `2026-01-31T10:15:00+00:00`.
pub(crate) fn iso8601(epoch_ms: u64) -> String {
    let seconds = epoch_ms / 1000;
    let (year, month, day) = civil_date(seconds / 86_400);
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}+00:00")
}

/// Year, month and day of a number of days after 1970-01-01.
///
/// Counts in eras of 400 years that begin on 1 March, so that the leap day is the last day of a year.
fn civil_date(days_since_1970: u64) -> (u64, u64, u64) {
    let days = days_since_1970 + 719_468;
    let era = days / 146_097;
    let day_of_era = days % 146_097;
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_written_as_the_crm_writes_them() {
        assert_eq!(iso8601(0), "1970-01-01T00:00:00+00:00");
        assert_eq!(iso8601(951_782_399_000), "2000-02-28T23:59:59+00:00");
        assert_eq!(iso8601(951_782_400_000), "2000-02-29T00:00:00+00:00");
        assert_eq!(iso8601(1_767_225_599_999), "2025-12-31T23:59:59+00:00");
    }

    #[test]
    fn advancing_moves_the_clock_at_once() {
        let clock = Clock::new(1.0);
        let before = clock.now_ms();
        clock.advance(Duration::from_secs(3600));
        assert!(clock.now_ms() >= before + 3_600_000);
    }
}

//! Clocks that disagree.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The time of day when a run has lasted `now`, on a clock that is so many milliseconds ahead.
pub(crate) fn time_of_day(now: Duration, ahead: i64) -> SystemTime {
    const START: u64 = 1_800_000_000_000;
    UNIX_EPOCH + Duration::from_millis(START.saturating_add_signed(ahead)) + now
}

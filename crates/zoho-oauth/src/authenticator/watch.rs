//! What a process knows about the store without asking it: whether it has changed since it was read, and whether it
//! responds. Read without a lock.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::token::milliseconds;

use super::clock::Moment;

/// How long a change by another process may go unnoticed, if the store does not ask for more.
const MAX_AGE: Duration = Duration::from_secs(1);

/// How long a look may take before the store counts as in trouble: half its interval, but within these bounds.
const PATIENCE: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(2));

/// A moment that has not come.
const NEVER: u64 = u64::MAX;

/// When the store was last looked at, and what was learned. Moments are milliseconds of this machine's uptime.
#[derive(Debug)]
pub(super) struct Watch {
    /// How long a look may take before the store counts as in trouble, and so how long a caller with a valid token waits at
    /// most to learn of a change: once, because from then on callers are served from memory.
    pub(super) patience: Duration,
    interval: u64,
    max_age: u64,
    /// When the last look was started.
    looked_at: AtomicU64,
    /// Increased when the store has changed.
    generation: AtomicU64,
    /// When the look was started that last found the store in this generation.
    confirmed_at: AtomicU64,
    /// How often this process has changed rows itself.
    own_changes: AtomicU64,
    version: Mutex<Option<u64>>,
    is_in_trouble: AtomicBool,
}

/// A reading of a row, from its beginning.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading {
    pub(super) generation: u64,
    pub(super) began_at: Moment,
    own_changes: u64,
}

/// What is known about a row that was read before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// It is as it was, or the store does not respond.
    Current,
    /// It may have changed, within the last second. It is to be read again for this generation.
    Outdated(u64),
    /// It may have changed long ago.
    Unknown,
}

impl Watch {
    /// Knows nothing yet about a store that is to be looked at at this interval.
    pub(super) fn at_interval(interval: Duration) -> Self {
        Self {
            patience: (interval / 2).clamp(PATIENCE.0, PATIENCE.1),
            interval: milliseconds(interval),
            max_age: milliseconds(interval.max(MAX_AGE)),
            looked_at: AtomicU64::new(NEVER),
            generation: AtomicU64::new(0),
            confirmed_at: AtomicU64::new(NEVER),
            own_changes: AtomicU64::new(0),
            version: Mutex::new(None),
            is_in_trouble: AtomicBool::new(false),
        }
    }

    /// The standing at `now` of a row that was read in `generation` at `read_at`.
    pub(super) fn standing(&self, generation: u64, read_at: u64, now: u64) -> Standing {
        let current = self.generation.load(Ordering::Acquire);
        let is_young = |moment| is_within(self.max_age, moment, now);
        if generation == current && is_young(self.confirmed_at.load(Ordering::Acquire)) {
            return Standing::Current;
        }
        match is_young(read_at) {
            _ if self.is_in_trouble() => Standing::Current,
            true if generation == current => Standing::Current,
            true => Standing::Outdated(current),
            false => Standing::Unknown,
        }
    }

    /// A reading that begins at `now`.
    pub(super) fn reading(&self, now: Moment) -> Reading {
        Reading {
            generation: self.generation.load(Ordering::Acquire),
            began_at: now,
            own_changes: self.own_changes.load(Ordering::Acquire),
        }
    }

    /// Whether this process has changed rows since the reading began, so that what was read may be what was deleted.
    pub(super) fn is_overtaken(&self, reading: Reading) -> bool {
        self.own_changes.load(Ordering::Acquire) != reading.own_changes
    }

    /// Whether it is time to look at the store; `true` for one caller only. A store in trouble is looked at by the task
    /// that waits for its recovery.
    pub(super) fn is_due(&self, now: u64) -> bool {
        let last = self.looked_at.load(Ordering::Relaxed);
        !is_within(self.interval, last, now)
            && !self.is_in_trouble()
            && self.looked_at.compare_exchange(last, now, Ordering::AcqRel, Ordering::Relaxed).is_ok()
    }

    /// Notes the store's version number, read by a look that was started at `started_at`. A store without one counts as
    /// changed.
    pub(super) fn note_version(&self, version: Option<u64>, started_at: u64) {
        let mut known = self.version.lock().unwrap_or_else(PoisonError::into_inner);
        if version.is_none() || *known != version {
            *known = version;
            self.generation.fetch_add(1, Ordering::AcqRel);
        }
        self.confirmed_at.store(started_at, Ordering::Release);
    }

    /// Notes that this process changes rows.
    pub(super) fn note_own_change(&self) {
        self.own_changes.fetch_add(1, Ordering::AcqRel);
    }

    /// Notes that the store does not respond; `true` for one caller only, until [`recovered`](Self::recovered).
    pub(super) fn note_trouble(&self) -> bool {
        !self.is_in_trouble.swap(true, Ordering::AcqRel)
    }

    /// Notes that the store responds again.
    pub(super) fn recovered(&self) {
        self.is_in_trouble.store(false, Ordering::Release);
    }

    fn is_in_trouble(&self) -> bool {
        self.is_in_trouble.load(Ordering::Acquire)
    }
}

/// Whether `now` is less than `duration` after `moment`. Another thread may have noted a moment that is later than `now`.
fn is_within(duration: u64, moment: u64, now: u64) -> bool {
    now.abs_diff(moment) < duration
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_000_000;

    fn reading(watch: &Watch, uptime: u64) -> Reading {
        watch.reading(Moment { uptime, store: 0 })
    }

    fn watch() -> Watch {
        Watch::at_interval(Duration::from_millis(500))
    }

    fn standing(watch: &Watch, row: Reading, now: u64) -> Standing {
        watch.standing(row.generation, row.began_at.uptime, now)
    }

    #[test]
    fn an_unchanged_version_confirms_what_was_read_long_ago() {
        let watch = watch();
        watch.note_version(Some(7), NOW);
        let row = reading(&watch, NOW);
        assert_eq!(standing(&watch, row, NOW + 600_000), Standing::Unknown);
        watch.note_version(Some(7), NOW + 600_000);
        assert_eq!(standing(&watch, row, NOW + 600_999), Standing::Current);
        assert_eq!(standing(&watch, row, NOW + 601_000), Standing::Unknown);
    }

    #[test]
    fn after_a_change_a_row_is_served_for_the_rest_of_its_second() {
        for version in [None, Some(8)] {
            let watch = watch();
            watch.note_version(version.map(|version| version - 1), NOW);
            let row = reading(&watch, NOW);
            watch.note_version(version, NOW + 500);
            assert!(matches!(standing(&watch, row, NOW + 999), Standing::Outdated(_)));
            assert_eq!(standing(&watch, row, NOW + 1_000), Standing::Unknown);
        }
    }

    #[test]
    fn a_reading_is_overtaken_by_a_change_of_this_process() {
        let watch = watch();
        let before = reading(&watch, NOW);
        assert!(!watch.is_overtaken(before));
        watch.note_own_change();
        assert!(watch.is_overtaken(before) && !watch.is_overtaken(reading(&watch, NOW)));
    }

    #[test]
    fn while_the_store_is_in_trouble_a_row_stays_current_and_nobody_looks() {
        let watch = watch();
        watch.note_version(None, NOW);
        let row = reading(&watch, NOW);
        assert!(watch.note_trouble() && !watch.note_trouble(), "one caller waits for the recovery");
        assert_eq!(standing(&watch, row, NOW + 600_000), Standing::Current);
        assert!(!watch.is_due(NOW + 600_000));
        watch.recovered();
        assert_eq!(standing(&watch, row, NOW + 600_000), Standing::Unknown);
        assert!(watch.is_due(NOW + 600_000) && !watch.is_due(NOW + 600_001));
    }

    #[test]
    fn a_process_that_starts_with_the_machine_looks_at_once_and_takes_nothing_for_confirmed() {
        let watch = watch();
        assert!(watch.is_due(0) && !watch.is_due(1));
        assert_eq!(standing(&watch, reading(&watch, 0), 999), Standing::Current);
        assert_eq!(standing(&watch, reading(&watch, 0), 1_000), Standing::Unknown);
    }

    #[test]
    fn a_store_that_asks_for_fewer_looks_is_believed_for_longer() {
        let watch = Watch::at_interval(Duration::from_secs(5));
        watch.note_version(Some(7), NOW);
        assert_eq!(standing(&watch, reading(&watch, NOW), NOW + 4_999), Standing::Current);
        assert!(watch.is_due(NOW) && !watch.is_due(NOW + 4_999) && watch.is_due(NOW + 5_000));
    }
}

//! The store's clock, as this process knows it.
//!
//! The clocks of hosts may differ by minutes, and each can be set while programs run. The one clock that a fleet shares is the
//! store's, so every moment in this folder is by that clock. A process reads it, and then advances it by its uptime, which
//! nobody can set. This machine's time of day is used only to convert what callers pass and get.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime};

use crate::machine::Machine;
use crate::token::{epoch_milliseconds, from_epoch_milliseconds, milliseconds};

/// A difference below this between two readings may be the time that a reading takes, or a clock that counts whole seconds.
const SLACK: i64 = 2_000;

/// How much later it may be than a clock shows: one counts whole seconds.
const COARSEST: i64 = 1_000;

/// No reading yet.
const NEVER: i64 = i64::MIN;

/// The clock of a store. It is read without a lock.
#[derive(Debug)]
pub(super) struct Clock {
    machine: Arc<dyn Machine>,
    /// The store's time when the uptime was zero, in epoch milliseconds.
    start: AtomicI64,
    /// This machine's time of day when the uptime was zero, as of the last reading.
    our_start: AtomicI64,
}

/// A moment by both clocks that a process goes by, in milliseconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    /// By the uptime: for what this process does at intervals.
    pub(super) uptime: u64,
    /// By the store's clock, since 1970: for what the store's rows say.
    pub(super) store: u64,
}

impl Clock {
    /// The clock of a store that was not asked yet: until then, it counts as equal to this machine's.
    pub(super) fn unread(machine: Arc<dyn Machine>) -> Self {
        let start = our_start(&*machine);
        Self { machine, start: start.into(), our_start: NEVER.into() }
    }

    /// The clock of a store that shows `now`, and is not read again.
    pub(super) fn showing(now: SystemTime, machine: Arc<dyn Machine>) -> Self {
        let start = signed(epoch_milliseconds(now)) - signed(milliseconds(machine.uptime()));
        let our_start = our_start(&*machine);
        Self { machine, start: start.into(), our_start: our_start.into() }
    }

    /// The store's time.
    pub(super) fn now(&self) -> SystemTime {
        self.at(self.machine.uptime())
    }

    /// The store's time at a moment of the uptime.
    pub(super) fn at(&self, uptime: Duration) -> SystemTime {
        from_epoch_milliseconds(self.moment(uptime).store)
    }

    /// This moment. On the path from memory, this is all that reads a clock.
    pub(super) fn this_moment(&self) -> Moment {
        self.moment(self.machine.uptime())
    }

    fn moment(&self, uptime: Duration) -> Moment {
        let uptime = milliseconds(uptime);
        Moment { uptime, store: uptime.saturating_add_signed(self.start.load(Ordering::Relaxed)) }
    }

    /// Whether the clock is to be read: for the first time, or because this machine's time of day and its uptime have moved
    /// apart. It may have slept, and not every uptime counts that.
    pub(super) fn is_doubtful(&self) -> bool {
        our_start(&*self.machine).abs_diff(self.our_start.load(Ordering::Relaxed)) >= SLACK.unsigned_abs()
    }

    /// Takes over the store's time from a response to a request that was sent at `asked_at`, by the uptime. Returns whether
    /// it is exact.
    ///
    /// The store has shown that time at some moment since. If the response was slow, or if this process was stopped before
    /// it read the response, that says little, and what was known before is kept as far as it fits.
    pub(super) fn set(&self, shown: SystemTime, asked_at: Duration) -> bool {
        let (shown, received_at) = (signed(epoch_milliseconds(shown)), self.machine.uptime());
        let start_if_shown_at = |uptime| shown - signed(milliseconds(uptime));
        let (earliest, latest) = (start_if_shown_at(received_at), start_if_shown_at(asked_at));
        let start = match self.our_start.load(Ordering::Relaxed) {
            NEVER => earliest.midpoint(latest),
            _ => self.start.load(Ordering::Relaxed).clamp(earliest, latest.saturating_add(COARSEST)),
        };
        self.start.store(start, Ordering::Relaxed);
        self.our_start.store(our_start(&*self.machine), Ordering::Relaxed);
        latest - earliest < SLACK
    }

    /// Converts a moment of the store's clock to this machine's time of day.
    pub(super) fn as_ours(&self, moment: SystemTime) -> SystemTime {
        moved(moment, -self.ahead())
    }

    /// Converts a moment of this machine's time of day to the store's clock.
    pub(super) fn as_theirs(&self, moment: SystemTime) -> SystemTime {
        moved(moment, self.ahead())
    }

    /// How far the store's clock is ahead of this machine's time of day: in whole seconds, so that a moment is always
    /// converted to the same.
    fn ahead(&self) -> i64 {
        let ahead = self.start.load(Ordering::Relaxed) - our_start(&*self.machine);
        if ahead.abs() < SLACK { 0 } else { (ahead + ahead.signum() * 500) / 1_000 * 1_000 }
    }
}

/// This machine's time of day when its uptime was zero. It changes when its clock is set, and when it sleeps, unless the
/// uptime counts that.
#[expect(clippy::disallowed_methods, reason = "this is where the time of day is read")]
fn our_start(machine: &dyn Machine) -> i64 {
    signed(epoch_milliseconds(machine.now())) - signed(milliseconds(machine.uptime()))
}

fn moved(moment: SystemTime, milliseconds: i64) -> SystemTime {
    let by = Duration::from_millis(milliseconds.unsigned_abs());
    let moved = if milliseconds < 0 { moment.checked_sub(by) } else { moment.checked_add(by) };
    moved.unwrap_or(moment)
}

fn signed(milliseconds: u64) -> i64 {
    i64::try_from(milliseconds).unwrap_or(i64::MAX)
}

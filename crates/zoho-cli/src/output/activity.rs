//! `Activity`: when the user has last seen something, and what the command waits for.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::messages::Waiting;

/// The silence after which the command says what it waits for.
const FIRST_NOTICE: Duration = Duration::from_secs(5);

/// The silence after which it says so again.
const NEXT_NOTICE: Duration = Duration::from_secs(30);

/// When the user has last seen something, and what the command waits for.
#[derive(Debug)]
pub(super) struct Activity {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    waiting: Option<Waiting>,
    since: Instant,
    /// When the next notice is due. `None` while a progress bar shows that the command is alive.
    notice_at: Option<Instant>,
}

impl Activity {
    pub(super) fn new(now: Instant) -> Self {
        let state = State { waiting: None, since: now, notice_at: Some(now + FIRST_NOTICE) };
        Self { state: Mutex::new(state) }
    }

    /// The command begins to wait for something.
    pub(super) fn waits_for(&self, waiting: Waiting, now: Instant) {
        let mut state = self.lock();
        state.waiting = Some(waiting);
        state.restart(now);
    }

    /// The user has seen something.
    pub(super) fn showed(&self, now: Instant) {
        self.lock().restart(now);
    }

    /// From now on, a progress bar shows that the command is alive.
    pub(super) fn shows_progress(&self) {
        self.lock().notice_at = None;
    }

    /// What the command has been waiting for, and for how long, if the user should know.
    pub(super) fn due(&self, now: Instant) -> Option<(Option<Waiting>, Duration)> {
        let mut state = self.lock();
        if state.notice_at.is_none_or(|at| now < at) {
            return None;
        }
        state.notice_at = Some(now + NEXT_NOTICE);
        Some((state.waiting.clone(), now - state.since))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn restart(&mut self, now: Instant) {
        self.since = now;
        self.notice_at = self.notice_at.map(|_| now + FIRST_NOTICE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_is_due_after_five_seconds_of_silence_and_every_thirty_from_then_on() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let activity = Activity::new(start);
        activity.waits_for(Waiting::Job { job: "17".to_owned() }, at(3));
        let due: Vec<u64> = (0..80).filter(|second| activity.due(at(*second)).is_some()).collect();
        assert_eq!(due, [8, 38, 68]);
        activity.showed(at(80));
        assert!(activity.due(at(84)).is_none());
        let (waiting, silence) = activity.due(at(86)).unwrap();
        assert!(matches!(waiting, Some(Waiting::Job { .. })) && silence == Duration::from_secs(6));
    }

    #[test]
    fn a_progress_bar_needs_no_notice() {
        let start = Instant::now();
        let activity = Activity::new(start);
        activity.shows_progress();
        activity.showed(start);
        assert!(activity.due(start + Duration::from_secs(3_600)).is_none());
    }
}

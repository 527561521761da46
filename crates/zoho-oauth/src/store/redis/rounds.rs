//! A call that reads, decides and writes does it in rounds, until nobody gets in between.

use std::time::Duration;

use crate::backoff::Backoff;

use super::fault::Fault;
use super::link::Link;

const DELAY: Backoff = Backoff::new(Duration::from_millis(2), 2.0, Duration::from_millis(32), (0.0, 1.0));

/// The rounds of one call. What ends them, if nothing else does, is the time that a call may take.
pub(super) struct Rounds {
    client_repeats: bool,
    conflicts: u32,
    was_lost: bool,
}

impl Rounds {
    /// The rounds of a call that goes over this link.
    pub(super) fn over(link: &Link) -> Self {
        Self { client_repeats: link.repeats_by_itself(), conflicts: 0, was_lost: false }
    }

    /// What a round came to, if the call is over with it; `None` calls for another round.
    ///
    /// A round comes to nothing if somebody changed what it was decided on. If its connection was lost it is
    /// repeated once: whatever became of the write, the next round finds it and decides anew.
    pub(super) async fn judge<T>(&mut self, result: Result<Option<T>, Fault>) -> Result<Option<T>, Fault> {
        match result {
            Ok(None) => {
                let delay = DELAY.delay_after(self.conflicts);
                self.conflicts += 1;
                // Half of the first conflicts cost no time.
                if delay >= Duration::from_millis(1) {
                    tokio::time::sleep(delay).await;
                }
                Ok(None)
            }
            Err(fault) if fault.is_lost() && !self.was_lost => {
                self.was_lost = true;
                Ok(None)
            }
            over => over,
        }
    }

    /// Whether an earlier round may have written though nobody has heard so. Where the client repeats by itself what
    /// was not answered, the conflict may be one with what it wrote before.
    pub(super) fn may_have_written(&self) -> bool {
        self.was_lost || self.client_repeats && self.conflicts > 0
    }

    /// Whether the connection was lost in an earlier round.
    pub(super) fn was_lost(&self) -> bool {
        self.was_lost
    }
}

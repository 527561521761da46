//! The rounds of a call that reads, decides and writes. A conflict with another program causes another round.

use std::time::Duration;

use crate::backoff::Backoff;

use super::fault::Fault;
use super::link::Link;

const DELAY: Backoff = Backoff::new(Duration::from_millis(2), 2.0, Duration::from_millis(32), (0.0, 1.0));

/// The rounds of one call. Only the timeout of the call limits their number.
pub(super) struct Rounds {
    client_retries: bool,
    conflicts: u32,
    was_lost: bool,
}

impl Rounds {
    /// Creates the rounds of a call over a link.
    pub(super) fn over(link: &Link) -> Self {
        Self { client_retries: link.client_retries(), conflicts: 0, was_lost: false }
    }

    /// Returns the result of a round if it ends the call, or `None` if another round is needed.
    ///
    /// A round whose result is `None` had a conflict: another program changed what it had read. After the first lost
    /// connection there is another round, which reads whether the write happened.
    pub(super) async fn judge<T>(&mut self, result: Result<Option<T>, Fault>) -> Result<Option<T>, Fault> {
        match result {
            Ok(None) => {
                let delay = DELAY.delay_after(self.conflicts, rand::random());
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
            ended => ended,
        }
    }

    /// Whether an earlier round may have written without getting a response. If the client library retries by itself, a
    /// conflict can be one with its own earlier write.
    pub(super) fn may_have_written(&self) -> bool {
        self.was_lost || self.client_retries && self.conflicts > 0
    }

    /// Whether the connection was lost in an earlier round.
    pub(super) fn was_lost(&self) -> bool {
        self.was_lost
    }
}

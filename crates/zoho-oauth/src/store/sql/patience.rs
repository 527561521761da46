//! When to try again.

use std::time::Duration;

use super::driver::Server;
use super::fault::Fault;
use super::pool::Pool;

/// How often one call has tried already. The time that the call may take bounds it too.
#[derive(Debug, Default)]
pub(super) struct Patience {
    pauses: u32,
    has_lost: bool,
}

const MOST_PAUSES: u32 = 60;
const LONGEST_PAUSE: u64 = 20;

impl Patience {
    /// Returns when it is time to try again: after a pause where others were in the way, and at once where the
    /// connection was lost for the first time. Hands the fault back where trying again would not help.
    pub(super) async fn after<S: Server>(&mut self, fault: Fault, pool: &Pool<S>) -> Result<(), Fault> {
        if fault.is_lost(pool.server()) && !self.has_lost {
            self.has_lost = true;
            pool.forget_idle();
            return Ok(());
        }
        if !fault.is_contended(pool.server()) || self.pauses == MOST_PAUSES {
            return Err(fault);
        }
        self.pauses += 1;
        // Those who met do not meet again if each pauses for a time of its own.
        let longest = LONGEST_PAUSE.min(1 << self.pauses.min(10));
        tokio::time::sleep(Duration::from_millis(rand::random_range(0..=longest))).await;
        Ok(())
    }
}

//! When a call is retried.

use std::time::Duration;

use super::driver::Server;
use super::fault::Fault;
use super::pool::Pool;

/// The retries of one call. The timeout of the call limits them too.
#[derive(Debug, Default)]
pub(super) struct Retries {
    delays: u32,
    was_lost: bool,
}

const MAX_DELAYS: u32 = 60;
const MAX_DELAY: u64 = 20;

impl Retries {
    /// Returns when the call can be retried: immediately after the first lost connection, and after a random delay if it
    /// conflicted with another program. Returns the fault if a retry would not help.
    pub(super) async fn after<S: Server>(&mut self, fault: Fault, pool: &Pool<S>) -> Result<(), Fault> {
        if fault.is_lost(pool.server()) && !self.was_lost {
            self.was_lost = true;
            pool.close_idle();
            return Ok(());
        }
        if !fault.is_contended(pool.server()) || self.delays == MAX_DELAYS {
            return Err(fault);
        }
        self.delays += 1;
        // A random delay keeps programs that conflicted from conflicting again.
        let longest = MAX_DELAY.min(1 << self.delays.min(10));
        tokio::time::sleep(Duration::from_millis(rand::random_range(0..=longest))).await;
        Ok(())
    }
}

//! When a call is retried.

use std::time::Duration;

use crate::backoff::Backoff;

use super::fault::Fault;
use super::pool::Pool;
use super::server::Server;

/// The retries of one call. The timeout of the call limits them too.
#[derive(Debug, Default)]
pub(super) struct Retries {
    delays: u32,
    was_lost: bool,
}

const MAX_DELAYS: u32 = 60;
const DELAY: Backoff = Backoff::new(Duration::from_millis(2), 2.0, Duration::from_millis(20), (0.0, 1.0));

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
        tokio::time::sleep(DELAY.delay_after(self.delays, rand::random())).await;
        self.delays += 1;
        Ok(())
    }
}

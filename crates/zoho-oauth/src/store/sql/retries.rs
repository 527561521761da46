//! When a call is retried.

use std::time::Duration;

use crate::backoff::Backoff;

use super::super::outage::Attempts;
use super::fault::Fault;
use super::pool::Pool;
use super::server::Server;

/// The retries of one call. The timeout of the call limits them too.
pub(super) struct Retries<'p, S: Server> {
    pool: &'p Pool<S>,
    conflicts: u32,
    was_lost: bool,
    attempts: Attempts<'p>,
}

const MAX_CONFLICTS: u32 = 60;
const DELAY: Backoff = Backoff::new(Duration::from_millis(2), 2.0, Duration::from_millis(20), (0.0, 1.0));

impl<'p, S: Server> Retries<'p, S> {
    /// Creates the retries of a call.
    pub(super) fn of(pool: &'p Pool<S>) -> Self {
        Self { pool, conflicts: 0, was_lost: false, attempts: pool.rejecting().attempts() }
    }

    /// Returns when the call can be retried: immediately after the first lost connection, after a random delay if it
    /// conflicted with another program, and after a growing delay on a new connection if the server rejects the statement
    /// for now. Returns the fault if a retry would not help.
    pub(super) async fn after(&mut self, fault: Fault) -> Result<(), Fault> {
        let (pool, server) = (self.pool, self.pool.server());
        if fault.is_lost(server) && !self.was_lost {
            self.was_lost = true;
            pool.close_idle();
            return Ok(());
        }
        if fault.is_lost(server) || fault.is_not_now(server) {
            pool.close_idle();
            return self.attempts.after(fault).await;
        }
        if !fault.is_contended(server) || self.conflicts == MAX_CONFLICTS {
            return Err(fault);
        }
        tokio::time::sleep(DELAY.delay_after(self.conflicts, rand::random())).await;
        self.conflicts += 1;
        Ok(())
    }

    /// Notes that the call has succeeded.
    pub(super) fn succeeded(&self) {
        self.attempts.succeeded();
    }
}

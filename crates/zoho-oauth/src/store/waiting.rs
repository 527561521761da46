//! Waiting for a lease, so that a row is moved only while no process renews its token.

use std::time::{Duration, Instant};

use super::coordination::{Acquired, Coordination, Lease, LeaseKey};
use super::error::StoreError;

/// How long the lease lasts if it is not released.
const LIFE: Duration = Duration::from_secs(30);

/// Takes the lease on `key`, waiting until `until`. Returns `None` if another holder still has it then.
pub(super) async fn wait_for_lease(
    store: &impl Coordination,
    key: &LeaseKey,
    holder: &str,
    until: Instant,
) -> Result<Option<Lease>, StoreError> {
    loop {
        match store.acquire(key, holder, LIFE).await? {
            Acquired::Granted(lease) => return Ok(Some(lease)),
            Acquired::Held(_) if Instant::now() > until => return Ok(None),
            Acquired::Held(_) => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
}

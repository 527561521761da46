//! A person has removed the cause of a rejection: the refresh token is to be sent again.

use crate::error::Error;
use crate::store::coordination::LeaseKey;
use crate::token::OAuthToken;

use super::held_lease::{HeldLease, LEASE_POLL, Take};
use super::parts::Parts;

impl Parts {
    /// Forgets that the refresh token of the row that `token` identifies was rejected. Returns whether it was.
    pub(super) async fn forget_rejections(&self, token: &OAuthToken) -> Result<bool, Error> {
        let (machine, store) = (&self.machine, &self.rows.store);
        let row = self.rows.find(token).await?;
        let Some(key) = row.as_ref().and_then(OAuthToken::refresh_token).map(LeaseKey::refresh) else {
            return Ok(false);
        };
        let mut delays = LEASE_POLL;
        // Most tokens were never rejected, and a look costs less than a lease.
        while store.lease_state(&key).await?.ledger.forget_rejections() {
            match HeldLease::take(store, &key, self.settings.lease_life).await? {
                Take::Held(state) => {
                    machine.sleep(delays.next_delay(machine.random()).min(state.remaining)).await;
                }
                Take::Granted(mut lease) => {
                    let was_rejected = lease.forget_rejections();
                    let is_stored = lease.extend().await;
                    lease.release().await;
                    if is_stored? {
                        return Ok(was_rejected);
                    }
                }
            }
        }
        Ok(false)
    }
}

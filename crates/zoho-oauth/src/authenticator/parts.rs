//! What renewals and exchanges are made of.

use std::sync::Arc;
use std::time::SystemTime;

use crate::accounts::Accounts;
use crate::crm_user::CrmUsers;
use crate::machine::Machine;
use crate::spool::Spool;
use crate::store::StoreError;
use crate::store::coordination::LeaseKey;
use crate::token::OAuthToken;

use super::held_lease::HeldLease;
use super::rows::Rows;
use super::settings::Settings;

#[derive(Debug)]
pub(super) struct Parts {
    pub(super) machine: Arc<dyn Machine>,
    pub(super) rows: Rows,
    pub(super) accounts: Accounts,
    pub(super) users: CrmUsers,
    pub(super) spool: Spool,
    pub(super) settings: Settings,
}

impl Parts {
    /// The store's time.
    pub(super) fn now(&self) -> SystemTime {
        self.rows.store.clock().now()
    }

    /// When the login took place that `row` comes from, if the store knows.
    pub(super) async fn login_of(&self, row: &OAuthToken) -> Result<Option<SystemTime>, StoreError> {
        match row.grant_token().map(LeaseKey::exchange) {
            Some(key) => Ok(self.rows.store.lease_state(&key).await?.ledger.last_issue()),
            None => Ok(None),
        }
    }

    /// Names an unnamed token after its user, unless that is turned off. A failure leaves the token unnamed: a name
    /// is not worth losing a token.
    pub(super) async fn name(&self, lease: &HeldLease<'_>, token: &mut OAuthToken) {
        if !self.settings.find_user || token.user_signature().is_some() {
            return;
        }
        let (Some(environment), Some(access_token)) = (self.rows.hosts_of(token), token.access_token())
        else {
            return;
        };
        match lease.while_working(self.users.current(&environment, access_token)).await {
            Ok(user) => token.user_signature = Some(user),
            Err(error) => {
                tracing::warn!(%error, "could not find out the user's name; the token is stored without one")
            }
        }
    }
}

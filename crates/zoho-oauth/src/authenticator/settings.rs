//! What can be set on an authenticator, with its defaults.

use std::num::NonZeroUsize;
use std::time::Duration;

use crate::ledger::Quota;

use super::margins::Margins;

#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) find_user: bool,
    pub(super) margins: Margins,
    pub(super) request_timeout: Duration,
    pub(super) attempts: NonZeroUsize,
    pub(super) lease_life: Duration,
    pub(super) quota: Quota,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            find_user: true,
            margins: Margins { margin: Duration::from_secs(60), early_window: Duration::from_secs(300) },
            request_timeout: Duration::from_secs(30),
            attempts: const { NonZeroUsize::new(3).unwrap() },
            lease_life: Duration::from_secs(5),
            quota: Quota::default(),
        }
    }
}

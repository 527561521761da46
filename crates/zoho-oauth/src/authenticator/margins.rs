//! How close to its expiry a token may be used.

use std::time::{Duration, SystemTime};

use crate::token::OAuthToken;

/// How long after a failed early renewal any process tries the next one.
pub(super) const EARLY_RETRY_AFTER: Duration = Duration::from_secs(30);

/// How long before its expiry a token is no longer handed out (`margin`), and how long before its expiry it is
/// renewed in the background (`early_window`).
#[derive(Clone, Copy, Debug)]
pub(super) struct Margins {
    pub(super) margin: Duration,
    pub(super) early_window: Duration,
}

impl Margins {
    /// The margins for a token whose whole lifetime is `life`: a short life has short margins.
    pub(super) fn for_life(self, life: Option<Duration>) -> Self {
        let Some(life) = life else { return self };
        Self { margin: self.margin.min(life / 10), early_window: self.early_window.min(life / 4) }
    }

    /// Whether `token` may be handed out at `now`.
    pub(super) fn allow(self, token: &OAuthToken, now: SystemTime) -> bool {
        token.is_fresh(now, self.margin)
    }

    /// Whether `token` need not be renewed in the background at `now` either.
    pub(super) fn are_far(self, token: &OAuthToken, now: SystemTime) -> bool {
        token.is_fresh(now, self.margin.max(self.early_window))
    }
}

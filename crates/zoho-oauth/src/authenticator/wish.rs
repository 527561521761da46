//! Which token would satisfy a caller.

use std::time::{Duration, SystemTime};

use crate::error::Error;
use crate::token::{OAuthToken, fingerprint};

use super::margins::Margins;

/// Which token a caller asks for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Demand {
    /// Any token outside the margin before its expiry.
    Fresh,
    /// Any token outside its early window, in place of the one with this fingerprint, which is inside. No caller waits
    /// for it.
    Early(String),
    /// Any token but the stored one, even if that is still valid.
    Newer,
    /// Any token but the one with this fingerprint, which the API rejected.
    InsteadOf(String),
}

impl Demand {
    /// Why a token is renewed, for the log.
    pub(super) fn reason(&self) -> &'static str {
        match self {
            Self::Fresh => "it has expired or is about to",
            Self::Early(_) => "it expires soon",
            Self::Newer => "a new one was requested",
            Self::InsteadOf(_) => "Zoho rejected it",
        }
    }
}

/// A demand, together with the tokens that do not satisfy it although they are valid.
#[derive(Clone, Debug)]
pub(super) struct Wish {
    pub(super) demand: Demand,
    pub(super) margins: Margins,
    unwanted: Vec<String>,
}

impl Wish {
    /// `current` are the tokens that are stored or spooled when the demand is made.
    pub(super) fn new(demand: Demand, current: &[&OAuthToken], margins: Margins) -> Self {
        let unwanted = match &demand {
            Demand::Fresh => Vec::new(),
            Demand::Newer => {
                current.iter().filter_map(|token| token.access_token()).map(fingerprint).collect()
            }
            Demand::Early(unwanted) | Demand::InsteadOf(unwanted) => vec![unwanted.clone()],
        };
        Self { demand, margins, unwanted }
    }

    /// Whether `row` satisfies the demand at `now`. `life` is how long its token lives, if that is known: it decides how
    /// large the margins are.
    pub(super) fn is_granted_by(&self, row: &OAuthToken, life: Option<Duration>, now: SystemTime) -> bool {
        let margins = self.margins.for_life(life);
        // What a program remembers about the end of a token may be wrong: it did not know how long the token lives, or not
        // exactly what the store's clock shows.
        let is_far = || matches!(self.demand, Demand::Early(_)) && margins.are_far(row, now);
        margins.allow(row, now) && (!self.is_unwanted(row) || is_far())
    }

    /// Whether the caller has a token to go on with, so that the renewal of `row` need not succeed at once.
    pub(super) fn can_wait(&self, row: &OAuthToken, now: SystemTime) -> bool {
        match self.demand {
            Demand::Early(_) | Demand::Fresh => row.is_fresh(now, Duration::ZERO),
            Demand::Newer | Demand::InsteadOf(_) => false,
        }
    }

    /// Whether `row` may be handed out at `now` although the renewal failed: it is still valid, and the caller did not insist
    /// on another token.
    pub(super) fn is_content_with(&self, row: &OAuthToken, failure: &Error, now: SystemTime) -> bool {
        let is_valid = row.is_fresh(now, Duration::ZERO);
        let may_be_old = match self.demand {
            Demand::Fresh | Demand::Early(_) => true,
            Demand::Newer => matches!(failure, Error::Throttled { .. }),
            Demand::InsteadOf(_) => !self.is_unwanted(row),
        };
        is_valid && may_be_old
    }

    fn is_unwanted(&self, row: &OAuthToken) -> bool {
        row.access_token().map(fingerprint).is_some_and(|token| self.unwanted.contains(&token))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_that_was_remembered_as_ending_too_soon_is_not_renewed_early() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        let margins = Margins { margin: Duration::from_secs(60), early_window: Duration::from_secs(300) };
        let row = OAuthToken::new().with_refresh_token("1000.r").with_access_token("1000.a");
        let ending_in = |seconds| row.clone().with_expires_at(now + Duration::from_secs(seconds));
        let early = Wish::new(Demand::Early(fingerprint(&"1000.a".into())), &[], margins);
        assert!(early.is_granted_by(&ending_in(301), None, now));
        assert!(!early.is_granted_by(&ending_in(299), None, now));
        // The early window is at most a quarter of the token's life.
        let life = Some(Duration::from_secs(400));
        assert!(early.is_granted_by(&ending_in(101), life, now));
        assert!(!early.is_granted_by(&ending_in(99), life, now));
    }
}

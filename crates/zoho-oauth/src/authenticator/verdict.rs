//! What the past of a credential allows: to renew its row, to hand it out as it is, or neither. No I/O.

use std::time::{Duration, SystemTime};

use crate::error::{Error, OAuthErrorCode};
use crate::ledger::{Failure, Quota};
use crate::rejections::Requester;
use crate::store::coordination::LeaseState;
use crate::token::OAuthToken;

use super::margins::EARLY_RETRY_AFTER;
use super::rows::life_of;
use super::wish::Wish;

/// How long a failure is shared with callers that come after it, in this process and others, so that a fleet does not
/// overload a server that is in trouble. It is measured by the store's clock. If that counts whole seconds, as Secrets
/// Manager's does, it can be up to two seconds.
const FAILURE_LIFE: Duration = Duration::from_secs(1);

/// What to do with a row whose lease is free.
pub(super) enum Verdict {
    /// Its token satisfies the caller.
    HandOut,
    /// A program on this network has just failed to send a request, and is about to try again.
    Wait,
    /// It is not to be renewed now, for this reason.
    Fail(Error),
    /// The accounts server has recently rejected the same request with this code.
    Rejected(OAuthErrorCode),
    /// It is not to be renewed now, for this reason, as long as the caller can go on with its token.
    Postpone(Error),
    /// The quota is used up until this moment of the store's clock.
    Exhausted(SystemTime),
    Renew,
}

/// What is known about a credential, and by whom.
pub(super) struct Past<'a> {
    pub(super) state: &'a LeaseState,
    /// Who would renew the row, unless it cannot be renewed here.
    pub(super) requester: Result<Requester, Error>,
    /// The epoch of the lease that this renewal has waited for.
    pub(super) followed: Option<u64>,
    /// The epoch under which this renewal could not send its request.
    pub(super) own_failure: Option<u64>,
    /// The network of this machine.
    pub(super) network: &'a str,
}

impl Past<'_> {
    /// What it allows at `now` for a caller with this wish.
    pub(super) fn verdict(&self, row: &OAuthToken, wish: &Wish, quota: Quota, now: SystemTime) -> Verdict {
        let ledger = &self.state.ledger;
        if wish.is_granted_by(row, life_of(row, ledger), now) {
            return Verdict::HandOut;
        }
        let requester = match &self.requester {
            Ok(requester) => requester,
            Err(error) => return Verdict::Fail(error.clone()),
        };
        if let Some(code) = ledger.rejection(requester, self.state.now) {
            return Verdict::Rejected(OAuthErrorCode::parse(code));
        }
        let can_wait = wish.can_wait(row, now);
        match self.shared_failure(requester, can_wait) {
            Some(Failure::NotSent { tries_again: true, .. }) if !can_wait => return Verdict::Wait,
            Some(Failure::Rejected(code)) => return Verdict::Rejected(OAuthErrorCode::parse(code)),
            Some(failure) if can_wait => return Verdict::Postpone(shared(failure)),
            Some(failure) => return Verdict::Fail(shared(failure)),
            None => {}
        }
        // Callers that can wait leave half of the quota to those that cannot, when Zoho is in trouble.
        if let Some(failure) = ledger.last_failure(requester).filter(|_| can_wait)
            && ledger.retry_at(self.state.now, quota.half()).is_some()
        {
            return Verdict::Postpone(shared(failure));
        }
        match ledger.retry_at(self.state.now, quota) {
            Some(moment) => Verdict::Exhausted(moment),
            None => Verdict::Renew,
        }
    }

    /// The failure of another attempt that this caller shares instead of making one itself.
    fn shared_failure(&self, requester: &Requester, can_wait: bool) -> Option<&Failure> {
        let ledger = &self.state.ledger;
        if self.own_failure.is_some_and(|epoch| ledger.failure_of(epoch, requester).is_some()) {
            return None;
        }
        let of_followed = self.followed.and_then(|epoch| ledger.failure_of(epoch, requester));
        let life = if can_wait { EARLY_RETRY_AFTER } else { FAILURE_LIFE };
        let recent = ledger.recent_failure(self.state.now, life, requester);
        match of_followed.or(recent)? {
            Failure::NotSent { network, .. } if network != self.network => None,
            // The program that was about to try again has ended since.
            Failure::NotSent { tries_again: true, .. } if recent.is_none() => None,
            failure => Some(failure),
        }
    }
}

fn shared(failure: &Failure) -> Error {
    Error::SharedFailure { evidence: failure.evidence().to_owned() }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use secrecy::SecretString;

    use super::*;
    use crate::authenticator::margins::Margins;
    use crate::authenticator::wish::Demand;
    use crate::ledger::Ledger;

    #[test]
    fn a_follower_learns_of_a_rejection_even_if_the_stores_clock_was_set_back_since() {
        let now = UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        let requester = Requester::new(&"1000.r".into(), "https://accounts.zoho.eu", "c", &"s".into());
        let mut ledger = Ledger::default();
        let an_hour_later = now + Duration::from_secs(3_600);
        ledger.note_rejection(&requester, "invalid_code", an_hour_later, Duration::from_secs(3_600));
        ledger.note_failure(1, an_hour_later, &requester, Failure::Rejected("invalid_code".to_owned()));
        let state = LeaseState { epoch: 1, remaining: Duration::ZERO, now, ledger };
        let (requester, followed) = (Ok(requester), Some(1));
        let past = Past { state: &state, requester, followed, own_failure: None, network: "here" };
        let margins = Margins { margin: Duration::from_secs(60), early_window: Duration::from_secs(300) };
        let row = OAuthToken::new().with_access_token("1000.expired").with_expires_at(now);
        let verdict = past.verdict(&row, &Wish::new(Demand::Fresh, &[], margins), Quota::default(), now);
        assert!(matches!(verdict, Verdict::Rejected(OAuthErrorCode::InvalidCode)));
    }

    #[test]
    fn a_failure_that_is_long_ago_postpones_a_renewal_only_as_long_as_the_callers_token_is_valid() {
        let now = UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        let refresh_token = SecretString::from("1000.r");
        let requester = Requester::new(&refresh_token, "https://accounts.zoho.eu", "c", &"s".into());
        let mut ledger = Ledger::default();
        let failure = Failure::Transient("502".to_owned());
        ledger.note_failure(1, now - Duration::from_secs(10), &requester, failure);
        let state = LeaseState { epoch: 1, remaining: Duration::ZERO, now, ledger };
        let requester = Ok(requester);
        let past = Past { state: &state, requester, followed: None, own_failure: None, network: "here" };
        let margins = Margins { margin: Duration::from_secs(60), early_window: Duration::from_secs(300) };
        for demand in [Demand::Fresh, Demand::Early(String::new())] {
            let wish = Wish::new(demand, &[], margins);
            let verdict = |end| {
                let row = OAuthToken::new().with_access_token("1000.ending").with_expires_at(end);
                past.verdict(&row, &wish, Quota::default(), now)
            };
            assert!(matches!(verdict(now + Duration::from_secs(5)), Verdict::Postpone(_)));
            assert!(matches!(verdict(now), Verdict::Renew));
        }
    }
}

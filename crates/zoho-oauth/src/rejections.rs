//! Which client apps an accounts server has recently rejected a refresh token for. No I/O: moments are arguments.

use std::time::{Duration, SystemTime};

use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::token::{CLOCK_SLACK, epoch_milliseconds, keyed_fingerprint};

/// A client app at an accounts server, which a refresh token is sent for.
///
/// What happened to one requester says nothing about another: a program with the wrong environment or an old client
/// secret fails, and the others go on. The value is a fingerprint, keyed with the refresh token: neither the client
/// secret can be recovered from it, nor can requesters of different tokens be compared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requester(String);

impl Requester {
    /// The client app with this id and secret, at this accounts server, for this refresh token.
    #[must_use]
    pub fn new(
        refresh_token: &SecretString,
        accounts_url: &str,
        client_id: &str,
        client_secret: &SecretString,
    ) -> Self {
        let fingerprint = keyed_fingerprint(refresh_token, [accounts_url, client_id], client_secret);
        Self(fingerprint[..16].to_owned())
    }
}

/// The rejections of one refresh token, at most one for each requester.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Rejections(Vec<Rejection>);

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Rejection {
    requester: Requester,
    code: String,
    at: u64,
    until: u64,
}

impl Rejections {
    /// How many requesters are remembered. Only wrong settings and new secrets add one.
    const MAX: usize = 8;

    /// Records that the accounts server rejected the refresh token with this error code, which counts for `life`.
    pub(crate) fn note(&mut self, requester: &Requester, code: &str, now: SystemTime, life: Duration) {
        self.0.retain(|rejection| rejection.requester != *requester && rejection.counts_at(now));
        let surplus = (self.0.len() + 1).saturating_sub(Self::MAX);
        self.0.drain(..surplus);
        self.0.push(Rejection {
            requester: requester.clone(),
            code: code.to_owned(),
            at: epoch_milliseconds(now),
            until: epoch_milliseconds(now + life),
        });
    }

    /// The error code with which the requester was rejected, as long as that counts.
    pub(crate) fn of(&self, requester: &Requester, now: SystemTime) -> Option<&str> {
        let of_requester = self.0.iter().find(|rejection| rejection.requester == *requester);
        of_requester.filter(|rejection| rejection.counts_at(now)).map(|rejection| rejection.code.as_str())
    }

    /// Forgets all of them, and returns whether there were any.
    pub(crate) fn clear(&mut self) -> bool {
        !std::mem::take(&mut self.0).is_empty()
    }
}

impl Rejection {
    /// A rejection of the future was recorded before the clock was set back, so its age is unknown.
    fn counts_at(&self, now: SystemTime) -> bool {
        let now = epoch_milliseconds(now);
        self.at <= now.saturating_add(CLOCK_SLACK) && self.until > now
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::from_epoch_milliseconds;

    const HOUR: Duration = Duration::from_secs(60 * 60);

    fn minute(n: u64) -> SystemTime {
        from_epoch_milliseconds(1_700_000_000_000 + n * 60_000)
    }

    fn requester(host: &str, id: &str, secret: &str) -> Requester {
        Requester::new(&SecretString::from("1000.r"), host, id, &SecretString::from(secret))
    }

    #[test]
    fn a_rejection_concerns_one_client_app_at_one_accounts_server() {
        let rejected = requester("https://accounts.zoho.eu", "c", "s");
        let mut rejections = Rejections::default();
        rejections.note(&rejected, "invalid_code", minute(0), HOUR);
        assert_eq!(rejections.of(&rejected, minute(1)), Some("invalid_code"));
        for other in [
            requester("https://accounts.zoho.in", "c", "s"),
            requester("https://accounts.zoho.eu", "d", "s"),
            requester("https://accounts.zoho.eu", "c", "t"),
            requester("https://accounts.zoho.eu", "cs", ""),
        ] {
            assert_eq!(rejections.of(&other, minute(1)), None, "{other:?}");
        }
    }

    #[test]
    fn a_rejection_is_forgotten_after_its_life_and_when_the_clock_was_set_back() {
        let rejected = requester("https://accounts.zoho.eu", "c", "s");
        let mut rejections = Rejections::default();
        rejections.note(&rejected, "invalid_code", minute(100), HOUR);
        assert!(rejections.of(&rejected, minute(159)).is_some());
        assert!(rejections.of(&rejected, minute(160)).is_none());
        assert!(rejections.of(&rejected, minute(99)).is_none());
    }

    #[test]
    fn the_rejections_of_many_requesters_do_not_grow_without_bound() {
        let mut rejections = Rejections::default();
        let requesters: Vec<_> =
            (0..100).map(|n| requester("https://accounts.zoho.eu", "c", &n.to_string())).collect();
        for requester in requesters.iter().chain(&requesters) {
            rejections.note(requester, "invalid_client_secret", minute(0), HOUR);
        }
        assert_eq!(rejections.0.len(), Rejections::MAX);
        assert!(rejections.of(&requesters[99], minute(0)).is_some());
    }

    #[test]
    fn a_requester_shows_no_secret_and_differs_from_token_to_token() {
        let secret = SecretString::from("s");
        let [one, other] = ["1000.r", "1000.q"].map(|token| {
            Requester::new(&SecretString::from(token), "https://accounts.zoho.eu", "c", &secret)
        });
        assert_ne!(one, other);
    }
}

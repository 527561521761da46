//! A credential's past: when tokens were issued with it, and how the last attempt ended. No I/O: moments are
//! arguments.

use std::time::{Duration, SystemTime};

use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::rejections::{Rejections, Requester};
use crate::token::{CLOCK_SLACK, epoch_milliseconds, fingerprint, from_epoch_milliseconds, milliseconds};

/// How many access tokens Zoho issues per refresh token within a window of time.
///
/// Zoho's limit is ten in ten minutes. It rejects further requests for the rest of the window
/// (<https://www.zoho.com/crm/developer/docs/api/v8/token-validity.html>).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    tokens: usize,
    window: Duration,
}

impl Quota {
    /// At most `tokens` in any `window`; at least one.
    #[must_use]
    pub fn new(tokens: usize, window: Duration) -> Self {
        Self { tokens: tokens.max(1), window }
    }

    /// Half of it, for renewals that can wait: they leave the rest to those that cannot.
    #[must_use]
    pub(crate) fn half(self) -> Self {
        Self::new(self.tokens / 2, self.window)
    }

    /// The window of time.
    #[must_use]
    pub fn window(&self) -> Duration {
        self.window
    }
}

impl Default for Quota {
    fn default() -> Self {
        Self::new(10, Duration::from_secs(600))
    }
}

/// The past of one credential, shared by all processes that use the store. Moments are epoch milliseconds by the
/// store's clock.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Ledger {
    issued: Vec<u64>,
    blocked_until: u64,
    last: Option<Attempt>,
    rejections: Rejections,
    token: Option<Token>,
}

/// An attempt that failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Attempt {
    epoch: u64,
    at: u64,
    failure: Failure,
    /// Whose attempt it was. Earlier versions did not record it.
    #[serde(default)]
    requester: Option<Requester>,
}

/// The access token that was issued last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Token {
    /// The first digits of its fingerprint.
    id: String,
    /// Its lifetime in milliseconds.
    life: u64,
}

/// Why an attempt failed, as other processes learn of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Failure {
    /// The accounts server rejected the credential with this error code, such as `invalid_code`.
    Rejected(String),
    /// The attempt failed with this message, and a later one may succeed.
    Transient(String),
    /// The request could not leave the host. This says nothing about hosts on other networks.
    NotSent {
        /// The id of the host's network.
        network: String,
        /// The message.
        evidence: String,
        /// Whether the process that failed tries again within a second.
        tries_again: bool,
    },
}

impl Failure {
    /// What is known about it, as a message.
    #[must_use]
    pub fn evidence(&self) -> &str {
        match self {
            Self::Rejected(text) | Self::Transient(text) | Self::NotSent { evidence: text, .. } => text,
        }
    }
}

impl Ledger {
    /// Records that a token is about to be requested: before the request, because its response may be lost.
    pub fn note_issue(&mut self, now: SystemTime, quota: Quota) {
        let now = epoch_milliseconds(now);
        let window = milliseconds(quota.window);
        self.issued.retain(|at| at.saturating_add(window) > now && *at <= now + CLOCK_SLACK);
        self.issued.push(now);
        self.last = None;
    }

    /// Moves the issue that was recorded last to `now`, when its response came or was given up: Zoho may have counted it as
    /// late as that.
    pub fn note_response(&mut self, now: SystemTime) {
        if let Some(last) = self.issued.last_mut() {
            *last = epoch_milliseconds(now).max(*last);
        }
    }

    /// Takes back the issue that was recorded last: its request did not leave the host, so it does not count.
    pub fn take_back_issue(&mut self) {
        self.issued.pop();
    }

    /// Records the token that was issued, and how long it lives. The refresh token works, so earlier rejections are
    /// forgotten.
    pub fn note_token(&mut self, token: &SecretString, life: Duration) {
        self.rejections.clear();
        self.token = Some(Token { id: short_id(token), life: milliseconds(life) });
    }

    /// Returns when a token was last requested.
    pub(crate) fn last_issue(&self) -> Option<SystemTime> {
        self.issued.iter().max().map(|at| from_epoch_milliseconds(*at))
    }

    /// Records that Zoho has throttled the credential: no process sends another request before the window has passed.
    pub fn note_throttle(&mut self, now: SystemTime, quota: Quota) {
        self.blocked_until = epoch_milliseconds(now + quota.window);
    }

    /// Records that the attempt of `epoch` by `requester` failed.
    pub fn note_failure(&mut self, epoch: u64, now: SystemTime, requester: &Requester, failure: Failure) {
        let (at, requester) = (epoch_milliseconds(now), Some(requester.clone()));
        self.last = Some(Attempt { epoch, at, failure, requester });
    }

    /// Records that the accounts server rejected the refresh token with this error code. For `life`, `requester` does not
    /// send it again.
    pub fn note_rejection(&mut self, requester: &Requester, code: &str, now: SystemTime, life: Duration) {
        self.rejections.note(requester, code, now, life);
    }

    /// Forgets every rejection, and returns whether there was one.
    pub fn forget_rejections(&mut self) -> bool {
        // Earlier versions of this crate never send a refresh token again after this failure.
        let last = self.last.take_if(|last| matches!(last.failure, Failure::Rejected(_)));
        self.rejections.clear() || last.is_some()
    }

    /// When the next token may be requested, if not now.
    #[must_use]
    pub fn retry_at(&self, now: SystemTime, quota: Quota) -> Option<SystemTime> {
        let now_ms = epoch_milliseconds(now);
        let window = milliseconds(quota.window);
        let mut recent: Vec<u64> = self
            .issued
            .iter()
            .filter(|at| **at <= now_ms + CLOCK_SLACK)
            .map(|at| at.saturating_add(window))
            .filter(|end| *end > now_ms)
            .collect();
        recent.sort_unstable();
        // A token may be requested once the window contains fewer than the quota.
        let allowed_at = recent.len().checked_sub(quota.tokens).map_or(0, |position| recent[position]);
        let blocked_until =
            if self.blocked_until > now_ms.saturating_add(window) { 0 } else { self.blocked_until };
        let earliest = allowed_at.max(blocked_until);
        (earliest > now_ms).then(|| from_epoch_milliseconds(earliest))
    }

    /// The error code with which the accounts server rejected the refresh token when `requester` sent it, as long as it is
    /// not to be sent again.
    #[must_use]
    pub fn rejection(&self, requester: &Requester, now: SystemTime) -> Option<&str> {
        self.rejections.of(requester, now)
    }

    /// How the attempt of `epoch` failed, for processes that waited for it and would have made the same one.
    #[must_use]
    pub fn failure_of(&self, epoch: u64, requester: &Requester) -> Option<&Failure> {
        self.last_of(requester).filter(|last| last.epoch == epoch).map(|last| &last.failure)
    }

    /// The last failure of `requester` if it is more recent than `life`, so that a fleet does not overload a server that
    /// is in trouble.
    #[must_use]
    pub fn recent_failure(&self, now: SystemTime, life: Duration, requester: &Requester) -> Option<&Failure> {
        let now = epoch_milliseconds(now);
        let is_recent = |last: &&Attempt| {
            last.at.saturating_add(milliseconds(life)) > now && last.at <= now + CLOCK_SLACK
        };
        self.last_of(requester).filter(is_recent).map(|last| &last.failure)
    }

    /// How the last attempt failed, if it was one of `requester` and did.
    #[must_use]
    pub fn last_failure(&self, requester: &Requester) -> Option<&Failure> {
        self.last_of(requester).map(|last| &last.failure)
    }

    /// The last attempt, unless it was another requester's. A rejection that an earlier version recorded may be any
    /// requester's.
    fn last_of(&self, requester: &Requester) -> Option<&Attempt> {
        self.last.as_ref().filter(|last| match &last.requester {
            Some(of) => of == requester,
            None => !matches!(last.failure, Failure::Rejected(_)),
        })
    }

    /// How long `token` lives from its issue to its expiry, if it is the one that was issued last.
    #[must_use]
    pub fn life_of(&self, token: &SecretString) -> Option<Duration> {
        let issued = self.token.as_ref().filter(|issued| issued.id == short_id(token));
        issued.map(|issued| Duration::from_millis(issued.life))
    }
}

/// Tells the tokens of one credential apart.
fn short_id(token: &SecretString) -> String {
    fingerprint(token)[..16].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn second(n: u64) -> SystemTime {
        from_epoch_milliseconds(1_700_000_000_000 + n * 1_000)
    }

    fn requester(host: &str) -> Requester {
        Requester::new(&SecretString::from("1000.r"), host, "c", &SecretString::from("s"))
    }

    #[test]
    fn the_eleventh_token_is_allowed_once_the_first_has_left_the_window() {
        let quota = Quota::default();
        let mut ledger = Ledger::default();
        for n in 0..10 {
            assert_eq!(ledger.retry_at(second(n), quota), None);
            ledger.note_issue(second(n), quota);
        }
        assert_eq!(ledger.retry_at(second(10), quota), Some(second(600)));
        assert_eq!(ledger.retry_at(second(599), quota), Some(second(600)));
        assert_eq!(ledger.retry_at(second(600), quota), None);
    }

    #[test]
    fn the_window_of_an_issue_begins_when_its_response_came() {
        let quota = Quota::new(1, Duration::from_secs(600));
        let mut ledger = Ledger::default();
        ledger.note_issue(second(0), quota);
        ledger.note_response(second(3));
        assert_eq!(ledger.retry_at(second(601), quota), Some(second(603)));
        ledger.take_back_issue();
        assert_eq!(ledger.retry_at(second(601), quota), None);
    }

    #[test]
    fn a_throttle_blocks_for_the_window_even_if_the_ledger_is_empty() {
        let mut ledger = Ledger::default();
        ledger.note_throttle(second(0), Quota::default());
        assert_eq!(ledger.retry_at(second(1), Quota::default()), Some(second(600)));
        assert_eq!(ledger.retry_at(second(600), Quota::default()), None);
    }

    #[test]
    fn a_failure_is_shared_by_epoch_and_for_a_short_time_with_those_who_would_ask_the_same() {
        let (here, elsewhere) =
            (requester("https://accounts.zoho.eu"), requester("https://accounts.zoho.in"));
        let mut ledger = Ledger::default();
        ledger.note_failure(4, second(0), &here, Failure::Transient("500".into()));
        assert!(ledger.failure_of(4, &here).is_some() && ledger.failure_of(5, &here).is_none());
        assert!(ledger.recent_failure(second(1), Duration::from_secs(2), &here).is_some());
        assert!(ledger.recent_failure(second(2), Duration::from_secs(2), &here).is_none());
        assert!(ledger.failure_of(4, &elsewhere).is_none() && ledger.last_failure(&elsewhere).is_none());
        assert!(ledger.recent_failure(second(1), Duration::from_secs(2), &elsewhere).is_none());
        assert_eq!(ledger.rejection(&here, second(1)), None);
    }

    #[test]
    fn a_clock_that_was_set_back_blocks_nothing() {
        let quota = Quota::default();
        let mut ledger = Ledger::default();
        (0..10).for_each(|_| ledger.note_issue(second(3_600), quota));
        ledger.note_throttle(second(3_600), quota);
        let here = requester("https://accounts.zoho.eu");
        ledger.note_failure(1, second(3_600), &here, Failure::Transient("500".into()));
        assert_eq!(ledger.retry_at(second(0), quota), None);
        assert!(ledger.recent_failure(second(0), Duration::from_secs(1), &here).is_none());
    }

    #[test]
    fn an_issue_that_was_taken_back_does_not_count() {
        let quota = Quota::default();
        let mut ledger = Ledger::default();
        for n in 0..9 {
            ledger.note_issue(second(n), quota);
        }
        for n in 9..100 {
            assert_eq!(ledger.retry_at(second(n), quota), None);
            ledger.note_issue(second(n), quota);
            ledger.take_back_issue();
        }
        ledger.note_issue(second(100), quota);
        assert_eq!(ledger.retry_at(second(101), quota), Some(second(600)));
    }

    #[test]
    fn only_the_token_that_was_issued_last_has_a_known_life() {
        let (first, second) = (SecretString::from("1000.a"), SecretString::from("1000.b"));
        let mut ledger = Ledger::default();
        ledger.note_token(&first, Duration::from_secs(3_600));
        assert_eq!(ledger.life_of(&first), Some(Duration::from_secs(3_600)));
        assert_eq!(ledger.life_of(&second), None);
        let text = serde_json::to_string(&ledger).expect("a ledger is JSON");
        assert!(!text.contains("1000.a"), "{text}");
        assert_eq!(serde_json::from_str::<Ledger>(&text).expect("its own text"), ledger);
    }

    #[test]
    fn a_quota_of_zero_allows_one_token() {
        let quota = Quota::new(0, Duration::from_secs(600));
        let mut ledger = Ledger::default();
        assert_eq!(ledger.retry_at(second(0), quota), None);
        ledger.note_issue(second(0), quota);
        assert_eq!(ledger.retry_at(second(1), quota), Some(second(600)));
    }

    #[test]
    fn a_rejection_stays_until_a_token_is_issued_or_it_is_forgotten() {
        let here = requester("https://accounts.zoho.eu");
        let mut ledger = Ledger::default();
        for forget in [
            |ledger: &mut Ledger| {
                ledger.note_token(&SecretString::from("1000.a"), Duration::from_secs(3_600))
            },
            |ledger: &mut Ledger| assert!(ledger.forget_rejections()),
        ] {
            ledger.note_failure(4, second(0), &here, Failure::Rejected("invalid_code".into()));
            ledger.note_rejection(&here, "invalid_code", second(0), Duration::from_secs(60));
            ledger.note_issue(second(1), Quota::default());
            assert_eq!(ledger.rejection(&here, second(1)), Some("invalid_code"));
            forget(&mut ledger);
            assert_eq!(ledger.rejection(&here, second(1)), None);
            assert!(!ledger.forget_rejections());
        }
    }

    #[test]
    fn a_rejection_of_an_earlier_version_is_nobodys() {
        let here = requester("https://accounts.zoho.eu");
        let text = r#"{"issued":[],"blocked_until":0,"last":{"epoch":4,"at":1700000000000,
            "failure":{"Rejected":"invalid_code"}},"token":null}"#;
        let mut ledger: Ledger = serde_json::from_str(text).expect("a ledger");
        assert_eq!(ledger.rejection(&here, second(0)), None);
        assert_eq!(ledger.failure_of(4, &here), None);
        assert!(ledger.forget_rejections(), "the earlier version may send it again, too");

        let transient = text.replace("Rejected", "Transient").replace("invalid_code", "500");
        let ledger: Ledger = serde_json::from_str(&transient).expect("a ledger");
        assert!(ledger.failure_of(4, &here).is_some());
    }

    #[test]
    fn an_earlier_version_reads_a_rejection_where_it_expects_it() {
        let here = requester("https://accounts.zoho.eu");
        let mut ledger = Ledger::default();
        ledger.note_failure(4, second(0), &here, Failure::Rejected("invalid_code".into()));
        ledger.note_rejection(&here, "invalid_code", second(0), Duration::from_secs(60));
        let json = serde_json::to_value(&ledger).expect("a ledger is JSON");
        assert_eq!(json["last"]["failure"], serde_json::json!({ "Rejected": "invalid_code" }));
        assert_eq!(json["last"]["epoch"], 4);
    }
}

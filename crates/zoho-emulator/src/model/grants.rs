//! Grant codes, refresh tokens and access tokens: who owns them, their lifetimes, and the quotas on them.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use crate::scope::Scopes;
use crate::secret;
use crate::timestamp::milliseconds;

/// What a user has authorized a client to do, in one data center.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Grant {
    pub(crate) client_id: String,
    pub(crate) user: String,
    pub(crate) location: String,
    pub(crate) scopes: Scopes,
}

/// The tokens that an exchange or a refresh issues.
#[derive(Debug)]
pub(crate) struct Issued {
    pub(crate) access_token: String,
    pub(crate) refresh_token: Option<String>,
    pub(crate) grant: Arc<Grant>,
}

/// Why the accounts server issues no token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rejection {
    /// The client is unknown, or the token or code belongs to another data center.
    Client,
    /// The client secret is wrong or missing.
    Secret,
    /// The code is wrong, used or expired, or the refresh token is wrong, revoked or evicted.
    Code,
    /// The redirect URL differs from that of the login.
    RedirectUrl,
    /// The quota of access tokens is exhausted.
    Throttled,
}

/// The lifetimes of codes and tokens, and Zoho's quotas on them.
#[derive(Clone, Debug)]
pub(crate) struct TokenPolicy {
    pub(crate) token_lifetime: Duration,
    pub(crate) code_lifetime: Duration,
    /// The length of the window in which requests are counted.
    pub(crate) window: Duration,
    /// How many access tokens a refresh token may issue per window.
    pub(crate) access_tokens_per_window: usize,
    /// Whether the access token of the code exchange counts towards that limit.
    pub(crate) count_code_exchange: bool,
    /// How many access tokens of a refresh token may be valid at the same time.
    pub(crate) live_access_tokens: usize,
    /// How many refresh tokens a user may have in a data center.
    pub(crate) refresh_tokens_per_user: usize,
    /// How many grant codes a client may get per window.
    pub(crate) codes_per_window: usize,
}

impl Default for TokenPolicy {
    fn default() -> Self {
        Self {
            token_lifetime: Duration::from_secs(3600),
            code_lifetime: Duration::from_secs(120),
            window: Duration::from_secs(600),
            access_tokens_per_window: 10,
            count_code_exchange: false,
            live_access_tokens: 15,
            refresh_tokens_per_user: 20,
            codes_per_window: 10,
        }
    }
}

/// Every code and token of one emulator.
#[derive(Debug, Default)]
pub(crate) struct Grants {
    codes: HashMap<String, Code>,
    refresh_tokens: HashMap<String, RefreshToken>,
    access_tokens: HashMap<String, AccessToken>,
    /// Refresh tokens of a user in a data center, oldest first.
    refresh_tokens_of: HashMap<(String, String), VecDeque<String>>,
    /// When the recent codes of a client were issued.
    code_times: HashMap<String, VecDeque<u64>>,
}

impl Grants {
    /// Issues a grant code without applying the quota.
    pub(crate) fn new_code(
        &mut self,
        grant: Arc<Grant>,
        redirect_url: Option<String>,
        with_refresh_token: bool,
        now: u64,
        policy: &TokenPolicy,
    ) -> String {
        self.codes.retain(|_, code| code.expires_ms > now);
        let expires_ms = now + milliseconds(policy.code_lifetime);
        let code = secret::token();
        self.codes.insert(code.clone(), Code { grant, redirect_url, with_refresh_token, expires_ms });
        code
    }

    /// Counts a grant code of a client. `false`: the quota of the window is exhausted.
    pub(crate) fn count_code(&mut self, client_id: &str, now: u64, policy: &TokenPolicy) -> bool {
        let times = self.code_times.entry(client_id.to_owned()).or_default();
        count_within(times, now, milliseconds(policy.window), policy.codes_per_window)
    }

    /// Exchanges a grant code, which can be used only once.
    pub(crate) fn exchange(
        &mut self,
        code: &str,
        client_id: &str,
        redirect_url: Option<&str>,
        location: &str,
        now: u64,
        policy: &TokenPolicy,
    ) -> Result<Issued, Rejection> {
        let known = self.codes.get(code).filter(|known| known.expires_ms > now).ok_or(Rejection::Code)?;
        if known.grant.location != location {
            return Err(Rejection::Client);
        }
        if known.grant.client_id != client_id {
            return Err(Rejection::Code);
        }
        if known.redirect_url.is_some() && known.redirect_url.as_deref() != redirect_url {
            return Err(Rejection::RedirectUrl);
        }
        let spent = self.codes.remove(code).ok_or(Rejection::Code)?;
        let grant = spent.grant;
        if !spent.with_refresh_token {
            let access_token = self.new_access_token(&grant, None, now, policy);
            return Ok(Issued { access_token, refresh_token: None, grant });
        }
        let refresh_token = self.new_refresh_token(Arc::clone(&grant), policy);
        if policy.count_code_exchange
            && let Some(token) = self.refresh_tokens.get_mut(&refresh_token)
        {
            token.issue_times.push_back(now);
        }
        let access_token = self.new_access_token(&grant, Some(&refresh_token), now, policy);
        Ok(Issued { access_token, refresh_token: Some(refresh_token), grant })
    }

    /// Issues an access token for a refresh token, if the quota allows it.
    pub(crate) fn refresh(
        &mut self,
        refresh_token: &str,
        client_id: &str,
        location: &str,
        now: u64,
        policy: &TokenPolicy,
    ) -> Result<Issued, Rejection> {
        let token = self.refresh_tokens.get_mut(refresh_token).ok_or(Rejection::Code)?;
        if token.grant.location != location {
            return Err(Rejection::Client);
        }
        if token.grant.client_id != client_id {
            return Err(Rejection::Code);
        }
        let window = milliseconds(policy.window);
        if !count_within(&mut token.issue_times, now, window, policy.access_tokens_per_window) {
            return Err(Rejection::Throttled);
        }
        let grant = Arc::clone(&token.grant);
        let access_token = self.new_access_token(&grant, Some(refresh_token), now, policy);
        Ok(Issued { access_token, refresh_token: None, grant })
    }

    /// Issues a refresh token. If the user then has too many, the oldest is silently evicted.
    pub(crate) fn new_refresh_token(&mut self, grant: Arc<Grant>, policy: &TokenPolicy) -> String {
        let refresh_token = secret::token();
        let owner = (grant.user.clone(), grant.location.clone());
        let fresh = RefreshToken { grant, issue_times: VecDeque::new(), live: VecDeque::new() };
        self.refresh_tokens.insert(refresh_token.clone(), fresh);
        let tokens = self.refresh_tokens_of.entry(owner).or_default();
        tokens.push_back(refresh_token.clone());
        let evicted = (tokens.len() > policy.refresh_tokens_per_user).then(|| tokens.pop_front());
        if let Some(oldest) = evicted.flatten() {
            self.remove_refresh_token(&oldest);
        }
        refresh_token
    }

    /// Issues an access token without applying the quota. If the refresh token then has too many, the oldest is evicted.
    pub(crate) fn new_access_token(
        &mut self,
        grant: &Arc<Grant>,
        refresh_token: Option<&str>,
        now: u64,
        policy: &TokenPolicy,
    ) -> String {
        let access_token = secret::token();
        if let Some(parent) = refresh_token.and_then(|token| self.refresh_tokens.get_mut(token)) {
            parent.live.push_back(access_token.clone());
            let access_tokens = &mut self.access_tokens;
            parent.live.retain(|token| {
                let alive = *token == access_token
                    || access_tokens.get(token).is_some_and(|known| known.expires_ms > now);
                if !alive {
                    access_tokens.remove(token);
                }
                alive
            });
            if parent.live.len() > policy.live_access_tokens
                && let Some(oldest) = parent.live.pop_front()
            {
                self.access_tokens.remove(&oldest);
            }
        }
        let expires_ms = now + milliseconds(policy.token_lifetime);
        let token = AccessToken {
            grant: Arc::clone(grant),
            refresh_token: refresh_token.map(str::to_owned),
            expires_ms,
        };
        self.access_tokens.insert(access_token.clone(), token);
        access_token
    }

    /// The grant of a valid access token.
    pub(crate) fn access(&self, access_token: &str, now: u64) -> Option<&Arc<Grant>> {
        let token = self.access_tokens.get(access_token)?;
        (token.expires_ms > now).then_some(&token.grant)
    }

    /// The grant of a valid refresh token.
    pub(crate) fn refresh_grant(&self, refresh_token: &str) -> Option<&Arc<Grant>> {
        self.refresh_tokens.get(refresh_token).map(|token| &token.grant)
    }

    /// Whether the user has a refresh token for this client in this data center.
    pub(crate) fn has_refresh_token(&self, grant: &Grant) -> bool {
        let owner = (grant.user.clone(), grant.location.clone());
        let mut tokens = self.refresh_tokens_of.get(&owner).into_iter().flatten();
        tokens.any(|token| self.refresh_grant(token).is_some_and(|known| known.client_id == grant.client_id))
    }

    /// Removes a refresh token and its access tokens.
    pub(crate) fn remove_refresh_token(&mut self, refresh_token: &str) -> Option<Arc<Grant>> {
        let token = self.refresh_tokens.remove(refresh_token)?;
        for access_token in &token.live {
            self.access_tokens.remove(access_token);
        }
        let owner = (token.grant.user.clone(), token.grant.location.clone());
        if let Some(tokens) = self.refresh_tokens_of.get_mut(&owner) {
            tokens.retain(|known| known != refresh_token);
        }
        Some(token.grant)
    }

    /// Removes an access token.
    pub(crate) fn remove_access_token(&mut self, access_token: &str) -> Option<Arc<Grant>> {
        let token = self.access_tokens.remove(access_token)?;
        let parent = token.refresh_token.and_then(|parent| self.refresh_tokens.get_mut(&parent));
        if let Some(parent) = parent {
            parent.live.retain(|known| known != access_token);
        }
        Some(token.grant)
    }

    /// Removes every access token.
    pub(crate) fn remove_access_tokens(&mut self) {
        self.access_tokens.clear();
        for token in self.refresh_tokens.values_mut() {
            token.live.clear();
        }
    }

    /// The number of valid access tokens of a refresh token.
    pub(crate) fn live_access_tokens(&self, refresh_token: &str, now: u64) -> usize {
        let tokens = self.refresh_tokens.get(refresh_token).into_iter().flat_map(|token| &token.live);
        tokens.filter(|token| self.access(token, now).is_some()).count()
    }

    /// The number of valid access tokens of all refresh tokens.
    pub(crate) fn all_live_access_tokens(&self, now: u64) -> usize {
        self.access_tokens.values().filter(|token| token.expires_ms > now).count()
    }

    /// The number of refresh tokens.
    pub(crate) fn live_refresh_tokens(&self) -> usize {
        self.refresh_tokens.len()
    }
}

/// A grant code that has not been used.
#[derive(Debug)]
struct Code {
    grant: Arc<Grant>,
    /// The redirect URL that the exchange must repeat; `None` for a Self Client code.
    redirect_url: Option<String>,
    /// Whether the exchange issues a refresh token.
    with_refresh_token: bool,
    expires_ms: u64,
}

#[derive(Debug)]
struct RefreshToken {
    grant: Arc<Grant>,
    /// When the recent access tokens were issued, for the quota.
    issue_times: VecDeque<u64>,
    /// Valid access tokens, oldest first.
    live: VecDeque<String>,
}

#[derive(Debug)]
struct AccessToken {
    grant: Arc<Grant>,
    refresh_token: Option<String>,
    expires_ms: u64,
}

/// Counts an event, unless there were already `limit` events in the last `window`.
fn count_within(times: &mut VecDeque<u64>, now: u64, window: u64, limit: usize) -> bool {
    while times.front().is_some_and(|time| time + window <= now) {
        times.pop_front();
    }
    let has_room = times.len() < limit;
    if has_room {
        times.push_back(now);
    }
    has_room
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_allowed_again_when_the_oldest_one_leaves_the_window() {
        let mut times = VecDeque::new();
        assert!(count_within(&mut times, 0, 600, 2));
        assert!(count_within(&mut times, 500, 600, 2));
        assert!(!count_within(&mut times, 599, 600, 2));
        assert!(count_within(&mut times, 600, 600, 2));
        assert!(!count_within(&mut times, 601, 600, 2));
    }
}

//! Grant codes, refresh tokens and access tokens: who has which, how long they live, and the quotas on them.
//!
//! Plain data and rules. The time is a parameter.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use crate::scope::Scopes;
use crate::secret;
use crate::timestamp::milliseconds;

/// What a user has allowed a client to do, in one data center.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Grant {
    pub(crate) client_id: String,
    pub(crate) user: String,
    pub(crate) location: String,
    pub(crate) scopes: Scopes,
}

/// What an exchange or a refresh gives.
#[derive(Debug)]
pub(crate) struct Issued {
    pub(crate) access_token: String,
    pub(crate) refresh_token: Option<String>,
    pub(crate) grant: Arc<Grant>,
}

/// Why the accounts server gives nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rejection {
    /// Unknown client, or a token or code of another data center.
    Client,
    /// Wrong or missing client secret.
    Secret,
    /// Wrong, spent or expired code; wrong, revoked or evicted refresh token.
    Code,
    /// Another redirect URL than at the beginning.
    RedirectUrl,
    /// The quota of access tokens is used up.
    Throttled,
}

/// How long codes and tokens live, and Zoho's quotas on them.
#[derive(Clone, Debug)]
pub(crate) struct TokenPolicy {
    pub(crate) token_lifetime: Duration,
    pub(crate) code_lifetime: Duration,
    /// The length of the window in which requests are counted.
    pub(crate) window: Duration,
    /// How many access tokens one refresh token gives in a window.
    pub(crate) access_tokens_per_window: usize,
    /// Whether the access token of the code exchange counts as one of them.
    pub(crate) count_code_exchange: bool,
    /// How many access tokens of one refresh token are alive at once.
    pub(crate) live_access_tokens: usize,
    /// How many refresh tokens a user has in a data center.
    pub(crate) refresh_tokens_per_user: usize,
    /// How many grant codes one client gets in a window.
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
    /// When a client's recent codes were given out.
    code_times: HashMap<String, VecDeque<u64>>,
}

impl Grants {
    /// Makes a grant code, whatever the quota says.
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

    /// Counts one more grant code of a client; says no when the window already has as many as are allowed.
    pub(crate) fn count_code(&mut self, client_id: &str, now: u64, policy: &TokenPolicy) -> bool {
        let times = self.code_times.entry(client_id.to_owned()).or_default();
        count_within(times, now, milliseconds(policy.window), policy.codes_per_window)
    }

    /// Spends a grant code.
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

    /// Gives one more access token for a refresh token, if the quota has room.
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

    /// Makes a refresh token; one too many silently ends the user's oldest one.
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

    /// Makes an access token, without asking the quota; one too many ends the oldest of the same refresh token.
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

    /// What a live access token allows.
    pub(crate) fn access(&self, access_token: &str, now: u64) -> Option<&Arc<Grant>> {
        let token = self.access_tokens.get(access_token)?;
        (token.expires_ms > now).then_some(&token.grant)
    }

    /// What a live refresh token stands for.
    pub(crate) fn refresh_grant(&self, refresh_token: &str) -> Option<&Arc<Grant>> {
        self.refresh_tokens.get(refresh_token).map(|token| &token.grant)
    }

    /// Whether the user has any refresh token for this client in this data center.
    pub(crate) fn has_refresh_token(&self, grant: &Grant) -> bool {
        let owner = (grant.user.clone(), grant.location.clone());
        let mut tokens = self.refresh_tokens_of.get(&owner).into_iter().flatten();
        tokens.any(|token| self.refresh_grant(token).is_some_and(|known| known.client_id == grant.client_id))
    }

    /// Ends a refresh token and every access token that came from it.
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

    /// Ends one access token.
    pub(crate) fn remove_access_token(&mut self, access_token: &str) -> Option<Arc<Grant>> {
        let token = self.access_tokens.remove(access_token)?;
        let parent = token.refresh_token.and_then(|parent| self.refresh_tokens.get_mut(&parent));
        if let Some(parent) = parent {
            parent.live.retain(|known| known != access_token);
        }
        Some(token.grant)
    }

    /// Ends every access token.
    pub(crate) fn remove_access_tokens(&mut self) {
        self.access_tokens.clear();
        for token in self.refresh_tokens.values_mut() {
            token.live.clear();
        }
    }

    /// How many access tokens of a refresh token are alive.
    pub(crate) fn live_access_tokens(&self, refresh_token: &str, now: u64) -> usize {
        let tokens = self.refresh_tokens.get(refresh_token).into_iter().flat_map(|token| &token.live);
        tokens.filter(|token| self.access(token, now).is_some()).count()
    }

    /// How many access tokens are alive in all.
    pub(crate) fn all_live_access_tokens(&self, now: u64) -> usize {
        self.access_tokens.values().filter(|token| token.expires_ms > now).count()
    }

    /// How many refresh tokens are alive.
    pub(crate) fn live_refresh_tokens(&self) -> usize {
        self.refresh_tokens.len()
    }
}

/// A grant code before it is spent.
#[derive(Debug)]
struct Code {
    grant: Arc<Grant>,
    /// The redirect URL that has to come again at the exchange; a Self Client code has none.
    redirect_url: Option<String>,
    /// Whether the exchange gives a refresh token.
    with_refresh_token: bool,
    expires_ms: u64,
}

#[derive(Debug)]
struct RefreshToken {
    grant: Arc<Grant>,
    /// When recent access tokens were given out: the quota.
    issue_times: VecDeque<u64>,
    /// Access tokens that still work, oldest first.
    live: VecDeque<String>,
}

#[derive(Debug)]
struct AccessToken {
    grant: Arc<Grant>,
    refresh_token: Option<String>,
    expires_ms: u64,
}

/// Counts one more event unless the last `window` already had `limit` of them.
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
    fn a_window_has_room_again_when_its_oldest_event_leaves_it() {
        let mut times = VecDeque::new();
        assert!(count_within(&mut times, 0, 600, 2));
        assert!(count_within(&mut times, 500, 600, 2));
        assert!(!count_within(&mut times, 599, 600, 2));
        assert!(count_within(&mut times, 600, 600, 2));
        assert!(!count_within(&mut times, 601, 600, 2));
    }
}

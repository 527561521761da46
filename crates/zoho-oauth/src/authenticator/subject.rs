//! Whose token is requested: the key under which callers share work and results are cached.

use crate::store::coordination::LeaseKey;
use crate::token::{OAuthToken, UserSignature};

/// A user, an id, a user's row of one app in one environment, or a credential by its fingerprint.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Subject {
    User(UserSignature),
    Id(String),
    Row { user: UserSignature, client_id: Option<String>, api_domain: Option<String> },
    Credential(LeaseKey),
}

impl Subject {
    /// The subject that `token` identifies; `None` if it has nothing to look up or renew.
    pub(super) fn of(token: &OAuthToken) -> Option<Self> {
        if let Some(id) = token.id() {
            return Some(Self::Id(id.to_owned()));
        }
        if let Some(user) = token.user_signature() {
            let (client_id, api_domain) = (token.client_id(), token.api_domain());
            if client_id.is_none() && api_domain.is_none() {
                return Some(Self::User(user.clone()));
            }
            return Some(Self::Row {
                user: user.clone(),
                client_id: client_id.map(str::to_owned),
                api_domain: api_domain.map(str::to_owned),
            });
        }
        let grant = token.grant_token().map(LeaseKey::exchange);
        grant.or_else(|| token.refresh_token().map(LeaseKey::refresh)).map(Self::Credential)
    }
}

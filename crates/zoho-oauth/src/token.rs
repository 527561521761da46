//! The token: what Zoho gives, whose it is, and how long it is good for. No I/O.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ring::digest::{SHA256, digest};
use secrecy::{ExposeSecret, SecretString};

/// A user's tokens for one client app in one data center: the row that a store keeps.
///
/// Every field may be missing; an empty value counts as missing, though it is kept as it was read. Which
/// fields are set decides the flow: a grant token is exchanged, a refresh token renews, an access token alone
/// is used as it is, an id means a row that is already stored.
///
/// `Debug` never prints a secret.
///
/// ```
/// use zoho_oauth::OAuthToken;
///
/// let token = OAuthToken::new()
///     .with_user("ada@example.com:60000001")
///     .with_client("1000.EXAMPLE", "secret")
///     .with_refresh_token("1000.refresh");
/// assert_eq!(token.user_signature().map(|user| user.name()), Some("ada@example.com:60000001"));
/// assert!(!format!("{token:?}").contains("1000.refresh"));
/// ```
#[derive(Clone, Default)]
pub struct OAuthToken {
    pub(crate) id: Option<String>,
    pub(crate) user_signature: Option<UserSignature>,
    pub(crate) client_id: Option<String>,
    pub(crate) client_secret: Option<SecretString>,
    pub(crate) refresh_token: Option<SecretString>,
    pub(crate) access_token: Option<SecretString>,
    pub(crate) grant_token: Option<SecretString>,
    pub(crate) expires_at: Option<SystemTime>,
    pub(crate) redirect_url: Option<String>,
    pub(crate) api_domain: Option<String>,
}

impl OAuthToken {
    /// A token with nothing in it yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the id: the row's primary key. A store makes one for a token that has none.
    #[must_use]
    pub fn with_id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// Sets whose token it is. Zoho's SDKs name rows `email:zgid`.
    #[must_use]
    pub fn with_user(mut self, user: impl Into<UserSignature>) -> Self {
        self.user_signature = Some(user.into());
        self
    }

    /// Sets the client app's id and secret.
    #[must_use]
    pub fn with_client(mut self, id: impl Into<String>, secret: impl Into<SecretString>) -> Self {
        self.client_id = Some(id.into());
        self.client_secret = Some(secret.into());
        self
    }

    /// Sets the client app's id alone, to tell rows of several client apps apart in a look-up.
    #[must_use]
    pub fn with_client_id(mut self, id: impl Into<String>) -> Self {
        self.client_id = Some(id.into());
        self
    }

    /// Sets the refresh token: good until it is revoked or evicted.
    #[must_use]
    pub fn with_refresh_token(mut self, token: impl Into<SecretString>) -> Self {
        self.refresh_token = Some(token.into());
        self
    }

    /// Sets the access token: good for one hour.
    #[must_use]
    pub fn with_access_token(mut self, token: impl Into<SecretString>) -> Self {
        self.access_token = Some(token.into());
        self
    }

    /// Sets the grant token: the one-shot code of a login, good for one to three minutes.
    #[must_use]
    pub fn with_grant_token(mut self, token: impl Into<SecretString>) -> Self {
        self.grant_token = Some(token.into());
        self
    }

    /// Sets the moment at which the access token ends, kept to the millisecond.
    #[doc(alias = "expires_in")]
    #[doc(alias = "expiry_time")]
    #[must_use]
    pub fn with_expires_at(mut self, moment: SystemTime) -> Self {
        self.expires_at = Some(moment);
        self
    }

    /// Sets the redirect URL that the client app is registered with.
    #[must_use]
    pub fn with_redirect_url(mut self, url: impl Into<String>) -> Self {
        self.redirect_url = Some(url.into());
        self
    }

    /// Sets the API domain, such as `https://www.zohoapis.eu`: where the token is good.
    #[must_use]
    pub fn with_api_domain(mut self, domain: impl Into<String>) -> Self {
        self.api_domain = Some(domain.into());
        self
    }

    /// The row's primary key.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        filled(self.id.as_deref())
    }

    /// Whose token it is.
    #[must_use]
    pub fn user_signature(&self) -> Option<&UserSignature> {
        self.user_signature.as_ref().filter(|user| !user.name().is_empty())
    }

    /// The client app's id.
    #[must_use]
    pub fn client_id(&self) -> Option<&str> {
        filled(self.client_id.as_deref())
    }

    /// The client app's secret.
    #[must_use]
    pub fn client_secret(&self) -> Option<&SecretString> {
        filled_secret(self.client_secret.as_ref())
    }

    /// The refresh token.
    #[must_use]
    pub fn refresh_token(&self) -> Option<&SecretString> {
        filled_secret(self.refresh_token.as_ref())
    }

    /// The access token.
    #[must_use]
    pub fn access_token(&self) -> Option<&SecretString> {
        filled_secret(self.access_token.as_ref())
    }

    /// The grant token, spent or not.
    #[must_use]
    pub fn grant_token(&self) -> Option<&SecretString> {
        filled_secret(self.grant_token.as_ref())
    }

    /// The moment at which the access token ends. The official SDKs call it `expires_in` and keep it as epoch
    /// milliseconds; in Zoho's own answers `expires_in` is a number of seconds.
    #[doc(alias = "expires_in")]
    #[doc(alias = "expiry_time")]
    #[must_use]
    pub fn expires_at(&self) -> Option<SystemTime> {
        self.expires_at
    }

    /// The redirect URL that the client app is registered with.
    #[must_use]
    pub fn redirect_url(&self) -> Option<&str> {
        filled(self.redirect_url.as_deref())
    }

    /// The API domain: where the token is good.
    #[must_use]
    pub fn api_domain(&self) -> Option<&str> {
        filled(self.api_domain.as_deref())
    }

    /// Whether the access token can be used at `now` and stays good for `margin` longer.
    ///
    /// A token without a known end is fresh only if nothing could renew it: then it is used as it is.
    #[must_use]
    pub fn is_fresh(&self, now: SystemTime, margin: Duration) -> bool {
        self.access_token().is_some()
            && match self.expires_at {
                Some(end) => end > now + margin,
                None => self.refresh_token().is_none(),
            }
    }
}

impl fmt::Debug for OAuthToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hidden = |secret: &Option<SecretString>| secret.as_ref().map(|_| "[redacted]");
        formatter
            .debug_struct("OAuthToken")
            .field("id", &self.id)
            .field("user_signature", &self.user_signature)
            .field("client_id", &self.client_id)
            .field("client_secret", &hidden(&self.client_secret))
            .field("refresh_token", &hidden(&self.refresh_token))
            .field("access_token", &hidden(&self.access_token))
            .field("grant_token", &hidden(&self.grant_token))
            .field("expires_at", &self.expires_at)
            .field("redirect_url", &self.redirect_url)
            .field("api_domain", &self.api_domain)
            .finish()
    }
}

/// Who a token belongs to: the row's `user_name`.
///
/// Zoho's SDKs fill it with `email:zgid` (the organisation's id), so `ada@example.com` alone does not find a row
/// that was named by them. Equality is exact: case, accents and blanks count.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UserSignature(String);

impl UserSignature {
    /// A user by name.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// The name, as it is stored.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0
    }
}

impl From<&str> for UserSignature {
    fn from(name: &str) -> Self {
        Self::new(name)
    }
}

impl From<String> for UserSignature {
    fn from(name: String) -> Self {
        Self(name)
    }
}

impl From<&Self> for UserSignature {
    fn from(user: &Self) -> Self {
        user.clone()
    }
}

impl AsRef<str> for UserSignature {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UserSignature {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// What stands for a secret where it must be told apart but not shown: its SHA-256, in hexadecimal.
pub(crate) fn fingerprint(secret: &SecretString) -> String {
    let digest = digest(&SHA256, secret.expose_secret().as_bytes());
    digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Milliseconds since 1970, as the official SDKs keep an expiry.
pub(crate) fn epoch_milliseconds(moment: SystemTime) -> u64 {
    let since = moment.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// The moment that many milliseconds after 1970; a number beyond what the system can hold is the far future.
pub(crate) fn from_epoch_milliseconds(milliseconds: u64) -> SystemTime {
    const FAR_FUTURE: u64 = 253_402_300_799_000; // the end of the year 9999
    UNIX_EPOCH + Duration::from_millis(milliseconds.min(FAR_FUTURE))
}

fn filled(value: Option<&str>) -> Option<&str> {
    value.filter(|text| !text.is_empty())
}

fn filled_secret(value: Option<&SecretString>) -> Option<&SecretString> {
    value.filter(|secret| !secret.expose_secret().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_fresh_until_the_margin_before_its_end() {
        let now = SystemTime::now();
        let token = OAuthToken::new().with_access_token("a").with_expires_at(now + Duration::from_secs(61));
        assert!(token.is_fresh(now, Duration::from_secs(60)));
        assert!(!token.is_fresh(now + Duration::from_secs(1), Duration::from_secs(60)));
    }

    #[test]
    fn a_token_without_a_known_end_is_fresh_only_if_nothing_could_renew_it() {
        let alone = OAuthToken::new().with_access_token("a");
        assert!(alone.is_fresh(SystemTime::now(), Duration::ZERO));
        assert!(!alone.with_refresh_token("r").is_fresh(SystemTime::now(), Duration::ZERO));
    }

    #[test]
    fn an_empty_value_counts_as_none() {
        let token = OAuthToken::new().with_user("").with_access_token("").with_client("", "").with_id("");
        assert!(token.user_signature().is_none() && token.access_token().is_none());
        assert!(token.client_id().is_none() && token.client_secret().is_none() && token.id().is_none());
    }

    #[test]
    fn debug_prints_no_secret() {
        let token = OAuthToken::new()
            .with_client("id", "top-1")
            .with_refresh_token("top-2")
            .with_access_token("top-3")
            .with_grant_token("top-4");
        assert!(!format!("{token:?} {token:#?}").contains("top-"));
    }
}

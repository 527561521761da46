//! The token: its secrets, its user and its lifetime. No I/O.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ring::digest::{SHA256, digest};
use ring::hmac;
use secrecy::{ExposeSecret, SecretString};

use crate::origin::one_spelling;

/// A user's tokens for one client app in one data center: the row that a store keeps.
///
/// Every field may be missing. An empty value counts as missing, although it is stored as it was read. Which fields
/// are set decides the flow: a grant token is exchanged, a refresh token renews, an access token alone is used as it
/// is, and an id identifies a stored row.
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
    /// An empty token.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the id, the row's primary key. A store assigns one to a token that has none.
    #[must_use]
    pub fn with_id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// Sets the user. Zoho's SDKs name users `email:zgid`.
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

    /// Sets the client app's id alone, to distinguish rows of several client apps in a look-up.
    #[must_use]
    pub fn with_client_id(mut self, id: impl Into<String>) -> Self {
        self.client_id = Some(id.into());
        self
    }

    /// Sets the refresh token, which is valid until it is revoked or evicted.
    #[must_use]
    pub fn with_refresh_token(mut self, token: impl Into<SecretString>) -> Self {
        self.refresh_token = Some(token.into());
        self
    }

    /// Sets the access token, which is valid for one hour.
    #[must_use]
    pub fn with_access_token(mut self, token: impl Into<SecretString>) -> Self {
        self.access_token = Some(token.into());
        self
    }

    /// Sets the grant token: the code of a login, which works once and within one to three minutes.
    #[must_use]
    pub fn with_grant_token(mut self, token: impl Into<SecretString>) -> Self {
        self.grant_token = Some(token.into());
        self
    }

    /// Sets when the access token expires, to the millisecond.
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

    /// Sets the API domain that accepts the token, such as `https://www.zohoapis.eu`. Capitals, a slash at the end, `:443`
    /// and blanks around it make no difference.
    #[must_use]
    pub fn with_api_domain(mut self, domain: impl Into<String>) -> Self {
        self.api_domain = Some(one_spelling(&domain.into()).into_owned());
        self
    }

    /// The row's primary key.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        filled(self.id.as_deref())
    }

    /// The user it belongs to.
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

    /// When the access token expires. The official SDKs call it `expires_in` and store it in epoch milliseconds; in
    /// Zoho's responses, `expires_in` is a number of seconds.
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

    /// The API domain that accepts the token.
    #[must_use]
    pub fn api_domain(&self) -> Option<&str> {
        filled(self.api_domain.as_deref())
    }

    /// Whether the access token is valid at `now` and for `margin` longer.
    ///
    /// A token without a known expiry is fresh only if it has no refresh token: then it is used as it is.
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

/// The user that a token belongs to: the row's `user_name`.
///
/// Zoho's SDKs store `email:zgid`, where `zgid` is the organization's id, so `ada@example.com` alone does not find
/// their rows. Names match exactly: case, accents and blanks count.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UserSignature(String);

impl UserSignature {
    /// A user with this name.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// The name as it is stored.
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

/// Identifies a secret without revealing it: its SHA-256, in hexadecimal.
pub(crate) fn fingerprint(secret: &SecretString) -> String {
    hex(digest(&SHA256, secret.expose_secret().as_bytes()).as_ref())
}

/// Identifies `texts` and a `secret` to those who know the `key`, in hexadecimal.
pub(crate) fn keyed_fingerprint(key: &SecretString, texts: [&str; 2], secret: &SecretString) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key.expose_secret().as_bytes());
    let mut context = hmac::Context::with_key(&key);
    for text in texts.into_iter().chain([secret.expose_secret()]) {
        context.update(text.as_bytes());
        // Or else parts could move from one text to the next.
        context.update(b"\0");
    }
    hex(context.sign().as_ref())
}

/// Bytes as lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Milliseconds since 1970, as the official SDKs store an expiry.
pub(crate) fn epoch_milliseconds(moment: SystemTime) -> u64 {
    milliseconds(moment.duration_since(UNIX_EPOCH).unwrap_or_default())
}

/// How many milliseconds `duration` lasts.
pub(crate) fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// The moment that many milliseconds after 1970, at most the end of the year 9999.
pub(crate) fn from_epoch_milliseconds(milliseconds: u64) -> SystemTime {
    const FAR_FUTURE: u64 = 253_402_300_799_000; // the end of the year 9999
    UNIX_EPOCH + Duration::from_millis(milliseconds.min(FAR_FUTURE))
}

/// Moments further in the future than this many milliseconds were written before the clock was set back, and are
/// ignored.
pub(crate) const CLOCK_SLACK: u64 = 1_000;

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
    fn a_token_is_fresh_until_the_margin_before_its_expiry() {
        let now = SystemTime::now();
        let token = OAuthToken::new().with_access_token("a").with_expires_at(now + Duration::from_secs(61));
        assert!(token.is_fresh(now, Duration::from_secs(60)));
        assert!(!token.is_fresh(now + Duration::from_secs(1), Duration::from_secs(60)));
    }

    #[test]
    fn a_token_without_a_known_expiry_is_fresh_only_if_it_has_no_refresh_token() {
        let alone = OAuthToken::new().with_access_token("a");
        assert!(alone.is_fresh(SystemTime::now(), Duration::ZERO));
        assert!(!alone.with_refresh_token("r").is_fresh(SystemTime::now(), Duration::ZERO));
    }

    #[test]
    fn an_empty_value_counts_as_missing() {
        let token = OAuthToken::new().with_user("").with_access_token("").with_client("", "").with_id("");
        assert!(token.user_signature().is_none() && token.access_token().is_none());
        assert!(token.client_id().is_none() && token.client_secret().is_none() && token.id().is_none());
    }

    #[test]
    fn an_api_domain_has_one_spelling() {
        let token = OAuthToken::new().with_api_domain(" HTTPS://www.ZohoApis.eu:443/ ");
        assert_eq!(token.api_domain(), Some("https://www.zohoapis.eu"));
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

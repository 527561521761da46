//! A token at rest: ten text columns, with the names and in the order that Zoho's SDKs use.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, Serialize};

use crate::origin::one_spelling;
use crate::token::{OAuthToken, UserSignature, epoch_milliseconds, from_epoch_milliseconds};

use super::error::{StoreError, StoreErrorKind};

/// A token as it is stored: the only form in which its secrets leave memory.
///
/// Every SQL table has these ten columns and every CSV file these ten fields, in this order. `None` and an empty string
/// both mean that the field has no value. `Debug` never prints a secret.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StoredToken {
    /// The primary key.
    #[serde(deserialize_with = "text_or_number")]
    pub id: Option<String>,
    /// The user's name; the official SDKs write `email:zgid`.
    #[serde(alias = "user_mail")]
    pub user_name: Option<String>,
    /// The id of the client app.
    pub client_id: Option<String>,
    /// The secret of the client app.
    pub client_secret: Option<String>,
    /// The refresh token.
    pub refresh_token: Option<String>,
    /// The access token.
    pub access_token: Option<String>,
    /// The grant token; kept after it was exchanged.
    pub grant_token: Option<String>,
    /// When the access token expires: epoch milliseconds as decimal text.
    #[serde(alias = "expires_in", deserialize_with = "text_or_number")]
    pub expiry_time: Option<String>,
    /// The redirect URL.
    #[serde(alias = "redirect_uri")]
    pub redirect_url: Option<String>,
    /// The API domain that accepts the token.
    pub api_domain: Option<String>,
}

impl StoredToken {
    /// The names of the ten columns, in order.
    pub const COLUMNS: [&'static str; 10] = [
        "id",
        "user_name",
        "client_id",
        "client_secret",
        "refresh_token",
        "access_token",
        "grant_token",
        "expiry_time",
        "redirect_url",
        "api_domain",
    ];

    /// Converts a token for saving.
    ///
    /// # Errors
    /// [`StoreErrorKind::Rejected`] if the token has no access, refresh or grant token.
    pub fn for_saving(token: &OAuthToken) -> Result<Self, StoreError> {
        let stored = Self::from(token);
        let secrets = [&stored.access_token, &stored.refresh_token, &stored.grant_token];
        if secrets.into_iter().all(|secret| is_empty(secret.as_deref())) {
            return Err(StoreError::of(StoreErrorKind::Rejected, "save a token")
                .evidence("it has no access token, refresh token or grant token")
                .next_step("set one of the three"));
        }
        Ok(stored)
    }

    /// Converts many tokens for saving.
    ///
    /// # Errors
    /// As for [`for_saving`](Self::for_saving), for the first token that is rejected.
    pub fn all_for_saving(tokens: &[OAuthToken]) -> Result<Vec<Self>, StoreError> {
        tokens.iter().map(Self::for_saving).collect()
    }

    /// Returns the ten values, in the order of [`COLUMNS`](Self::COLUMNS).
    #[must_use]
    pub fn values(&self) -> [Option<&str>; 10] {
        [
            self.id.as_deref(),
            self.user_name.as_deref(),
            self.client_id.as_deref(),
            self.client_secret.as_deref(),
            self.refresh_token.as_deref(),
            self.access_token.as_deref(),
            self.grant_token.as_deref(),
            self.expiry_time.as_deref(),
            self.redirect_url.as_deref(),
            self.api_domain.as_deref(),
        ]
    }

    /// Creates a row from its ten values, in the order of [`COLUMNS`](Self::COLUMNS).
    #[must_use]
    pub fn from_values(values: [Option<String>; 10]) -> Self {
        let [
            id,
            user_name,
            client_id,
            client_secret,
            refresh_token,
            access_token,
            grant_token,
            expiry_time,
            redirect_url,
            api_domain,
        ] = values;
        Self {
            id,
            user_name,
            client_id,
            client_secret,
            refresh_token,
            access_token,
            grant_token,
            expiry_time,
            redirect_url,
            api_domain,
        }
    }

    /// Returns this row with the values of `newer`. A field that is empty in `newer` keeps its stored value. So the response
    /// to a renewal, which has no refresh token, does not erase the stored one.
    #[must_use]
    pub fn overwritten_by(self, newer: &Self) -> Self {
        newer.clone().filled_from(self)
    }

    /// Returns this token with its empty fields filled from `row`, as a look-up does.
    #[must_use]
    pub fn filled_from(self, row: Self) -> Self {
        let fill = |own: Option<String>, stored: Option<String>| match own {
            Some(text) if !text.is_empty() => Some(text),
            own => stored.or(own),
        };
        Self {
            id: fill(self.id, row.id),
            user_name: fill(self.user_name, row.user_name),
            client_id: fill(self.client_id, row.client_id),
            client_secret: fill(self.client_secret, row.client_secret),
            refresh_token: fill(self.refresh_token, row.refresh_token),
            access_token: fill(self.access_token, row.access_token),
            grant_token: fill(self.grant_token, row.grant_token),
            expiry_time: fill(self.expiry_time, row.expiry_time),
            redirect_url: fill(self.redirect_url, row.redirect_url),
            api_domain: fill(self.api_domain, row.api_domain),
        }
    }

    /// Returns when the access token expires, in epoch milliseconds. Text that is not a number counts as 1970, because a token
    /// with an unreadable expiry is not trusted.
    #[must_use]
    pub fn expiry_milliseconds(&self) -> Option<u64> {
        let text = self.expiry_time.as_deref().map(str::trim).filter(|text| !text.is_empty())?;
        // PHP may print the number as 1.7E+12.
        Some(text.parse().unwrap_or_else(|_| text.parse::<f64>().map_or(0, |number| number as u64)))
    }
}

impl From<&OAuthToken> for StoredToken {
    fn from(token: &OAuthToken) -> Self {
        let text =
            |secret: &Option<SecretString>| secret.as_ref().map(|secret| secret.expose_secret().to_owned());
        Self {
            id: token.id.clone(),
            user_name: token.user_signature.as_ref().map(|user| user.name().to_owned()),
            client_id: token.client_id.clone(),
            client_secret: text(&token.client_secret),
            refresh_token: text(&token.refresh_token),
            access_token: text(&token.access_token),
            grant_token: text(&token.grant_token),
            expiry_time: token.expires_at.map(|moment| epoch_milliseconds(moment).to_string()),
            redirect_url: token.redirect_url.clone(),
            api_domain: token.api_domain.clone(),
        }
    }
}

impl From<StoredToken> for OAuthToken {
    fn from(stored: StoredToken) -> Self {
        Self {
            expires_at: stored.expiry_milliseconds().map(from_epoch_milliseconds),
            id: stored.id,
            user_signature: stored.user_name.map(UserSignature::new),
            client_id: stored.client_id,
            client_secret: stored.client_secret.map(SecretString::from),
            refresh_token: stored.refresh_token.map(SecretString::from),
            access_token: stored.access_token.map(SecretString::from),
            grant_token: stored.grant_token.map(SecretString::from),
            redirect_url: stored.redirect_url,
            api_domain: stored.api_domain.map(|domain| one_spelling(&domain).into_owned()),
        }
    }
}

impl fmt::Debug for StoredToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        OAuthToken::from(self.clone()).fmt(formatter)
    }
}

pub(crate) fn is_empty(value: Option<&str>) -> bool {
    value.is_none_or(str::is_empty)
}

/// Accepts text or a number: programs write ids and moments as either.
fn text_or_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum TextOrNumber {
        Text(String),
        Number(u64),
    }
    Ok(Option::<TextOrNumber>::deserialize(deserializer)?.map(|value| match value {
        TextOrNumber::Text(text) => text,
        TextOrNumber::Number(number) => number.to_string(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(user: &str) -> StoredToken {
        StoredToken { id: Some("1".into()), user_name: Some(user.into()), ..StoredToken::default() }
    }

    #[test]
    fn the_response_to_a_renewal_does_not_erase_the_refresh_token() {
        let kept =
            StoredToken { refresh_token: Some("r".into()), access_token: Some("old".into()), ..row("ada") };
        let response = StoredToken {
            refresh_token: Some(String::new()),
            access_token: Some("new".into()),
            ..row("ada")
        };
        let merged = kept.overwritten_by(&response);
        assert_eq!(merged.refresh_token.as_deref(), Some("r"));
        assert_eq!(merged.access_token.as_deref(), Some("new"));
    }

    #[test]
    fn an_expiry_is_read_in_every_format_that_official_sdks_write() {
        let expiry =
            |text: &str| StoredToken { expiry_time: Some(text.into()), ..row("ada") }.expiry_milliseconds();
        assert_eq!(expiry("1795298101001"), Some(1_795_298_101_001));
        assert_eq!(expiry(" 1795298101001 "), Some(1_795_298_101_001));
        assert_eq!(expiry("1.795298101E+12"), Some(1_795_298_101_000));
        assert_eq!(expiry(""), None);
        assert_eq!(expiry("soon"), Some(0));
    }

    #[test]
    fn a_row_survives_the_conversion_to_a_token_and_back() {
        let original = StoredToken {
            client_secret: Some(String::new()),
            expiry_time: Some("1795298101001".into()),
            grant_token: Some("g,\"\n".into()),
            ..row("Zoë")
        };
        assert_eq!(StoredToken::from(&OAuthToken::from(original.clone())), original);
    }

    #[test]
    fn json_accepts_numbers_and_the_official_names() {
        let json =
            r#"{"id": 7, "user_mail": "ada", "expires_in": 1795298101001, "redirect_uri": "https://a"}"#;
        let stored: StoredToken = serde_json::from_str(json).unwrap();
        assert_eq!(stored.id.as_deref(), Some("7"));
        assert_eq!(stored.user_name.as_deref(), Some("ada"));
        assert_eq!(stored.expiry_milliseconds(), Some(1_795_298_101_001));
        assert!(
            serde_json::from_str::<StoredToken>(r#"{"refresh": "x"}"#).is_err(),
            "an unknown field is rejected"
        );
    }
}

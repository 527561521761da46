//! Rows that prove themselves: every field follows from the user and a number.

use std::time::{Duration, UNIX_EPOCH};

use zoho_oauth::store::StoredToken;
use zoho_oauth::{ExposeSecret, OAuthToken, SecretString};

/// After this many states the user has logged in again and has another refresh token.
pub(crate) const NEXT_LOGIN: u64 = 1 << 32;

/// Returns state `number` of a user's row. Every field is set and contains characters that a careless writer would split.
/// Every field that a renewal may change depends on the number.
#[must_use]
pub fn row(user: &str, number: u64) -> OAuthToken {
    OAuthToken::new()
        .with_user(user)
        .with_client("1000.CLIENT", format!("secret of \"{user}\", with a comma"))
        .with_refresh_token(refresh_token(user, number))
        .with_access_token(format!(
            "1000.access.{number}.{}",
            "é".repeat(usize::try_from(number % 97).unwrap_or(0))
        ))
        .with_grant_token(format!("1000.grant.{user}"))
        .with_expires_at(UNIX_EPOCH + Duration::from_millis(1_900_000_000_000 + number))
        .with_redirect_url(format!("https://example.com/?state={number}"))
        .with_api_domain("https://www.zohoapis.eu")
}

/// The refresh token of [`row`].
pub(crate) fn refresh_token(user: &str, number: u64) -> SecretString {
    format!("1000.refresh.{}.{user}\nsecond line", number / NEXT_LOGIN).into()
}

/// The state of a stored row. `None`: it was never saved like this, it is torn or mixed.
#[must_use]
pub fn reading_of(stored: &OAuthToken) -> Option<u64> {
    let user = stored.user_signature()?.name();
    let number = stored.access_token()?.expose_secret().split('.').nth(2)?.parse().ok()?;
    let saved = StoredToken::from(&row(user, number));
    let without_id = StoredToken { id: None, ..StoredToken::from(stored) };
    (saved == without_id).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_reads_as_its_number_and_a_mixture_of_two_as_nothing() {
        assert_eq!(reading_of(&row("ada", 41).with_id("7")), Some(41));
        let mixed = row("ada", 41).with_redirect_url("https://example.com/?state=40");
        assert_eq!(reading_of(&mixed), None);
    }

    #[test]
    fn another_login_has_another_refresh_token() {
        assert_eq!(reading_of(&row("ada", NEXT_LOGIN + 1)), Some(NEXT_LOGIN + 1));
        let token = |number| refresh_token("ada", number).expose_secret().to_owned();
        assert_eq!(token(1), token(2));
        assert_ne!(token(1), token(NEXT_LOGIN + 1));
    }
}

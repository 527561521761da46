//! Which row a token identifies: one rule for all stores, for finding and for saving.

use crate::origin::one_spelling;

use super::error::{StoreError, StoreErrorKind};
use super::stored::StoredToken;

/// What a token is looked up by: the first of these for which the token has the fields, and only that one. A token that has the
/// fields for none identifies no row, never an arbitrary one.
///
/// Comparison is exact, whatever the collation of a backend, except that API domains are compared as origins: a slash at
/// the end, capitals, `:443` and blanks make no other domain. A backend fetches candidates by
/// [`column`](Self::column) and [`value`](Self::value); [`choose`](Self::choose) decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Criterion<'a> {
    /// By id. Other fields are ignored.
    Id(&'a str),
    /// By user name. If a client id or an API domain is given, it must match the row; a row without one matches. So one
    /// user can have two rows, for two client apps or for production and sandbox.
    User {
        /// The user's name.
        name: &'a str,
        /// The client app, if the caller knows it.
        client_id: Option<&'a str>,
        /// The API domain, if the caller knows it.
        api_domain: Option<&'a str>,
    },
    /// By access token. The token has neither client id nor client secret.
    AccessToken(&'a str),
    /// By grant token of the same client app. The token has client id and secret.
    GrantToken {
        /// The grant token.
        token: &'a str,
        /// The client app.
        client_id: &'a str,
    },
    /// By refresh token of the same client app. The token has client id and secret, and no grant token.
    RefreshToken {
        /// The refresh token.
        token: &'a str,
        /// The client app.
        client_id: &'a str,
    },
}

impl<'a> Criterion<'a> {
    /// Returns what `token` is looked up by, or `None` if it identifies no row.
    #[must_use]
    pub fn of(token: &'a StoredToken) -> Option<Self> {
        let client_id = filled(&token.client_id);
        if let Some(id) = filled(&token.id) {
            return Some(Self::Id(id));
        }
        if let Some(name) = filled(&token.user_name) {
            return Some(Self::User { name, client_id, api_domain: filled(&token.api_domain) });
        }
        match (client_id, filled(&token.client_secret)) {
            (None, None) => filled(&token.access_token).map(Self::AccessToken),
            (Some(client_id), Some(_)) => {
                filled(&token.grant_token).map(|token| Self::GrantToken { token, client_id }).or_else(|| {
                    filled(&token.refresh_token).map(|token| Self::RefreshToken { token, client_id })
                })
            }
            _ => None,
        }
    }

    /// Returns the column to look in.
    #[must_use]
    pub fn column(&self) -> &'static str {
        match self {
            Self::Id(_) => "id",
            Self::User { .. } => "user_name",
            Self::AccessToken(_) => "access_token",
            Self::GrantToken { .. } => "grant_token",
            Self::RefreshToken { .. } => "refresh_token",
        }
    }

    /// Returns the value to look for in that column.
    #[must_use]
    pub fn value(&self) -> &'a str {
        match *self {
            Self::Id(value)
            | Self::User { name: value, .. }
            | Self::AccessToken(value)
            | Self::GrantToken { token: value, .. }
            | Self::RefreshToken { token: value, .. } => value,
        }
    }

    /// Whether `row` matches.
    #[must_use]
    pub fn agrees_with(&self, row: &StoredToken) -> bool {
        let is = |column: &Option<String>, value: &str| column.as_deref() == Some(value);
        let does_not_contradict = |column: &Option<String>, value: Option<&str>, are_equal: Comparison| {
            value.is_none_or(|value| filled(column).is_none_or(|stored| are_equal(stored, value)))
        };
        match *self {
            Self::Id(id) => is(&row.id, id),
            Self::User { name, client_id, api_domain } => {
                is(&row.user_name, name)
                    && does_not_contradict(&row.client_id, client_id, str::eq)
                    && does_not_contradict(&row.api_domain, api_domain, is_same_domain)
            }
            Self::AccessToken(token) => is(&row.access_token, token),
            Self::GrantToken { token, client_id } => {
                is(&row.grant_token, token) && is(&row.client_id, client_id)
            }
            Self::RefreshToken { token, client_id } => {
                is(&row.refresh_token, token) && is(&row.client_id, client_id)
            }
        }
    }

    /// Returns the one row among `candidates` that matches.
    ///
    /// Rows of the same user, client app and API domain are duplicates that an official SDK left. The one that expires
    /// last is chosen; among equals the first.
    ///
    /// # Errors
    /// [`StoreErrorKind::Ambiguous`] if several rows match and differ in one of those three. The error says what
    /// would tell them apart.
    pub fn choose<R: AsRef<StoredToken>>(
        &self,
        candidates: impl IntoIterator<Item = R>,
    ) -> Result<Option<R>, StoreError> {
        let mut chosen: Option<R> = None;
        for row in candidates {
            if !self.agrees_with(row.as_ref()) {
                continue;
            }
            let Some(best) = &chosen else {
                chosen = Some(row);
                continue;
            };
            let differing = difference(best.as_ref(), row.as_ref());
            if !differing.is_empty() {
                return Err(StoreError::of(StoreErrorKind::Ambiguous, "choose a row")
                    .evidence(format!(
                        "rows `{}` and `{}` have the same {} and differ in {}",
                        best.as_ref().id.as_deref().unwrap_or("?"),
                        row.as_ref().id.as_deref().unwrap_or("?"),
                        self.column(),
                        differing.join(" and "),
                    ))
                    .next_step(self.advice(&differing)));
            }
            if row.as_ref().expiry_milliseconds() > best.as_ref().expiry_milliseconds() {
                chosen = Some(row);
            }
        }
        Ok(chosen)
    }
}

impl Criterion<'_> {
    /// Returns what the caller can add to tell apart rows that differ in these columns.
    fn advice(&self, differing: &[&str]) -> String {
        let is_given = |column: &str| match *self {
            Self::User { client_id, api_domain, .. } => {
                (column == "client_id" && client_id.is_some())
                    || (column == "api_domain" && api_domain.is_some())
            }
            _ => column == "client_id" && !matches!(self, Self::AccessToken(_)),
        };
        let not_given: Vec<&str> = differing.iter().copied().filter(|column| !is_given(column)).collect();
        match (self, &not_given[..]) {
            (Self::User { .. }, [_, ..]) => format!("pass the {} too, or the id", not_given.join(" or the ")),
            _ => "pass the id".to_owned(),
        }
    }

    /// Returns the position of the matching row, for stores that hold a list.
    ///
    /// # Errors
    /// As for [`choose`](Self::choose).
    pub fn position_in(&self, rows: &[StoredToken]) -> Result<Option<usize>, StoreError> {
        struct Numbered<'r>(usize, &'r StoredToken);
        impl AsRef<StoredToken> for Numbered<'_> {
            fn as_ref(&self) -> &StoredToken {
                self.1
            }
        }
        let numbered = rows.iter().enumerate().map(|(position, row)| Numbered(position, row));
        Ok(self.choose(numbered)?.map(|Numbered(position, _)| position))
    }
}

impl AsRef<Self> for StoredToken {
    fn as_ref(&self) -> &Self {
        self
    }
}

/// How the values of a column are compared.
type Comparison = fn(&str, &str) -> bool;

/// Whether two texts are the same API domain.
fn is_same_domain(one: &str, other: &str) -> bool {
    one_spelling(one) == one_spelling(other)
}

/// Returns the columns in which two rows differ, so that they are different tokens rather than copies.
fn difference(one: &StoredToken, other: &StoredToken) -> Vec<&'static str> {
    let columns: [(_, _, _, Comparison); 3] = [
        ("user_name", &one.user_name, &other.user_name, str::eq),
        ("client_id", &one.client_id, &other.client_id, str::eq),
        ("api_domain", &one.api_domain, &other.api_domain, is_same_domain),
    ];
    let differ = |one: &Option<String>, other: &Option<String>, are_equal: Comparison| {
        !are_equal(filled(one).unwrap_or_default(), filled(other).unwrap_or_default())
    };
    let differing = columns.into_iter().filter(|(_, one, other, are_equal)| differ(one, other, *are_equal));
    differing.map(|(name, ..)| name).collect()
}

fn filled(column: &Option<String>) -> Option<&str> {
    column.as_deref().filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: &str) -> Option<String> {
        Some(value.to_owned())
    }

    fn row(id: &str, user: &str, client: &str, domain: &str, expiry: u64) -> StoredToken {
        StoredToken {
            id: text(id),
            user_name: text(user),
            client_id: text(client),
            api_domain: text(domain),
            expiry_time: Some(expiry.to_string()),
            ..StoredToken::default()
        }
    }

    fn user(name: &str) -> StoredToken {
        StoredToken { user_name: text(name), ..StoredToken::default() }
    }

    #[test]
    fn a_token_with_nothing_usable_identifies_no_row() {
        assert_eq!(Criterion::of(&StoredToken::default()), None);
        assert_eq!(Criterion::of(&user("")), None);
        let client_only = StoredToken { client_id: text("c"), ..StoredToken::default() };
        assert_eq!(Criterion::of(&client_only), None);
        let access_with_a_client = StoredToken { access_token: text("a"), ..client_only };
        assert_eq!(Criterion::of(&access_with_a_client), None);
    }

    #[test]
    fn of_duplicates_the_one_that_expires_last_is_chosen() {
        let rows = [row("1", "ada", "c", "d", 5), row("2", "ada", "c", "d", 9), row("3", "ada", "c", "d", 7)];
        let ada = user("ada");
        let chosen = Criterion::of(&ada).unwrap().choose(&rows).unwrap().unwrap();
        assert_eq!(chosen.id.as_deref(), Some("2"));
    }

    #[test]
    fn rows_that_differ_are_an_error_that_names_the_difference() {
        let rows = [row("1", "ada", "c", "production", 5), row("2", "ada", "c", "sandbox", 9)];
        let ada = user("ada");
        let error = Criterion::of(&ada).unwrap().choose(&rows).unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Ambiguous);
        assert!(error.to_string().contains("api_domain"), "{error}");
        let in_sandbox = StoredToken { api_domain: text("sandbox"), ..ada };
        let chosen = Criterion::of(&in_sandbox).unwrap().choose(&rows).unwrap().unwrap();
        assert_eq!(chosen.id.as_deref(), Some("2"));
    }

    #[test]
    fn one_domain_in_several_spellings_is_one_domain() {
        let rows = [
            row("1", "ada", "c", "https://www.zohoapis.eu/", 9),
            row("2", "ada", "c", "https://www.zohoapis.eu", 5),
            row("3", "ada", "c", " HTTPS://WWW.zohoapis.eu:443\r", 7),
        ];
        for domain in ["", "https://www.zohoapis.eu", "https://www.zohoapis.eu:443/"] {
            let wanted = StoredToken { api_domain: text(domain), ..user("ada") };
            let chosen = Criterion::of(&wanted).unwrap().choose(&rows).unwrap().unwrap();
            assert_eq!(chosen.id.as_deref(), Some("1"), "{domain}");
        }
        let sandbox = StoredToken { api_domain: text("https://sandbox.zohoapis.eu"), ..user("ada") };
        assert!(Criterion::of(&sandbox).unwrap().choose(&rows).unwrap().is_none());
    }

    #[test]
    fn a_row_without_client_and_domain_matches() {
        let rows = [user("ada")];
        let wanted = StoredToken { client_id: text("c"), api_domain: text("d"), ..user("ada") };
        assert!(Criterion::of(&wanted).unwrap().choose(&rows).unwrap().is_some());
    }
}

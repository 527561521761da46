//! A row as it is stored on the server, and its entries in the index.

use secrecy::SecretString;
use serde::{Serialize, Serializer};

use crate::token::fingerprint;

use super::super::matching::Criterion;
use super::super::stored::StoredToken;
use super::fault::Fault;

/// A row as it was read. A change is written only if the row still has this text.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) id: String,
    pub(super) text: String,
}

impl Row {
    /// Parses the token in the row.
    pub(super) fn token(&self) -> Result<StoredToken, Fault> {
        let token: StoredToken = serde_json::from_str(&self.text)
            .map_err(|error| Fault::Unreadable(format!("cannot parse a row: {}", position(&error)).into()))?;
        Ok(StoredToken { id: Some(self.id.clone()), ..token })
    }
}

/// Returns the text of a row: a JSON object of the columns that have a value. The id is not in it, but is the hash field.
pub(super) fn text(token: &StoredToken) -> Result<String, Fault> {
    struct Columns<'t>(&'t StoredToken);
    impl Serialize for Columns<'_> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let columns = StoredToken::COLUMNS.into_iter().zip(self.0.values()).skip(1);
            serializer.collect_map(columns.filter_map(|(name, value)| Some((name, value?))))
        }
    }
    serde_json::to_string(&Columns(token)).map_err(|error| {
        Fault::Unreadable(format!("cannot serialize the token: {}", position(&error)).into())
    })
}

/// Returns the look-up that finds the rows that a token may identify: by its criterion, or without one by its first secret,
/// which finds the row if an earlier attempt has inserted it.
pub(super) fn look_up(token: &StoredToken) -> String {
    match Criterion::of(token) {
        Some(Criterion::Id(id)) => look_up_id(id),
        Some(criterion) => entry(criterion.column(), criterion.value()),
        None => entries(token).swap_remove(0),
    }
}

/// Returns the look-up that finds one row by its id.
pub(super) fn look_up_id(id: &str) -> String {
    format!("{ID}{id}")
}

/// Returns the prefixes of the row's entries in the index. In an entry, the id follows the prefix.
pub(super) fn entries(token: &StoredToken) -> Vec<String> {
    let columns = [
        ("access_token", &token.access_token),
        ("refresh_token", &token.refresh_token),
        ("grant_token", &token.grant_token),
        ("user_name", &token.user_name),
    ];
    let filled = columns.into_iter().filter_map(|(column, value)| Some((column, value.as_deref()?)));
    let entries = filled.filter(|(_, value)| !value.is_empty()).map(|(column, value)| entry(column, value));
    entries.chain([ID.to_owned()]).collect()
}

/// Splits an entry of the index into its prefix and the id of its row.
pub(super) fn parts(entry: &str) -> (String, String) {
    let colons = if entry.starts_with(ID) { 1 } else { 2 };
    let end = entry.match_indices(':').nth(colons - 1).map_or(entry.len(), |(colon, _)| colon + 1);
    (entry[..end].to_owned(), entry[end..].to_owned())
}

/// The prefix of the entries of all ids.
pub(super) const ID: &str = "id:";

/// Returns an entry's prefix. It has a digest instead of the value, so that the index contains no secrets and its entries are
/// short.
fn entry(column: &str, value: &str) -> String {
    format!("{column}:{}:", fingerprint(&SecretString::from(value)))
}

/// Describes where parsing or serializing failed. The full message could quote a value.
fn position(error: &serde_json::Error) -> String {
    format!("{:?} error at column {}", error.classify(), error.column())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token() -> StoredToken {
        StoredToken {
            id: Some("7".into()),
            user_name: Some("Zoë\0\"".into()),
            refresh_token: Some("top-secret".into()),
            grant_token: Some(String::new()),
            ..StoredToken::default()
        }
    }

    #[test]
    fn a_row_round_trips_through_its_text() {
        let row = Row { id: "7".into(), text: text(&token()).ok().unwrap() };
        assert_eq!(row.token().ok().unwrap(), token());
        assert!(!row.text.contains("client_id"), "columns without a value are not written");
    }

    #[test]
    fn the_index_contains_no_secrets_and_no_empty_values() {
        let entries = entries(&token());
        assert_eq!(entries.len(), 3, "user name, refresh token and id");
        assert!(entries.iter().all(|entry| !entry.contains("top-secret")));
        let user = StoredToken { id: None, ..token() };
        assert!(entries.contains(&look_up(&user)));
    }

    #[test]
    fn an_entry_is_split_into_its_prefix_and_the_id() {
        for prefix in entries(&token()) {
            for id in ["7", "", "a:b", "id:"] {
                assert_eq!(parts(&format!("{prefix}{id}")), (prefix.clone(), id.to_owned()));
            }
        }
        assert_eq!(parts("nonsense"), ("nonsense".to_owned(), String::new()));
    }

    #[test]
    fn the_error_for_a_malformed_row_does_not_show_its_content() {
        let row = Row { id: "7".into(), text: r#"{"secret": "top-secret"}"#.into() };
        let Err(Fault::Unreadable(what)) = row.token() else { panic!("it was parsed") };
        assert!(!what.contains("secret\""), "{what}");
    }
}

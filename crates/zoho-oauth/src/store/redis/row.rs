//! A row as the server keeps it, and what it is found by.

use secrecy::SecretString;
use serde::{Serialize, Serializer};

use crate::token::fingerprint;

use super::super::matching::Criterion;
use super::super::stored::StoredToken;
use super::fault::Fault;

/// A row as it was read: its text is what a change is made conditional on.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) id: String,
    pub(super) text: String,
}

impl Row {
    /// The token that the row holds.
    pub(super) fn token(&self) -> Result<StoredToken, Fault> {
        let token: StoredToken = serde_json::from_str(&self.text)
            .map_err(|error| Fault::Unreadable(format!("cannot parse a row: {}", place_of(&error)).into()))?;
        Ok(StoredToken { id: Some(self.id.clone()), ..token })
    }
}

/// The text of a row: a JSON object of the columns that hold something, without the id, which it is kept under.
pub(super) fn text(token: &StoredToken) -> Result<String, Fault> {
    struct Columns<'t>(&'t StoredToken);
    impl Serialize for Columns<'_> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let columns = StoredToken::COLUMNS.into_iter().zip(self.0.values()).skip(1);
            serializer.collect_map(columns.filter_map(|(name, value)| Some((name, value?))))
        }
    }
    serde_json::to_string(&Columns(token)).map_err(|error| {
        Fault::Unreadable(format!("cannot serialize the token: {}", place_of(&error)).into())
    })
}

/// What the index is asked for to find the rows that a token may mean: by the criterion's column; where there is
/// no criterion, by the first secret, which finds the row that the token may have become already.
pub(super) fn look_up(token: &StoredToken) -> String {
    match Criterion::of(token) {
        Some(Criterion::Id(id)) => look_up_id(id),
        Some(criterion) => entry(criterion.column(), criterion.value()),
        None => entries(token).swap_remove(0),
    }
}

/// What the index is asked for to find one row.
pub(super) fn look_up_id(id: &str) -> String {
    format!("{ID}{id}")
}

/// What the row's entries in the index begin with; the id stands behind it.
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

/// What the entries of all ids begin with.
pub(super) const ID: &str = "id:";

/// A digest instead of the value: no secret stands in the index, and no value is too long for it.
fn entry(column: &str, value: &str) -> String {
    format!("{column}:{}:", fingerprint(&SecretString::from(value)))
}

/// Where JSON went wrong. The whole message may repeat a value.
fn place_of(error: &serde_json::Error) -> String {
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
    fn a_row_survives_the_way_to_the_server_and_back() {
        let row = Row { id: "7".into(), text: text(&token()).ok().unwrap() };
        assert_eq!(row.token().ok().unwrap(), token());
        assert!(!row.text.contains("client_id"), "what holds nothing is not written");
    }

    #[test]
    fn the_index_holds_no_secret_and_nothing_that_is_empty() {
        let entries = entries(&token());
        assert_eq!(entries.len(), 3, "user name, refresh token and id");
        assert!(entries.iter().all(|entry| !entry.contains("top-secret")));
        let user = StoredToken { id: None, ..token() };
        assert!(entries.contains(&look_up(&user)));
    }

    #[test]
    fn a_row_that_makes_no_sense_is_told_without_its_content() {
        let row = Row { id: "7".into(), text: r#"{"secret": "top-secret"}"#.into() };
        let Err(Fault::Unreadable(what)) = row.token() else { panic!("it is a token") };
        assert!(!what.contains("secret\""), "{what}");
    }
}

//! What a repair does to the rows of a finding: the rule, as plain data. Stores carry it out.

use crate::store::stored::{StoredToken, is_empty};

use super::finding::FindingKind;
use super::rules::{Owner, is_decimal, lacks_a_token};

/// What is to be done with one of the rows, by its position among them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::large_enum_variant, reason = "a step lives for one repair")]
pub(crate) enum Step {
    /// Write this over it: what it lacked is filled in.
    Fill(usize, StoredToken),
    /// Give it a new id.
    Renumber(usize),
    /// Delete it.
    Delete(usize),
}

/// The steps that mend a finding of this kind, where `rows` are the rows that it names, as they are now. What is
/// not wrong any more is left alone.
pub(crate) fn steps(kind: FindingKind, rows: &[StoredToken]) -> Vec<Step> {
    let positions_of = |is_meant: &dyn Fn(&StoredToken) -> bool| {
        (0..rows.len()).filter(|position| is_meant(&rows[*position])).collect::<Vec<_>>()
    };
    match kind {
        FindingKind::NoToken => positions_of(&lacks_a_token).into_iter().map(Step::Delete).collect(),
        FindingKind::IdNotANumber => {
            let is_wrong = |row: &StoredToken| !is_decimal(row.id.as_deref());
            positions_of(&is_wrong).into_iter().map(Step::Renumber).collect()
        }
        FindingKind::IdUsedTwice => {
            let is_first = |row: &StoredToken| Some(&row.id) == rows.first().map(|first| &first.id);
            positions_of(&is_first).into_iter().skip(1).map(Step::Renumber).collect()
        }
        FindingKind::DuplicateRows => {
            let owner = rows.first().and_then(Owner::of);
            let is_copy = |row: &StoredToken| owner.is_some() && Owner::of(row) == owner;
            merge(rows, positions_of(&is_copy))
        }
        FindingKind::TornRow
        | FindingKind::LostHeader
        | FindingKind::ExpiryNotANumber
        | FindingKind::NoClient
        | FindingKind::OpenToOthers => Vec::new(),
    }
}

/// Keeps the row that expires last, of equals the first, as look-ups do.
fn merge(rows: &[StoredToken], mut copies: Vec<usize>) -> Vec<Step> {
    copies.sort_by_key(|position| std::cmp::Reverse(rows[*position].expiry_milliseconds()));
    let Some((&kept, others)) = copies.split_first() else { return Vec::new() };
    let filled = others.iter().fold(rows[kept].clone(), |row, other| filled_from(row, &rows[*other]));
    let fill = (filled != rows[kept]).then_some(Step::Fill(kept, filled));
    fill.into_iter().chain(others.iter().map(|other| Step::Delete(*other))).collect()
}

/// An access token and its expiry go together; so one row's token never gets another row's expiry.
fn filled_from(row: StoredToken, other: &StoredToken) -> StoredToken {
    let takes_its_access_token =
        is_empty(row.access_token.as_deref()) && !is_empty(other.access_token.as_deref());
    let filled = row.filled_from(other.clone());
    if takes_its_access_token {
        return StoredToken { expiry_time: other.expiry_time.clone(), ..filled };
    }
    filled
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(id: &str, expiry: &str) -> StoredToken {
        StoredToken {
            id: Some(id.into()),
            user_name: Some("ada".into()),
            access_token: Some(format!("access {id}")),
            expiry_time: Some(expiry.into()),
            ..StoredToken::default()
        }
    }

    #[test]
    fn of_copies_the_one_that_expires_last_stays_and_gets_what_it_lacks() {
        let with_refresh = StoredToken { refresh_token: Some("r".into()), ..row("1", "1000") };
        let rows = [with_refresh, row("2", "3000"), row("3", "2000")];
        let kept = StoredToken { refresh_token: Some("r".into()), ..row("2", "3000") };
        let expected = [Step::Fill(1, kept), Step::Delete(2), Step::Delete(0)];
        assert_eq!(steps(FindingKind::DuplicateRows, &rows), expected);
    }

    #[test]
    fn an_access_token_never_gets_the_expiry_of_another() {
        let without_token =
            StoredToken { access_token: None, refresh_token: Some("r".into()), ..row("1", "9000") };
        let steps = steps(FindingKind::DuplicateRows, &[without_token.clone(), row("2", "2000")]);
        let kept = StoredToken {
            access_token: Some("access 2".into()),
            expiry_time: Some("2000".into()),
            ..without_token
        };
        assert_eq!(steps, [Step::Fill(0, kept), Step::Delete(1)]);
    }

    #[test]
    fn rows_that_are_well_by_now_are_left_alone() {
        let other_app = StoredToken { client_id: Some("another".into()), ..row("2", "1") };
        let rows = [row("1", "1"), other_app];
        for kind in [
            FindingKind::NoToken,
            FindingKind::DuplicateRows,
            FindingKind::IdUsedTwice,
            FindingKind::IdNotANumber,
        ] {
            assert_eq!(steps(kind, &rows), [], "{kind:?}");
        }
    }

    #[test]
    fn of_rows_with_one_id_the_first_keeps_it() {
        let rows = [row("1", "1"), row("1", "2"), row("1", "3")];
        assert_eq!(steps(FindingKind::IdUsedTwice, &rows), [Step::Renumber(1), Step::Renumber(2)]);
    }
}

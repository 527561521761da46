//! What a repair does with the rows of a finding, as plain data. The stores carry it out.

use crate::store::stored::{StoredToken, is_empty};

use super::finding::FindingKind;
use super::rules::{Owner, is_decimal, lacks_a_token};

/// A change to one of the rows, by its position.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::large_enum_variant, reason = "short-lived: one repair")]
pub(crate) enum RepairStep {
    /// Replace the row by this one, which has its empty fields filled.
    Fill(usize, StoredToken),
    /// Give the row a new id.
    Renumber(usize),
    /// Delete the row.
    Delete(usize),
}

/// Returns the steps that repair a finding of this kind. `rows` are its rows as they are now; an intact row is left
/// unchanged.
pub(crate) fn repair_steps(kind: FindingKind, rows: &[StoredToken]) -> Vec<RepairStep> {
    let positions_of = |is_meant: &dyn Fn(&StoredToken) -> bool| {
        (0..rows.len()).filter(|position| is_meant(&rows[*position])).collect::<Vec<_>>()
    };
    match kind {
        FindingKind::MissingToken => {
            positions_of(&lacks_a_token).into_iter().map(RepairStep::Delete).collect()
        }
        FindingKind::NonNumericId => {
            let is_wrong = |row: &StoredToken| !is_decimal(row.id.as_deref());
            positions_of(&is_wrong).into_iter().map(RepairStep::Renumber).collect()
        }
        FindingKind::DuplicateId => {
            let is_first = |row: &StoredToken| Some(&row.id) == rows.first().map(|first| &first.id);
            positions_of(&is_first).into_iter().skip(1).map(RepairStep::Renumber).collect()
        }
        FindingKind::DuplicateRows => {
            let owner = rows.first().and_then(Owner::of);
            let is_copy = |row: &StoredToken| owner.is_some() && Owner::of(row) == owner;
            merge(rows, positions_of(&is_copy))
        }
        // A row is written in UTF-8 and with quotes.
        FindingKind::WrongEncoding | FindingKind::MissingQuotes => {
            rows.iter().cloned().enumerate().map(|(position, row)| RepairStep::Fill(position, row)).collect()
        }
        FindingKind::LostRows
        | FindingKind::DamagedIndex
        | FindingKind::UnreadableRow
        | FindingKind::OlderColumns
        | FindingKind::MissingHeader
        | FindingKind::DamagedLease
        | FindingKind::NonNumericExpiry
        | FindingKind::MissingClient
        | FindingKind::OpenToOthers => Vec::new(),
    }
}

/// Keeps the row that expires last; among equals the first, as look-ups do.
fn merge(rows: &[StoredToken], mut copies: Vec<usize>) -> Vec<RepairStep> {
    copies.sort_by_key(|position| std::cmp::Reverse(rows[*position].expiry_milliseconds()));
    let Some((&kept, others)) = copies.split_first() else { return Vec::new() };
    let filled = others.iter().fold(rows[kept].clone(), |row, other| filled_from(row, &rows[*other]));
    let fill = (filled != rows[kept]).then_some(RepairStep::Fill(kept, filled));
    fill.into_iter().chain(others.iter().map(|other| RepairStep::Delete(*other))).collect()
}

/// Fills the empty fields of a row. An access token keeps its own expiry.
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
    fn the_copy_that_expires_last_stays_and_its_empty_fields_are_filled() {
        let with_refresh = StoredToken { refresh_token: Some("r".into()), ..row("1", "1000") };
        let rows = [with_refresh, row("2", "3000"), row("3", "2000")];
        let kept = StoredToken { refresh_token: Some("r".into()), ..row("2", "3000") };
        let expected = [RepairStep::Fill(1, kept), RepairStep::Delete(2), RepairStep::Delete(0)];
        assert_eq!(repair_steps(FindingKind::DuplicateRows, &rows), expected);
    }

    #[test]
    fn an_access_token_never_gets_the_expiry_of_another_one() {
        let without_token =
            StoredToken { access_token: None, refresh_token: Some("r".into()), ..row("1", "9000") };
        let steps = repair_steps(FindingKind::DuplicateRows, &[without_token.clone(), row("2", "2000")]);
        let kept = StoredToken {
            access_token: Some("access 2".into()),
            expiry_time: Some("2000".into()),
            ..without_token
        };
        assert_eq!(steps, [RepairStep::Fill(0, kept), RepairStep::Delete(1)]);
    }

    #[test]
    fn intact_rows_are_left_unchanged() {
        let other_app = StoredToken { client_id: Some("another".into()), ..row("2", "1") };
        let rows = [row("1", "1"), other_app];
        for kind in [
            FindingKind::MissingToken,
            FindingKind::DuplicateRows,
            FindingKind::DuplicateId,
            FindingKind::NonNumericId,
        ] {
            assert_eq!(repair_steps(kind, &rows), [], "{kind:?}");
        }
    }

    #[test]
    fn the_first_of_several_rows_keeps_the_id() {
        let rows = [row("1", "1"), row("1", "2"), row("1", "3")];
        assert_eq!(
            repair_steps(FindingKind::DuplicateId, &rows),
            [RepairStep::Renumber(1), RepairStep::Renumber(2)]
        );
    }
}

//! What a save does, once the candidate rows are known. For stores that read, decide here, and then write on condition that
//! the rows have not changed.

use super::error::StoreError;
use super::matching::Criterion;
use super::stored::StoredToken;

/// What a save writes.
#[derive(Clone, PartialEq, Eq)]
#[allow(clippy::large_enum_variant, reason = "short-lived: one save")]
pub(crate) enum Plan {
    /// A new row, without an id unless the caller chose one.
    Insert(StoredToken),
    /// New content for a row that was read as `before`.
    Update { before: StoredToken, after: StoredToken },
    /// Nothing: the row already has this content.
    Keep(StoredToken),
}

impl Plan {
    /// Plans the save of `new`, given the rows that the look-up by its criterion returned.
    ///
    /// # Errors
    /// If several rows match and differ.
    pub(crate) fn for_saving(
        new: &StoredToken,
        candidates: impl IntoIterator<Item = StoredToken>,
    ) -> Result<Self, StoreError> {
        let row = match Criterion::of(new) {
            Some(criterion) => criterion.choose(candidates)?,
            None => None,
        };
        let Some(before) = row else { return Ok(Self::Insert(new.clone())) };
        let after = before.clone().overwritten_by(new);
        Ok(if before == after { Self::Keep(before) } else { Self::Update { before, after } })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(id: Option<&str>, access_token: &str) -> StoredToken {
        StoredToken {
            id: id.map(str::to_owned),
            user_name: Some("ada".to_owned()),
            access_token: Some(access_token.to_owned()),
            ..StoredToken::default()
        }
    }

    #[test]
    fn a_new_user_is_inserted_a_known_one_updated_and_an_equal_row_kept() {
        let plan = |candidates: Vec<StoredToken>| Plan::for_saving(&row(None, "new"), candidates);
        assert!(matches!(plan(Vec::new()), Ok(Plan::Insert(token)) if token == row(None, "new")));
        assert!(matches!(plan(vec![row(Some("1"), "old")]),
            Ok(Plan::Update { after, .. }) if after == row(Some("1"), "new")));
        assert!(matches!(plan(vec![row(Some("1"), "new")]),
            Ok(Plan::Keep(kept)) if kept == row(Some("1"), "new")));
    }
}

//! Decides for a row: add it, overwrite another state of it, or leave it.

use crate::token::OAuthToken;

use super::super::error::StoreError;
use super::super::matching::Criterion;
use super::super::stored::StoredToken;
use super::super::token_store::{AnyStore, TokenStore};
use super::there::{There, digest, name, short, without_id};
use super::{CopyReport, is_about_a_row, with_retries};

/// What to do with a row.
#[allow(clippy::large_enum_variant, reason = "short-lived: one row")]
pub(super) enum Step {
    Same,
    Newer,
    Write(How),
    /// Overwrites an older state of the same token: this row of the target store.
    Replace(StoredToken, How),
}

/// How a row compares to the state of the same token in the target store.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Same,
    Older,
    Newer,
}

/// How to write a row.
#[derive(Clone, Copy)]
pub(super) enum How {
    Add,
    Update,
    Renumber,
}

/// Decides what to do with a row.
pub(super) async fn of(
    row: &StoredToken,
    from: &AnyStore,
    to: &AnyStore,
    there: &mut There,
) -> Result<Step, StoreError> {
    let Some(id) = row.id.as_deref().filter(|id| !id.is_empty()) else {
        return of_token(row, from, to, there).await;
    };
    let is_used = !there.used.insert(short(id));
    match there.rows.get(&short(id)) {
        Some(content) if *content == digest(row) && !is_used => Ok(Step::Same),
        Some(_) => {
            let found = with_retries(|| to.find_token_by_id(id)).await?.as_ref().map(StoredToken::from);
            match found {
                Some(found) if is_same_token(row, &found) => Ok(Step::over(row, found, How::Update)),
                Some(_) => of_token(row, from, to, there).await,
                None => Ok(Step::Write(How::Add)),
            }
        }
        // The source store has this id twice, as a file can.
        None if is_used => Ok(Step::Write(How::Renumber)),
        None => of_token(row, from, to, there).await,
    }
}

/// Decides for a row that has no id, or whose id is free or belongs to another token: the target store may have the token
/// with another id.
async fn of_token(
    row: &StoredToken,
    from: &AnyStore,
    to: &AnyStore,
    there: &There,
) -> Result<Step, StoreError> {
    let is_free = |id: &str| !id.is_empty() && !there.rows.contains_key(&short(id));
    let otherwise = if row.id.as_deref().is_some_and(is_free) { How::Add } else { How::Renumber };
    let wanted = without_id(row);
    let is_known = Criterion::of(&wanted).is_some_and(|criterion| there.names.contains(&name(&criterion)));
    if !is_known {
        return Ok(Step::Write(otherwise));
    }
    let asked = OAuthToken::from(wanted);
    let found = match with_retries(|| to.find_token(&asked)).await {
        Ok(Some(found)) => found,
        Ok(None) => return Ok(Step::Write(otherwise)),
        // Several rows match in the target store. A save reports it.
        Err(error) if is_about_a_row(&error) => return Ok(Step::Write(How::Renumber)),
        Err(error) => return Err(error),
    };
    let id = found.id().unwrap_or_default();
    let row_there = with_retries(|| to.find_token_by_id(id)).await?.as_ref().map(StoredToken::from);
    let Some(row_there) = row_there else { return Ok(Step::Write(otherwise)) };
    // An earlier run may have copied it from another row of the same user. Then it is not a state of this row.
    let origin = with_retries(|| from.find_token_by_id(id)).await?.as_ref().map(StoredToken::from);
    if origin.is_some_and(|origin| digest(&origin) == digest(&row_there)) && row.id.as_deref() != Some(id) {
        return Ok(Step::Write(otherwise));
    }
    Ok(Step::over(row, row_there, How::Renumber))
}

impl Step {
    /// Decides what to do with `row` if the target store has the same token as `there`.
    fn over(row: &StoredToken, there: StoredToken, how: How) -> Self {
        match Verdict::of(row, &there) {
            Verdict::Same => Self::Same,
            Verdict::Older => Self::Newer,
            Verdict::Newer => Self::Replace(there, how),
        }
    }
}

impl Verdict {
    /// Compares `row` to `there`.
    pub(super) fn of(row: &StoredToken, there: &StoredToken) -> Self {
        let is_contained = without_id(&there.clone().overwritten_by(&without_id(row))) == without_id(there);
        if is_contained {
            Self::Same
        } else if there.expiry_milliseconds() > row.expiry_milliseconds() {
            Self::Older
        } else {
            Self::Newer
        }
    }
}

impl How {
    pub(super) fn token(self, row: &StoredToken) -> OAuthToken {
        match self {
            Self::Add | Self::Update => row.clone().into(),
            Self::Renumber => without_id(row).into(),
        }
    }

    pub(super) fn count(self, report: &mut CopyReport) {
        match self {
            Self::Add => report.added += 1,
            Self::Update => report.updated += 1,
            Self::Renumber => report.renumbered += 1,
        }
    }
}

fn is_same_token(row: &StoredToken, there: &StoredToken) -> bool {
    Criterion::of(&without_id(row)).is_some_and(|criterion| criterion.agrees_with(there))
}

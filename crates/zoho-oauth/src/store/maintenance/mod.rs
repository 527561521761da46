//! The way a store is looked after: what is looked for, what is done about it, and what a store may do better than the
//! contract can. `rules` finds and `steps` says how to mend; both are pure.

#[cfg(any(feature = "file", feature = "sqlite"))]
mod backup;
mod finding;
mod rules;
mod steps;

use std::path::PathBuf;

use super::erased::Boxed;
use super::error::StoreError;
use super::stored::StoredToken;
use super::token_store::TokenStore;

pub use finding::{Finding, FindingKind, Repair, Report};

#[cfg(any(feature = "file", feature = "sqlite"))]
pub(super) use backup::Backup;
pub(super) use rules::Census;
pub(super) use steps::{Step, steps};

/// What a store offers here beyond the contract.
pub(crate) trait Upkeep: Send + Sync {
    /// Looks at the rows, and at what should be rows.
    fn examine(&self) -> Boxed<'_, Report>;

    /// Keeps a backup and mends what can be mended, or does neither.
    fn mend(&self, backup: Option<PathBuf>) -> Boxed<'_, Mended>;
}

/// What [`Upkeep::mend`] came to.
#[derive(Debug, Default)]
pub(crate) struct Mended {
    pub(crate) backup: Option<PathBuf>,
    pub(crate) findings: Vec<Finding>,
}

/// Looks at all rows of any store.
pub(super) async fn by_pages(store: &impl TokenStore) -> Result<Report, StoreError> {
    let mut census = Census::default();
    each_row(store, |row| census.count(row)).await?;
    let rows = census.rows();
    let mut examination = census.look_closer();
    each_row(store, |row| examination.look_at(row, None)).await?;
    Ok(Report { rows, findings: examination.finish() })
}

/// The findings of a report that a repair mends, in the order in which it does.
pub(super) fn to_be_mended(report: Report) -> Vec<Finding> {
    let mut findings: Vec<Finding> =
        report.findings.into_iter().filter(|finding| finding.can_be_repaired).collect();
    findings.sort_by_key(|finding| finding.kind);
    findings
}

pub(super) async fn each_row(
    store: &impl TokenStore,
    mut look: impl FnMut(&StoredToken) + Send,
) -> Result<(), StoreError> {
    let mut after = None;
    loop {
        let page = store.get_token_page(after.as_deref()).await?;
        for token in &page.tokens {
            look(&StoredToken::from(token));
        }
        if page.next.is_none() {
            return Ok(());
        }
        after = page.next;
    }
}

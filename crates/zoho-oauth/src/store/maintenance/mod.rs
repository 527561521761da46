//! How damage in a store is found and repaired: the rules, the report, and what a store may do better than the contract.
//! `rules` finds and `steps` decides what a repair does; neither does I/O.

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

pub use finding::{CheckReport, Finding, FindingKind, RepairReport};

#[cfg(any(feature = "file", feature = "sqlite"))]
pub(super) use backup::Backup;
pub(super) use rules::FirstPass;
pub(super) use steps::{RepairStep, repair_steps};

/// A check and a repair that a store does itself, because it can do them better than through [`TokenStore`].
pub(crate) trait Maintenance: Send + Sync {
    /// Checks every row, and every damaged part that should be one.
    fn check(&self) -> Boxed<'_, CheckReport>;

    /// Writes a backup and repairs what can be repaired, or does neither.
    fn repair(&self, backup: Option<PathBuf>) -> Boxed<'_, Repaired>;
}

/// The result of [`Maintenance::repair`].
#[derive(Debug, Default)]
pub(crate) struct Repaired {
    pub(crate) backup: Option<PathBuf>,
    pub(crate) findings: Vec<Finding>,
}

/// Checks all rows of a store, page by page.
pub(super) async fn check_by_pages(store: &impl TokenStore) -> Result<CheckReport, StoreError> {
    let mut first = FirstPass::default();
    each_row(store, |row| first.count(row)).await?;
    let rows = first.rows();
    let mut second = first.second_pass();
    each_row(store, |row| second.check(row, None)).await?;
    Ok(CheckReport { rows, findings: second.finish() })
}

/// Returns the findings that a repair acts on, in the order in which it does.
pub(super) fn repairable(report: CheckReport) -> Vec<Finding> {
    let mut findings: Vec<Finding> =
        report.findings.into_iter().filter(|finding| finding.can_be_repaired).collect();
    findings.sort_by_key(|finding| finding.kind);
    findings
}

pub(super) async fn each_row(
    store: &impl TokenStore,
    mut visit: impl FnMut(&StoredToken) + Send,
) -> Result<(), StoreError> {
    let mut after = None;
    loop {
        let page = store.get_token_page(after.as_deref()).await?;
        for token in &page.tokens {
            visit(&StoredToken::from(token));
        }
        if page.next.is_none() {
            return Ok(());
        }
        after = page.next;
    }
}

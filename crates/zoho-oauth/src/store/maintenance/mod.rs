//! How damage in a store is found and repaired: the rules, the report, and what a store may do better than the contract.
//! `rules` finds and `steps` decides what a repair does; neither does I/O.

#[cfg(any(feature = "file", feature = "sqlite"))]
mod backup;
mod finding;
mod rules;
mod steps;

use std::path::PathBuf;

use super::coordination::Coordination;
use super::erased::Boxed;
use super::error::StoreError;
use super::stored::StoredToken;
use super::token_store::TokenStore;

pub use finding::{CheckReport, Finding, FindingKind, RepairReport};

#[cfg(any(feature = "file", feature = "sqlite"))]
pub(super) use backup::Backup;
pub(super) use rules::{FirstPass, SecondPass, lease_key};
pub(super) use steps::{RepairStep, repair_steps};

/// A check and a repair that a store does itself, because it can do them better than through [`TokenStore`].
pub(crate) trait Maintenance: Send + Sync {
    /// Checks every row, and every damaged part that should be one.
    fn check(&self) -> Boxed<'_, CheckReport>;

    /// Writes a backup and repairs what can be repaired, or does neither.
    fn repair(&self, backup: Option<PathBuf>) -> Boxed<'_, Repaired>;

    /// Whether the repair includes rows. Otherwise they are repaired afterwards, through [`TokenStore`].
    fn repairs_rows(&self) -> bool {
        true
    }
}

/// The result of [`Maintenance::repair`].
#[derive(Debug, Default)]
pub(crate) struct Repaired {
    pub(crate) backup: Option<PathBuf>,
    pub(crate) removed: Option<PathBuf>,
    pub(crate) findings: Vec<Finding>,
}

/// Checks all rows of a store, and the leases on their refresh tokens, page by page.
pub(super) async fn check_by_pages(
    store: &(impl TokenStore + Coordination),
) -> Result<CheckReport, StoreError> {
    let mut first = FirstPass::default();
    each_row(store, |row| first.count(row)).await?;
    let count = first.rows();
    let mut second = first.second_pass();
    let mut after = None;
    loop {
        let page = store.get_token_page(after.as_deref()).await?;
        let rows: Vec<_> = page.tokens.iter().map(StoredToken::from).collect();
        rows.iter().for_each(|row| second.check(row, None));
        check_leases(store, &rows, &mut second).await?;
        if page.next.is_none() {
            return Ok(CheckReport { rows: count, findings: second.finish() });
        }
        after = page.next;
    }
}

async fn check_leases(
    store: &impl Coordination,
    rows: &[StoredToken],
    second: &mut SecondPass,
) -> Result<(), StoreError> {
    let keys: Vec<_> = rows.iter().filter_map(lease_key).collect();
    let damaged = store.damaged_leases(&keys).await?;
    let is_damaged = |row: &&StoredToken| lease_key(row).is_some_and(|key| damaged.contains(&key));
    // Most checks find no damage, and then no key is computed twice.
    if !damaged.is_empty() {
        rows.iter().filter(is_damaged).for_each(|row| second.note_damaged_lease(row));
    }
    Ok(())
}

/// Whether a repair of these findings changes rows, so that it needs a backup.
pub(super) fn changes_rows(findings: &[Finding]) -> bool {
    findings.iter().any(|finding| finding.kind != FindingKind::DamagedLease)
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

//! How damage in a store is found and repaired: the rules, the report, and what a store may do better than the contract.
//! `rules` finds and `steps` decides what a repair does; neither does I/O.

#[cfg(any(feature = "file", feature = "sqlite"))]
mod backup;
mod finding;
pub(super) mod pages;
mod rules;
mod steps;

use std::path::PathBuf;

use super::boxed::Boxed;

pub use finding::{CheckReport, Finding, FindingKind, RepairReport};

#[cfg(any(feature = "file", feature = "sqlite"))]
pub(super) use backup::Backup;
pub(super) use rules::{FirstPass, SecondPass, lease_key};
pub(super) use steps::{RepairStep, repair_steps};

/// A check and a repair that a store does itself, because it can do them better than through `TokenStore`.
pub(crate) trait Maintenance: Send + Sync {
    /// Checks every row, and every damaged part that should be one.
    fn check(&self) -> Boxed<'_, CheckReport>;

    /// Writes a backup and repairs what can be repaired, or does neither.
    fn repair(&self, backup: Option<PathBuf>) -> Boxed<'_, Repaired>;

    /// Whether the repair includes rows. Otherwise they are repaired afterwards, through `TokenStore`.
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

//! Checking and repairing a store. Most damage comes from official SDKs.
//!
//! The file store and SQLite do both themselves, under the lock of their writers. `row_by_row` repairs any other store
//! through the methods that every store has; Redis repairs its index before that.

mod modes;
mod row_by_row;

use std::path::Path;

use super::error::StoreError;
use super::maintenance::pages::check_by_pages;
use super::maintenance::{CheckReport, Finding, RepairReport, Repaired};
use super::token_store::AnyStore;

/// Looks for damage in a store and changes nothing. [`FindingKind`](super::maintenance::FindingKind) lists what it finds.
///
/// Reads the rows twice, in pages, and keeps only their hashes in memory. A CSV file is read line by line, so that damage
/// does not hide the rest. Sends nothing to Zoho.
///
/// ```
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// use zoho_oauth::store::{self, FindingKind, MemoryStore, TokenStore};
/// use zoho_oauth::OAuthToken;
///
/// let store = MemoryStore::new();
/// store.save_token(&OAuthToken::new().with_id("python_legacy_1").with_access_token("1000.a")).await?;
/// let report = store::check(&store.into()).await?;
/// assert_eq!(report.findings[0].kind, FindingKind::NonNumericId);
/// # Ok::<_, store::StoreError>(())
/// # })?;
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// If the store cannot be read.
pub async fn check(store: &AnyStore) -> Result<CheckReport, StoreError> {
    let mut report = match store.maintenance() {
        Some(maintenance) => maintenance.check().await?,
        None => check_by_pages(store).await?,
    };
    report.findings.extend(files_open_to_others(store));
    Ok(report)
}

/// Repairs what [`check`] finds, as [`FindingKind::repair`](super::maintenance::FindingKind::repair) says, and checks again.
///
/// Before the first change to a row, the content is written to `backup`. The default is a file beside the store, named
/// `PATH.backup-` and the time, or one in the current folder if the store is not a file. The backup of a CSV file is a byte-for-byte
/// copy, that of SQLite a consistent database, and that of any other store a CSV file of all rows. Only its owner can
/// open it (mode 0600), and it overwrites nothing.
///
/// What a repair takes out of a CSV file is kept in a file named `PATH.removed-` and the time: lines that cannot be read, and
/// the rows of duplicates whose refresh token no other row has. In any other store, the backup holds such rows.
///
/// A CSV file is replaced as a whole and SQLite is changed in one transaction, each under the lock of its writers: all
/// findings are repaired, or none. Any other store is repaired finding by finding, under the leases of the affected tokens.
/// A row that another program changes during the repair is left unchanged and reported again. A row that gets a new id keeps its other
/// fields.
///
/// # Errors
/// If the store cannot be read or written, or the backup cannot be written. Its rows are then unchanged, unless it is a
/// store that is repaired finding by finding.
pub async fn repair(store: &AnyStore, backup: Option<&Path>) -> Result<RepairReport, StoreError> {
    // First, because SQLite creates its side files with the mode of the database.
    let closed: Vec<_> = files_open_to_others(store).into_iter().filter(close).collect();
    let mut repaired = Repaired::default();
    if let Some(maintenance) = store.maintenance() {
        repaired = maintenance.repair(backup.map(Path::to_owned)).await?;
    }
    if store.maintenance().is_none_or(|maintenance| !maintenance.repairs_rows()) {
        let rows = row_by_row::repair(store, backup).await?;
        repaired = Repaired { findings: [repaired.findings, rows.findings].concat(), ..rows };
    }
    let Repaired { backup, removed, mut findings } = repaired;
    findings.extend(closed);
    Ok(RepairReport { backup, removed, repaired: findings, remaining: check(store).await? })
}

/// Closes a file that other accounts can open. Returns whether that succeeded.
fn close(finding: &Finding) -> bool {
    let closed = finding.path.as_deref().map_or(Ok(()), modes::close);
    if let Err(error) = &closed {
        tracing::warn!(%error, "could not close a file to other accounts: {finding}");
    }
    closed.is_ok()
}

fn files_open_to_others(store: &AnyStore) -> Vec<Finding> {
    store.place().map(modes::look).unwrap_or_default()
}

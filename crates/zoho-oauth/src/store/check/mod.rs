//! What is wrong in a store, and how it is mended: mostly what official SDKs leave behind.
//!
//! `census` has the rules for finding and `remedy` those for mending; both are pure. `contract` mends by the methods
//! that every store has; the file store and SQLite do better, each under the lock of its writers.

#[cfg(any(feature = "file", feature = "sqlite"))]
mod backup;
mod census;
mod contract;
mod finding;
mod modes;
mod remedy;

use std::path::{Path, PathBuf};

use super::TokenStore;
use super::any::{AnyStore, Boxed};
use super::error::StoreError;
use super::stored::StoredToken;

pub use finding::{Finding, FindingKind, Repair, Report};

#[cfg(any(feature = "file", feature = "sqlite"))]
pub(crate) use backup::Backup;
#[cfg(feature = "file")]
pub(crate) use census::Census;
#[cfg(any(feature = "file", feature = "sqlite"))]
pub(crate) use remedy::{Step, steps};

/// Looks for what is wrong in a store, and changes nothing: torn rows of a CSV file, rows without a token, several
/// rows for one user, client app and API domain, ids that are used twice or are no numbers, expiries that are no
/// numbers, refresh tokens without their client app, and files that others can read.
///
/// Reads the rows twice, in pages; a store with a million rows takes memory for their hashes alone. A CSV file is
/// read line by line, so that damage does not hide the rest. Zoho is not asked.
///
/// ```
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// use zoho_oauth::store::{self, FindingKind, MemoryStore, TokenStore};
/// use zoho_oauth::OAuthToken;
///
/// let store = MemoryStore::new();
/// store.save_token(&OAuthToken::new().with_id("python_legacy_1").with_access_token("1000.a")).await?;
/// let report = store::check(&store.into()).await?;
/// assert_eq!(report.findings[0].kind, FindingKind::IdNotANumber);
/// # Ok::<_, store::StoreError>(())
/// # })?;
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// When the store cannot be read at all.
pub async fn check(store: &AnyStore) -> Result<Report, StoreError> {
    let mut report = match store.upkeep() {
        Some(upkeep) => upkeep.examine().await?,
        None => by_pages(store).await?,
    };
    report.findings.extend(files_open_to_others(store));
    Ok(report)
}

/// Mends what [`check`] finds, as far as [`FindingKind::remedy`] says, and checks again.
///
/// If a row has to be touched, the content is kept first, at `backup` or else beside the store (`PATH.backup-` and
/// the time; in the current folder for a store that is no file): a CSV file byte by byte, SQLite as a consistent
/// database, any other store as a CSV file of all rows. A backup is for its owner alone (mode 0600) and overwrites
/// nothing.
///
/// A CSV file is replaced as a whole, SQLite is changed in one transaction, each under the lock of its writers: all
/// is mended or nothing. Any other store is mended finding by finding, under the leases of the tokens concerned; a
/// row that somebody changes meanwhile is left as it is, and found again. A row that gets a new id keeps everything
/// else.
///
/// # Errors
/// When the store cannot be read or written, or the backup cannot be made; the store is then as it was, unless it
/// is one that is mended finding by finding.
pub async fn repair(store: &AnyStore, backup: Option<&Path>) -> Result<Repair, StoreError> {
    let open = files_open_to_others(store);
    let Mended { backup, findings: mut mended } = match store.upkeep() {
        Some(upkeep) => upkeep.mend(backup.map(Path::to_owned)).await?,
        None => contract::mend(store, backup).await?,
    };
    for finding in open {
        match finding.path.as_deref().map_or(Ok(()), modes::close) {
            Ok(()) => mended.push(finding),
            Err(error) => tracing::warn!(%error, "{finding}, and this account may not change it"),
        }
    }
    Ok(Repair { backup, mended, left: check(store).await? })
}

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
pub(crate) async fn by_pages(store: &impl TokenStore) -> Result<Report, StoreError> {
    let mut census = census::Census::default();
    each_row(store, |row| census.count(row)).await?;
    let rows = census.rows();
    let mut examination = census.look_closer();
    each_row(store, |row| examination.look_at(row, None)).await?;
    Ok(Report { rows, findings: examination.finish() })
}

/// The findings of a report that a repair mends, in the order in which it does.
pub(crate) fn to_be_mended(report: Report) -> Vec<Finding> {
    let mut findings: Vec<Finding> =
        report.findings.into_iter().filter(|finding| finding.can_be_repaired).collect();
    findings.sort_by_key(|finding| finding.kind);
    findings
}

async fn each_row(
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

fn files_open_to_others(store: &AnyStore) -> Vec<Finding> {
    store.place().map(modes::look).unwrap_or_default()
}

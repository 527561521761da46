//! What is wrong in a store, and how it is mended: mostly what official SDKs leave behind.
//!
//! The file store and SQLite do it in their own ways, each under the lock of its writers; `row_by_row` mends any other store by
//! the methods that every store has.

mod modes;
mod row_by_row;

use std::path::Path;

use super::any::AnyStore;
use super::error::StoreError;
use super::maintenance::{Finding, Mended, Repair, Report, by_pages};

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
        None => row_by_row::mend(store, backup).await?,
    };
    for finding in open {
        match finding.path.as_deref().map_or(Ok(()), modes::close) {
            Ok(()) => mended.push(finding),
            Err(error) => tracing::warn!(%error, "{finding}, and this account may not change it"),
        }
    }
    Ok(Repair { backup, mended, left: check(store).await? })
}

fn files_open_to_others(store: &AnyStore) -> Vec<Finding> {
    store.place().map(modes::look).unwrap_or_default()
}

//! Repairs a store through the methods that every store has: row by row, under the leases of the affected tokens, so that
//! no process renews a token while its row is moved. A row is deleted only if it has not changed since it was read. The
//! release of its lease overwrites a damaged one.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::store::coordination::{Coordination, Lease, LeaseKey};
use crate::store::error::StoreError;
use crate::store::maintenance::pages::check_by_pages;
use crate::store::maintenance::{
    Finding, RepairStep, Repaired, changes_rows, lease_key, repair_steps, repairable,
};
use crate::store::stored::StoredToken;
use crate::store::token_store::{AnyStore, TokenStore};
use crate::store::waiting::wait_for_lease;
use crate::token::OAuthToken;

/// How long to wait for another process that renews one of the tokens.
const LEASE_TIMEOUT: Duration = Duration::from_secs(10);

/// Repairs what can be repaired.
pub(super) async fn repair(store: &AnyStore, backup: Option<&Path>) -> Result<Repaired, StoreError> {
    let repairable = repairable(check_by_pages(store).await?);
    if repairable.is_empty() {
        return Ok(Repaired::default());
    }
    let backup = if changes_rows(&repairable) { Some(back_up(store, backup).await?) } else { None };
    let mut findings = Vec::new();
    for finding in repairable {
        if repair_one(store, &finding).await? {
            findings.push(finding);
        }
    }
    Ok(Repaired { backup, findings, ..Repaired::default() })
}

/// Repairs one finding. Returns `false` if another program changed its rows or holds a lease on them.
async fn repair_one(store: &AnyStore, finding: &Finding) -> Result<bool, StoreError> {
    let mut leases = Vec::new();
    let is_repaired = match take_leases(store, &rows_of(store, finding).await?, &mut leases).await {
        // The rows may have changed before the leases were taken.
        Ok(true) => carry_out(store, finding, &rows_of(store, finding).await?).await,
        other => other,
    };
    for lease in &leases {
        if let Err(error) = store.release(lease).await {
            tracing::warn!(%error, "could not release a lease; it expires on its own");
        }
    }
    is_repaired
}

async fn rows_of(store: &AnyStore, finding: &Finding) -> Result<Vec<StoredToken>, StoreError> {
    let mut rows = Vec::new();
    for id in &finding.ids {
        rows.extend(row(store, id).await?);
    }
    Ok(rows)
}

async fn row(store: &AnyStore, id: &str) -> Result<Option<StoredToken>, StoreError> {
    Ok(store.find_token_by_id(id).await?.map(|token| StoredToken::from(&token)))
}

async fn take_leases(
    store: &AnyStore,
    rows: &[StoredToken],
    leases: &mut Vec<Lease>,
) -> Result<bool, StoreError> {
    let mut keys: Vec<LeaseKey> = rows.iter().filter_map(lease_key).collect();
    // A fixed order prevents deadlocks between programs that take several leases.
    keys.sort_unstable();
    keys.dedup();
    let holder = format!("repair {:032x}", rand::random::<u128>());
    let until = Instant::now() + LEASE_TIMEOUT;
    for key in &keys {
        match wait_for_lease(store, key, &holder, until).await? {
            Some(lease) => leases.push(lease),
            None => return Ok(false),
        }
    }
    Ok(true)
}

async fn carry_out(store: &AnyStore, finding: &Finding, rows: &[StoredToken]) -> Result<bool, StoreError> {
    let mut is_repaired = true;
    for step in repair_steps(finding.kind, rows) {
        is_repaired &= match step {
            RepairStep::Fill(position, filled) => {
                store.save_token(&only_changed(&rows[position], &filled).into()).await?;
                true
            }
            RepairStep::Delete(position) => delete_if_unchanged(store, &rows[position]).await?,
            RepairStep::Renumber(position) => renumber(store, &rows[position]).await?,
        };
    }
    Ok(is_repaired)
}

/// Returns a token that has only the fields in which `filled` differs from `row`. Saving it keeps all other fields, even if
/// the row has changed in the meantime.
fn only_changed(row: &StoredToken, filled: &StoredToken) -> StoredToken {
    let (old, new) = (row.values(), filled.values());
    let changed = std::array::from_fn(|column| new[column].filter(|_| old[column] != new[column]));
    let gaps = StoredToken::from_values(changed.map(|value| value.map(str::to_owned)));
    let gaps = StoredToken { id: row.id.clone(), ..gaps };
    // A store rejects a token without a secret. A grant token is added first, because it never changes.
    if [&gaps.access_token, &gaps.refresh_token, &gaps.grant_token].into_iter().any(Option::is_some) {
        return gaps;
    }
    match (&row.grant_token, &row.refresh_token) {
        (Some(_), _) => StoredToken { grant_token: row.grant_token.clone(), ..gaps },
        (None, Some(_)) => StoredToken { refresh_token: row.refresh_token.clone(), ..gaps },
        (None, None) => StoredToken { access_token: row.access_token.clone(), ..gaps },
    }
}

async fn delete_if_unchanged(store: &AnyStore, known: &StoredToken) -> Result<bool, StoreError> {
    let id = known.id.as_deref().unwrap_or_default();
    match row(store, id).await? {
        Some(now) if now != *known => Ok(false),
        Some(_) => store.delete_token(id).await,
        None => Ok(true),
    }
}

/// Copies a row to a new id, then deletes it. Until then the store has two copies, which count as one.
async fn renumber(store: &AnyStore, known: &StoredToken) -> Result<bool, StoreError> {
    let id = new_id(store).await?;
    store.save_token(&StoredToken { id: Some(id.clone()), ..known.clone() }.into()).await?;
    let is_moved = delete_if_unchanged(store, known).await?;
    if !is_moved {
        store.delete_token(&id).await?;
    }
    Ok(is_moved)
}

/// Returns an id that was never used: the store assigns it to a row that is deleted again.
async fn new_id(store: &AnyStore) -> Result<String, StoreError> {
    let probe = OAuthToken::new().with_access_token(format!("new id {:032x}", rand::random::<u128>()));
    let saved = store.save_token(&probe).await?;
    let id = saved.id().unwrap_or_default().to_owned();
    store.delete_token(&id).await?;
    Ok(id)
}

/// Writes all rows to a CSV file.
#[cfg(feature = "file")]
async fn back_up(store: &AnyStore, wanted: Option<&Path>) -> Result<PathBuf, StoreError> {
    use std::io::{BufWriter, Write};

    use crate::store::error::StoreErrorKind;
    use crate::store::file::{csv_header, csv_line};
    use crate::store::maintenance::Backup;
    use crate::store::maintenance::pages::each_row;

    let named = |error: StoreError| error.in_store(store.name());
    let mut backup = Backup::begin(wanted, Path::new("zoho-tokens")).map_err(named)?;
    let mut unwritable = None;
    let mut text = BufWriter::new(backup.file());
    let mut written = text.write_all(csv_header().as_bytes());
    each_row(store, |row| match csv_line(row) {
        Some(line) if written.is_ok() => written = text.write_all(line.as_bytes()),
        Some(_) => {}
        None => unwritable = unwritable.take().or_else(|| Some(row.id.clone().unwrap_or_default())),
    })
    .await?;
    written = written.and_then(|()| text.flush());
    drop(text);
    if let Some(id) = unwritable {
        return Err(named(
            StoreError::of(StoreErrorKind::Rejected, "write a backup")
                .evidence(format!("a CSV file cannot hold the values of the row with id `{id}`"))
                .next_step("correct that row by hand; the store was not changed"),
        ));
    }
    written.map_err(|error| named(backup.failed(error)))?;
    backup.finish().map_err(named)
}

#[cfg(not(feature = "file"))]
async fn back_up(store: &AnyStore, _: Option<&Path>) -> Result<PathBuf, StoreError> {
    Err(StoreError::of(crate::store::error::StoreErrorKind::Rejected, "write a backup")
        .in_store(store.name())
        .evidence("this build cannot write CSV files")
        .next_step("turn on the feature `file` of zoho-oauth; the store was not changed"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::memory::MemoryStore;

    #[tokio::test]
    async fn a_row_that_another_program_has_changed_is_left_unchanged() {
        let store = AnyStore::from(MemoryStore::new());
        let token = OAuthToken::new().with_id("word").with_user("ada").with_refresh_token("old");
        let known = StoredToken::from(&store.save_token(&token).await.unwrap());
        let login = OAuthToken::new().with_user("ada").with_refresh_token("new");
        store.save_token(&login).await.unwrap();
        assert!(!renumber(&store, &known).await.unwrap());
        assert!(!delete_if_unchanged(&store, &known).await.unwrap());
        let rows = store.get_tokens().await.unwrap();
        let [row] = rows.as_slice() else { panic!("{rows:?}") };
        assert_eq!(StoredToken::from(row).refresh_token.as_deref(), Some("new"));
    }

    #[test]
    fn only_changed_fields_are_saved() {
        let row = StoredToken {
            id: Some("1".into()),
            user_name: Some("ada".into()),
            refresh_token: Some("r".into()),
            ..StoredToken::default()
        };
        let filled = StoredToken {
            access_token: Some("a".into()),
            expiry_time: Some("7".into()),
            redirect_url: Some("u".into()),
            ..row.clone()
        };
        let expected = StoredToken { user_name: None, refresh_token: None, ..filled.clone() };
        assert_eq!(only_changed(&row, &filled), expected);
        let only_an_address = StoredToken { redirect_url: Some("u".into()), ..row.clone() };
        let gaps = only_changed(&row, &only_an_address);
        assert!(StoredToken::for_saving(&gaps.into()).is_ok(), "a store accepts it");
    }
}

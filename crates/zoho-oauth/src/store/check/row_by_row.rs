//! Mending by the methods that every store has: row by row, under the leases of the tokens concerned, so that
//! nobody renews a token while its row is moved. Only what is still as it was read is deleted.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::store::any::AnyStore;
use crate::store::coordination::{Coordination, Lease, LeaseKey};
use crate::store::error::StoreError;
use crate::store::maintenance::{Finding, Mended, Step, by_pages, steps, to_be_mended};
use crate::store::stored::StoredToken;
use crate::store::token_store::TokenStore;
use crate::store::waiting::wait_for_lease;
use crate::token::OAuthToken;

/// How long to wait for somebody who is renewing a token.
const PATIENCE: Duration = Duration::from_secs(10);

/// Mends what can be mended.
pub(super) async fn mend(store: &AnyStore, backup: Option<&Path>) -> Result<Mended, StoreError> {
    let wrong = to_be_mended(by_pages(store).await?);
    if wrong.is_empty() {
        return Ok(Mended::default());
    }
    let backup = back_up(store, backup).await?;
    let mut findings = Vec::new();
    for finding in wrong {
        if treat(store, &finding).await? {
            findings.push(finding);
        }
    }
    Ok(Mended { backup: Some(backup), findings })
}

/// Mends one finding; `false` if somebody else is at work on its rows.
async fn treat(store: &AnyStore, finding: &Finding) -> Result<bool, StoreError> {
    let mut leases = Vec::new();
    let is_mended = match take_leases(store, &rows_of(store, finding).await?, &mut leases).await {
        // What was read before the leases were taken may be old by now.
        Ok(true) => carry_out(store, finding, &rows_of(store, finding).await?).await,
        other => other,
    };
    for lease in &leases {
        if let Err(error) = store.release(lease).await {
            tracing::warn!(%error, "a lease could not be given back and will run out by itself");
        }
    }
    is_mended
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
    let mut keys: Vec<LeaseKey> = rows
        .iter()
        .filter_map(|row| row.refresh_token.as_deref().filter(|token| !token.is_empty()))
        .map(|token| LeaseKey::refresh(&token.into()))
        .collect();
    // All who take several take them in one order, so that nobody waits for another in a circle.
    keys.sort_unstable();
    keys.dedup();
    let holder = format!("repair {:032x}", rand::random::<u128>());
    let until = Instant::now() + PATIENCE;
    for key in &keys {
        match wait_for_lease(store, key, &holder, until).await? {
            Some(lease) => leases.push(lease),
            None => return Ok(false),
        }
    }
    Ok(true)
}

async fn carry_out(store: &AnyStore, finding: &Finding, rows: &[StoredToken]) -> Result<bool, StoreError> {
    let mut is_mended = true;
    for step in steps(finding.kind, rows) {
        is_mended &= match step {
            Step::Fill(position, filled) => {
                store.save_token(&what_it_lacked(&rows[position], &filled).into()).await?;
                true
            }
            Step::Delete(position) => delete_if_unchanged(store, &rows[position]).await?,
            Step::Renumber(position) => renumber(store, &rows[position]).await?,
        };
    }
    Ok(is_mended)
}

/// A token that fills the gaps of `row` and overwrites nothing, should it have changed meanwhile: what is empty in
/// a token that is saved keeps its stored value.
fn what_it_lacked(row: &StoredToken, filled: &StoredToken) -> StoredToken {
    let (old, new) = (row.values(), filled.values());
    let changed = std::array::from_fn(|column| new[column].filter(|_| old[column] != new[column]));
    let gaps = StoredToken::from_values(changed.map(|value| value.map(str::to_owned)));
    let gaps = StoredToken { id: row.id.clone(), ..gaps };
    // A token without any secret is refused. The spent code is the one that nobody changes.
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

/// Copies a row under a new id, then deletes it. In between there are two of it, which count as one.
async fn renumber(store: &AnyStore, known: &StoredToken) -> Result<bool, StoreError> {
    let id = new_id(store).await?;
    store.save_token(&StoredToken { id: Some(id.clone()), ..known.clone() }.into()).await?;
    let is_moved = delete_if_unchanged(store, known).await?;
    if !is_moved {
        store.delete_token(&id).await?;
    }
    Ok(is_moved)
}

/// An id that was never given out: one that the store gives to a row which is deleted again.
async fn new_id(store: &AnyStore) -> Result<String, StoreError> {
    let probe = OAuthToken::new().with_access_token(format!("new id {:032x}", rand::random::<u128>()));
    let saved = store.save_token(&probe).await?;
    let id = saved.id().unwrap_or_default().to_owned();
    store.delete_token(&id).await?;
    Ok(id)
}

/// Writes all rows into a CSV file.
#[cfg(feature = "file")]
async fn back_up(store: &AnyStore, wanted: Option<&Path>) -> Result<PathBuf, StoreError> {
    use std::io::{BufWriter, Write};

    use crate::store::error::StoreErrorKind;
    use crate::store::file::{csv_header, csv_line};
    use crate::store::maintenance::{Backup, each_row};

    let refused = |error: StoreError| error.in_store(store.name());
    let mut backup = Backup::begin(wanted, Path::new("zoho-tokens")).map_err(refused)?;
    let mut trouble = None;
    let mut text = BufWriter::new(backup.file());
    let mut written = text.write_all(csv_header().as_bytes());
    each_row(store, |row| match csv_line(row) {
        Some(line) if written.is_ok() => written = text.write_all(line.as_bytes()),
        Some(_) => {}
        None => trouble = trouble.take().or_else(|| Some(row.id.clone().unwrap_or_default())),
    })
    .await?;
    written = written.and_then(|()| text.flush());
    drop(text);
    if let Some(id) = trouble {
        return Err(refused(
            StoreError::of(StoreErrorKind::Refused, "keep a backup, and was not repaired")
                .evidence(format!("the row with the id {id} cannot be told by a CSV file"))
                .next_step("mend that row by hand"),
        ));
    }
    written.map_err(|error| refused(backup.failed(error)))?;
    backup.finish().map_err(refused)
}

#[cfg(not(feature = "file"))]
async fn back_up(store: &AnyStore, _: Option<&Path>) -> Result<PathBuf, StoreError> {
    Err(StoreError::of(crate::store::error::StoreErrorKind::Refused, "keep a backup, and was not repaired")
        .in_store(store.name())
        .evidence("this build writes no CSV files")
        .next_step("turn on the feature `file` of zoho-oauth"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::memory::MemoryStore;

    #[tokio::test]
    async fn a_row_that_somebody_has_changed_meanwhile_is_left_as_it_is() {
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
    fn what_fills_a_gap_says_nothing_about_the_rest() {
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
        assert_eq!(what_it_lacked(&row, &filled), expected);
        let only_an_address = StoredToken { redirect_url: Some("u".into()), ..row.clone() };
        let gaps = what_it_lacked(&row, &only_an_address);
        assert!(StoredToken::for_saving(&gaps.into()).is_ok(), "a store takes it");
    }
}

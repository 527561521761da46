//! Reads and checks all rows of a store through the contract, page by page.

use super::{CheckReport, FirstPass, SecondPass, lease_key};
use crate::store::coordination::Coordination;
use crate::store::error::StoreError;
use crate::store::stored::StoredToken;
use crate::store::token_store::TokenStore;

/// Checks all rows of a store, and the leases on their refresh tokens, page by page.
pub(in crate::store) async fn check_by_pages(
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

pub(in crate::store) async fn each_row(
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

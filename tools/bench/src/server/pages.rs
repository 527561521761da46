//! Every token of a store, page by page.

use tokio::runtime;
use zoho_oauth::store::{TokenStore, connect};

use crate::Outcome;

/// Reads everything and counts it.
pub(crate) fn read(url: &str) -> Outcome<u64> {
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let store = connect(url)?;
        let (mut rows, mut next) = (0, None);
        loop {
            let page = store.get_token_page(next.as_deref()).await?;
            rows += page.tokens.len() as u64;
            next = page.next;
            if next.is_none() {
                return Ok(rows);
            }
        }
    })
}

//! What the other store holds, in hashes: so a million rows fit into memory.

use std::collections::{HashMap, HashSet};

use ring::digest::{Context, SHA256};

use crate::token::OAuthToken;

use super::super::any::AnyStore;
use super::super::error::StoreError;
use super::super::matching::Criterion;
use super::super::page::TokenPage;
use super::super::stored::{StoredToken, is_empty};
use super::super::token_store::TokenStore;
use super::patiently;

pub(super) type Short = [u8; 16];

/// What the other store holds: hashes, some fifty bytes for each row.
#[derive(Default)]
pub(super) struct There {
    /// The content of each row, by its id.
    pub(super) rows: HashMap<Short, Short>,
    /// What its rows are looked up by, besides ids.
    pub(super) names: HashSet<Short>,
    /// Ids that the first store has brought so far.
    pub(super) used: HashSet<Short>,
    /// Rows that were read and that get a new id.
    pub(super) without_place: Vec<StoredToken>,
    /// What was saved by id, and has to be there in the end; and how many of the rows it is that were read.
    pub(super) expected: HashMap<String, (Short, u64)>,
}

impl There {
    /// Reads what the other store holds by now.
    pub(super) async fn read(&mut self, store: &AnyStore) -> Result<(), StoreError> {
        let mut place = None;
        loop {
            let TokenPage { tokens, next } = patiently(|| store.get_token_page(place.as_deref())).await?;
            for row in tokens.iter().map(StoredToken::from) {
                self.rows.insert(short(row.id.as_deref().unwrap_or_default()), digest(&row));
                if let Some(criterion) = Criterion::of(&without_id(&row)) {
                    self.names.insert(name(&criterion));
                }
            }
            match next {
                Some(next) => place = Some(next),
                None => return Ok(()),
            }
        }
    }

    pub(super) fn expect(&mut self, row: &StoredToken, saved: &OAuthToken) {
        let saved = StoredToken::from(saved);
        // What the store answered has to say all that the row says; what it answered has to be there in the end.
        let says_it_all = without_id(&saved.clone().overwritten_by(&without_id(row))) == without_id(&saved);
        let content = if says_it_all { digest(&saved) } else { digest(row) };
        let (expected, rows) = self.expected.entry(saved.id.unwrap_or_default()).or_default();
        *expected = content;
        *rows += 1;
    }
}

/// What a row says, whatever its id.
pub(super) fn without_id(row: &StoredToken) -> StoredToken {
    StoredToken { id: None, ..row.clone() }
}

/// A row's content. Empty and absent are the same: not every store can tell them apart.
pub(super) fn digest(row: &StoredToken) -> Short {
    let mut hash = Context::new(&SHA256);
    for value in row.values() {
        let value = value.filter(|value| !is_empty(Some(value))).unwrap_or_default();
        hash.update(&value.len().to_le_bytes());
        hash.update(value.as_bytes());
    }
    first_half(hash.finish().as_ref())
}

pub(super) fn name(criterion: &Criterion<'_>) -> Short {
    short(&format!("{} {}", criterion.column(), criterion.value()))
}

pub(super) fn short(text: &str) -> Short {
    first_half(ring::digest::digest(&SHA256, text.as_bytes()).as_ref())
}

fn first_half(hash: &[u8]) -> Short {
    let mut half = Short::default();
    half.iter_mut().zip(hash).for_each(|(half, byte)| *half = *byte);
    half
}

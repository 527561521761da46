//! What the target store holds, as hashes, so that a million rows fit into memory.

use std::collections::{HashMap, HashSet};

use ring::digest::{Context, SHA256};

use crate::token::OAuthToken;

use super::super::error::StoreError;
use super::super::matching::Criterion;
use super::super::page::TokenPage;
use super::super::stored::{StoredToken, is_empty};
use super::super::token_store::{AnyStore, TokenStore};
use super::with_retries;

pub(super) type Short = [u8; 16];

/// What the target store holds, as hashes: about fifty bytes for each row.
#[derive(Default)]
pub(super) struct There {
    /// The content of each row, by id.
    pub(super) rows: HashMap<Short, Short>,
    /// The look-up values of its rows, except ids.
    pub(super) names: HashSet<Short>,
    /// Ids of the source store that were read so far.
    pub(super) used: HashSet<Short>,
    /// Rows that were read and get a new id.
    pub(super) renumbered: Vec<StoredToken>,
    /// The content that must be found at the end, by id, and how many rows of the source store it came from.
    pub(super) expected: HashMap<String, (Short, u64)>,
}

impl There {
    /// Reads the target store.
    pub(super) async fn read(&mut self, store: &AnyStore) -> Result<(), StoreError> {
        let mut cursor = None;
        loop {
            let TokenPage { tokens, next } = with_retries(|| store.get_token_page(cursor.as_deref())).await?;
            for row in tokens.iter().map(StoredToken::from) {
                self.rows.insert(short(row.id.as_deref().unwrap_or_default()), digest(&row));
                if let Some(criterion) = Criterion::of(&without_id(&row)) {
                    self.names.insert(name(&criterion));
                }
            }
            match next {
                Some(next) => cursor = Some(next),
                None => return Ok(()),
            }
        }
    }

    pub(super) fn expect(&mut self, row: &StoredToken, saved: &OAuthToken) {
        let saved = StoredToken::from(saved);
        // If the saved row lost a value, the source row is expected instead, and then counts as changed.
        let is_complete = without_id(&saved.clone().overwritten_by(&without_id(row))) == without_id(&saved);
        let content = if is_complete { digest(&saved) } else { digest(row) };
        let (expected, rows) = self.expected.entry(saved.id.unwrap_or_default()).or_default();
        *expected = content;
        *rows += 1;
    }
}

/// Returns a row without its id.
pub(super) fn without_id(row: &StoredToken) -> StoredToken {
    StoredToken { id: None, ..row.clone() }
}

/// Hashes the content of a row. Empty and missing values are equal, because not every store can tell them apart.
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

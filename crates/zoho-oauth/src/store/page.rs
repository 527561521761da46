//! Rows in parts: for those who read a store that is larger than their memory.

use crate::token::OAuthToken;

use super::error::{StoreError, StoreErrorKind};

/// Some rows of a store, and where the next ones begin.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct TokenPage {
    /// The rows.
    pub tokens: Vec<OAuthToken>,
    /// What to ask for the next page with; `None` when this is the last one.
    pub next: Option<String>,
}

impl TokenPage {
    /// The last page, or the only one.
    #[must_use]
    pub fn last(tokens: Vec<OAuthToken>) -> Self {
        Self { tokens, next: None }
    }

    /// A page with another one behind it.
    pub fn followed_by(next: impl Into<String>, tokens: Vec<OAuthToken>) -> Self {
        Self { tokens, next: Some(next.into()) }
    }

    /// What a store says that is asked for a page which it never spoke of.
    #[must_use]
    pub fn unknown_place() -> StoreError {
        StoreError::of(StoreErrorKind::Refused, "read a page of tokens")
            .evidence("it never said that a page begins there")
            .next_step("begin with the first page")
    }
}

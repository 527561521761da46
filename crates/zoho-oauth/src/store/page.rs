//! Pages of rows, for reading a store that does not fit into memory.

use crate::token::OAuthToken;

use super::error::{StoreError, StoreErrorKind};

/// Some rows of a store, and the cursor of the next page.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct TokenPage {
    /// The rows.
    pub tokens: Vec<OAuthToken>,
    /// The cursor of the next page; `None` on the last page.
    pub next: Option<String>,
}

impl TokenPage {
    /// Creates the last page, or the only one.
    #[must_use]
    pub fn last(tokens: Vec<OAuthToken>) -> Self {
        Self { tokens, next: None }
    }

    /// Creates a page that is followed by another one.
    pub fn followed_by(next: impl Into<String>, tokens: Vec<OAuthToken>) -> Self {
        Self { tokens, next: Some(next.into()) }
    }

    /// Creates the error for a cursor that the store did not issue.
    #[must_use]
    pub fn unknown_cursor() -> StoreError {
        StoreError::of(StoreErrorKind::Rejected, "read a page of tokens")
            .evidence("this store did not issue that cursor")
            .next_step("start with the first page")
    }
}

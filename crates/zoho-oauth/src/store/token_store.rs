//! `TokenStore`: the contract of every store.

use std::future::Future;

use crate::token::OAuthToken;

use super::error::StoreError;
use super::page::TokenPage;

/// Keeps tokens. This text is the contract; each sentence of it is a test that
/// `token_store_conformance!` (feature `conformance`) runs over a store.
///
/// # Which row a token means
/// [`Criterion`](super::matching::Criterion) is the rule, for finding and for saving:
/// 1. A token with an id means the row with that id, whatever else it says.
/// 2. Otherwise a user name means the row of that user; a client id and an API domain that are given must agree,
///    and a row that lacks them agrees. So one user with two client apps, or with production and sandbox, has two
///    rows.
/// 3. Otherwise an access token, with neither client id nor secret, means the row with that access token.
/// 4. Otherwise a grant token, or else a refresh token, with client id and secret, means the row of the same
///    client app with that token.
/// 5. A token with nothing usable means no row, never an arbitrary one.
///
/// Rows that are the same in user, client app and API domain count as one, the one that expires last; one whose
/// expiry is not known counts as expired. Rows that differ are an error that says what would tell them apart.
///
/// # Values
/// Values with quotes, commas, line breaks, leading and trailing blanks, emoji, NUL and 4,096 characters come
/// back unchanged. Equality is exact: case, accents and trailing blanks count. A value is never part of a query.
/// A value that the backend has no room for is refused before anything is written; nothing is cut off.
///
/// # Sharing
/// A store is shared by reference and may be called from many tasks at once. Two savers of the same new user
/// make one row. A read that fails is an error, never "no token".
///
/// # Implementing
/// Write six `async fn`s; `StoredToken` and `Criterion` do the matching and the merging. See the example
/// `custom_store`. The other two methods are made of these six; a store with many rows does them better.
pub trait TokenStore: Send + Sync + 'static {
    /// Hands back the row that `token` means, merged under it: fields that `token` sets keep its values, the
    /// others come from the row. `None` when there is no such row.
    ///
    /// # Errors
    /// When the store cannot be read, or when several differing rows are meant.
    fn find_token(
        &self,
        token: &OAuthToken,
    ) -> impl Future<Output = Result<Option<OAuthToken>, StoreError>> + Send;

    /// Writes `token` over the row that it means, or inserts it; hands back the row as it is now, with its id.
    ///
    /// One atomic step, durable before it returns where the store is durable at all. A field that is empty in
    /// `token` keeps its stored value. Saving the same token twice
    /// changes nothing, if it means a row by the rule above. A new row without an id gets
    /// a decimal one of at most ten digits that was never given out before, deleted rows included; an id that the
    /// caller chose is kept.
    ///
    /// # Errors
    /// When the store cannot be written, when several differing rows are meant, and for a token that has neither
    /// an access, nor a refresh, nor a grant token. The store is then as it was before.
    fn save_token(&self, token: &OAuthToken) -> impl Future<Output = Result<OAuthToken, StoreError>> + Send;

    /// Deletes exactly the row with that id, and says whether it was there.
    ///
    /// # Errors
    /// When the store cannot be written.
    fn delete_token(&self, id: &str) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Hands back every row.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn get_tokens(&self) -> impl Future<Output = Result<Vec<OAuthToken>, StoreError>> + Send;

    /// Deletes every row in one step. An empty store is fine.
    ///
    /// # Errors
    /// When the store cannot be written.
    fn delete_tokens(&self) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Hands back the row with that id; `None` when there is none.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn find_token_by_id(
        &self,
        id: &str,
    ) -> impl Future<Output = Result<Option<OAuthToken>, StoreError>> + Send;

    /// Hands back some of the rows, as many as suit the store, in an order of the store's own: the first ones, or
    /// those behind `after`, which a page before said. So a million rows need no memory for a million.
    ///
    /// A row that is there all the while is handed back exactly once; one that comes or goes meanwhile, at most
    /// once. Unless a store has its own way, there is one page with every row.
    ///
    /// # Errors
    /// When the store cannot be read, or when `after` is nothing that this store said.
    fn get_token_page(
        &self,
        after: Option<&str>,
    ) -> impl Future<Output = Result<TokenPage, StoreError>> + Send {
        async move {
            match after {
                None => Ok(TokenPage::last(self.get_tokens().await?)),
                Some(_) => Err(TokenPage::unknown_place()),
            }
        }
    }

    /// Saves many tokens, in this order, each as [`save_token`](Self::save_token) does; hands back the rows.
    ///
    /// A store with transactions saves all of them or none. Another one has saved, when it fails, those before the
    /// one that it failed on.
    ///
    /// # Errors
    /// As [`save_token`](Self::save_token).
    fn save_tokens(
        &self,
        tokens: &[OAuthToken],
    ) -> impl Future<Output = Result<Vec<OAuthToken>, StoreError>> + Send {
        async move {
            let mut saved = Vec::with_capacity(tokens.len());
            for token in tokens {
                saved.push(self.save_token(token).await?);
            }
            Ok(saved)
        }
    }
}

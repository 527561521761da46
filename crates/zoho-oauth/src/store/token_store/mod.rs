//! `TokenStore`: the contract of every store; `AnyStore`: a store of any kind behind one type.

mod any;
mod erased;

use std::future::Future;

use crate::token::OAuthToken;

use super::error::StoreError;
use super::page::TokenPage;

pub use any::AnyStore;

/// A place where tokens are stored. This text is the contract. Each sentence of it is a test that
/// `token_store_conformance!` (feature `conformance`) runs against a store.
///
/// # Which row a token identifies
/// [`Criterion`](super::matching::Criterion) implements the rule, for finding and for saving:
/// 1. A token with an id identifies the row with that id; its other fields are ignored.
/// 2. Otherwise a user name identifies the row of that user. If the token has a client id or an API domain, it must match
///    the row; a row without one matches. So one user with two client apps, or with production and sandbox, has two
///    rows. API domains are compared and stored as origins: a slash at the end, capitals, `:443` and blanks around one
///    make no difference.
/// 3. Otherwise an access token without client id and secret identifies the row with that access token.
/// 4. Otherwise a grant token, or else a refresh token, with client id and secret identifies the row of the same
///    client app with that token.
/// 5. Any other token identifies no row, never an arbitrary one.
///
/// If several rows match and have the same user, client app and API domain, the one that expires last is used; a row
/// without a readable expiry counts as expired. If they differ in these, the result is an error that says which field would
/// tell them apart.
///
/// # Values
/// Values with quotes, commas, line breaks, leading and trailing spaces, emoji, NUL and 4,096 characters are returned
/// unchanged. Comparison is exact: case, accents and trailing spaces count. A value is never part of a query's text.
/// A value that is too long for the backend is rejected before anything is written; nothing is truncated.
///
/// # Sharing
/// A store is shared by reference and can be called from many tasks at the same time. Two concurrent saves of the same new
/// user create one row. A failed read is an error, never "no token".
///
/// # Implementing
/// Write six `async fn`s; `StoredToken` and `Criterion` match and merge rows. See the example `custom_store`. Two more
/// have defaults that call these six; a store with many rows should override them. A store that implements
/// [`Coordination`](super::coordination::Coordination) too overrides [`into_any`](Self::into_any).
pub trait TokenStore: Send + Sync + 'static {
    /// Returns the row that `token` identifies. Fields that `token` sets keep its values; the others come from the row.
    /// Returns `None` if there is no such row.
    ///
    /// # Errors
    /// If the store cannot be read, or if several rows match and differ.
    fn find_token(
        &self,
        token: &OAuthToken,
    ) -> impl Future<Output = Result<Option<OAuthToken>, StoreError>> + Send;

    /// Updates the row that `token` identifies, or inserts a new one. Returns the row as it is now, with its id.
    ///
    /// The save is atomic and, if the store is durable, on disk before it returns. A field that is empty in `token` keeps
    /// its stored value. Saving the same token twice changes nothing, if it identifies a row by the rule above. A new row
    /// without an id gets a decimal one of at most ten digits that was never assigned before, not even to a row that was
    /// deleted. An id that the caller chose is kept.
    ///
    /// # Errors
    /// If the store cannot be written, if several rows match and differ, or if the token has no access, refresh or grant
    /// token. The store is then unchanged.
    fn save_token(&self, token: &OAuthToken) -> impl Future<Output = Result<OAuthToken, StoreError>> + Send;

    /// Deletes the row with that id and no other. Returns whether it existed.
    ///
    /// # Errors
    /// If the store cannot be written.
    fn delete_token(&self, id: &str) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Returns all rows.
    ///
    /// # Errors
    /// If the store cannot be read.
    fn get_tokens(&self) -> impl Future<Output = Result<Vec<OAuthToken>, StoreError>> + Send;

    /// Deletes all rows in one step. Does nothing if the store is empty.
    ///
    /// # Errors
    /// If the store cannot be written.
    fn delete_tokens(&self) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Returns the row with that id, or `None`.
    ///
    /// # Errors
    /// If the store cannot be read.
    fn find_token_by_id(
        &self,
        id: &str,
    ) -> impl Future<Output = Result<Option<OAuthToken>, StoreError>> + Send;

    /// Returns a page of rows: the first one, or the one after the cursor `after`, which an earlier page returned. The store
    /// chooses the order and the size. So a million rows do not have to fit into memory.
    ///
    /// A row that exists during the whole listing is returned exactly once; one that is inserted or deleted during it, at
    /// most once. The default is one page with all rows.
    ///
    /// # Errors
    /// If the store cannot be read, or if it did not issue the cursor `after`.
    fn get_token_page(
        &self,
        after: Option<&str>,
    ) -> impl Future<Output = Result<TokenPage, StoreError>> + Send {
        async move {
            match after {
                None => Ok(TokenPage::last(self.get_tokens().await?)),
                Some(_) => Err(TokenPage::unknown_cursor()),
            }
        }
    }

    /// Saves tokens in this order, each as [`save_token`](Self::save_token) does. Returns the rows.
    ///
    /// A store with transactions saves all of them or none. If any other store fails, it has saved the tokens before the one
    /// that failed.
    ///
    /// # Errors
    /// As for [`save_token`](Self::save_token).
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

    /// Converts the store into an [`AnyStore`], as
    /// [`AuthenticatorBuilder::store`](crate::AuthenticatorBuilder::store) does.
    ///
    /// The default is [`AnyStore::new`]: one renewal per process. A store that implements
    /// [`Coordination`](super::coordination::Coordination) too overrides it with [`AnyStore::coordinated`]: one renewal
    /// for all processes that share the store.
    fn into_any(self) -> AnyStore
    where
        Self: Sized,
    {
        AnyStore::new(self)
    }
}

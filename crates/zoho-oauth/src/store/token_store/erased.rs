//! Object-safe twins of the two store traits, so that a store of any kind fits behind one type.

use std::time::{Duration, SystemTime};

use crate::store::boxed::Boxed;
use crate::store::coordination::{Acquired, Coordination, Fenced, Lease, LeaseKey, LeaseState};
use crate::store::identity::StoreIdentity;
use crate::store::page::TokenPage;
use crate::token::OAuthToken;

use super::TokenStore;

/// The object-safe twin of [`TokenStore`], implemented for every store.
pub(super) trait ErasedStore: Send + Sync {
    fn find_token<'a>(&'a self, token: &'a OAuthToken) -> Boxed<'a, Option<OAuthToken>>;
    fn save_token<'a>(&'a self, token: &'a OAuthToken) -> Boxed<'a, OAuthToken>;
    fn delete_token<'a>(&'a self, id: &'a str) -> Boxed<'a, bool>;
    fn get_tokens(&self) -> Boxed<'_, Vec<OAuthToken>>;
    fn delete_tokens(&self) -> Boxed<'_, ()>;
    fn find_token_by_id<'a>(&'a self, id: &'a str) -> Boxed<'a, Option<OAuthToken>>;
    fn get_token_page<'a>(&'a self, after: Option<&'a str>) -> Boxed<'a, TokenPage>;
    fn save_tokens<'a>(&'a self, tokens: &'a [OAuthToken]) -> Boxed<'a, Vec<OAuthToken>>;
}

impl<S: TokenStore> ErasedStore for S {
    fn find_token<'a>(&'a self, token: &'a OAuthToken) -> Boxed<'a, Option<OAuthToken>> {
        Box::pin(TokenStore::find_token(self, token))
    }

    fn save_token<'a>(&'a self, token: &'a OAuthToken) -> Boxed<'a, OAuthToken> {
        Box::pin(TokenStore::save_token(self, token))
    }

    fn delete_token<'a>(&'a self, id: &'a str) -> Boxed<'a, bool> {
        Box::pin(TokenStore::delete_token(self, id))
    }

    fn get_tokens(&self) -> Boxed<'_, Vec<OAuthToken>> {
        Box::pin(TokenStore::get_tokens(self))
    }

    fn delete_tokens(&self) -> Boxed<'_, ()> {
        Box::pin(TokenStore::delete_tokens(self))
    }

    fn find_token_by_id<'a>(&'a self, id: &'a str) -> Boxed<'a, Option<OAuthToken>> {
        Box::pin(TokenStore::find_token_by_id(self, id))
    }

    fn get_token_page<'a>(&'a self, after: Option<&'a str>) -> Boxed<'a, TokenPage> {
        Box::pin(TokenStore::get_token_page(self, after))
    }

    fn save_tokens<'a>(&'a self, tokens: &'a [OAuthToken]) -> Boxed<'a, Vec<OAuthToken>> {
        Box::pin(TokenStore::save_tokens(self, tokens))
    }
}

/// The object-safe twin of [`Coordination`].
pub(super) trait ErasedCoordination: Send + Sync {
    fn acquire<'a>(&'a self, key: &'a LeaseKey, holder: &'a str, life: Duration) -> Boxed<'a, Acquired>;
    fn renew<'a>(&'a self, lease: &'a Lease, life: Duration) -> Boxed<'a, bool>;
    fn release<'a>(&'a self, lease: &'a Lease) -> Boxed<'a, bool>;
    fn save_and_release<'a>(&'a self, lease: &'a Lease, token: &'a OAuthToken) -> Boxed<'a, Fenced>;
    fn lease_state<'a>(&'a self, key: &'a LeaseKey) -> Boxed<'a, LeaseState>;
    fn version(&self) -> Boxed<'_, Option<u64>>;
    fn poll_interval(&self) -> Duration;
    fn clock(&self) -> Boxed<'_, SystemTime>;
    fn damaged_leases<'a>(&'a self, keys: &'a [LeaseKey]) -> Boxed<'a, Vec<LeaseKey>>;
    fn stored_identity(&self) -> Boxed<'_, Option<StoreIdentity>>;
}

impl<C: Coordination> ErasedCoordination for C {
    fn acquire<'a>(&'a self, key: &'a LeaseKey, holder: &'a str, life: Duration) -> Boxed<'a, Acquired> {
        Box::pin(Coordination::acquire(self, key, holder, life))
    }

    fn renew<'a>(&'a self, lease: &'a Lease, life: Duration) -> Boxed<'a, bool> {
        Box::pin(Coordination::renew(self, lease, life))
    }

    fn release<'a>(&'a self, lease: &'a Lease) -> Boxed<'a, bool> {
        Box::pin(Coordination::release(self, lease))
    }

    fn save_and_release<'a>(&'a self, lease: &'a Lease, token: &'a OAuthToken) -> Boxed<'a, Fenced> {
        Box::pin(Coordination::save_and_release(self, lease, token))
    }

    fn lease_state<'a>(&'a self, key: &'a LeaseKey) -> Boxed<'a, LeaseState> {
        Box::pin(Coordination::lease_state(self, key))
    }

    fn version(&self) -> Boxed<'_, Option<u64>> {
        Box::pin(Coordination::version(self))
    }

    fn poll_interval(&self) -> Duration {
        Coordination::poll_interval(self)
    }

    fn clock(&self) -> Boxed<'_, SystemTime> {
        Box::pin(Coordination::clock(self))
    }

    fn damaged_leases<'a>(&'a self, keys: &'a [LeaseKey]) -> Boxed<'a, Vec<LeaseKey>> {
        Box::pin(Coordination::damaged_leases(self, keys))
    }

    fn stored_identity(&self) -> Boxed<'_, Option<StoreIdentity>> {
        Box::pin(Coordination::stored_identity(self))
    }
}

//! The public traits of the stores on database servers.

/// Implements the store traits for a struct whose only field is a `SqlStore`.
macro_rules! sql_store {
    ($name:ident) => {
        #[deny(clippy::missing_trait_methods)]
        impl TokenStore for $name {
            async fn find_token(&self, token: &OAuthToken) -> Result<Option<OAuthToken>, StoreError> {
                self.0.find_token(token).await
            }

            async fn save_token(&self, token: &OAuthToken) -> Result<OAuthToken, StoreError> {
                self.0.save_token(token).await
            }

            async fn delete_token(&self, id: &str) -> Result<bool, StoreError> {
                self.0.delete_token(id).await
            }

            async fn get_tokens(&self) -> Result<Vec<OAuthToken>, StoreError> {
                self.0.get_tokens().await
            }

            async fn delete_tokens(&self) -> Result<(), StoreError> {
                self.0.delete_tokens().await
            }

            async fn find_token_by_id(&self, id: &str) -> Result<Option<OAuthToken>, StoreError> {
                self.0.find_token_by_id(id).await
            }

            async fn get_token_page(&self, after: Option<&str>) -> Result<TokenPage, StoreError> {
                self.0.get_token_page(after).await
            }

            async fn save_tokens(&self, tokens: &[OAuthToken]) -> Result<Vec<OAuthToken>, StoreError> {
                self.0.save_tokens(tokens).await
            }

            fn into_any(self) -> AnyStore {
                self.0.into_any()
            }
        }

        #[deny(clippy::missing_trait_methods)]
        impl Coordination for $name {
            async fn acquire(
                &self,
                key: &LeaseKey,
                holder: &str,
                life: Duration,
            ) -> Result<Acquired, StoreError> {
                self.0.acquire(key, holder, life).await
            }

            async fn renew(&self, lease: &Lease, life: Duration) -> Result<bool, StoreError> {
                self.0.renew(lease, life).await
            }

            async fn release(&self, lease: &Lease) -> Result<bool, StoreError> {
                self.0.release(lease).await
            }

            async fn save_and_release(
                &self,
                lease: &Lease,
                token: &OAuthToken,
            ) -> Result<Fenced, StoreError> {
                self.0.save_and_release(lease, token).await
            }

            async fn lease_state(&self, key: &LeaseKey) -> Result<LeaseState, StoreError> {
                self.0.lease_state(key).await
            }

            async fn version(&self) -> Result<Option<u64>, StoreError> {
                self.0.version().await
            }

            fn poll_interval(&self) -> Duration {
                self.0.poll_interval()
            }

            async fn clock(&self) -> Result<SystemTime, StoreError> {
                self.0.clock().await
            }

            async fn damaged_leases(&self, keys: &[LeaseKey]) -> Result<Vec<LeaseKey>, StoreError> {
                self.0.damaged_leases(keys).await
            }

            async fn stored_identity(&self) -> Result<Option<StoreIdentity>, StoreError> {
                self.0.stored_identity().await
            }
        }

        impl From<$name> for AnyStore {
            fn from(store: $name) -> Self {
                store.into_any()
            }
        }
    };
}

pub(in crate::store) use sql_store;

//! A custom token store: six functions over any storage, here one JSON document in memory; and an `Authenticator` that
//! uses it.
//!
//! `StoredToken` is the row, and `Criterion` decides which row a token identifies. One line in
//! `tests/it/conformance.rs` tests every promise of the contract on it:
//! `token_store_conformance!(custom, async || DocumentStore::default());`

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use zoho_oauth::store::{Criterion, StoreError, StoredToken, TokenStore, id_number, next_id};
use zoho_oauth::{Authenticator, DataCenter, OAuthClient, OAuthToken};

/// Rows as a JSON array, and the highest id that was ever assigned.
#[derive(Clone, Default)]
pub(crate) struct DocumentStore(Arc<Mutex<(String, u64)>>);

impl DocumentStore {
    /// Reads the rows, lets `change` modify them, and writes them back, in one atomic step.
    fn with<T>(
        &self,
        change: impl FnOnce(&mut Vec<StoredToken>, &mut u64) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut guard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (document, highest_id) = &mut *guard;
        let failed = |cause| StoreError::new("the document store", "read its document", cause);
        let mut rows =
            if document.is_empty() { Vec::new() } else { serde_json::from_str(document).map_err(failed)? };
        let result = change(&mut rows, highest_id)?;
        *document = serde_json::to_string(&rows).map_err(failed)?;
        Ok(result)
    }
}

impl TokenStore for DocumentStore {
    async fn find_token(&self, token: &OAuthToken) -> Result<Option<OAuthToken>, StoreError> {
        let wanted = StoredToken::from(token);
        let Some(criterion) = Criterion::of(&wanted) else { return Ok(None) };
        let row =
            self.with(|rows, _| Ok(criterion.position_in(rows)?.map(|position| rows[position].clone())))?;
        Ok(row.map(|row| wanted.filled_from(row).into()))
    }

    async fn save_token(&self, token: &OAuthToken) -> Result<OAuthToken, StoreError> {
        let mut new = StoredToken::for_saving(token)?;
        self.with(|rows, highest_id| {
            let position = Criterion::of(&new).map_or(Ok(None), |criterion| criterion.position_in(rows))?;
            if let Some(position) = position {
                rows[position] = rows[position].clone().overwritten_by(&new);
                return Ok(rows[position].clone().into());
            }
            if new.id.as_deref().unwrap_or_default().is_empty() {
                new.id =
                    Some(next_id(*highest_id, |id| rows.iter().any(|row| row.id.as_deref() == Some(id))));
            }
            *highest_id = new.id.as_deref().and_then(id_number).unwrap_or(0).max(*highest_id);
            rows.push(new.clone());
            Ok(new.into())
        })
    }

    async fn delete_token(&self, id: &str) -> Result<bool, StoreError> {
        self.with(|rows, _| {
            let before = rows.len();
            rows.retain(|row| row.id.as_deref() != Some(id));
            Ok(rows.len() < before)
        })
    }

    async fn get_tokens(&self) -> Result<Vec<OAuthToken>, StoreError> {
        self.with(|rows, _| Ok(rows.iter().cloned().map(OAuthToken::from).collect()))
    }

    async fn delete_tokens(&self) -> Result<(), StoreError> {
        self.with(|rows, _| {
            rows.clear();
            Ok(())
        })
    }

    async fn find_token_by_id(&self, id: &str) -> Result<Option<OAuthToken>, StoreError> {
        self.find_token(&OAuthToken::new().with_id(id)).await
    }
}

#[allow(dead_code, reason = "the tests include this file for the store alone")]
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let authenticator = Authenticator::builder(DataCenter::Eu.production())
        .client(OAuthClient::new("1000.CLIENT", "secret"))
        .store(DocumentStore::default())
        .build()?;

    // In place of a login: `authenticator.exchange(Grant::from_self_client(code))`, which saves the token that Zoho issues.
    let login = OAuthToken::new()
        .with_user("ada@example.com:60000001")
        .with_refresh_token("1000.refresh")
        .with_access_token("1000.access")
        .with_expires_at(SystemTime::now() + Duration::from_secs(3_600));
    authenticator.store().save_token(&login).await?;

    let access_token = authenticator.access_token(&"ada@example.com:60000001".into()).await?;
    assert_eq!(access_token.expose_secret(), "1000.access");
    Ok(())
}

//! Our store and an official SDK's, both open on one file or table.

use zoho_oauth::OAuthToken;
use zoho_oauth::store::{AnyStore, StoredToken, TokenStore};

use crate::place::{Kind, Place};
use crate::sdk::{Language, Sdk};

/// Both open stores. Their file is removed when this is dropped.
#[derive(Debug)]
pub(crate) struct Beside {
    pub(crate) ours: AnyStore,
    pub(crate) sdk: Sdk,
    pub(crate) place: Place,
}

/// Which side opens the file or table first and so creates it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum First {
    We,
    TheSdk,
}

impl Beside {
    /// Opens both at a new place. `None`: the test is skipped and has to return.
    pub(crate) async fn open(language: Language, kind: Kind, first: First) -> Option<Self> {
        let place = kind.place()?;
        let (ours, mut sdk);
        if first == First::We {
            ours = place.open();
            // Our store creates its table with the first write.
            assert!(!ours.delete_token("1").await.expect("we write"));
            sdk = Sdk::start(language, &place.url)?;
        } else {
            sdk = Sdk::start(language, &place.url)?;
            // The SDK has created the file once it responds.
            assert_eq!(sdk.get_tokens(), []);
            ours = place.open();
        }
        Some(Self { ours, sdk, place })
    }

    /// Saves a row with our store. Returns it as stored, with its id.
    pub(crate) async fn we_save(&self, row: &StoredToken) -> StoredToken {
        let saved = self.ours.save_token(&OAuthToken::from(row.clone())).await.expect("we save");
        StoredToken::from(&saved)
    }

    /// All rows that our store reads, sorted by id.
    pub(crate) async fn we_see(&self) -> Vec<StoredToken> {
        let tokens = self.ours.get_tokens().await.expect("we read");
        by_id(tokens.iter().map(StoredToken::from).collect())
    }

    /// The row of a user that our store finds.
    pub(crate) async fn we_find(&self, user: &str) -> Option<StoredToken> {
        let found = self.ours.find_token(&OAuthToken::new().with_user(user)).await.expect("we read");
        found.as_ref().map(StoredToken::from)
    }

    /// All rows that the SDK reads, sorted by id.
    pub(crate) fn the_sdk_sees(&mut self) -> Vec<StoredToken> {
        by_id(self.sdk.get_tokens())
    }
}

fn by_id(mut rows: Vec<StoredToken>) -> Vec<StoredToken> {
    rows.sort_by_key(|row| row.id.as_deref().and_then(|id| id.parse::<u64>().ok()));
    rows
}

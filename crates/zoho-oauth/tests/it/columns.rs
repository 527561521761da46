//! What every store with a table does with one that people have, whatever its columns are.

use std::time::{Duration, SystemTime};

use zoho_oauth::store::coordination::{Acquired, Coordination, Fenced, Lease, LeaseKey};
use zoho_oauth::store::{AnyStore, StoreError, StoreErrorKind, StoredToken, TokenStore};
use zoho_oauth::{OAuthToken, SecretString};

use crate::sqlite;
use crate::sqlite::official::ways_to;

/// Definitions of columns that differ from the official ones, and those of more columns.
pub(crate) type Columns = &'static [(&'static str, &'static str)];

/// Does with a table whatever a program does.
pub(crate) async fn is_used(open: &impl AsyncFn() -> AnyStore, columns: &[(&str, &str)]) {
    let store = open().await;
    assert_eq!(store.get_tokens().await.unwrap().len(), 0, "{columns:?}");
    let ada = store.save_token(&token("ada")).await.unwrap_or_else(|error| panic!("{columns:?}: {error}"));
    let nameless = OAuthToken::new().with_access_token("nameless").with_expires_at(moment(7));
    let saved = store.save_tokens(&[token("Zoë"), nameless]).await.unwrap();
    let [zoe, nameless] = &saved[..] else { panic!("two rows") };
    for row in [&ada, zoe, nameless] {
        let id = row.id().expect("an id");
        let stored = StoredToken::from(row);
        let read = open().await.find_token_by_id(id).await.unwrap().unwrap();
        assert_eq!(StoredToken::from(&read), stored, "{columns:?}");
        for wanted in ways_to(&stored) {
            let read = store.find_token(&wanted).await.unwrap().unwrap();
            assert_eq!(StoredToken::from(&read), stored, "{columns:?}");
        }
    }
    for unknown in ["unknown", "007", "ada\u{e9}", "9999999999999999999999"] {
        assert!(store.find_token_by_id(unknown).await.unwrap().is_none(), "{columns:?}");
        assert!(store.find_token(&OAuthToken::new().with_user(unknown)).await.unwrap().is_none());
        assert!(!store.delete_token(unknown).await.unwrap(), "{columns:?}");
    }

    let newer = OAuthToken::new().with_user("ada").with_access_token("newer").with_expires_at(moment(9));
    let renewed = store.save_token(&newer).await.unwrap();
    assert_eq!(renewed.id(), ada.id(), "{columns:?}");
    let Acquired::Granted(lease) = acquire(&store, &LeaseKey::refresh(&refresh_token("ada"))).await else {
        panic!("the lease is free")
    };
    let lease = Lease { row: renewed.id().map(str::to_owned), ..lease };
    let newest = newer.with_access_token("newest").with_expires_at(moment(11));
    let Fenced::Saved(kept) = store.save_and_release(&lease, &newest).await.unwrap() else {
        panic!("{columns:?}")
    };
    assert_eq!(StoredToken::from(&found(&store, "ada").await), StoredToken::from(&kept), "{columns:?}");
    assert_eq!(kept.expires_at(), Some(moment(11)));

    let page = store.get_token_page(None).await.unwrap();
    assert_eq!(page.tokens.len(), 3, "{columns:?}");
    let id = nameless.id().expect("an id");
    let last = store.get_token_page(page.tokens[1].id()).await.unwrap();
    assert_eq!(last.tokens.len(), 1, "{columns:?}");
    assert!(store.delete_token(id).await.unwrap(), "{columns:?}");
    acquire_for_a_login(&store).await.unwrap_or_else(|error| panic!("{columns:?}: {error}"));
    assert_eq!(store.get_tokens().await.unwrap().len(), 2, "{columns:?}");
    store.delete_tokens().await.unwrap();
}

/// Checks that a table can be read, and that a login is rejected with these words before it takes place.
pub(crate) async fn is_rejected_before_a_login(store: &AnyStore, columns: &[(&str, &str)], words: &str) {
    assert_eq!(store.get_tokens().await.expect("it can be read").len(), 0, "{columns:?}");
    let error = acquire_for_a_login(store).await.expect_err("the login would be lost");
    assert_eq!(error.kind(), StoreErrorKind::Damaged, "{error}");
    assert!(error.to_string().contains(words), "{error}");
    store.save_token(&token("ada")).await.expect_err("rejected");
    assert_eq!(store.get_tokens().await.unwrap().len(), 0, "{columns:?}");
}

/// Returns the definition of a table with the official columns, except for these.
pub(crate) fn definition(columns: &[(&str, &str)]) -> String {
    let official = StoredToken::COLUMNS.into_iter().map(|name| {
        let official = if name == "id" { "varchar(10) not null primary key" } else { "varchar(255)" };
        let other = columns.iter().find(|(column, _)| *column == name);
        format!("{name} {}", other.map_or(official, |(_, definition)| definition))
    });
    let others = columns.iter().filter(|(name, _)| !StoredToken::COLUMNS.contains(name));
    let others = others.map(|(name, definition)| format!("{name} {definition}"));
    official.chain(others).collect::<Vec<_>>().join(", ")
}

pub(crate) async fn acquire_for_a_login(store: &AnyStore) -> Result<Acquired, StoreError> {
    let key = LeaseKey::exchange(&SecretString::from("1000.code".to_owned()));
    store.acquire(&key, "holder", Duration::from_secs(30)).await
}

async fn acquire(store: &AnyStore, key: &LeaseKey) -> Acquired {
    store.acquire(key, "holder", Duration::from_secs(30)).await.unwrap()
}

/// A token with every field.
pub(crate) fn token(user: &str) -> OAuthToken {
    sqlite::support::token(user)
        .with_refresh_token(refresh_token(user))
        .with_expires_at(moment(5))
        .with_api_domain("https://www.zohoapis.eu")
}

fn refresh_token(user: &str) -> SecretString {
    SecretString::from(format!("1000.refresh of {user}"))
}

/// A whole second, because a column of moments may hold no fraction.
fn moment(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_298_100 + seconds)
}

async fn found(store: &AnyStore, user: &str) -> OAuthToken {
    store.find_token(&OAuthToken::new().with_user(user)).await.unwrap().unwrap()
}

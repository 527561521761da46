//! The tokens that the promises are tested with.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::token::OAuthToken;

use super::super::error::StoreErrorKind;
use super::super::stored::StoredToken;
use super::super::token_store::TokenStore;

/// Returns attack strings and other values that are known to break stores.
pub(super) fn awkward_values() -> Vec<String> {
    let mut values: Vec<String> = [
        "x' or '1'='1",
        "' or 1=1 --",
        "x' or user_name='carol",
        "1 or 1=1",
        "' union select * from oauthtoken --",
        "x', refresh_token='ATTACKER' --",
        "%",
        "_",
        "\"",
        "\"\"",
        "'",
        "\\",
        ";",
        ",",
        "a,b,,c",
        "\n",
        "a\nb",
        "a\r\nb",
        "\r",
        "\t",
        "\0",
        "a\0b",
        " ",
        "  lead and trail  ",
        "None",
        "null",
        "NULL",
        "id",
        "O'Brien",
        "\u{feff}bom",
        "\u{202e}right to left",
        "e\u{301}",
        "Zoë 張偉 😀",
        "-1",
        "{}",
        "$(id)",
        "../../etc/passwd",
    ]
    .map(String::from)
    .into();
    values.extend(
        [256, 2_048, 4_096, 10_000].map(|length| "0123456789'\",\n😀".chars().cycle().take(length).collect()),
    );
    values
}

/// Returns a token with every field except the id and the grant token.
pub(super) fn full(user: &str) -> OAuthToken {
    OAuthToken::new()
        .with_user(user)
        .with_client("1000.CLIENT", "secret")
        .with_refresh_token(format!("refresh of {user}"))
        .with_access_token(format!("access of {user}"))
        .with_expires_at(moment(0))
        .with_redirect_url("https://app.example.com/callback")
        .with_api_domain("https://www.zohoapis.com")
}

pub(super) fn moment(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_700_000_000 + seconds)
}

pub(super) fn id_of(token: &StoredToken) -> &str {
    token.id.as_deref().expect("a stored token has an id")
}

pub(super) async fn save(store: &impl TokenStore, token: OAuthToken) -> StoredToken {
    StoredToken::from(&store.save_token(&token).await.expect("the token is saved"))
}

/// Saves a token that may exceed the limits of a backend. The backend must then reject it without changing anything, and
/// this function returns `None`.
pub(super) async fn save_if_it_fits(store: &impl TokenStore, token: OAuthToken) -> Option<StoredToken> {
    let before = all(store).await;
    match store.save_token(&token).await {
        Ok(saved) => Some(StoredToken::from(&saved)),
        Err(error) => {
            assert_eq!(error.kind(), StoreErrorKind::Rejected, "{error}");
            assert_eq!(all(store).await, before, "a rejected token changes nothing");
            None
        }
    }
}

/// Whether every backend can store a value: it has at most 250 characters and no NUL.
pub(super) fn fits_everywhere(value: &str) -> bool {
    value.chars().count() <= 250 && !value.contains('\0')
}

/// Whether every backend accepts this as an id. The official column has ten characters.
pub(super) fn is_id_everywhere(id: &str) -> bool {
    fits_everywhere(id) && id.chars().count() <= 10
}

pub(super) async fn find(store: &impl TokenStore, token: OAuthToken) -> Option<StoredToken> {
    store.find_token(&token).await.expect("the store is read").as_ref().map(StoredToken::from)
}

pub(super) async fn by_id(store: &impl TokenStore, id: &str) -> Option<StoredToken> {
    store.find_token_by_id(id).await.expect("the store is read").as_ref().map(StoredToken::from)
}

pub(super) async fn all(store: &impl TokenStore) -> Vec<StoredToken> {
    store.get_tokens().await.expect("the store is read").iter().map(StoredToken::from).collect()
}

pub(super) async fn joined<T>(tasks: Vec<tokio::task::JoinHandle<T>>) -> Vec<T> {
    let mut results = Vec::with_capacity(tasks.len());
    for task in tasks {
        results.push(task.await.expect("no saver panics"));
    }
    results
}

/// Reads all rows, page by page.
pub(super) async fn pages(store: &impl TokenStore) -> Vec<StoredToken> {
    let mut rows = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let page = store.get_token_page(cursor.as_deref()).await.expect("the store is read");
        rows.extend(page.tokens.iter().map(StoredToken::from));
        match page.next {
            Some(next) => cursor = Some(next),
            None => return rows,
        }
    }
}

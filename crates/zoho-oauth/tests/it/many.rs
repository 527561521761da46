//! Many tokens: read in pages and saved in one call.

use std::collections::BTreeSet;

use zoho_oauth::OAuthToken;
use zoho_oauth::store::{AnyStore, FileStore, TokenStore};

use crate::{file, sqlite};

#[tokio::test]
async fn many_rows_are_returned_in_several_pages() {
    let store = sqlite::support::in_memory().await;
    let tokens: Vec<_> = (0..2_500).map(token).collect();
    store.save_tokens(&tokens).await.unwrap();
    let (mut users, mut sizes, mut cursor) = (BTreeSet::new(), Vec::new(), None);
    loop {
        let page = store.get_token_page(cursor.as_deref()).await.unwrap();
        sizes.push(page.tokens.len());
        users.extend(page.tokens.iter().map(|token| token.user_signature().map(ToString::to_string)));
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(sizes, [1_000, 1_000, 500]);
    assert_eq!(users.len(), 2_500);
}

#[tokio::test]
async fn save_tokens_saves_none_if_one_is_rejected() {
    let file = FileStore::open(file::support::fresh_path()).unwrap();
    let stores: [AnyStore; 2] = [sqlite::support::in_memory().await.into(), file.into()];
    for store in stores {
        // The third token matches two different rows, which is found only after the first two are written.
        for app in ["one app", "another app"] {
            store.save_token(&token(7).with_client(app, "secret")).await.unwrap();
        }
        let many = [token(1), token(2), token(7), token(3)];
        store.save_tokens(&many).await.expect_err("the third token is ambiguous");
        assert_eq!(store.get_tokens().await.unwrap().len(), 2, "{}", store.name());
        store
            .save_tokens(&[token(1), OAuthToken::new().with_user("nothing")])
            .await
            .expect_err("the second token is empty");
        assert_eq!(store.get_tokens().await.unwrap().len(), 2, "{}", store.name());
        let next = store.save_token(&token(1)).await.unwrap();
        assert_eq!(next.id(), Some("3"), "{}", store.name());
    }
}

#[tokio::test]
async fn ten_thousand_tokens_are_saved_to_a_file_in_one_call() {
    let path = file::support::fresh_path();
    let store = FileStore::open(&path).unwrap();
    let tokens: Vec<_> = (0..10_000).map(token).collect();
    assert_eq!(store.save_tokens(&tokens).await.unwrap().len(), 10_000);
    let read = FileStore::open(&path).unwrap().get_tokens().await.unwrap();
    assert_eq!(read.len(), 10_000);
}

fn token(number: usize) -> OAuthToken {
    OAuthToken::new().with_user(format!("user {number}")).with_refresh_token(format!("refresh {number}"))
}

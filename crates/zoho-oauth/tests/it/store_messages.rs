//! One snapshot of the store messages that need no server, so that all can be read in one place.

use std::error::Error;
use std::fmt::Write;

use zoho_oauth::OAuthToken;
use zoho_oauth::store::{
    Criterion, FindingKind, MemoryStore, StoreError, StoreUrl, StoredToken, TokenPage, TokenStore, connect,
};

const INVALID_URLS: [&str; 12] = [
    "zohooauth.db",
    "oracle:x",
    "memory:x",
    "file:",
    "sqlite:",
    "mysql://user:secret@ho st/",
    "mysql://user:secret/with@host/database",
    "mysql://user:secret%zz@host/",
    "mysql://host/database?color=red",
    "postgres://host/?sslmode=perhaps",
    "redis://host/tokens",
    "aws-secretsmanager:tokens?timeout=soon",
];

const INVALID_OPTIONS: [&str; 10] = [
    "mysql://host/database?max_connections=0",
    "mysql://host/database?table=a-b",
    "redis://host?prefix=",
    "redis://host?ca=/ca.pem",
    "redis://user@host",
    "redis://host?timeout=0",
    "aws-secretsmanager:a b",
    "aws-secretsmanager:tokens?endpoint=localhost",
    "aws-secretsmanager:tokens?timeout=0",
    "file:/nowhere/tokens.txt",
];

const FINDINGS: [FindingKind; 15] = [
    FindingKind::LostRows,
    FindingKind::DamagedIndex,
    FindingKind::UnreadableRow,
    FindingKind::OlderColumns,
    FindingKind::WrongEncoding,
    FindingKind::MissingQuotes,
    FindingKind::MissingHeader,
    FindingKind::MissingToken,
    FindingKind::DuplicateRows,
    FindingKind::DuplicateId,
    FindingKind::NonNumericId,
    FindingKind::DamagedLease,
    FindingKind::NonNumericExpiry,
    FindingKind::MissingClient,
    FindingKind::OpenToOthers,
];

#[tokio::test]
async fn every_store_message_matches_the_snapshot() {
    let mut messages = String::new();
    section(
        &mut messages,
        "StoreUrlError",
        INVALID_URLS.iter().filter_map(|url| url.parse::<StoreUrl>().err()),
    );
    section(
        &mut messages,
        "connect",
        INVALID_URLS.iter().chain(&INVALID_OPTIONS).filter_map(|url| connect(url).err()),
    );
    section(&mut messages, "StoreError", errors().await);
    writeln!(messages, "\nFindingKind").unwrap();
    for kind in FINDINGS {
        writeln!(messages, "  {}: a repair {}", kind.as_str(), kind.repair().unwrap_or("does nothing"))
            .unwrap();
    }
    assert!(!messages.contains("secret/with") && !messages.contains("secret%zz"), "{messages}");
    insta::assert_snapshot!(messages);
}

fn section<E: Error>(messages: &mut String, name: &str, errors: impl IntoIterator<Item = E>) {
    writeln!(messages, "\n{name}").unwrap();
    for error in errors {
        writeln!(messages, "  {error}").unwrap();
    }
}

async fn errors() -> Vec<StoreError> {
    let store = MemoryStore::new();
    let row = |id: &str, client: &str| StoredToken {
        id: Some(id.to_owned()),
        user_name: Some("ada".to_owned()),
        client_id: Some(client.to_owned()),
        ..StoredToken::default()
    };
    let ada = StoredToken { user_name: Some("ada".to_owned()), ..StoredToken::default() };
    let ambiguous = Criterion::of(&ada).unwrap().choose([row("1", "a"), row("2", "b")]).unwrap_err();
    vec![
        store.save_token(&OAuthToken::new().with_user("ada")).await.unwrap_err(),
        store.get_token_page(Some("x")).await.unwrap_err(),
        TokenPage::unknown_cursor().in_store("the example store"),
        ambiguous,
    ]
}

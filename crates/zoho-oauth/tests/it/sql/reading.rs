//! Reading changes nothing on the server.

use servers::Kind;
use zoho_oauth::OAuthToken;
use zoho_oauth::store::coordination::{Coordination, LeaseKey};
use zoho_oauth::store::{AnyStore, TokenStore};

use super::support::{TestTable, found, on_both_servers, token};

on_both_servers! {
    reading_an_empty_database_creates_nothing
    reading_a_table_of_an_official_sdk_leaves_it_as_it_is
}

async fn reading_an_empty_database_creates_nothing(table: TestTable) {
    let store = table.open();
    assert!(store.get_tokens().await.unwrap().is_empty());
    assert!(store.find_token(&OAuthToken::new().with_user("ada")).await.unwrap().is_none());
    assert!(store.find_token_by_id("1").await.unwrap().is_none());
    assert!(store.get_token_page(None).await.unwrap().tokens.is_empty());
    assert!(store.get_token_page(Some("1")).await.is_err(), "no page has ended there");
    read_about_leases(&store).await;
    assert_eq!(tables(&table).await, 0);
    store.save_token(&token("ada")).await.unwrap();
    assert_eq!(tables(&table).await, 2);
    assert_eq!(found(&store, "ada").await.id(), Some("1"));
}

async fn reading_a_table_of_an_official_sdk_leaves_it_as_it_is(table: TestTable) {
    table.open().save_token(&token("ada")).await.unwrap();
    let drop_index = match table.kind {
        Kind::Postgres => "drop index {}_user_name",
        _ => "alter table {} drop index user_name",
    };
    table.run("drop table {}_state").await;
    table.run(drop_index).await;
    let before = indexes(&table).await;
    let store = table.open();
    found(&store, "ada").await;
    assert_eq!(store.get_tokens().await.unwrap().len(), 1);
    read_about_leases(&store).await;
    assert_eq!((tables(&table).await, indexes(&table).await), (1, before));
    store.save_token(&token("ada").with_access_token("newer")).await.unwrap();
    assert_eq!((tables(&table).await, indexes(&table).await), (2, before + 1));
}

async fn read_about_leases(store: &AnyStore) {
    let key = LeaseKey::refresh(token("ada").refresh_token().expect("a refresh token"));
    assert!(store.lease_state(&key).await.unwrap().remaining.is_zero());
    assert!(store.damaged_leases(&[key]).await.unwrap().is_empty());
    store.version().await.unwrap();
    store.clock().await.unwrap();
}

/// How many tables there are whose names begin like that of `table`.
async fn tables(table: &TestTable) -> usize {
    count(table, "information_schema.tables where table_name like '{}%'").await
}

/// How many columns of `table` are the first of an index.
async fn indexes(table: &TestTable) -> usize {
    let of_table = match table.kind {
        Kind::Postgres => "pg_indexes where tablename = '{}'",
        _ => "information_schema.statistics where table_name = '{}'",
    };
    count(table, of_table).await
}

async fn count(table: &TestTable, rows: &str) -> usize {
    let count = table.run(&format!("select cast(count(*) as char(20)) from {rows}")).await;
    count[0].as_deref().expect("a count").trim().parse().expect("a number")
}

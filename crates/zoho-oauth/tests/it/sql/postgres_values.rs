//! The values that PostgreSQL can store, by column.

use servers::Kind;
use zoho_oauth::OAuthToken;
use zoho_oauth::store::{StoreErrorKind, TokenStore};

use super::support::{TestTable, found, token, users};

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn nul_is_rejected_and_never_found() {
    let Some(table) = TestTable::fresh(Kind::Postgres) else { return };
    let store = table.open();
    store.save_token(&token("ada")).await.unwrap();
    let bad = [token("ada").with_access_token("a\0b"), token("nul\0"), token("bob").with_id("\0")];
    for bad in bad {
        let error = store.save_token(&bad).await.expect_err("too long");
        assert_eq!(error.kind(), StoreErrorKind::Rejected, "{error}");
        assert!(error.to_string().contains("contains NUL"), "{error}");
        store.save_tokens(&[token("new"), bad]).await.expect_err("too long");
    }
    assert!(store.find_token(&OAuthToken::new().with_user("ada\0")).await.unwrap().is_none());
    assert!(store.find_token_by_id("1\0").await.unwrap().is_none());
    assert!(!store.delete_token("1\0").await.expect("the call succeeds"));
    assert_eq!(users(&store).await, ["ada"]);
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn long_values_are_stored_and_found() {
    let Some(table) = TestTable::fresh(Kind::Postgres) else { return };
    let store = table.open();
    // Characters that hardly repeat, so that the server cannot compress them.
    let long: String = (0..20_000_u32).filter_map(|number| char::from_u32(0x4e00 + number)).collect();
    let saved = store.save_token(&token(&long).with_access_token(long.as_str())).await.unwrap();
    assert_eq!(saved.id(), Some("1"));
    assert_eq!(found(&store, &long).await.id(), Some("1"));
    assert!(store.find_token(&OAuthToken::new().with_access_token(long)).await.unwrap().is_some());
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn a_table_is_created_in_the_schema_that_its_name_gives() {
    let Some(table) = TestTable::fresh(Kind::Postgres) else { return };
    let schema = table.name();
    table.run("create schema {}").await;
    let table = table.setting(&format!("table={schema}.Tokens$"));
    let store = table.open();
    store.save_token(&token("ada")).await.unwrap();
    let tables =
        format!("select table_name::text from information_schema.tables where table_schema = '{schema}'");
    let mut tables = table.run(&tables).await;
    tables.sort();
    assert_eq!(tables, [Some("Tokens$".to_owned()), Some("Tokens$_state".to_owned())]);
    let indexes = format!("select indexname::text from pg_indexes where schemaname = '{schema}'");
    assert_eq!(table.run(&indexes).await.len(), 6);
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn a_table_with_narrow_columns_is_used_unchanged() {
    let Some(table) = TestTable::fresh(Kind::Postgres) else { return };
    let columns = "id varchar(10) primary key, user_name varchar(20), client_id varchar(255), client_secret varchar(255), \
        refresh_token varchar(255), access_token varchar(255), grant_token varchar(255), expiry_time varchar(20), \
        redirect_url varchar(255), api_domain varchar(255)";
    table.run(&format!("create table {{}} ({columns})")).await;
    let store = table.open();
    store.save_token(&token("ada")).await.unwrap();
    let error = store.save_token(&token(&"x".repeat(21))).await.expect_err("too long");
    assert_eq!(error.kind(), StoreErrorKind::Rejected, "{error}");
    assert!(
        error.to_string().contains("user_name has 21 characters; the column holds at most 20"),
        "{error}"
    );
    assert_eq!(users(&store).await, ["ada"]);
}

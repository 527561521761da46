//! MySQL tables that Zoho's own SDKs created, and other programs that use the same table.

use std::path::Path;

use servers::{Kind, private};
use zoho_oauth::store::{StoreErrorKind, StoredToken, TokenStore};
use zoho_oauth::{ExposeSecret, OAuthToken};

use super::support::{TestTable, found, token, users};
use crate::sqlite::official::{GOLDEN, golden_rows, ways_to};

const FILE: &str = "oauthtoken.sql";

/// The table from the README of the official SDKs. Tests append the charset.
const OFFICIAL_TABLE: &str = "create table {} (id varchar(10) not null, user_name varchar(255), \
    client_id varchar(255), client_secret varchar(255), refresh_token varchar(255), access_token varchar(255), \
    grant_token varchar(255), expiry_time varchar(20), redirect_url varchar(255), api_domain varchar(255), \
    primary key (id))";

#[tokio::test]
#[ignore = "needs MariaDB"]
async fn a_table_written_by_the_python_sdk_is_read() {
    let Some(table) = TestTable::fresh(Kind::MariaDb) else { return };
    load_golden(&table).await;
    let store = table.open();
    let mut expected = golden_rows(FILE);
    assert_eq!(expected.len(), 12);
    expected.sort_by_key(|row| row.id.clone());
    let mut read: Vec<_> = store.get_tokens().await.unwrap().iter().map(StoredToken::from).collect();
    read.sort_by_key(|row| row.id.clone());
    assert_eq!(read, expected);
    for row in expected {
        for wanted in ways_to(&row) {
            let found = store.find_token(&wanted).await.unwrap().unwrap();
            assert_eq!(StoredToken::from(&found), row);
        }
    }
}

#[tokio::test]
#[ignore = "needs MariaDB"]
async fn a_table_of_the_python_sdk_accepts_new_and_updated_tokens() {
    let Some(table) = TestTable::fresh(Kind::MariaDb) else { return };
    load_golden(&table).await;
    let store = table.open();
    for row in golden_rows(FILE).into_iter().filter(|row| row.user_name.is_some()) {
        let newer =
            OAuthToken::new().with_user(row.user_name.clone().expect("a user")).with_access_token("newer");
        let saved = StoredToken::from(&store.save_token(&newer).await.unwrap());
        assert_eq!(saved, StoredToken { access_token: Some("newer".into()), ..row });
        let read = found(&store, saved.user_name.as_deref().expect("a user")).await;
        assert_eq!(StoredToken::from(&read), saved);
    }
    assert_eq!(store.save_token(&token("new")).await.unwrap().id(), Some("13"));
    assert_eq!(table.count().await, 13);
}

#[tokio::test]
#[ignore = "needs MariaDB"]
async fn lookups_are_exact_on_tables_with_lax_collations() {
    let charsets = [
        "default charset = utf8mb4 collate = utf8mb4_general_ci",
        "default charset = utf8mb4 collate = utf8mb4_unicode_ci",
        "default charset = utf8mb3",
        "default charset = latin1",
        "default charset = latin1 collate = latin1_bin",
    ];
    for charset in charsets {
        let Some(table) = TestTable::fresh(Kind::MariaDb) else { return };
        table.run(&format!("{OFFICIAL_TABLE} {charset}")).await;
        let store = table.open();
        let names = ["ada", "Ada", "adá", "ada ", " ada", "ADA\u{e9}", "ada\n"];
        for name in names {
            store.save_token(&token(name)).await.unwrap();
        }
        for name in names {
            let newer = OAuthToken::new().with_user(name).with_access_token(format!("newer of {name}"));
            store.save_token(&newer).await.unwrap();
        }
        assert_eq!(table.count().await, names.len(), "{charset}");
        for name in names {
            let newer = format!("newer of {name}");
            let row = found(&store, name).await;
            assert_eq!(row.access_token().map(ExposeSecret::expose_secret), Some(&*newer), "{charset}");
            let wanted = OAuthToken::new().with_access_token(newer);
            assert!(store.find_token(&wanted).await.unwrap().is_some(), "{charset}");
        }
        // Some of these cannot be encoded in the table's charset.
        for unknown in ["aDa", "ada  ", "張偉", "😀", "ada\0"] {
            let wanted = OAuthToken::new().with_user(unknown);
            assert!(store.find_token(&wanted).await.unwrap().is_none(), "{charset} {unknown}");
        }
    }
}

#[tokio::test]
#[ignore = "needs MariaDB"]
async fn ids_are_exact_on_a_table_with_a_lax_collation() {
    let Some(table) = TestTable::fresh(Kind::MariaDb) else { return };
    table.run(&format!("{OFFICIAL_TABLE} default charset = utf8mb4 collate = utf8mb4_general_ci")).await;
    let store = table.open();
    store.save_token(&token("ada").with_id("key")).await.unwrap();
    assert!(store.find_token_by_id("KEY").await.unwrap().is_none());
    assert!(!store.delete_token("KEY").await.expect("the call succeeds"));
    let error =
        store.save_token(&token("bob").with_id("KEY")).await.expect_err("the collation equates the ids");
    assert_eq!(error.kind(), StoreErrorKind::Rejected, "{error}");
    assert_eq!(users(&store).await, ["ada"]);
}

#[tokio::test]
#[ignore = "needs MariaDB"]
async fn a_character_outside_the_charset_is_rejected_and_nothing_is_written() {
    let Some(table) = TestTable::fresh(Kind::MariaDb) else { return };
    table.run(&format!("{OFFICIAL_TABLE} default charset = latin1")).await;
    let store = table.open();
    store.save_token(&token("Zoë")).await.unwrap();
    let bad = OAuthToken::new().with_user("Zoë").with_redirect_url("https://例え.jp");
    for bad in [bad.with_access_token("a"), token("張偉")] {
        let error = store.save_token(&bad).await.expect_err("too long");
        assert_eq!(error.kind(), StoreErrorKind::Rejected, "{error}");
        let column = if bad.redirect_url().is_some() { "redirect_url" } else { "user_name" };
        assert!(error.to_string().contains(&format!("the column {column} cannot hold")), "{error}");
        assert!(!error.to_string().contains("\\x"), "{error}");
        assert_eq!(found(&store, "Zoë").await.redirect_url(), None);
    }
    assert_eq!(users(&store).await, ["Zoë"]);
}

#[tokio::test]
#[ignore = "needs MariaDB"]
async fn an_official_table_gets_its_missing_indexes() {
    let Some(table) = TestTable::fresh(Kind::MariaDb) else { return };
    table.run(OFFICIAL_TABLE).await;
    table.open().delete_tokens().await.unwrap();
    table.open().delete_tokens().await.unwrap();
    let mut indexed =
        table.run("select column_name from information_schema.statistics where table_name = '{}'").await;
    indexed.sort();
    let columns = ["access_token", "grant_token", "id", "refresh_token", "user_name"];
    assert_eq!(indexed, columns.map(|column| Some(column.to_owned())));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MariaDB"]
async fn a_table_without_indexes_works_without_permission_to_create_them() {
    let Some(server) = private(Kind::MariaDb) else { return };
    let owner = TestTable::on(Kind::MariaDb, &server);
    let administrator = owner.for_administrator(&server);
    administrator.run(OFFICIAL_TABLE).await;
    let account = "create user guest identified by 'pw'; \
        grant select, insert, update, delete, create on zohooauth.* to guest";
    administrator.run(account).await;
    let guest = owner.with(|url| {
        url.set_username("guest").expect("the URL has a host");
        url.set_password(Some("pw")).expect("the URL has a host");
    });
    let store = guest.open();
    store.save_token(&token("ada")).await.unwrap();
    found(&store, "ada").await;
    let indexes = "select index_name from information_schema.statistics where table_name = '{}'";
    assert_eq!(administrator.run(indexes).await.len(), 1);
}

/// In a lax SQL mode the server truncates long values instead of rejecting them.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MariaDB"]
async fn a_value_that_is_too_long_is_rejected_even_in_a_lax_sql_mode() {
    let Some(server) = private(Kind::MariaDb) else { return };
    let table = TestTable::on(Kind::MariaDb, &server);
    table.for_administrator(&server).run("set global sql_mode = ''").await;
    let store = table.open();
    store.save_token(&token("ada").with_redirect_url("ü".repeat(255))).await.expect("255 characters fit");
    let too_long = [
        (token("ada").with_redirect_url("x".repeat(256)), "redirect_url has 256 characters"),
        (token("bob").with_access_token("x".repeat(300)), "access_token has 300 characters"),
        (token("carol").with_id("x".repeat(11)), "id has 11 characters"),
    ];
    for (bad, words) in too_long {
        let error = store.save_token(&bad).await.expect_err("too long");
        assert_eq!(error.kind(), StoreErrorKind::Rejected, "{error}");
        assert!(error.to_string().contains(words), "{error}");
        store.save_tokens(&[token("new"), bad]).await.expect_err("too long");
    }
    assert_eq!(users(&store).await, ["ada"]);
    // If a column became narrower after the store was opened, the server rejects the value.
    table.run("alter table {} modify client_secret varchar(5)").await.clear();
    let error =
        store.save_token(&token("ada").with_client("1000.CLIENT", "longer")).await.expect_err("too long");
    assert_eq!(error.kind(), StoreErrorKind::Rejected, "{error}");
    assert!(error.to_string().contains("client_secret") && !error.to_string().contains("longer"), "{error}");
}

/// Loads the dump into the table.
async fn load_golden(table: &TestTable) {
    let dump = std::fs::read_to_string(Path::new(GOLDEN).join(FILE)).unwrap();
    table.run(&dump.replace("`oauthtoken`", "`{}`")).await;
}

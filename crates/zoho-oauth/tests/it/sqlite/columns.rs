//! SQLite tables as people have them, and files of somebody else.

use std::path::{Path, PathBuf};

use rusqlite::Connection;
use zoho_oauth::OAuthToken;
use zoho_oauth::store::{
    AnyStore, SqliteOptions, SqliteStore, StoreErrorKind, StoredToken, TokenCopy, TokenStore, connect,
};

use super::support::{OFFICIAL_TABLE, folder, fresh_path, open, token, users, with_suffix};
use crate::columns::{Columns, definition, is_rejected_before_a_login, is_used};

#[tokio::test]
async fn every_kind_of_column_is_read_and_written() {
    const TABLES: &[Columns] = &[
        &[("id", "integer primary key autoincrement"), ("expiry_time", "bigint")],
        &[("id", "integer primary key"), ("expiry_time", "integer not null default 0")],
        &[("id", "int not null primary key"), ("expiry_time", "decimal(20,0)")],
        &[("id", "bigint primary key"), ("expiry_time", "double")],
        &[("id", "uuid primary key"), ("expiry_time", "timestamp")],
        &[("id", "char(36) primary key"), ("user_name", "char(100)"), ("expiry_time", "datetime")],
        &[
            ("id", "blob primary key"),
            ("user_name", "blob"),
            ("refresh_token", "blob"),
            ("expiry_time", "blob"),
        ],
        &[("id", ""), ("user_name", ""), ("access_token", ""), ("expiry_time", "")],
        &[("id", "string primary key"), ("user_name", "string"), ("expiry_time", "string")],
        &[
            ("user_name", "text not null"),
            ("grant_token", "blob not null"),
            ("api_domain", "varchar(9) not null"),
        ],
        &[("note", "text not null default ''"), ("length", "integer as (length(user_name))")],
    ];
    for columns in TABLES {
        let path = made(&definition(columns), "");
        is_used(&async || open(&path).into(), columns).await;
    }
    const STRICT: &[Columns] = &[
        &[
            ("id", "integer primary key"),
            ("user_name", "blob"),
            ("access_token", "any"),
            ("expiry_time", "integer"),
        ],
        &[("id", "int primary key"), ("user_name", "text not null"), ("expiry_time", "real")],
        &[("id", "blob primary key"), ("refresh_token", "blob not null"), ("expiry_time", "blob")],
    ];
    for columns in STRICT {
        let path = made(
            &definition(columns).replace("varchar(255)", "text").replace("varchar(10)", "text"),
            "strict",
        );
        is_used(&async || open(&path).into(), columns).await;
    }
}

#[tokio::test]
async fn a_column_that_cannot_hold_a_login_is_named_before_it() {
    const TABLES: &[(Columns, &str)] = &[
        (&[("tenant", "text not null")], "a new row needs a value for its column tenant"),
        (&[("user_name", "text as (client_id || 'x')")], "the column user_name is computed"),
        (&[("refresh_token", "text as (client_id) stored")], "the column refresh_token is computed"),
    ];
    for (columns, words) in TABLES {
        let path = made(&definition(columns), "");
        is_rejected_before_a_login(&open(&path).into(), columns, words).await;
    }
}

#[tokio::test]
async fn values_are_found_whatever_type_another_program_gave_them() {
    let path = made(&definition(&[("id", ""), ("user_name", "blob"), ("expiry_time", "timestamp")]), "");
    let row = "insert into oauthtoken (id, user_name, access_token, expiry_time) \
        values (7, cast('ada' as blob), 'a', '2026-11-21 21:55:01.001')";
    Connection::open(&path).unwrap().execute_batch(row).unwrap();
    let store = open(&path);
    let found = store.find_token(&OAuthToken::new().with_user("ada")).await.unwrap().unwrap();
    assert_eq!(StoredToken::from(&found).expiry_time.as_deref(), Some("1795298101001"));
    assert_eq!(store.find_token_by_id("7").await.unwrap().unwrap().id(), Some("7"));
    let newer = OAuthToken::new().with_user("ada").with_access_token("newer");
    assert_eq!(store.save_token(&newer).await.unwrap().id(), Some("7"));
    assert!(store.delete_token("7").await.unwrap());
}

#[tokio::test]
async fn text_that_a_column_would_turn_into_a_number_is_rejected() {
    let path = made(&definition(&[("user_name", "string")]), "");
    let store = open(&path);
    for changed in ["007", "1e5", "1.50", " 7"] {
        let error = store.save_token(&token(changed)).await.expect_err("it would be changed");
        assert_eq!(error.kind(), StoreErrorKind::Rejected, "{error}");
        assert!(error.to_string().contains("user_name looks like a number"), "{error}");
    }
    for unchanged in ["7", "-7", "1.5", "0x7", "ada"] {
        store.save_token(&token(unchanged)).await.unwrap();
        assert!(store.find_token(&OAuthToken::new().with_user(unchanged)).await.unwrap().is_some());
    }
}

#[tokio::test]
async fn reading_changes_nothing_in_a_file_of_somebody_else() {
    let tables = [OFFICIAL_TABLE, "create table notes (text); insert into notes values ('a')"];
    for table in tables {
        let path = fresh_path();
        Connection::open(&path).unwrap().execute_batch(table).unwrap();
        let before = std::fs::read(&path).unwrap();
        let store: AnyStore = open(&path).into();
        assert_eq!(store.get_tokens().await.unwrap().len(), 0);
        assert_eq!(store.get_token_page(None).await.unwrap().tokens.len(), 0);
        assert!(store.find_token(&token("ada")).await.unwrap().is_none());
        zoho_oauth::store::check(&store).await.unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), before);
        for suffix in ["-wal", "-shm", "-journal", ".lock"] {
            assert!(!with_suffix(&path, suffix).exists(), "{suffix}");
        }
        store.save_token(&token("ada")).await.expect("the first write creates the tables");
        assert_eq!(users(&open(&path)).await, ["ada"]);
    }
}

#[tokio::test]
async fn reading_creates_no_file_and_leaves_an_empty_one_empty() {
    let folder = folder();
    for is_empty in [false, true] {
        let path = folder.path().join("zohooauth.db");
        if is_empty {
            std::fs::write(&path, "").unwrap();
        }
        let store: AnyStore = open(&path).into();
        assert!(users(&store).await.is_empty());
        assert!(store.get_token_page(None).await.unwrap().tokens.is_empty());
        assert!(store.find_token(&token("ada")).await.unwrap().is_none());
        zoho_oauth::store::check(&store).await.unwrap();
        let files: Vec<_> =
            std::fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().path()).collect();
        assert!(files.iter().all(|file| *file == path), "{files:?}");
        assert_eq!(std::fs::read(&path).ok(), is_empty.then(Vec::new));
    }
}

#[tokio::test]
async fn a_file_that_another_process_creates_is_read_at_once() {
    let path = fresh_path();
    let store = open(&path);
    assert!(users(&store).await.is_empty());
    open(&path).save_token(&token("ada")).await.unwrap();
    assert_eq!(users(&store).await, ["ada"]);
    assert_eq!(store.save_token(&token("bob")).await.unwrap().id(), Some("2"));
    assert_eq!(users(&open(&path)).await, ["ada", "bob"]);
}

#[tokio::test]
async fn a_view_is_read_and_rejected_for_writing() {
    let path = fresh_path();
    let columns = "id, user_name, client_id, client_secret, refresh_token, access_token, grant_token, expiry_time, \
        redirect_url, api_domain";
    let sql = format!(
        "{}; insert into people (id, user_name, access_token) values ('1', 'ada', 'a'); \
        create view oauthtoken as select {columns} from people",
        OFFICIAL_TABLE.replace("oauthtoken", "people")
    );
    Connection::open(&path).unwrap().execute_batch(&sql).unwrap();
    let store = open(&path);
    assert_eq!(users(&store).await, ["ada"]);
    let error = store.save_token(&token("ada")).await.expect_err("a view");
    assert!(error.to_string().contains("oauthtoken is a view"), "{error}");
    let people = connect(&format!("sqlite:{}?table=people", path.display())).unwrap();
    people.save_token(&token("bob")).await.unwrap();
    assert_eq!(users(&store).await, ["ada", "bob"]);
}

#[tokio::test]
async fn the_tables_of_one_file_are_different_stores() {
    let path = fresh_path();
    let table = |name: &str| connect(&format!("sqlite:{}?table={name}", path.display())).unwrap();
    table("old").save_token(&token("ada")).await.unwrap();
    let report = TokenCopy::new(&table("old"), &table("new")).run().await.unwrap();
    assert_eq!((report.added, report.verified), (1, 1));
    table("old").delete_tokens().await.unwrap();
    assert_eq!(users(&table("new")).await, ["ada"]);
    assert_ne!(table("old").identity(), table("new").identity());
    assert!(table("new").name().contains("new in "), "{}", table("new").name());
    TokenCopy::new(&table("new"), &table("new")).run().await.expect_err("they are one store");
    for name in ["", "a b", "x\"y"] {
        let options = SqliteOptions::new().with_table(name);
        let error = SqliteStore::open_with(&path, options).expect_err("rejected");
        assert_eq!(error.kind(), StoreErrorKind::Rejected, "{error}");
    }
}

#[tokio::test]
async fn a_table_of_an_older_sdk_is_read_and_written_once_it_has_the_columns_that_the_error_names() {
    let path = fresh_path();
    let nine = OFFICIAL_TABLE.replace("user_name", "user_mail").replace(", api_domain varchar(255)", "");
    let row = "insert into oauthtoken (id, user_mail, refresh_token) values ('php_1', 'ada', '1000.r')";
    Connection::open(&path).unwrap().execute_batch(&format!("{nine}; {row}")).unwrap();
    let store = open(&path);
    assert_eq!(users(&store).await, ["ada"]);
    let error = store.save_token(&token("ada")).await.expect_err("api_domain would be lost").to_string();
    let (_, statement) = error.split_once("run: ").unwrap();
    Connection::open(&path).unwrap().execute_batch(statement).unwrap();
    let store = open(&path);
    assert_eq!(store.save_token(&token("ada")).await.unwrap().id(), Some("php_1"));
}

/// Creates a database with a table of these columns.
fn made(columns: &str, options: &str) -> PathBuf {
    let path: PathBuf = fresh_path();
    let sql = format!("create table oauthtoken ({columns}) {options}");
    Connection::open(Path::new(&path))
        .unwrap()
        .execute_batch(&sql)
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
    path
}

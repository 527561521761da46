//! Databases that Zoho's own SDKs created, and other programs that use the same database.

use std::path::Path;
use std::process::Command;

use rusqlite::Connection;
use serde_json::Value;
use zoho_oauth::OAuthToken;
use zoho_oauth::store::{StoreErrorKind, StoredToken, TokenStore};

use super::support::{OFFICIAL_TABLE, fresh_path, open, open_with_tables, token, users};

pub(crate) const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden");

#[tokio::test]
async fn a_database_written_by_the_python_sdk_is_read() {
    let path = fresh_path();
    std::fs::copy(Path::new(GOLDEN).join("zohooauth.db"), &path).unwrap();
    let store = open(&path);
    let meant = golden_rows("zohooauth.db");
    assert_eq!(meant.len(), 11);

    let mut found: Vec<_> = store.get_tokens().await.unwrap().iter().map(StoredToken::from).collect();
    found.sort_by_key(|row| row.id.clone());
    let mut expected = meant.clone();
    expected.sort_by_key(|row| row.id.clone());
    assert_eq!(found, expected);

    for row in meant {
        for wanted in ways_to(&row) {
            let found = store.find_token(&wanted).await.unwrap().unwrap();
            assert_eq!(StoredToken::from(&found), row);
        }
    }
}

/// Every way to look up a row other than by its id.
pub(crate) fn ways_to(row: &StoredToken) -> Vec<OAuthToken> {
    let token = OAuthToken::from(row.clone());
    let mut ways = Vec::new();
    ways.extend(token.user_signature().map(|user| OAuthToken::new().with_user(user)));
    ways.extend(token.access_token().map(|access| OAuthToken::new().with_access_token(access.clone())));
    if let (Some(id), Some(secret)) = (token.client_id(), token.client_secret()) {
        let client = OAuthToken::new().with_client(id, secret.clone());
        ways.extend(token.grant_token().map(|grant| client.clone().with_grant_token(grant.clone())));
        ways.extend(token.refresh_token().map(|refresh| client.with_refresh_token(refresh.clone())));
    }
    ways
}

#[tokio::test]
async fn a_database_of_the_python_sdk_accepts_new_and_updated_tokens() {
    let path = fresh_path();
    std::fs::copy(Path::new(GOLDEN).join("zohooauth.db"), &path).unwrap();
    let store = open(&path);
    let known = golden_rows("zohooauth.db").swap_remove(0);
    let newer =
        OAuthToken::new().with_user(known.user_name.clone().expect("a user")).with_access_token("newer");
    let saved = StoredToken::from(&store.save_token(&newer).await.unwrap());
    assert_eq!(saved, StoredToken { access_token: Some("newer".into()), ..known });

    let highest =
        golden_rows("zohooauth.db").iter().filter_map(|row| row.id.as_deref()?.parse::<u64>().ok()).max();
    let new = store.save_token(&token("new")).await.unwrap();
    assert_eq!(new.id(), highest.map(|id| (id + 1).to_string()).as_deref());
    assert_eq!(store.get_tokens().await.unwrap().len(), 12);
}

#[tokio::test]
async fn an_existing_empty_table_is_used_unchanged() {
    let path = fresh_path();
    Connection::open(&path).unwrap().execute_batch(OFFICIAL_TABLE).unwrap();
    let store = open(&path);
    assert_eq!(store.save_token(&token("ada")).await.unwrap().id(), Some("1"));
    assert_eq!(schema_of(&path, "oauthtoken"), OFFICIAL_TABLE.replacen("create table", "CREATE TABLE", 1));
}

#[tokio::test]
async fn rows_inserted_by_other_programs_are_seen_and_their_ids_are_skipped() {
    let path = fresh_path();
    let store = open(&path);
    store.save_token(&token("ada")).await.unwrap();
    let official = Connection::open(&path).unwrap();
    let insert = "insert into oauthtoken (id, user_name, access_token) values (?, ?, 'a')";
    official.execute(insert, ["2", "bob"]).unwrap();
    official.execute(insert, ["python_legacy_1", "carol"]).unwrap();
    assert_eq!(store.save_token(&token("dora")).await.unwrap().id(), Some("3"));
    assert_eq!(users(&store).await, ["ada", "bob", "carol", "dora"]);
}

#[tokio::test]
async fn numeric_values_are_read_as_text() {
    let path = fresh_path();
    let official = Connection::open(&path).unwrap();
    let columns = StoredToken::COLUMNS.join(", ");
    official.execute_batch(&format!("create table oauthtoken ({columns})")).unwrap();
    let insert = "insert into oauthtoken (id, user_name, expiry_time) values (7, 'ada', 1795298101001)";
    official.execute_batch(insert).unwrap();
    let found = open(&path).find_token(&OAuthToken::new().with_user("ada")).await.unwrap().unwrap();
    assert_eq!(StoredToken::from(&found).expiry_time.as_deref(), Some("1795298101001"));
    assert_eq!(found.id(), Some("7"));
}

#[tokio::test]
async fn a_lax_collation_does_not_confuse_users() {
    let path = fresh_path();
    let official = Connection::open(&path).unwrap();
    official.execute_batch(&OFFICIAL_TABLE.replace("varchar(255)", "varchar(255) collate nocase")).unwrap();
    let store = open(&path);
    store.save_token(&token("ada")).await.unwrap();
    store.save_token(&token("ADA")).await.unwrap();
    assert_eq!(users(&store).await, ["ADA", "ada"]);
    assert!(store.find_token(&OAuthToken::new().with_user("Ada")).await.unwrap().is_none());
}

#[test]
fn a_table_with_other_columns_is_rejected_and_left_unchanged() {
    let path = fresh_path();
    let other = Connection::open(&path).unwrap();
    other.execute_batch("create table oauthtoken (id varchar(10), user_mail varchar(255))").unwrap();
    let error = zoho_oauth::store::SqliteStore::open(&path).expect_err("rejected");
    assert_eq!(error.kind(), StoreErrorKind::Damaged, "{error}");
    assert!(error.to_string().contains("no column refresh_token"), "{error}");
    assert!(schema_of(&path, "oauthtoken").contains("user_mail"));
}

#[tokio::test]
async fn every_lookup_uses_an_index() {
    let path = fresh_path();
    drop(open_with_tables(&path).await);
    let connection = Connection::open(&path).unwrap();
    for column in ["id", "user_name", "access_token", "grant_token", "refresh_token"] {
        let text = format!("explain query plan select * from oauthtoken where {column} = ?");
        let plan: String = connection.query_row(&text, ["x"], |row| row.get("detail")).unwrap();
        assert!(plan.starts_with("SEARCH oauthtoken USING INDEX"), "{plan}");
    }
}

/// While the store has the file open, Python's `sqlite3` reads its rows and writes rows that the store reads.
#[tokio::test]
#[ignore = "needs python3"]
async fn python_reads_and_writes_an_open_database() {
    const SCRIPT: &str = "
import sqlite3, sys
database = sqlite3.connect(sys.argv[1])
rows = database.execute('select user_name, access_token from oauthtoken').fetchall()
assert rows == [('ada', 'top-secret-access of ada')], rows
database.execute(\"update oauthtoken set access_token = 'by python' where user_name = 'ada'\")
database.execute(\"insert into oauthtoken (id, user_name, refresh_token) values ('2', 'bob', 'r')\")
database.commit()
";
    let path = fresh_path();
    let store = open(&path);
    store.save_token(&token("ada")).await.unwrap();
    let Ok(python) = Command::new("python3").args(["-c", SCRIPT]).arg(&path).output() else {
        return servers::skip("python3 is not installed");
    };
    assert!(python.status.success(), "{}", String::from_utf8_lossy(&python.stderr));
    let found = store.find_token(&OAuthToken::new().with_access_token("by python")).await.unwrap();
    assert_eq!(found.unwrap().user_signature().map(|user| user.name()), Some("ada"));
    assert_eq!(users(&store).await, ["ada", "bob"]);
}

/// The rows of a golden file as the SDK wrote them.
pub(crate) fn golden_rows(file: &str) -> Vec<StoredToken> {
    let text = std::fs::read_to_string(Path::new(GOLDEN).join("golden.json")).unwrap();
    let golden: Value = serde_json::from_str(&text).unwrap();
    let rows = golden["files"][file].as_array().expect("a list");
    rows.iter().filter(|row| row["stored"] == true).map(golden_row).collect()
}

fn golden_row(row: &Value) -> StoredToken {
    let names = [
        "id",
        "user",
        "client_id",
        "client_secret",
        "refresh",
        "access",
        "grant",
        "exp",
        "redirect",
        "api_domain",
    ];
    StoredToken::from_values(names.map(|name| {
        let on_disk = row["on_disk_differs"].get(name).unwrap_or(&row["intended"][name]);
        on_disk.as_str().map(str::to_owned)
    }))
}

fn schema_of(path: &Path, table: &str) -> String {
    let connection = Connection::open(path).unwrap();
    let text = "select sql from sqlite_master where name = ?";
    connection.query_row(text, [table], |row| row.get(0)).expect("the table is there")
}

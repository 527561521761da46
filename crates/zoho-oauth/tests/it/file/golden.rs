//! Files that official SDKs wrote, and files that they can read.

use std::path::Path;

use serde_json::Value;
use zoho_oauth::OAuthToken;
use zoho_oauth::store::{AnyStore, StoreErrorKind, StoredToken, TokenCopy, TokenStore};

use super::support::{PYTHON_HEADER, fresh_path, open, rows, store_with, text, token};

fn golden(name: &str) -> String {
    text(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name))
}

fn json(name: &str) -> Value {
    serde_json::from_str(&golden(name)).expect("is JSON")
}

/// A row with the intended values, except for `overrides`, which the file contains instead.
fn intended(row: &Value, overrides: &Value) -> StoredToken {
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
        let value = overrides.get(name).unwrap_or(&row[name]);
        value.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
    }))
}

#[tokio::test]
async fn a_file_written_by_the_python_sdk_is_read() {
    let (store, _) = store_with(golden("sdk_tokens.txt"));
    let list = json("golden.json");
    let entries = list["files"]["sdk_tokens.txt"].as_array().expect("a list");
    let expected: Vec<_> =
        entries.iter().map(|entry| intended(&entry["intended"], &entry["on_disk_differs"])).collect();
    assert_eq!(expected.len(), 12);
    assert_eq!(rows(&store).await, expected);
    for row in expected {
        let wanted = OAuthToken::new().with_id(row.id.clone().expect("an id"));
        let found = store.find_token(&wanted).await.unwrap().unwrap();
        assert_eq!(StoredToken::from(&found), row);
    }
}

#[tokio::test]
async fn a_file_written_by_a_login_with_the_python_sdk_is_read() {
    let (store, _) = store_with(golden("sdk_tokens_flow.txt"));
    let users: Vec<_> = rows(&store).await.into_iter().filter_map(|row| row.user_name).collect();
    assert_eq!(users, ["alice@example.com:60000001", "bob@example.com:60000001"]);
    let spent =
        OAuthToken::new().with_client("1000.FLOW", "flowsecret").with_grant_token("1000.gt.bob@example.com");
    assert_eq!(store.find_token(&spent).await.unwrap().unwrap().id(), Some("2"));
}

#[tokio::test]
async fn a_nine_column_file_of_an_old_sdk_is_read() {
    let list = json("legacy9.json");
    let tokens = list["tokens"].as_array().expect("a list");
    let expected: Vec<_> = tokens.iter().map(|row| intended(row, &Value::Null)).collect();
    for name in ["legacy9_sdk_tokens.txt", "legacy9_upgraded_by_7.0.0.txt"] {
        let (store, _) = store_with(golden(name));
        assert_eq!(rows(&store).await, expected, "{name}");
    }
}

#[tokio::test]
async fn a_save_to_a_python_file_leaves_the_other_rows_unchanged() {
    let before = golden("sdk_tokens.txt");
    let (store, path) = store_with(&before);
    let wanted = OAuthToken::new().with_id("1").with_access_token("1000.new");
    store.save_token(&wanted).await.unwrap();
    store.save_token(&token("new@example.com:1")).await.unwrap();

    let first = "1000.at.01.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    let added = "13,new@example.com:1,1000.CLIENT,secret,refresh of new@example.com:1,access of new@example.com:1,,,,https://www.zohoapis.com\r\n";
    assert_eq!(text(&path), before.replace(first, "1000.new") + added);
}

#[tokio::test]
async fn a_save_upgrades_a_nine_column_file_as_python_does() {
    let (store, path) = store_with(golden("legacy9_sdk_tokens.txt"));
    let saved = store.save_token(&token("ada").with_id("python_legacy_9")).await.unwrap();
    store.delete_token(saved.id().expect("an id")).await.unwrap();
    let upgraded = golden("legacy9_upgraded_by_7.0.0.txt");
    assert_eq!(text(&path), upgraded.replacen("user_name", "user_mail", 1));
}

#[tokio::test]
async fn official_sdks_can_read_a_new_file() {
    let path = fresh_path();
    let store = open(&path);
    store.save_token(&token("ada@example.com:1")).await.unwrap();
    store.save_token(&OAuthToken::new().with_access_token("a,\"b\"\n")).await.unwrap();
    store.save_token(&OAuthToken::new().with_user("null").with_grant_token(" g ")).await.unwrap();
    assert_eq!(
        text(&path),
        "id,user_name,client_id,client_secret,refresh_token,access_token,grant_token,expiry_time,redirect_url,api_domain\n\
         1,ada@example.com:1,1000.CLIENT,secret,refresh of ada@example.com:1,access of ada@example.com:1,,,,https://www.zohoapis.com\n\
         2,,,,,\"a,\"\"b\"\"\n\",,,,\n\
         3,\"null\",,,,, g ,,,\n"
    );
}

#[tokio::test]
async fn null_values_and_a_missing_final_newline_are_read_as_scala_writes_them() {
    let header = PYTHON_HEADER.trim_end().replace("redirect_uri", "redirect_url");
    let row = "1,ada,null,null,null,access,null,null,null,null";
    let (store, path) = store_with(format!("{header}\n{row}"));
    let expected = StoredToken {
        id: Some("1".into()),
        user_name: Some("ada".into()),
        access_token: Some("access".into()),
        ..StoredToken::default()
    };
    assert_eq!(rows(&store).await, [expected]);
    store.save_token(&OAuthToken::new().with_user("bob").with_access_token("b")).await.unwrap();
    assert_eq!(text(&path), format!("{header}\n{row}\n2,bob,,,,b,,,,\n"));
}

#[tokio::test]
async fn a_missing_header_is_restored_without_losing_a_token() {
    let row = "7,ada,c,s,r,a,,1795298101001,https://app.example.com/cb,https://www.zohoapis.eu\r\n";
    let (store, path) = store_with(row);
    assert_eq!(rows(&store).await.len(), 1);
    store.save_token(&token("bob")).await.unwrap();
    let lines: Vec<_> =
        text(&path).lines().map(|line| line.split(',').take(2).collect::<Vec<_>>().join(",")).collect();
    assert_eq!(lines, ["id,user_name", "7,ada", "8,bob"]);
    assert!(text(&path).contains(row), "the row is unchanged");
}

#[tokio::test]
async fn the_header_of_the_id_column_is_not_an_id() {
    let (store, _) = store_with(golden("sdk_tokens.txt"));
    assert!(store.find_token_by_id("id").await.unwrap().is_none());
    assert!(!store.delete_token("id").await.expect("the call succeeds"));
}

#[tokio::test]
async fn a_row_without_an_id_gets_one_when_it_is_saved() {
    let (store, path) = store_with(format!("{PYTHON_HEADER},ada,,,,a,,,,\r\n5,bob,,,,b,,,,\r\n"));
    let saved = store.save_token(&OAuthToken::new().with_user("ada").with_access_token("new")).await.unwrap();
    assert_eq!(saved.id(), Some("6"));
    assert_eq!(text(&path), format!("{PYTHON_HEADER}6,ada,,,,new,,,,\r\n5,bob,,,,b,,,,\r\n"));
}

#[tokio::test]
async fn a_save_that_changes_nothing_writes_nothing() {
    let (store, path) = store_with(golden("sdk_tokens.txt"));
    let before = std::fs::metadata(&path).unwrap().modified().unwrap();
    let row = store.find_token_by_id("2").await.unwrap().unwrap();
    store.save_token(&row).await.unwrap();
    assert!(!store.delete_token("absent").await.expect("the call succeeds"));
    assert_eq!(std::fs::metadata(&path).unwrap().modified().unwrap(), before);
}

#[tokio::test]
async fn commas_that_cannot_be_assigned_are_reported_as_damage_with_their_line() {
    let (store, path) =
        store_with(format!("{PYTHON_HEADER}1,ada,c,s,r,a,,,,\r\n2,Doe, Jane,c,sec-1,r,a,x,y,,\r\n"));
    let error = store.get_tokens().await.expect_err("damaged");
    assert_eq!(error.kind(), StoreErrorKind::Damaged);
    let message = error.to_string();
    assert!(message.contains("line 3") && message.contains("found 11"), "{message}");
    assert!(message.contains(&path.display().to_string()) && !message.contains("sec-1"), "{message}");
}

/// An unquoted comma in a name, a value that begins with a quote, and a name in Windows-1252.
const ODD_ROWS: [&[u8]; 3] = [
    b"1,Doe, Jane,c,s,1000.r.jane,1000.a.jane,,,,\r\n",
    b"2,bob,c,\"s2,1000.r.bob,1000.a.bob,,1795298101001,https://x/cb,https://www.zohoapis.eu\r\n",
    b"3,Zo\xeb,c,s3,1000.r.zoe,1000.a.zoe,,,,\r\n",
];

#[tokio::test]
async fn rows_that_can_be_read_in_one_way_only_are_read_and_their_bytes_are_kept() {
    let content = [PYTHON_HEADER.as_bytes(), &ODD_ROWS.concat()].concat();
    let (store, path) = store_with(&content);
    let names: Vec<_> = rows(&store).await.into_iter().filter_map(|row| row.user_name).collect();
    assert_eq!(names, ["Doe, Jane", "bob", "Zo\u{eb}"]);
    for (name, refresh_token) in
        [("Doe, Jane", "1000.r.jane"), ("bob", "1000.r.bob"), ("Zo\u{eb}", "1000.r.zoe")]
    {
        let found = store.find_token(&OAuthToken::new().with_user(name)).await.unwrap().expect("is there");
        assert_eq!(StoredToken::from(&found).refresh_token.as_deref(), Some(refresh_token));
    }
    store.save_token(&token("eve")).await.unwrap();
    assert!(std::fs::read(&path).unwrap().starts_with(&content));

    let renewed = OAuthToken::new().with_user("bob").with_access_token("1000.new");
    store.save_token(&renewed).await.unwrap();
    let after = std::fs::read(&path).unwrap();
    for unchanged in [ODD_ROWS[0], ODD_ROWS[2]] {
        assert!(after.windows(unchanged.len()).any(|part| part == unchanged));
    }
    let bob = open(&path).find_token(&OAuthToken::new().with_user("bob")).await.unwrap().expect("is there");
    let bob = StoredToken::from(&bob);
    assert_eq!((bob.client_secret.as_deref(), bob.access_token.as_deref()), (Some("\"s2"), Some("1000.new")));
}

#[tokio::test]
async fn a_row_without_a_header_is_not_written_over() {
    let row = "7,bob,CID,SECRET,REFRESH,,,,";
    let (store, path) = store_with(row);
    let saved = store.save_token(&token("ada")).await.unwrap();
    assert_eq!(saved.id(), Some("8"));
    assert!(text(&path).contains(&format!("\n{row},\n8,ada,")), "{}", text(&path));
    let bob = open(&path).find_token(&OAuthToken::new().with_user("bob")).await.unwrap().expect("is there");
    assert_eq!(StoredToken::from(&bob).refresh_token.as_deref(), Some("REFRESH"));
}

#[tokio::test]
async fn a_file_that_powershell_made_is_read_and_saved_in_utf8() {
    let row = "1,Zo\u{eb},c,s,1000.r,1000.a,,,,\r\n";
    let content: Vec<u8> =
        format!("\u{feff}{PYTHON_HEADER}{row}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    let (store, path) = store_with(&content);
    assert!(store.find_token(&OAuthToken::new().with_user("Zo\u{eb}")).await.unwrap().is_some());
    assert_eq!(std::fs::read(&path).unwrap(), content, "a read changes nothing");
    store.save_token(&token("ada")).await.unwrap();
    assert!(text(&path).starts_with(&format!("{PYTHON_HEADER}{row}2,ada,")));
}

/// Two rows as `zcrmsdk` 3 writes them.
const SIX_COLUMNS: &str = "user_mail,client_id,refresh_token,access_token,grant_token,expiry_time\r\n\
    ada@example.com,1000.C,1000.r.ada,1000.a.ada,,1795298101001\r\n\
    bob@example.com,1000.C,1000.r.bob,1000.a.bob,,1795298101001\r\n";

#[tokio::test]
async fn a_file_of_six_columns_is_read_and_never_changed() {
    let (store, path) = store_with(SIX_COLUMNS);
    let found = store.find_token(&OAuthToken::new().with_user("ada@example.com")).await.unwrap().unwrap();
    let found = StoredToken::from(&found);
    assert_eq!((found.id, found.refresh_token.as_deref()), (None, Some("1000.r.ada")));
    for error in [
        store.save_token(&token("eve")).await.expect_err("no room"),
        store.delete_tokens().await.expect_err("read only"),
        store.delete_token("1").await.expect_err("read only"),
    ] {
        assert_eq!(error.kind(), StoreErrorKind::Rejected, "{error}");
        assert!(error.to_string().contains("zoho tokens copy"), "{error}");
    }
    assert_eq!(text(&path), SIX_COLUMNS);
}

#[tokio::test]
async fn a_file_of_six_columns_can_be_copied() {
    let (old, path) = store_with(SIX_COLUMNS);
    let new = open(&fresh_path());
    let (old, copy) = (AnyStore::from(old), AnyStore::from(new));
    let report = TokenCopy::new(&old, &copy).run().await.unwrap();
    assert_eq!((report.read, report.verified), (2, 2), "{report:?}");
    let again = TokenCopy::new(&old, &copy).run().await.unwrap();
    assert_eq!((again.read, again.verified), (2, 2), "{again:?}");
    let copied = rows(&copy).await;
    let refresh_tokens: Vec<_> = copied.iter().filter_map(|row| row.refresh_token.as_deref()).collect();
    assert_eq!(refresh_tokens, ["1000.r.ada", "1000.r.bob"]);
    assert!(copied.iter().all(|row| row.id.is_some()));
    assert_eq!(text(&path), SIX_COLUMNS);
}

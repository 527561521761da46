//! Files that an official SDK made: used as they are, and left as they are.

use std::fs;

use rusqlite::Connection;
use zoho_oauth::store::StoredToken;

use crate::beside::{Beside, First};
use crate::python::Kind;
use crate::rows::{renewed, row};

#[tokio::test]
async fn a_table_without_a_side_table_is_used_and_keeps_its_shape() {
    let Some(mut both) = Beside::open(Kind::Sqlite, First::TheSdk) else { return };
    let database = Connection::open(both.path()).expect("opened");
    let tables = |condition: &str| {
        let text =
            format!("select group_concat(sql, ';') from sqlite_master where type = 'table' and {condition}");
        database.query_row(&text, [], |row| row.get::<_, Option<String>>(0)).expect("read")
    };
    let made_by_the_sdk = tables("name = 'oauthtoken'").expect("the SDK made it");

    let ada = both.sdk.save_token(&row("ada"));
    assert_eq!(both.we_find("ada").await, Some(ada));
    let ada = both.we_save(&renewed("ada", 1)).await;
    assert_eq!(both.sdk.find_user("ada"), Some(ada));

    assert_eq!(tables("name = 'oauthtoken'"), Some(made_by_the_sdk));
    assert!(tables("name = 'oauthtoken_state'").is_some(), "what else we keep stands beside it");
}

#[tokio::test]
async fn the_sdk_goes_on_when_we_have_closed_the_database() {
    let Some(mut both) = Beside::open(Kind::Sqlite, First::TheSdk) else { return };
    let ada = both.we_save(&row("ada")).await;
    drop(both.ours);
    let bob = both.sdk.save_token(&row("bob"));
    assert_eq!(both.sdk.get_tokens(), [ada, bob]);
}

#[tokio::test]
async fn lines_that_nobody_saves_stay_byte_for_byte() {
    let Some(mut both) = Beside::open(Kind::Csv, First::TheSdk) else { return };
    for user in ["ada", "bob, the builder", "carol \"the great\""] {
        both.sdk.save_token(&row(user));
    }
    let before = fs::read_to_string(both.path()).expect("read");
    assert!(before.starts_with("id,user_name,") && before.contains("redirect_uri"), "the SDK's own header");

    both.we_save(&renewed("ada", 1)).await;
    let after = fs::read_to_string(both.path()).expect("read");
    assert_eq!(after, before.replace("1000.access.ada", "1000.access.ada.1"));
}

#[tokio::test]
async fn a_file_of_nine_columns_that_the_sdk_upgrades_keeps_its_tokens() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let path = folder.path().join("sdk_tokens.txt");
    let header = "id,user_mail,client_id,client_secret,refresh_token,access_token,grant_token,expiry_time,redirect_url";
    fs::write(&path, format!("{header}\r\npython_legacy_1,ada,1000.CLIENT,secret,r,a,,4102444800000,\r\n"))
        .expect("written");
    let store = zoho_oauth::store::FileStore::open(&path).expect("opened");
    let ours = find(&store, "ada").await;
    assert_eq!(ours.as_ref().and_then(|row| row.id.as_deref()), Some("python_legacy_1"));

    let Some(mut sdk) = crate::python::Sdk::start(Kind::Csv, &path) else { return };
    assert_eq!(sdk.find_user("ada"), ours);
    assert_eq!(find(&store, "ada").await, ours);
    let upgraded = fs::read_to_string(&path).expect("read");
    assert!(upgraded.lines().next().is_some_and(|header| header.ends_with(",api_domain")), "{upgraded}");
}

async fn find(store: &impl zoho_oauth::store::TokenStore, user: &str) -> Option<StoredToken> {
    let found = store.find_token(&zoho_oauth::OAuthToken::new().with_user(user)).await.expect("read");
    found.as_ref().map(StoredToken::from)
}

//! Files and tables of an official SDK: they are used as they are and keep their shape.

use std::fs;

use rusqlite::Connection;
use sqlx::{AssertSqlSafe, Connection as _, MySqlConnection, query_scalar};
use zoho_oauth::OAuthToken;
use zoho_oauth::store::{StoredToken, TokenStore};

use crate::beside::{Beside, First};
use crate::place::Kind;
use crate::rows::{renewed, row};
use crate::sdk::{Language, Sdk};

#[tokio::test]
#[ignore = "needs the Python SDK"]
async fn a_table_without_a_side_table_is_used_and_keeps_its_shape() {
    let Some(mut both) = Beside::open(Language::Python, Kind::Sqlite, First::TheSdk).await else { return };
    let database = Connection::open(both.place.path()).unwrap();
    let tables = |condition: &str| {
        let text =
            format!("select group_concat(sql, ';') from sqlite_master where type = 'table' and {condition}");
        database.query_row(&text, [], |row| row.get::<_, Option<String>>(0)).unwrap()
    };
    let made_by_the_sdk = tables("name = 'oauthtoken'").expect("the SDK created it");

    let ada = both.sdk.save_token(&row("ada"));
    assert_eq!(both.we_find("ada").await, Some(ada));
    let ada = both.we_save(&renewed("ada", 1)).await;
    assert_eq!(both.sdk.find_user("ada"), Some(ada));

    assert_eq!(tables("name = 'oauthtoken'"), Some(made_by_the_sdk));
    assert!(tables("name = 'oauthtoken_state'").is_some(), "our other data is in a table beside it");
}

#[tokio::test]
#[ignore = "needs the Python SDK and MariaDB"]
async fn a_mysql_table_gets_indexes_and_a_table_beside_it_and_keeps_its_columns() {
    let Some(mut both) = Beside::open(Language::Python, Kind::MySql, First::TheSdk).await else { return };
    let (server, table) = both.place.url.split_once("?table=").expect("a table's URL");
    let mut connection = MySqlConnection::connect(server).await.unwrap();
    let mut described = async |what: &str| {
        let text = format!("select {what} where table_schema = database() and table_name like ? order by 1");
        let rows: Result<Vec<String>, _> =
            query_scalar(AssertSqlSafe(text)).bind(format!("{table}%")).fetch_all(&mut connection).await;
        rows.unwrap()
    };
    let tables = "cast(table_name as char) from information_schema.tables";
    let columns = "cast(concat_ws(' ', column_name, column_type, is_nullable, collation_name) as char) \
        from information_schema.columns";
    let made_by_the_sdk = described(columns).await;
    // Names that differ only in case are equal there.
    let is_lax =
        |column: &String| column.starts_with("user_name varchar(255) YES ") && column.ends_with("_ci");
    assert!(made_by_the_sdk.iter().any(is_lax), "{made_by_the_sdk:?}");
    assert_eq!((described(tables).await, made_by_the_sdk.len()), (vec![table.to_owned()], 10));

    let ada = both.sdk.save_token(&row("ada"));
    let ours = &both.ours;
    let found = ours.find_token(&OAuthToken::new().with_user("ada")).await.unwrap();
    assert_eq!(found.as_ref().map(StoredToken::from), Some(ada));
    let saved = ours.save_token(&renewed("ada", 1).into()).await.unwrap();
    assert_eq!(both.sdk.find_user("ada"), Some(StoredToken::from(&saved)));

    assert_eq!(described(tables).await, [table.to_owned(), format!("{table}_state")]);
    let after = described(columns).await;
    assert!(made_by_the_sdk.iter().all(|column| after.contains(column)), "{after:?}");
    let indexed = described("distinct cast(column_name as char) from information_schema.statistics").await;
    for column in ["id", "user_name", "access_token", "grant_token", "refresh_token"] {
        assert!(indexed.iter().any(|indexed| indexed == column), "{indexed:?}");
    }
}

/// The table of Zoho's first PHP and Java pages, with all ten columns.
#[tokio::test]
#[ignore = "needs the Python SDK and MariaDB"]
async fn a_table_with_counted_ids_and_a_number_as_expiry_is_shared_with_the_sdk() {
    let Some(place) = Kind::MySql.place() else { return };
    let (server, table) = place.url.split_once("?table=").expect("a table's URL");
    let text = format!(
        "create table {table} (id int not null auto_increment primary key, user_name varchar(255) not null, \
        client_id varchar(255), client_secret varchar(255), refresh_token varchar(255), access_token varchar(255), \
        grant_token varchar(255), expiry_time bigint, redirect_url varchar(255), api_domain varchar(255))"
    );
    let mut connection = MySqlConnection::connect(server).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(text)).execute(&mut connection).await.unwrap();
    let Some(mut sdk) = Sdk::start(Language::Python, &place.url) else { return };
    let ours = place.open();
    let ada = StoredToken::from(&ours.save_token(&row("ada").into()).await.unwrap());
    assert_eq!(sdk.find_user("ada"), Some(ada));
    let bob = sdk.save_token(&row("bob"));
    assert_eq!(find(&ours, "bob").await, Some(bob.clone()));
    let renewed = StoredToken::from(&ours.save_token(&renewed("bob", 1).into()).await.unwrap());
    assert_eq!((sdk.find_user("bob"), renewed.id.clone()), (Some(renewed), bob.id));
}

#[tokio::test]
#[ignore = "needs the Python SDK"]
async fn the_sdk_continues_after_we_have_closed_the_database() {
    let Some(mut both) = Beside::open(Language::Python, Kind::Sqlite, First::TheSdk).await else { return };
    let ada = both.we_save(&row("ada")).await;
    drop(both.ours);
    let bob = both.sdk.save_token(&row("bob"));
    assert_eq!(both.sdk.get_tokens(), [ada, bob]);
}

#[tokio::test]
#[ignore = "needs the Python SDK"]
async fn unchanged_lines_stay_byte_for_byte() {
    let Some(mut both) = Beside::open(Language::Python, Kind::Csv, First::TheSdk).await else { return };
    for user in ["ada", "bob, the builder", "carol \"the great\""] {
        both.sdk.save_token(&row(user));
    }
    let before = fs::read_to_string(both.place.path()).unwrap();
    assert!(before.starts_with("id,user_name,") && before.contains("redirect_uri"), "the SDK's own header");

    both.we_save(&renewed("ada", 1)).await;
    let after = fs::read_to_string(both.place.path()).unwrap();
    assert_eq!(after, before.replace("1000.access.ada", "1000.access.ada.1"));
}

#[tokio::test]
#[ignore = "needs the Python SDK"]
async fn a_file_of_nine_columns_that_the_sdk_upgrades_keeps_its_tokens() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let path = folder.path().join("sdk_tokens.txt");
    let header = "id,user_mail,client_id,client_secret,refresh_token,access_token,grant_token,expiry_time,redirect_url";
    fs::write(&path, format!("{header}\r\npython_legacy_1,ada,1000.CLIENT,secret,r,a,,4102444800000,\r\n"))
        .unwrap();
    let store = zoho_oauth::store::FileStore::open(&path).unwrap();
    let ours = find(&store, "ada").await;
    assert_eq!(ours.as_ref().and_then(|row| row.id.as_deref()), Some("python_legacy_1"));

    let Some(mut sdk) = Sdk::start(Language::Python, &format!("file:{}", path.display())) else { return };
    assert_eq!(sdk.find_user("ada"), ours);
    assert_eq!(find(&store, "ada").await, ours);
    let upgraded = fs::read_to_string(&path).unwrap();
    assert!(upgraded.lines().next().is_some_and(|header| header.ends_with(",api_domain")), "{upgraded}");
}

async fn find(store: &impl TokenStore, user: &str) -> Option<StoredToken> {
    let found = store.find_token(&OAuthToken::new().with_user(user)).await.unwrap();
    found.as_ref().map(StoredToken::from)
}

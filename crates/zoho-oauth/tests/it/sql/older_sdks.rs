//! Tables of the SDKs before the tenth column. The first ones had seven columns, and those before them four.

use zoho_oauth::store::{MemoryStore, StoreErrorKind, StoredToken, TokenCopy, TokenStore};

use super::support::{TestTable, found, on_both_servers, token, users};

on_both_servers! {
    a_table_of_an_older_sdk_is_read_and_copied
    a_table_of_an_older_sdk_is_written_once_it_has_the_columns_that_the_error_names
    a_table_without_ids_is_read_as_a_whole_and_left_as_it_is
}

const NINE_COLUMNS: &str = "create table {} (id varchar(255) not null, user_mail varchar(255) not null, \
    client_id varchar(255), client_secret varchar(255), refresh_token varchar(255), access_token varchar(255), \
    grant_token varchar(255), expiry_time varchar(20), redirect_url varchar(255), primary key (id))";
const SEVEN_COLUMNS: &str = "create table {} (id int not null, user_mail varchar(255) not null, \
    client_id varchar(255), refresh_token varchar(255), access_token varchar(255), grant_token varchar(255), \
    expiry_time bigint, primary key (id))";

/// One row each.
const ROWS: [(&str, &str); 2] = [
    (
        NINE_COLUMNS,
        "insert into {} values ('php_1', 'ada', 'client', 'secret', '1000.r', '1000.a', null, '1795298101001', 'https://a')",
    ),
    (SEVEN_COLUMNS, "insert into {} values (7, 'ada', 'client', '1000.r', '1000.a', null, 1795298101001)"),
];

async fn a_table_of_an_older_sdk_is_read_and_copied(table: TestTable) {
    for (definition, row) in ROWS {
        table.run(definition).await;
        table.run(row).await;
        let store = table.open();
        let read = StoredToken::from(&found(&store, "ada").await);
        assert_eq!(read.refresh_token.as_deref(), Some("1000.r"));
        assert_eq!(read.expiry_time.as_deref(), Some("1795298101001"));
        assert_eq!((read.api_domain.as_deref(), read.id.is_some()), (None, true));
        assert_eq!(users(&store).await, ["ada"]);
        let copy = MemoryStore::new().into();
        let report = TokenCopy::new(&store, &copy).run().await.unwrap();
        assert_eq!((report.read, report.added, report.verified), (1, 1, 1));
        assert_eq!(StoredToken::from(&found(&copy, "ada").await), read);
        table.run("drop table {}").await;
    }
}

async fn a_table_of_an_older_sdk_is_written_once_it_has_the_columns_that_the_error_names(table: TestTable) {
    for (definition, row) in ROWS {
        table.run(definition).await;
        table.run(row).await;
        let error = table.open().save_token(&token("ada")).await.expect_err("api_domain would be lost");
        assert_eq!(error.kind(), StoreErrorKind::Damaged, "{error}");
        let message = error.to_string();
        assert!(message.contains("no column api_domain"), "{error}");
        let (_, statements) =
            message.split_once("; an older SDK").and_then(|(_, end)| end.split_once("run: ")).unwrap();
        for statement in statements.split("; ") {
            table.run(statement).await;
        }
        let store = table.open();
        let ada = token("ada").with_client("client", "secret").with_api_domain("https://www.zohoapis.eu");
        let saved = store.save_token(&ada).await.unwrap();
        assert_eq!(StoredToken::from(&found(&store, "ada").await), StoredToken::from(&saved));
        store.save_token(&token("bob")).await.unwrap();
        assert_eq!(users(&store).await, ["ada", "bob"]);
        table.run("drop table {}").await;
        table.run("drop table {}_state").await;
    }
}

/// The table `oauthtokens` of `zcrmsdk`.
async fn a_table_without_ids_is_read_as_a_whole_and_left_as_it_is(table: TestTable) {
    table
        .run(
            "create table {} (useridentifier varchar(100) not null, accesstoken varchar(100) not null, \
            refreshtoken varchar(100) not null, expirytime bigint not null)",
        )
        .await;
    for _ in 0..3 {
        let row = |number| format!("('user {number}', '1000.a', '1000.r', 1795298101001)");
        let rows: Vec<_> = (table.count().await..table.count().await + 500).map(row).collect();
        table.run(&format!("insert into {{}} values {}", rows.join(", "))).await;
    }
    let store = table.open();
    let page = store.get_token_page(None).await.unwrap();
    assert_eq!((page.tokens.len(), page.next), (1_500, None));
    let read = StoredToken::from(&found(&store, "user 7").await);
    assert_eq!((read.id, read.expiry_time.as_deref()), (None, Some("1795298101001")));
    assert!(store.find_token_by_id("user 7").await.unwrap().is_none());
    let error = store.save_token(&token("user 7")).await.expect_err("it has no ids");
    assert!(error.to_string().contains("no column id"), "{error}");
    assert!(error.to_string().ends_with("copy its tokens to another store"), "{error}");
    let copy = MemoryStore::new().into();
    let report = TokenCopy::new(&store, &copy).run().await.unwrap();
    assert_eq!((report.read, report.renumbered, report.verified), (1_500, 1_500, 1_500));
    let tables =
        "select cast(count(*) as char(20)) from information_schema.tables where table_name like '{}%'";
    assert_eq!(table.run(tables).await[0].as_deref().map(str::trim), Some("1"), "nothing was added");
}

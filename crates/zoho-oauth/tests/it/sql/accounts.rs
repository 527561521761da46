//! Accounts with few rights, and accounts that sign in in other ways.

use std::fs;

use servers::{Kind, Server, private};
use zoho_oauth::store::coordination::{Acquired, Coordination, LeaseKey};
use zoho_oauth::store::{StoreErrorKind, TokenStore};

use super::support::{TestTable, found, token};

const LIFE: std::time::Duration = std::time::Duration::from_secs(9);

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL"]
async fn accounts_that_may_create_nothing_cause_no_error_in_the_log_of_the_server() {
    let Some(server) = private(Kind::Postgres) else { return };
    let owner = TestTable::on(Kind::Postgres, &server);
    owner.open().save_token(&token("ada")).await.unwrap();
    let administrator = owner.for_administrator(&server);
    for statement in [
        "create user writer password 'pw'",
        "grant select, insert, update, delete on {}, {}_state to writer",
        "create user reader password 'pw'",
        "grant select on {}, {}_state to reader",
        // A table of an official SDK: without our indexes, and without the second table.
        "drop index {}_access_token",
        "create table official as select * from {}",
        "grant select, insert, update, delete on official to writer",
        "grant select on official to reader",
    ] {
        administrator.run(statement).await;
    }
    let before = errors_in_log(&server);
    let [writer, reader] = ["writer", "reader"].map(|user| owner.signed_in_as(user));
    let store = writer.open();
    store.save_token(&token("ada").with_access_token("newer")).await.unwrap();
    store.save_token(&token("bob")).await.unwrap();
    let key = LeaseKey::refresh(token("ada").refresh_token().expect("a refresh token"));
    assert!(matches!(store.acquire(&key, "one", LIFE).await.unwrap(), Acquired::Granted(_)));
    assert!(store.delete_token("2").await.unwrap());
    for table in [reader.clone(), reader.named("official"), writer.named("official")] {
        let store = table.open();
        found(&store, "ada").await;
        store.lease_state(&key).await.unwrap();
    }
    assert_eq!(errors_in_log(&server), before);
}

/// The lines with errors. Each statement that fails is in the log.
fn errors_in_log(server: &Server) -> Vec<String> {
    let log = fs::read_to_string(server.folder().join("log")).unwrap();
    log.lines().filter(|line| line.contains("ERROR") || line.contains("FATAL")).map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL"]
async fn the_suggested_grants_work_in_their_order_whatever_exists() {
    let Some(server) = private(Kind::Postgres) else { return };
    let owner = TestTable::on(Kind::Postgres, &server);
    let administrator = owner.for_administrator(&server);
    for existing in [&[][..], &["{}"], &["{}", "{}_state"]] {
        owner.open().save_token(&token("ada")).await.unwrap();
        administrator.run("drop role if exists nobody").await;
        administrator.run("create user nobody password 'pw'").await;
        for table in ["{}", "{}_state"] {
            let missing = !existing.contains(&table);
            let change = if missing {
                format!("drop table {table}")
            } else {
                format!("alter table {table} owner to postgres")
            };
            administrator.run(&change).await;
        }
        let store = owner.signed_in_as("nobody").open();
        let error = store.save_token(&token("bob")).await.expect_err("no rights");
        assert_eq!(error.kind(), StoreErrorKind::Permission, "{error}");
        let message = error.to_string();
        let (_, grants) = message.split_once("what does not exist: ").expect("grants");
        for grant in grants.split("; ") {
            let outcome = administrator.try_to_run(grant).await;
            let is_missing = |error: &sqlx::Error| {
                error.as_database_error().and_then(sqlx::error::DatabaseError::code).as_deref()
                    == Some("42P01")
            };
            assert!(outcome.as_ref().err().is_none_or(is_missing), "{grant}: {outcome:?}");
        }
        store.save_token(&token("bob")).await.unwrap();
        administrator.run("drop owned by nobody").await;
        administrator.run("drop table if exists {}, {}_state").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MariaDB"]
async fn an_account_with_an_unsupported_plugin_is_named_and_not_waited_for() {
    let Some(server) = private(Kind::MariaDb) else { return };
    let table = TestTable::on(Kind::MariaDb, &server);
    let administrator = table.for_administrator(&server);
    administrator.run("install soname 'auth_ed25519'").await;
    administrator.run("create user modern identified via ed25519 using password('pw')").await;
    administrator.run("grant all on zohooauth.* to modern").await;
    let error = table.signed_in_as("modern").open().get_tokens().await.expect_err("unsupported");
    assert_eq!(error.kind(), StoreErrorKind::Other, "{error}");
    assert!(error.to_string().contains("client_ed25519"), "{error}");
    assert!(error.to_string().contains("mysql_native_password"), "{error}");
}

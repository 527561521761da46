//! The identity that a store on a server holds itself, whatever address it is opened at.

use servers::{Kind, Proxy, fresh, port_of, private};
use zoho_oauth::store::coordination::Coordination;
use zoho_oauth::store::{AnyStore, StoreErrorKind, StoreIdentity, TokenCopy, TokenStore, connect};

use crate::sqlite::support::token;

#[tokio::test]
#[ignore = "needs MariaDB, PostgreSQL, Redis and moto"]
async fn two_addresses_of_a_server_lead_to_the_same_identity() {
    for url in fresh_stores() {
        let proxy = Proxy::to(port_of(&url).expect("a port")).await.expect("a proxy");
        let by_name = open(&url.replace("127.0.0.1", "localhost"));
        let (by_address, behind_a_proxy) = (open(&url), open(&proxy.url(&url)));
        assert_ne!(by_name.identity(), by_address.identity(), "the addresses differ");
        let identity = stored(&by_address).await;
        assert_eq!(stored(&by_name).await, identity);
        assert_eq!(stored(&behind_a_proxy).await, identity);
    }
}

#[tokio::test]
#[ignore = "needs MariaDB, PostgreSQL, Redis and moto"]
async fn two_stores_on_one_server_have_different_identities() {
    for kind in Kind::ALL {
        let (Some(one), Some(other)) = (fresh(kind), fresh(kind)) else { continue };
        assert_ne!(stored(&open(&one)).await, stored(&open(&other)).await, "{kind}");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Redis"]
async fn another_server_behind_the_same_address_has_another_identity() {
    let (Some(one), Some(other)) = (private(Kind::Redis), private(Kind::Redis)) else { return };
    let mut proxy = Proxy::to(one.port()).await.expect("a proxy");
    let url = proxy.url(one.url());
    let before = stored(&open(&url)).await;
    proxy.redirect(other.port());
    proxy.cut().await;
    proxy.resume().await.unwrap();
    assert_ne!(stored(&open(&url)).await, before);
}

#[tokio::test]
#[ignore = "needs MariaDB, PostgreSQL, Redis and moto"]
async fn a_copy_has_its_own_identity() {
    for url in fresh_stores() {
        let from = open(&url);
        from.save_token(&token("ada")).await.unwrap();
        let to = open(&fresh(kind_of(&url)).expect("the server is there"));
        assert!(TokenCopy::new(&from, &to).run().await.unwrap().is_complete());
        assert_ne!(stored(&to).await, stored(&from).await);
    }
}

#[tokio::test]
#[ignore = "needs MariaDB, PostgreSQL, Redis and moto"]
async fn a_store_is_not_copied_onto_itself_under_another_address() {
    for url in fresh_stores() {
        let (from, to) = (open(&url), open(&url.replace("127.0.0.1", "localhost")));
        from.save_token(&token("ada")).await.unwrap();
        let error = TokenCopy::new(&from, &to).run().await.expect_err("it is one store");
        assert_eq!(error.kind(), StoreErrorKind::Rejected, "{error}");
    }
}

#[tokio::test]
#[ignore = "needs MariaDB and PostgreSQL"]
async fn a_side_table_without_an_identity_gets_one_when_the_store_is_opened() {
    for kind in [Kind::MariaDb, Kind::Postgres] {
        let Some(table) = crate::sql::support::TestTable::fresh(kind) else { continue };
        table.open().save_token(&token("ada")).await.unwrap();
        table.run("delete from {}_state where lease_key = 'identity'").await;
        let identity = stored(&table.open()).await;
        assert_eq!(stored(&table.open()).await, identity);
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MariaDB, PostgreSQL and Redis"]
async fn an_account_that_can_only_read_sees_the_identity() {
    for kind in [Kind::MariaDb, Kind::Postgres] {
        let Some(server) = private(kind) else { continue };
        let owner = crate::sql::support::TestTable::on(kind, &server);
        let identity = stored(&owner.open()).await;
        owner
            .for_administrator(&server)
            .run(match kind {
                Kind::Postgres => "create user reader password 'pw'; grant select on {}, {}_state to reader",
                _ => "create user reader identified by 'pw'; grant select on zohooauth.* to reader",
            })
            .await;
        let reader = owner.with(|url| {
            url.set_username("reader").expect("the URL has a host");
            url.set_password(Some("pw")).expect("the URL has a host");
        });
        assert_eq!(stored(&reader.open()).await, identity);
    }
    let Some(server) = private(Kind::Redis) else { return };
    crate::redis::support::redis_cli(
        server.port(),
        &["ACL", "SETUSER", "reader", "on", ">pw", "~*", "+@read", "+@connection"],
    );
    let reader = open(&server.url().replace("redis://", "redis://reader:pw@"));
    assert_eq!(reader.stored_identity().await.unwrap(), None);
    let identity = stored(&open(server.url())).await;
    assert_eq!(stored(&reader).await, identity);
}

#[tokio::test]
async fn a_store_in_a_file_is_identified_by_the_file() {
    let path = crate::sqlite::support::fresh_path();
    let store = open(&format!("sqlite:{}", path.display()));
    assert_eq!(store.stored_identity().await.unwrap(), None);
    assert_eq!(store.identity(), open(&format!("sqlite:{}", path.display())).identity());
}

/// The URL of an empty store on each server that is available.
fn fresh_stores() -> impl Iterator<Item = String> {
    Kind::ALL.into_iter().filter_map(fresh).map(|url| format!("{url}&timeout=60"))
}

fn kind_of(url: &str) -> Kind {
    match url.split_once(':').expect("a URL").0 {
        "mysql" => Kind::MariaDb,
        "postgres" => Kind::Postgres,
        "redis" => Kind::Redis,
        _ => Kind::SecretsManager,
    }
}

fn open(url: &str) -> AnyStore {
    connect(url).expect("the URL is valid")
}

async fn stored(store: &AnyStore) -> StoreIdentity {
    store.stored_identity().await.unwrap().expect("the store has an identity")
}

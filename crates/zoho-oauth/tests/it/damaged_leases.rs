//! A damaged lease or ledger keeps nobody from renewing a token, and a check finds it.

use std::time::Duration;

use rusqlite::Connection;
use serde_json::json;
use servers::Kind;
use zoho_oauth::store::coordination::{Acquired, Coordination, Fenced, Lease, LeaseEntry, LeaseKey};
use zoho_oauth::store::{self, AnyStore, FindingKind, TokenStore};
use zoho_oauth::{OAuthToken, Quota};

use crate::sql::support::TestTable;
use crate::sqlite::support::token;
use crate::{redis, secrets_manager, sqlite};

const LIFE: Duration = Duration::from_secs(30);
const FAR_FUTURE: &str = "9223372036854775807";

/// Damage that every kind of table accepts: a field and its value.
const DAMAGE: [(&str, &str); 7] = [
    ("ledger", "no JSON"),
    ("ledger", ""),
    ("ledger", "{\"issued\": 7}"),
    ("epoch", "-1"),
    ("epoch", FAR_FUTURE),
    ("until", FAR_FUTURE),
    ("touched", "-1"),
];

/// Damage where a field has no type.
const UNTYPED_DAMAGE: [(&str, &str); 3] = [("epoch", "x"), ("until", "x"), ("touched", "x")];

#[tokio::test]
async fn sqlite_renews_and_repairs_a_token_whose_lease_is_damaged() {
    let path = sqlite::support::fresh_path();
    let store = AnyStore::from(sqlite::support::open(&path));
    for (field, value) in DAMAGE.into_iter().chain(UNTYPED_DAMAGE) {
        let damage = || async {
            let text = format!("update oauthtoken_state set {field} = ? where key like 'refresh:%'");
            Connection::open(&path).unwrap().execute(&text, [value]).unwrap();
        };
        check_repair_and_renew(&store, damage, &format!("{field}: {value}")).await;
    }
}

#[tokio::test]
#[ignore = "needs MariaDB and PostgreSQL"]
async fn database_servers_renew_and_repair_a_token_whose_lease_is_damaged() {
    for kind in [Kind::MariaDb, Kind::Postgres] {
        let Some(table) = TestTable::fresh(kind) else { continue };
        let store = table.open();
        for (field, value) in DAMAGE {
            let column = if field == "until" { "until_ms" } else { field };
            let text = format!("update {{}}_state set {column} = '{value}' where lease_key like 'refresh:%'");
            let damage = || async { drop(table.run(&text).await) };
            check_repair_and_renew(&store, damage, &format!("{kind}: {field}: {value}")).await;
        }
    }
}

#[tokio::test]
#[ignore = "needs MariaDB and PostgreSQL"]
async fn database_servers_renew_a_token_whose_lease_has_fields_without_a_value() {
    for kind in [Kind::MariaDb, Kind::Postgres] {
        let Some(table) = TestTable::fresh(kind) else { continue };
        let store = table.open();
        store.delete_tokens().await.expect("set up");
        for (column, of_type) in [
            ("epoch", "bigint"),
            ("until_ms", "bigint"),
            ("touched", "bigint"),
            ("ledger", "text"),
            ("holder", "varchar(255)"),
        ] {
            table
                .run(&match kind {
                    Kind::Postgres => format!("alter table {{}}_state alter {column} drop not null"),
                    _ => format!("alter table {{}}_state modify {column} {of_type} null"),
                })
                .await;
            let text = format!("update {{}}_state set {column} = null where lease_key like 'refresh:%'");
            // Without an end, a holder or a last write, the lease counts as expired.
            let damage = || async {
                table.run("update {}_state set touched = 1 where lease_key like 'refresh:%'").await;
                drop(table.run(&text).await);
            };
            check_repair_and_renew(&store, damage, &format!("{kind}: {column}")).await;
        }
    }
}

#[tokio::test]
#[ignore = "needs Redis"]
async fn redis_renews_and_repairs_a_token_whose_lease_is_damaged() {
    for namespace in redis::support::namespaces() {
        let store = AnyStore::from(namespace.store());
        for (field, value) in DAMAGE.into_iter().chain(UNTYPED_DAMAGE) {
            let lease = namespace.key(&format!("lease:{}", key().as_str()));
            let damage = || async { drop(namespace.redis_cli(&["HSET", &lease, field, value])) };
            check_repair_and_renew(&store, damage, &format!("{field}: {value}")).await;
            let damage = || async { drop(namespace.redis_cli(&["HDEL", &lease, field])) };
            check_repair_and_renew(&store, damage, &format!("{field} is missing")).await;
        }
    }
}

#[tokio::test]
#[ignore = "needs moto"]
async fn secrets_manager_renews_and_repairs_a_token_whose_lease_is_damaged() {
    let Some(namespace) = secrets_manager::support::Namespace::new() else { return };
    let store = AnyStore::from(namespace.open());
    for text in ["no JSON", "{}", "{\"revision\":1,\"writer\":\"\",\"content\":{\"value\":{\"epoch\":-1}}}"] {
        let damage = || async {
            for name in namespace.names().await.into_iter().filter(|name| name.starts_with("lease/")) {
                let name = format!("{}/{name}", namespace.prefix);
                namespace.call("PutSecretValue", json!({"SecretId": name, "SecretString": text})).await;
            }
        };
        check_repair_and_renew(&store, damage, text).await;
    }
}

#[tokio::test]
#[ignore = "needs MariaDB, PostgreSQL and Redis"]
async fn a_lease_end_in_the_far_future_is_waited_for_no_longer_than_the_longest_lease() {
    let far = |store: AnyStore, place: String| async move {
        let remaining = store.lease_state(&key()).await.unwrap().remaining;
        assert!(!remaining.is_zero() && remaining <= LeaseEntry::MAX_LIFE, "{place}: {remaining:?}");
    };
    let path = sqlite::support::fresh_path();
    let store = AnyStore::from(sqlite::support::open(&path));
    drop(granted(&store, "ghost").await);
    let text = "update oauthtoken_state set until = ? where key like 'refresh:%'";
    Connection::open(&path).unwrap().execute(text, [FAR_FUTURE]).unwrap();
    far(store, "SQLite".to_owned()).await;
    for kind in [Kind::MariaDb, Kind::Postgres] {
        let Some(table) = TestTable::fresh(kind) else { continue };
        let store = table.open();
        drop(granted(&store, "ghost").await);
        table
            .run(&format!("update {{}}_state set until_ms = {FAR_FUTURE} where lease_key like 'refresh:%'"))
            .await;
        far(store, kind.to_string()).await;
    }
    for namespace in redis::support::namespaces() {
        let store = AnyStore::from(namespace.store());
        drop(granted(&store, "ghost").await);
        let lease = namespace.key(&format!("lease:{}", key().as_str()));
        namespace.redis_cli(&["HSET", &lease, "until", FAR_FUTURE]);
        far(store, "Redis".to_owned()).await;
    }
}

/// Damages a released lease twice. The first time it is found and repaired, the second time a renewal overwrites it.
async fn check_repair_and_renew<F: Future>(store: &AnyStore, damage: impl Fn() -> F, what: &str) {
    let row = store.save_token(&token("ada")).await.unwrap();
    let lease = granted(store, "before").await;
    assert!(store.release(&lease).await.unwrap(), "{what}");

    damage().await;
    let found = store::check(store).await.unwrap().findings;
    assert_eq!(
        found.iter().map(|finding| finding.kind).collect::<Vec<_>>(),
        [FindingKind::DamagedLease],
        "{what}"
    );
    let repair = store::repair(store, None).await.unwrap();
    assert_eq!((repair.repaired.len(), repair.backup), (1, None), "{what}");
    assert_eq!(repair.remaining.findings, [], "{what}");

    damage().await;
    let state = store.lease_state(&key()).await.unwrap();
    assert!(state.remaining.is_zero(), "{what}: {state:?}");
    let mut lease = Lease { row: row.id().map(str::to_owned), ..granted(store, "one").await };
    lease.ledger.note_issue(lease.granted_at, Quota::default());
    assert!(store.renew(&lease, LIFE).await.unwrap(), "{what}");
    let renewed = row.clone().with_access_token("newer");
    let fenced = store.save_and_release(&lease, &renewed).await.unwrap();
    assert!(matches!(fenced, Fenced::Saved(_)), "{what}: {fenced:?}");
    assert_eq!(store.lease_state(&key()).await.unwrap().ledger, lease.ledger, "{what}");
    assert_eq!(store::check(store).await.unwrap().findings, [], "{what}");
}

async fn granted(store: &AnyStore, holder: &str) -> Lease {
    match store.acquire(&key(), holder, LIFE).await.unwrap() {
        Acquired::Granted(lease) => lease,
        held => panic!("{held:?}"),
    }
}

fn key() -> LeaseKey {
    let ada: OAuthToken = token("ada");
    LeaseKey::refresh(ada.refresh_token().expect("a refresh token"))
}

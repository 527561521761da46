//! `PostgresStore` behind PgBouncer, and both stores behind HAProxy.

use std::time::{Duration, Instant};

use servers::{Kind, Proxy, Server, haproxy, pgbouncer, private};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use zoho_oauth::store::coordination::{Acquired, Coordination, Fenced, LeaseKey};
use zoho_oauth::store::{AnyStore, StoreErrorKind, TokenStore};
use zoho_oauth::{ExposeSecret, OAuthToken};

use super::support::{TestTable, found, token, users};

/// Two sessions of the server for all programs.
const TRANSACTIONS: [&str; 2] = ["pool_mode = transaction", "default_pool_size = 2"];

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL and PgBouncer"]
async fn thirty_programs_share_two_sessions_of_the_server() {
    let Some(server) = private(Kind::Postgres) else { return };
    let Some(pooler) = pgbouncer(&server, &TRANSACTIONS) else { return };
    let table = TestTable::on(Kind::Postgres, &pooler);
    let programs: Vec<_> = (0..30).map(|number| tokio::spawn(use_everything(table.open(), number))).collect();
    for program in programs {
        program.await.expect("no program fails");
    }
    assert_eq!(users(&table.open()).await.len(), 30);
    assert_eq!(TestTable::on(Kind::Postgres, &server).count().await, 30);
    let sessions = "select count(*)::text from pg_stat_activity where usename = 'zoho'";
    let sessions = table.for_administrator(&server).run(sessions).await;
    assert!(matches!(sessions[0].as_deref(), Some("1" | "2")), "{sessions:?}");
}

/// Calls of every kind, as one of many programs.
async fn use_everything(store: AnyStore, number: usize) {
    let name = format!("user {number}");
    for round in 0..5 {
        let saved = store.save_token(&token(&name).with_access_token(format!("{round}"))).await.unwrap();
        assert_eq!(access_token(&found(&store, &name).await), round.to_string());
        let by_id = store.find_token_by_id(saved.id().expect("an id")).await.unwrap().expect("it was saved");
        assert_eq!(access_token(&by_id), round.to_string());
        let page = store.get_token_page(None).await.unwrap().tokens;
        assert!(page.iter().any(|row| row.id() == saved.id()));
    }
    let key = LeaseKey::refresh(&format!("refresh {number}").into());
    let Acquired::Granted(lease) = store.acquire(&key, &name, Duration::from_secs(9)).await.unwrap() else {
        panic!("another program has the lease of {name}");
    };
    assert!(store.renew(&lease, Duration::from_secs(9)).await.unwrap());
    let renewed = token(&name).with_access_token("renewed");
    let fenced = store.save_and_release(&lease, &renewed).await.unwrap();
    assert!(matches!(fenced, Fenced::Saved(_)), "{fenced:?}");
    assert_eq!(access_token(&found(&store, &name).await), "renewed");
    let deleted = store.save_token(&token(&format!("deleted {number}"))).await.unwrap();
    assert!(store.delete_token(deleted.id().expect("an id")).await.unwrap());
}

/// Drivers name their statements by numbers, and one session of the server has the statements of several programs.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL and PgBouncer"]
async fn statements_of_other_programs_in_the_same_session_do_not_matter() {
    let Some(server) = private(Kind::Postgres) else { return };
    let Some(pooler) = pgbouncer(&server, &["pool_mode = transaction", "default_pool_size = 1"]) else {
        return;
    };
    let table = TestTable::on(Kind::Postgres, &pooler);
    for number in 1..20 {
        table.run(&format!("prepare sqlx_s_{number}(text) as select null::text where $1 = ''")).await;
    }
    let store = table.open();
    store.save_token(&token("ada")).await.unwrap();
    for round in 0..50 {
        let newer = token("ada").with_access_token(format!("{round}"));
        assert_eq!(store.save_token(&newer).await.unwrap().id(), Some("1"));
        assert_eq!(access_token(&found(&store, "ada").await), round.to_string());
        // A statement without a name, as other programs leave it in the session.
        let other =
            sqlx::query(AssertSqlSafe("select $1 || 'other'".to_owned())).bind("an").persistent(false);
        let mut connection = connect(&pooler).await;
        other.execute(&mut connection).await.unwrap();
    }
    let left = table.run("select count(*)::text from pg_prepared_statements").await;
    assert_eq!(left, [Some("19".to_owned())], "only those of the other program");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL and PgBouncer"]
async fn no_setting_of_a_store_reaches_other_programs() {
    let Some(server) = private(Kind::Postgres) else { return };
    let Some(pooler) = pgbouncer(&server, &["pool_mode = transaction", "default_pool_size = 1"]) else {
        return;
    };
    let table = TestTable::on(Kind::Postgres, &pooler);
    let settings = "select string_agg(name || '=' || setting, ' ' order by name) from pg_settings \
        where source not in ('default', 'override', 'configuration file', 'command line') \
        and name not in ('application_name', 'client_encoding', 'DateStyle', 'TimeZone')";
    let before = table.run(settings).await;
    let store = table.open();
    for user in ["ada", "bob"] {
        store.save_token(&token(user)).await.unwrap();
    }
    store.delete_token("2").await.unwrap();
    assert_eq!(table.run(settings).await, before);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL and PgBouncer"]
async fn every_mode_and_setting_of_a_pooler_works_or_is_named() {
    let Some(server) = private(Kind::Postgres) else { return };
    for settings in [
        &["pool_mode = session"][..],
        &["pool_mode = transaction", "ignore_startup_parameters = options"],
        &["pool_mode = transaction", "server_reset_query_always = 1"],
        &["pool_mode = transaction", "server_round_robin = 1", "default_pool_size = 3"],
    ] {
        let Some(pooler) = pgbouncer(&server, settings) else { return };
        let store = TestTable::on(Kind::Postgres, &pooler).open();
        use_everything(store, 7).await;
    }
    for settings in
        [&["pool_mode = statement"][..], &["pool_mode = statement", "ignore_startup_parameters = options"]]
    {
        let Some(pooler) = pgbouncer(&server, settings) else { return };
        let store = TestTable::on(Kind::Postgres, &pooler).open();
        let start = Instant::now();
        for error in [
            store.find_token(&token("user 7")).await.expect_err("statement mode"),
            store.save_token(&token("bob")).await.expect_err("statement mode"),
        ] {
            assert_eq!(error.kind(), StoreErrorKind::Rejected, "{error}");
            assert!(error.to_string().contains("statement pooling mode"), "{error}");
            assert!(error.to_string().contains("set pool_mode to transaction or session"), "{error}");
        }
        assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL and PgBouncer"]
async fn a_pooler_costs_round_trips_that_direct_connections_do_not_have() {
    let Some(server) = private(Kind::Postgres) else { return };
    let Some(pooler) = pgbouncer(&server, &TRANSACTIONS) else { return };
    for (port, find, save) in [(server.port(), 1, 2), (pooler.port(), 4, 8)] {
        let proxy = Proxy::to(port).await.expect("a proxy");
        let behind = if port == server.port() { &server } else { &pooler };
        let store = TestTable::on(Kind::Postgres, behind).behind(&proxy).open();
        for access_token in ["one", "two"] {
            store.save_token(&token("ada").with_access_token(access_token)).await.unwrap();
        }
        found(&store, "ada").await;
        proxy.reset_count();
        found(&store, "ada").await;
        assert_eq!(proxy.round_trips(), find, "a lookup");
        proxy.reset_count();
        store.save_token(&token("ada").with_access_token("three")).await.unwrap();
        assert_eq!(proxy.round_trips(), save, "a save");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL and PgBouncer"]
async fn a_restarted_pooler_or_server_is_waited_for() {
    let Some(mut server) = private(Kind::Postgres) else { return };
    let Some(mut pooler) = pgbouncer(&server, &TRANSACTIONS) else { return };
    let store = TestTable::on(Kind::Postgres, &pooler).open();
    store.save_token(&token("ada")).await.unwrap();
    tokio::task::block_in_place(|| pooler.restart()).unwrap();
    found(&store, "ada").await;
    tokio::task::block_in_place(|| server.restart()).unwrap();
    found(&store, "ada").await;
    tokio::task::block_in_place(|| server.restart()).unwrap();
    store.save_token(&token("ada").with_access_token("newer")).await.unwrap();
    tokio::task::block_in_place(|| server.restart()).unwrap();
    store.save_token(&token("bob")).await.unwrap();
    assert_eq!(users(&store).await, ["ada", "bob"]);
}

/// The second server is like a replica: it has the same account, and the row that was saved before.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MariaDB, PostgreSQL and HAProxy"]
async fn a_program_follows_haproxy_to_another_server_and_back() {
    for kind in [Kind::MariaDb, Kind::Postgres] {
        let (Some(mut first), Some(second)) = (private(kind), private(kind)) else { continue };
        let on_first = TestTable::on(kind, &first);
        let on_second = on_first.with(|url| url.set_port(Some(second.port())).expect("the URL has a host"));
        let password = on_first.password();
        TestTable::on(kind, &second)
            .for_administrator(&second)
            .run(&match kind {
                Kind::Postgres => format!("alter role zoho password '{password}'"),
                _ => format!("alter user zoho identified by '{password}'"),
            })
            .await;
        for table in [&on_first, &on_second] {
            table.open().save_token(&token("ada")).await.unwrap();
        }
        let check = match kind {
            Kind::Postgres => "option pgsql-check user zoho",
            _ => "option mysql-check",
        };
        let Some(balancer) = haproxy(&first, &[&second], &[check]) else { return };
        let store = TestTable::on(kind, &balancer).open();
        save_twenty(&store, "first").await;
        assert_eq!(on_first.count().await, 21, "{kind}");
        // A server that hangs is marked as down, and its connections are closed.
        first.pause();
        save_twenty(&store, "second").await;
        assert_eq!(on_second.count().await, 21, "{kind}");
        first.resume();
        first.kill();
        save_twenty(&store, "third").await;
        tokio::task::block_in_place(|| first.restart()).unwrap();
        save_twenty(&store, "fourth").await;
        // The open connection stays at the second server; a new one is led to the first.
        let rows = [on_first.count().await, on_second.count().await];
        assert!(rows == [21, 61] || rows == [41, 41], "{kind}: {rows:?}");
    }
}

/// Saves twenty new users. Each save succeeds within the timeout of the store.
async fn save_twenty(store: &AnyStore, prefix: &str) {
    for number in 0..20 {
        let user = format!("{prefix} {number}");
        store.save_token(&token(&user)).await.unwrap_or_else(|error| panic!("{user}: {error}"));
        found(store, &user).await;
    }
}

fn access_token(token: &OAuthToken) -> &str {
    token.access_token().expect("an access token").expose_secret()
}

async fn connect(server: &Server) -> PgConnection {
    let options: PgConnectOptions = server.url().parse().expect("a URL");
    PgConnection::connect_with(&options.extra_float_digits(None)).await.unwrap()
}

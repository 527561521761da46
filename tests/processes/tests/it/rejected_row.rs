//! The store grants leases but rejects one row. All processes of the host use the one token that is spooled.

use std::time::Duration;

use processes::Setup;
use sqlx::{AssertSqlSafe, Connection, MySqlConnection, PgConnection, raw_sql};
use tokio::time::{Instant, sleep};
use zoho_emulator::Fault;
use zoho_oauth::ExposeSecret;

use crate::support::{Backend, Place, TOKEN_REQUEST, Worker, Zoho, close_together, with_settings};

tests_over!(sqlite, Sqlite: a_row_that_a_trigger_rejects_is_renewed_once);
tests_over!(#[ignore = "needs MariaDB"] mariadb, MariaDb: a_row_that_a_trigger_rejects_is_renewed_once,
    a_token_that_is_too_long_for_its_column_is_requested_once,
    a_row_that_is_locked_past_the_timeout_is_renewed_once);
tests_over!(#[ignore = "needs PostgreSQL"] postgres, Postgres: a_row_that_a_trigger_rejects_is_renewed_once,
    a_token_that_is_too_long_for_its_column_is_requested_once,
    a_row_that_is_locked_past_the_timeout_is_renewed_once);

const PROCESSES: usize = 12;

async fn a_row_that_a_trigger_rejects_is_renewed_once(backend: Backend) {
    let (zoho, place) = seeded(backend).await;
    let table = place.table();
    for statement in match backend {
        Backend::MariaDb => vec![format!(
            "create trigger {table}_rejects before update on {table} for each row \
             signal sqlstate '45000' set message_text = 'no tokens today'"
        )],
        Backend::Postgres => vec![
            format!(
                "create function {table}_reject() returns trigger language plpgsql as \
                 $$ begin raise exception 'no tokens today'; end $$"
            ),
            format!(
                "create trigger {table}_rejects before update on {table} for each row \
                 execute function {table}_reject()"
            ),
        ],
        _ => vec![format!(
            "create trigger {table}_rejects before update on {table} \
             begin select raise(abort, 'no tokens today'); end"
        )],
    } {
        place.run_sql(&statement).await;
    }
    let token = check_one_request(&zoho, &place, &zoho.setup(&place));
    assert!(zoho.accepts(&token));
    let on_table = if backend == Backend::Postgres { format!(" on {table}") } else { String::new() };
    place.run_sql(&format!("drop trigger {table}_rejects{on_table}")).await;
    check_stored_at_the_next_start(&zoho, &place, &token).await;
}

async fn a_token_that_is_too_long_for_its_column_is_requested_once(backend: Backend) {
    let (zoho, place) = seeded(backend).await;
    let table = place.table();
    let with_length = |length: u32| match backend {
        Backend::MariaDb => format!("alter table {table} modify access_token varchar({length})"),
        _ => format!("alter table {table} alter column access_token type varchar({length})"),
    };
    place.run_sql(&with_length(255)).await;
    let long = format!("1000.{}", "f".repeat(300));
    let response = format!(r#"{{"access_token":"{long}","token_type":"Bearer","expires_in":3600}}"#);
    zoho.emulator.fault(Fault::on(TOKEN_REQUEST).respond(200, response));
    let token = check_one_request(&zoho, &place, &zoho.setup(&place));
    assert_eq!(token, long);
    place.run_sql(&with_length(500)).await;
    check_stored_at_the_next_start(&zoho, &place, &token).await;
}

async fn a_row_that_is_locked_past_the_timeout_is_renewed_once(backend: Backend) {
    let (zoho, place) = seeded(backend).await;
    let lock = format!("begin; select * from {} for update", place.table());
    let setup = Setup { store: with_settings(&place.url(), "timeout=3"), ..zoho.setup(&place) };
    let token = match backend {
        Backend::MariaDb => {
            let mut holder = MySqlConnection::connect(place.server_url()).await.unwrap();
            raw_sql(AssertSqlSafe(lock)).fetch_all(&mut holder).await.unwrap();
            check_one_request(&zoho, &place, &setup)
        }
        _ => {
            let mut holder = PgConnection::connect(place.server_url()).await.unwrap();
            raw_sql(AssertSqlSafe(lock)).fetch_all(&mut holder).await.unwrap();
            check_one_request(&zoho, &place, &setup)
        }
    };
    assert!(zoho.accepts(&token));
    check_stored_at_the_next_start(&zoho, &place, &token).await;
}

async fn seeded(backend: Backend) -> (Zoho, Place) {
    let (zoho, place) = (Zoho::start().await, Place::new(backend));
    zoho.seed(&place, "ada").await;
    (zoho, place)
}

/// Checks that processes that ask at the same time, and one after another, get one token. Returns it.
fn check_one_request(zoho: &Zoho, place: &Place, setup: &Setup) -> String {
    let started = Instant::now();
    let mut fleet: Vec<Worker> = (0..PROCESSES).map(|_| Worker::open(place, setup)).collect();
    let told = close_together(&mut fleet, "ada", 5);
    let token = told[0].tokens.keys().next().unwrap_or_else(|| panic!("{:?}", told[0].errors)).clone();
    for told in &told {
        assert_eq!(told.tokens, [(token.clone(), 5)].into(), "{:?}", told.errors);
    }
    for _ in 0..3 {
        let told = Worker::open(place, setup).access_token("ada", 5);
        assert_eq!(told.tokens, [(token.clone(), 5)].into(), "{:?}", told.errors);
    }
    assert_eq!((zoho.requests(), place.spooled_files().len()), (1, 1));
    measured!("{:?}: {PROCESSES} processes and 3 more, 1 request, {:?}", place.backend, started.elapsed());
    token
}

/// Checks that a process that starts now stores the token, once no killed process holds a lease or a lock any longer.
async fn check_stored_at_the_next_start(zoho: &Zoho, place: &Place, token: &str) {
    let mut next = Worker::open(place, &zoho.setup(place));
    let started = Instant::now();
    loop {
        let told = next.access_token("ada", 5);
        assert_eq!(told.tokens, [(token.to_owned(), 5)].into(), "{:?}", told.errors);
        if place.spooled_files().is_empty() {
            break;
        }
        assert!(started.elapsed() < Duration::from_secs(20), "it is not stored");
        sleep(Duration::from_millis(200)).await;
    }
    assert_eq!(zoho.requests(), 1);
    let rows = place.rows().await;
    assert_eq!(rows[0].access_token().map(ExposeSecret::expose_secret), Some(token));
}

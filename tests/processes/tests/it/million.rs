//! A million tokens in one table: look-ups, inserts and pages are as quick as with a thousand.

use std::time::Duration;

use processes::{Answer, Command, Setup};
use servers::Server;
use sqlx::{AssertSqlSafe, Connection, MySqlConnection, PgConnection, Row, raw_sql};
use tokio::time::Instant;
use zoho_oauth::OAuthToken;
use zoho_oauth::store::{AnyStore, TokenStore, connect};

use crate::support::{Backend, Place, Worker, Zoho};

const MANY: u64 = 1_000_000;
const FEW: u64 = 1_000;

/// Reading a million rows takes hundreds of times as long as reading a thousand.
const MAX_TIMES_SLOWER: u32 = 5;
/// Extra time for a disk that is still writing the million rows. Reading them takes hundreds of milliseconds.
const SLACK: Duration = Duration::from_millis(20);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs MariaDB"]
async fn a_million_tokens_in_mariadb_are_as_quick_as_a_thousand() {
    let options = ["--innodb-buffer-pool-size=256M", "--innodb-log-file-size=256M"];
    a_million_tokens_are_as_quick_as_a_thousand(Backend::MariaDb, &options).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL"]
async fn a_million_tokens_in_postgresql_are_as_quick_as_a_thousand() {
    let options = ["--shared_buffers=256MB", "--max_wal_size=4GB", "--maintenance_work_mem=128MB"];
    a_million_tokens_are_as_quick_as_a_thousand(Backend::Postgres, &options).await;
}

async fn a_million_tokens_are_as_quick_as_a_thousand(backend: Backend, options: &[&str]) {
    let kind = backend.server().expect("a server");
    let Some(server) = servers::private_with(kind, options) else { return };
    let started = Instant::now();
    for (table, rows) in [("few", FEW), ("many", MANY)] {
        fill(backend, &server, table, rows).await;
    }
    measured!("{backend:?}: {MANY} rows filled in after {:?}", started.elapsed());

    make_the_indexes(backend, &server).await;
    no_look_up_reads_the_whole_table(backend, &server).await;
    let [few, many] = ["few", "many"].map(|table| connect(&url(&server, table)).unwrap());
    look_ups_take_no_longer(backend, &few, &many).await;
    new_users_take_no_longer(backend, &few, &many).await;
    pages_take_no_memory(backend, &server).await;
    let started = Instant::now();
    many.delete_tokens().await.unwrap();
    measured!("{backend:?}: they were deleted in {:?}", started.elapsed());
}

/// Fills a table like that of the official SDKs, without indexes.
async fn fill(backend: Backend, server: &Server, table: &str, rows: u64) {
    let numbers = match backend {
        Backend::MariaDb => format!("seq_1_to_{rows}"),
        _ => format!("generate_series(1, {rows}) as numbers (seq)"),
    };
    ask(
        backend,
        server,
        &format!(
            "create table {table} (id varchar(10) not null, user_name varchar(255), client_id varchar(255), \
            client_secret varchar(255), refresh_token varchar(255), access_token varchar(255), \
            grant_token varchar(255), expiry_time varchar(20), redirect_url varchar(255), \
            api_domain varchar(255), primary key (id))"
        ),
    )
    .await;
    ask(
        backend,
        server,
        &format!(
            "insert into {table} select cast(seq as char(10)), concat('user ', seq), '1000.CLIENT', 'secret', \
            concat('1000.refresh.', seq), concat('1000.access.', seq), null, '4102444800000', \
            'https://app.example.com/callback', 'https://www.zohoapis.eu' from {numbers}"
        ),
    )
    .await;
}

/// The first write creates the indexes, which takes longer than its timeout. A later one goes on from there.
async fn make_the_indexes(backend: Backend, server: &Server) {
    let store = connect(&format!("{}?table=many&timeout=2", server.url())).unwrap();
    let (started, mut calls) = (Instant::now(), 1);
    loop {
        match store.delete_token("none").await {
            Ok(deleted) => break assert!(!deleted),
            Err(error) => assert!(error.is_transient(), "{error}"),
        }
        assert!(started.elapsed() < Duration::from_secs(120), "the indexes were not created");
        calls += 1;
    }
    measured!("{backend:?}: the indexes took {:?} and {calls} calls", started.elapsed());
}

async fn no_look_up_reads_the_whole_table(backend: Backend, server: &Server) {
    for (column, value) in [
        ("id", "77777"),
        ("user_name", "user 77777"),
        ("access_token", "1000.access.77777"),
        ("refresh_token", "1000.refresh.77777"),
        ("grant_token", "1000.grant.77777"),
    ] {
        let select = format!("select * from many where {column} = '{value}'");
        let (explain, whole_table) = match backend {
            Backend::MariaDb => ("explain format=json", "\"access_type\": \"ALL\""),
            _ => ("explain", "Seq Scan"),
        };
        let plan = ask(backend, server, &format!("{explain} {select}")).await.join("\n");
        assert!(!plan.is_empty() && !plan.contains(whole_table), "{plan}");
    }
}

async fn look_ups_take_no_longer(backend: Backend, few: &AnyStore, many: &AnyStore) {
    let by_id = |number: u64| OAuthToken::new().with_id(number.to_string());
    let by_access_token = |number| OAuthToken::new().with_access_token(format!("1000.access.{number}"));
    let by_refresh_token = |number| {
        let refresh_token = format!("1000.refresh.{number}");
        OAuthToken::new().with_client("1000.CLIENT", "secret").with_refresh_token(refresh_token)
    };
    let kinds: [(&str, &dyn Fn(u64) -> OAuthToken); 4] = [
        ("id", &by_id),
        ("user", &user),
        ("access token", &by_access_token),
        ("refresh token", &by_refresh_token),
    ];
    for (kind, wanted) in kinds {
        let mut times = Vec::new();
        for (store, rows) in [(few, FEW), (many, MANY)] {
            let time = median(200, async |number| {
                let number = number * 7_919 % rows + 1;
                let found = store.find_token(&wanted(number)).await.unwrap();
                let found = found.and_then(|found| found.id().map(str::to_owned));
                assert_eq!(found, Some(number.to_string()));
            });
            times.push(time.await);
        }
        check(backend, &format!("a look-up by {kind}"), &times);
    }
}

async fn new_users_take_no_longer(backend: Backend, few: &AnyStore, many: &AnyStore) {
    let mut times = Vec::new();
    for (store, rows) in [(few, FEW), (many, MANY)] {
        let time = median(100, async |number| {
            let new = format!("new user {number}");
            let saved = store.save_token(&OAuthToken::new().with_user(new).with_access_token("a")).await;
            let next = (rows + number + 1).to_string();
            assert_eq!(saved.unwrap().id(), Some(&*next));
        });
        times.push(time.await);
    }
    check(backend, "a new user", &times);
}

async fn pages_take_no_memory(backend: Backend, server: &Server) {
    let (zoho, place) = (Zoho::start().await, Place::on_server(backend, url(server, "many")));
    for in_pages in [true, false] {
        let setup = Setup { store: place.url(), ..zoho.setup(&place) };
        let mut worker = Worker::open(&place, &setup);
        let started = Instant::now();
        let answer = worker.ask(&Command::ReadAll { in_pages });
        let elapsed = started.elapsed();
        let Answer::Read { rows, memory } = answer else { panic!("not read: {answer:?}") };
        assert_eq!(rows as u64, MANY + 100);
        assert!(!in_pages || memory < 100 << 10, "the process has grown by {memory} KiB");
        let how = if in_pages { "page by page" } else { "at once" };
        measured!("{backend:?}: {rows} rows read {how} in {elapsed:?}, the process grew by {memory} KiB");
    }
}

/// Checks the time with a million rows, which is the second one.
fn check(backend: Backend, what: &str, times: &[Duration]) {
    let [few, many] = times else { panic!("two times") };
    measured!("{backend:?}: {what} takes {few:?} among {FEW} and {many:?} among {MANY}");
    assert!(*many < *few * MAX_TIMES_SLOWER + SLACK, "{what}: {few:?} and {many:?}");
}

async fn median(times: u64, work: impl AsyncFn(u64)) -> Duration {
    let mut all = Vec::new();
    for number in 0..times {
        let started = Instant::now();
        work(number).await;
        all.push(started.elapsed());
    }
    all.sort();
    all[all.len() / 2]
}

fn user(number: u64) -> OAuthToken {
    OAuthToken::new().with_user(format!("user {number}"))
}

/// A store's URL with a timeout that is long enough for a million rows.
fn url(server: &Server, table: &str) -> String {
    format!("{}?table={table}&timeout=120", server.url())
}

/// Runs a statement outside the store. Returns the first column as text.
async fn ask(backend: Backend, server: &Server, statement: &str) -> Vec<String> {
    let text = raw_sql(AssertSqlSafe(statement.to_owned()));
    if backend == Backend::MariaDb {
        let mut connection = MySqlConnection::connect(server.url()).await.unwrap();
        let rows = text.fetch_all(&mut connection).await.unwrap();
        rows.iter().map(|row| row.get_unchecked(0)).collect()
    } else {
        let mut connection = PgConnection::connect(server.url()).await.unwrap();
        let rows = text.fetch_all(&mut connection).await.unwrap();
        rows.iter().map(|row| row.get_unchecked(0)).collect()
    }
}

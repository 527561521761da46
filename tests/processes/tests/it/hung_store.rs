//! A server that does not respond delays no caller with a valid token.

use std::time::Duration;

use servers::{Kind, Proxy, Server};
use tokio::time::{Instant, sleep};
use zoho_oauth::store::connect;
use zoho_oauth::{Authenticator, Environment, OAuthClient};

use crate::support::{Backend, Place, Zoho, with_settings};

macro_rules! over_every_server_that_stores_rows {
    ($($scenario:ident),+ $(,)?) => {
        tests_over!(#[ignore = "needs MariaDB"] mariadb, MariaDb: $($scenario),+);
        tests_over!(#[ignore = "needs PostgreSQL"] postgres, Postgres: $($scenario),+);
        tests_over!(#[ignore = "needs Redis"] redis, Redis: $($scenario),+);
    };
}

over_every_server_that_stores_rows!(
    a_valid_token_is_served_within_milliseconds_while_the_server_is_stopped,
    a_valid_token_is_served_within_milliseconds_while_the_connection_hangs,
    a_valid_token_is_served_within_milliseconds_while_nothing_listens,
);

const CALLS: usize = 1_000;

/// How long the server may take to respond before that is an error.
const TIMEOUT: Duration = Duration::from_secs(4);

async fn a_valid_token_is_served_within_milliseconds_while_the_server_is_stopped(backend: Backend) {
    let kind: Kind = backend.server().expect("a backend on a server");
    let server = tokio::task::spawn_blocking(move || servers::private(kind)).await.expect("no panic");
    let mut server: Server = server.expect("the shared server runs, so its programs are here");
    let place = Place::on_server(backend, server.url());
    let (zoho, authenticator) = with_a_valid_token(&place, &place.url()).await;
    server.pause();
    check_times(backend, "stopped server", &authenticator).await;
    server.resume();
    changes_are_seen_again(&zoho, &place, &authenticator).await;
}

async fn a_valid_token_is_served_within_milliseconds_while_the_connection_hangs(backend: Backend) {
    let place = Place::new(backend);
    let mut proxy = Proxy::to(servers::port_of(&place.url()).expect("a port")).await.expect("a free port");
    let (zoho, authenticator) = with_a_valid_token(&place, &proxy.url(&place.url())).await;
    proxy.hang().await.expect("the connection hangs");
    check_times(backend, "connection that hangs", &authenticator).await;
    proxy.resume().await.expect("the connection resumes");
    changes_are_seen_again(&zoho, &place, &authenticator).await;
}

async fn a_valid_token_is_served_within_milliseconds_while_nothing_listens(backend: Backend) {
    let place = Place::new(backend);
    let mut proxy = Proxy::to(servers::port_of(&place.url()).expect("a port")).await.expect("a free port");
    let (zoho, authenticator) = with_a_valid_token(&place, &proxy.url(&place.url())).await;
    proxy.cut().await;
    check_times(backend, "closed port", &authenticator).await;
    proxy.resume().await.expect("the connection resumes");
    changes_are_seen_again(&zoho, &place, &authenticator).await;
}

/// An authenticator on the store at `url` that has just renewed a token.
async fn with_a_valid_token(place: &Place, url: &str) -> (Zoho, Authenticator) {
    let zoho = Zoho::start().await;
    zoho.seed(place, "ada").await;
    let settings = format!("timeout={0}&connect_timeout={0}", TIMEOUT.as_secs());
    let authenticator = Authenticator::builder(Environment::local(&zoho.emulator.base_url()).unwrap())
        .client(OAuthClient::new(zoho.client.id(), zoho.client.secret()))
        .store(connect(&with_settings(url, &settings)).unwrap())
        .build()
        .unwrap();
    authenticator.access_token(&"ada".into()).await.unwrap();
    (zoho, authenticator)
}

/// Checks calls that are spread over more than the timeout of the server.
async fn check_times(backend: Backend, trouble: &str, authenticator: &Authenticator) {
    let user = "ada".into();
    let mut times = Vec::with_capacity(CALLS);
    for _ in 0..CALLS {
        let started = Instant::now();
        authenticator.access_token(&user).await.expect("a valid token is in memory");
        times.push(started.elapsed());
        sleep(TIMEOUT * 3 / 2 / u32::try_from(CALLS).unwrap()).await;
    }
    times.sort_unstable();
    let (p99, slowest) = (times[CALLS * 99 / 100], times[CALLS - 1]);
    assert!(p99 < Duration::from_millis(5), "{trouble}: p99 {p99:?}, slowest {slowest:?}");
    measured!("{backend:?}, {trouble}: {CALLS} calls, p99 {p99:?}, slowest {slowest:?}");
}

/// Another process renews the token; this one sees it once it has found out that the server responds again.
async fn changes_are_seen_again(zoho: &Zoho, place: &Place, authenticator: &Authenticator) {
    let user = "ada".into();
    let before = authenticator.access_token(&user).await.unwrap();
    zoho.seed(place, "ada").await;
    let started = Instant::now();
    while authenticator.access_token(&user).await.unwrap().expose_secret() == before.expose_secret() {
        assert!(started.elapsed() < Duration::from_secs(20), "the change is not seen");
        sleep(Duration::from_millis(50)).await;
    }
}

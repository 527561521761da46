//! Zoho cannot be reached: what could not be sent costs nothing.

use std::net::TcpListener;
use std::time::Duration;

use servers::{Proxy, port_of};
use tokio::net::TcpSocket;
use tokio::time::sleep;
use zoho_emulator::{Emulator, Fault};
use zoho_oauth::store::{MemoryStore, TokenStore};
use zoho_oauth::{Authenticator, AuthenticatorBuilder, Environment, Error, Grant, NetworkFailure, Quota};

use super::support::*;

/// A failure is shared for a second.
const SHARED: Duration = Duration::from_millis(1_050);

#[tokio::test]
async fn attempts_against_a_closed_port_cost_nothing() {
    let (zoho, mut proxy) = behind_a_proxy().await;
    let authenticator = with_a_quota_of_two(&zoho, &proxy).await;
    proxy.cut().await;
    for _ in 0..4 {
        let error = authenticator.access_token(&ada(&zoho)).await.unwrap_err();
        assert!(is_no_connection(&error), "{error}");
        sleep(SHARED).await;
    }
    proxy.resume().await.unwrap();
    let served = authenticator.access_token(&ada(&zoho)).await.unwrap();
    assert!(zoho.is_access_token_valid(served.expose_secret()));
    assert_eq!(token_requests(&zoho), 1);
}

#[tokio::test]
async fn a_renewal_is_retried_until_the_connection_is_back() {
    let (zoho, mut proxy) = behind_a_proxy().await;
    let store = MemoryStore::new();
    row_behind(&zoho, &proxy, &store).await;
    let authenticator = builder_behind(&zoho, &proxy, store).attempts(3).build().unwrap();
    proxy.cut().await;
    let user = ada(&zoho);
    let (served, ()) = tokio::join!(authenticator.access_token(&user), async {
        sleep(Duration::from_millis(200)).await;
        proxy.resume().await.unwrap();
    });
    assert!(zoho.is_access_token_valid(served.unwrap().expose_secret()));
}

#[tokio::test]
async fn what_may_have_arrived_counts_whatever_came_after_it() {
    let (zoho, mut proxy) = behind_a_proxy().await;
    let authenticator = with_a_quota_of_two(&zoho, &proxy).await;
    for _ in 0..2 {
        zoho.fault(Fault::on(TOKEN_REQUEST).drop_after());
        let error = authenticator.access_token(&ada(&zoho)).await.unwrap_err();
        assert!(matches!(error, Error::Unreachable { failure: NetworkFailure::Closed, .. }), "{error}");
        sleep(SHARED).await;
        proxy.cut().await;
        let error = authenticator.access_token(&ada(&zoho)).await.unwrap_err();
        assert!(is_no_connection(&error) || error.retry_at().is_some(), "{error}");
        sleep(SHARED).await;
        proxy.resume().await.unwrap();
    }
    let error = authenticator.access_token(&ada(&zoho)).await.unwrap_err();
    assert!(error.retry_at().is_some(), "{error}");
    assert_eq!(token_requests(&zoho), 2);
}

#[tokio::test]
async fn a_host_that_swallows_connections_is_no_connection() {
    let zoho = Emulator::start().await;
    let swallows = Swallows::start().await;
    let store = MemoryStore::new();
    let row = with_a_stale_token(&zoho, &store).await;
    store.save_token(&row.with_api_domain(swallows.url())).await.unwrap();
    let authenticator = Authenticator::builder(Environment::local(&swallows.url()).unwrap())
        .client(client(&zoho))
        .store(store)
        .attempts(1)
        .quota(Quota::new(1, Duration::from_secs(600)))
        .request_timeout(Duration::from_millis(400))
        .build()
        .unwrap();
    for _ in 0..2 {
        let error = authenticator.access_token(&ada(&zoho)).await.unwrap_err();
        assert!(is_no_connection(&error), "{error}");
        sleep(SHARED).await;
    }
}

#[tokio::test]
async fn a_code_that_could_not_be_sent_is_not_spent() {
    let (zoho, mut proxy) = behind_a_proxy().await;
    let authenticator = builder_behind(&zoho, &proxy, MemoryStore::new()).attempts(2).build().unwrap();
    let code = zoho.self_client_code("ada@example.com");
    proxy.cut().await;
    let error = authenticator.exchange(Grant::from_self_client(code.as_str())).await.unwrap_err();
    assert!(is_no_connection(&error), "{error}");
    proxy.resume().await.unwrap();
    assert!(authenticator.exchange(Grant::from_self_client(code)).await.is_ok());
    assert_eq!(token_requests(&zoho), 1);
}

#[tokio::test]
async fn a_valid_token_is_served_within_a_second_while_connections_are_swallowed() {
    let zoho = Emulator::start().await;
    let swallows = Swallows::start().await;
    let store = MemoryStore::new();
    let row = with_a_stale_token(&zoho, &store).await;
    let soon = std::time::SystemTime::now() + Duration::from_secs(40);
    store.save_token(&row.with_api_domain(swallows.url()).with_expires_at(soon)).await.unwrap();
    let authenticator = Authenticator::builder(Environment::local(&swallows.url()).unwrap())
        .client(client(&zoho))
        .store(store)
        .request_timeout(Duration::from_secs(8))
        .build()
        .unwrap();
    // The first caller knows no token yet, so it waits for one attempt.
    let user = ada(&zoho);
    assert_eq!(authenticator.access_token(&user).await.unwrap().expose_secret(), "1000.expired");
    for _ in 0..20 {
        let served = tokio::time::timeout(Duration::from_millis(1_500), authenticator.access_token(&user));
        assert_eq!(served.await.expect("in time").unwrap().expose_secret(), "1000.expired");
        sleep(Duration::from_millis(100)).await;
    }
}

fn is_no_connection(error: &Error) -> bool {
    matches!(error, Error::Unreachable { failure: NetworkFailure::Connect, .. }) && error.is_transient()
}

/// An emulator, and the proxy through which it is reached.
async fn behind_a_proxy() -> (Emulator, Proxy) {
    let zoho = Emulator::start().await;
    let proxy = Proxy::to(port_of(&zoho.base_url()).unwrap()).await.unwrap();
    (zoho, proxy)
}

fn builder_behind(zoho: &Emulator, proxy: &Proxy, store: MemoryStore) -> AuthenticatorBuilder {
    Authenticator::builder(Environment::local(&proxy.url(&zoho.base_url())).unwrap())
        .client(client(zoho))
        .store(store)
        .find_user(false)
}

async fn row_behind(zoho: &Emulator, proxy: &Proxy, store: &MemoryStore) {
    let row = with_a_stale_token(zoho, store).await;
    store.save_token(&row.with_api_domain(proxy.url(&zoho.base_url()))).await.unwrap();
}

async fn with_a_quota_of_two(zoho: &Emulator, proxy: &Proxy) -> Authenticator {
    let store = MemoryStore::new();
    row_behind(zoho, proxy, &store).await;
    let quota = Quota::new(2, Duration::from_secs(600));
    builder_behind(zoho, proxy, store).attempts(1).quota(quota).build().unwrap()
}

/// A port whose queue of connections is full: the kernel drops every further attempt to connect.
struct Swallows {
    listener: TcpListener,
    _queued: Vec<tokio::task::JoinHandle<std::io::Result<tokio::net::TcpStream>>>,
}

impl Swallows {
    async fn start() -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let listener = socket.listen(0).unwrap().into_std().unwrap();
        let address = listener.local_addr().unwrap();
        let connect = || tokio::spawn(tokio::net::TcpStream::connect(address));
        let queued = (0..8).map(|_| connect()).collect();
        sleep(Duration::from_millis(100)).await;
        Self { listener, _queued: queued }
    }

    fn url(&self) -> String {
        format!("http://{}", self.listener.local_addr().unwrap())
    }
}

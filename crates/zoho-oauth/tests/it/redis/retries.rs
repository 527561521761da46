//! Calls of the Redis store whose connection is lost before the server gets the request, or after it acts on the
//! request and before the response arrives.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::thread;
use std::time::Duration;

use servers::{Kind, Server, private};
use zoho_oauth::store::coordination::{Acquired, Coordination, Fenced, Lease, LeaseKey};
use zoho_oauth::store::{RedisStore, TokenStore};
use zoho_oauth::{ExposeSecret, OAuthToken, SecretString};

use super::support::{Namespace, redis_cli, token, users};

const LIFE: Duration = Duration::from_secs(30);
const FAILURES: [Failure; 2] = [Failure::RequestLost, Failure::ResponseLost];

#[tokio::test]
async fn a_new_user_is_saved_once() {
    let Some(setup) = Setup::new() else { return };
    for (failure, user) in FAILURES.into_iter().zip(["ada", "bob"]) {
        setup.proxy.lose(failure, 2);
        let saved = setup.store.save_token(&token(user)).await.unwrap();
        assert!(setup.proxy.has_lost(), "{failure:?}");
        assert_eq!(setup.store.find_token(&token(user)).await.unwrap().unwrap().id(), saved.id());
    }
    assert_eq!(users(&setup.store).await, ["ada", "bob"]);
}

#[tokio::test]
async fn a_token_that_matches_no_row_is_saved_once() {
    let Some(setup) = Setup::new() else { return };
    for failure in FAILURES {
        let nameless = OAuthToken::new().with_client("c", "s").with_access_token("a");
        setup.proxy.lose(failure, 2);
        let saved = setup.store.save_token(&nameless).await.unwrap();
        assert!(setup.proxy.has_lost(), "{failure:?}");
        assert!(setup.store.find_token_by_id(saved.id().unwrap()).await.unwrap().is_some());
        assert_eq!(setup.store.get_tokens().await.unwrap().len(), 1, "{failure:?}");
        setup.store.delete_tokens().await.unwrap();
    }
}

#[tokio::test]
async fn a_known_user_is_updated_once() {
    let Some(setup) = Setup::new() else { return };
    setup.store.save_token(&token("ada")).await.unwrap();
    for (failure, access_token) in FAILURES.into_iter().zip(["newer", "newest"]) {
        let version = setup.store.version().await.unwrap().unwrap();
        setup.proxy.lose(failure, 2);
        setup.store.save_token(&token("ada").with_access_token(access_token)).await.unwrap();
        assert!(setup.proxy.has_lost(), "{failure:?}");
        assert_eq!(setup.store.version().await.unwrap(), Some(version + 1), "{failure:?}");
        assert_eq!(setup.access_token().await, access_token);
    }
}

#[tokio::test]
async fn a_retried_delete_still_reports_that_the_row_existed() {
    let Some(setup) = Setup::new() else { return };
    for failure in FAILURES {
        let row = setup.store.save_token(&token("ada")).await.unwrap();
        setup.proxy.lose(failure, 1);
        assert!(setup.store.delete_token(row.id().unwrap()).await.unwrap(), "{failure:?}");
        assert!(setup.proxy.has_lost(), "{failure:?}");
        assert!(users(&setup.store).await.is_empty());
    }
}

#[tokio::test]
async fn reads_and_delete_all_are_retried() {
    let Some(setup) = Setup::new() else { return };
    for failure in FAILURES {
        setup.store.save_token(&token("ada")).await.unwrap();
        setup.proxy.lose(failure, 1);
        assert!(setup.store.find_token(&token("ada")).await.unwrap().is_some());
        assert!(setup.proxy.has_lost(), "{failure:?}");
        setup.proxy.lose(failure, 1);
        setup.store.delete_tokens().await.unwrap();
        assert!(setup.proxy.has_lost(), "{failure:?}");
        assert!(users(&setup.store).await.is_empty());
    }
}

#[tokio::test]
async fn acquire_renew_and_release_take_effect_once() {
    let Some(setup) = Setup::new() else { return };
    for failure in FAILURES {
        setup.proxy.lose(failure, 2);
        let lease = setup.lease().await;
        assert!(setup.proxy.has_lost(), "{failure:?}");
        setup.proxy.lose(failure, 1);
        assert!(setup.store.renew(&lease, LIFE).await.unwrap(), "{failure:?}");
        assert!(setup.proxy.has_lost(), "{failure:?}");
        setup.proxy.lose(failure, 1);
        assert!(setup.store.release(&lease).await.unwrap(), "{failure:?}");
        assert!(setup.proxy.has_lost(), "{failure:?}");
        assert!(!setup.store.release(&lease).await.unwrap(), "it is already released");
    }
}

#[tokio::test]
async fn a_retried_save_under_a_lease_is_not_mistaken_for_another_holders() {
    let Some(setup) = Setup::new() else { return };
    let row = setup.store.save_token(&token("ada")).await.unwrap();
    for (failure, access_token) in FAILURES.into_iter().zip(["newer", "newest"]) {
        let lease = Lease { row: row.id().map(str::to_owned), ..setup.lease().await };
        setup.proxy.lose(failure, 2);
        let newer = row.clone().with_access_token(access_token);
        let fenced = setup.store.save_and_release(&lease, &newer).await.unwrap();
        assert!(setup.proxy.has_lost(), "{failure:?}");
        let Fenced::Saved(saved) = fenced else { panic!("the lease was lost: {failure:?}") };
        assert_eq!(saved.id(), row.id());
        assert_eq!(setup.access_token().await, access_token);
        assert!(setup.store.lease_state(&key()).await.unwrap().remaining.is_zero());
    }
}

#[tokio::test]
async fn retries_by_the_cluster_client_save_once() {
    let Some(setup) = Setup::with_cluster() else { return };
    for failure in FAILURES {
        let nameless = OAuthToken::new().with_client("c", "s").with_access_token("a");
        setup.proxy.lose(failure, 2);
        setup.store.save_token(&nameless).await.unwrap();
        assert!(setup.proxy.has_lost(), "{failure:?}");
        assert_eq!(setup.store.get_tokens().await.unwrap().len(), 1, "{failure:?}");
        setup.store.delete_tokens().await.unwrap();

        let row = setup.store.save_token(&token("ada")).await.unwrap();
        let lease = Lease { row: row.id().map(str::to_owned), ..setup.lease().await };
        setup.proxy.lose(failure, 2);
        let fenced = setup.store.save_and_release(&lease, &row.with_access_token("newer")).await.unwrap();
        assert!(setup.proxy.has_lost(), "{failure:?}");
        assert!(matches!(fenced, Fenced::Saved(_)), "the lease was lost: {failure:?}");
        setup.store.delete_tokens().await.unwrap();
    }
}

/// A store that is connected through a proxy that can drop requests and responses.
struct Setup {
    _server: Server,
    proxy: Proxy,
    store: RedisStore,
}

impl Setup {
    fn new() -> Option<Self> {
        let server = private(Kind::Redis)?;
        let proxy = Proxy::to(server.port());
        let url = Namespace::on(&server).url("").replace(server.url(), &proxy.address());
        let store = RedisStore::open(&url).unwrap();
        Some(Self { _server: server, proxy, store })
    }

    fn with_cluster() -> Option<Self> {
        let server = private(Kind::RedisCluster)?;
        let proxy = Proxy::to(server.port());
        // The node announces the address of the proxy, so that the client keeps using it.
        redis_cli(server.port(), &["CONFIG", "SET", "cluster-announce-ip", "127.0.0.1"]);
        redis_cli(
            server.port(),
            &["CONFIG", "SET", "cluster-announce-port", &proxy.address.port().to_string()],
        );
        let url = Namespace::on(&server).url("").replace(server.url(), &proxy.address());
        let store = RedisStore::open(&url.replace("cluster=false", "cluster=true")).unwrap();
        Some(Self { _server: server, proxy, store })
    }

    async fn lease(&self) -> Lease {
        match self.store.acquire(&key(), "one", LIFE).await.unwrap() {
            Acquired::Granted(lease) => lease,
            held => panic!("{held:?}"),
        }
    }

    async fn access_token(&self) -> String {
        let row = self.store.find_token(&OAuthToken::new().with_user("ada")).await.unwrap().unwrap();
        row.access_token().unwrap().expose_secret().to_owned()
    }
}

fn key() -> LeaseKey {
    LeaseKey::refresh(&SecretString::from("top-secret-refresh of ada"))
}

/// Which half of a call is lost.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Failure {
    RequestLost,
    ResponseLost,
}

/// Forwards requests and responses, and drops one on demand.
struct Proxy {
    address: std::net::SocketAddr,
    plan: Arc<Plan>,
}

#[derive(Default)]
struct Plan {
    /// The number of script calls up to and including the lost one.
    scripts: AtomicI64,
    loses_response: AtomicBool,
    has_lost: AtomicBool,
}

impl Proxy {
    fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let plan = Arc::new(Plan::default());
        let shared = plan.clone();
        // The thread runs until the test program ends.
        thread::spawn(move || {
            for client in listener.incoming() {
                let (Ok(client), Ok(server)) = (client, TcpStream::connect(("127.0.0.1", port))) else {
                    return;
                };
                carry(&client, &server, &shared);
            }
        });
        Self { address, plan }
    }

    fn address(&self) -> String {
        format!("redis://{}", self.address)
    }

    /// Drops the given script call, counted from now, and closes its connection.
    fn lose(&self, failure: Failure, script: i64) {
        self.plan.has_lost.store(false, Ordering::SeqCst);
        self.plan.loses_response.store(failure == Failure::ResponseLost, Ordering::SeqCst);
        self.plan.scripts.store(script, Ordering::SeqCst);
    }

    fn has_lost(&self) -> bool {
        self.plan.has_lost.load(Ordering::SeqCst)
    }
}

fn carry(client: &TcpStream, server: &TcpStream, plan: &Arc<Plan>) {
    let (mut from, mut to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
    let there = plan.clone();
    thread::spawn(move || {
        let mut bytes = [0; 1 << 16];
        while let Ok(length @ 1..) = from.read(&mut bytes) {
            if there.loses(&bytes[..length]) {
                there.has_lost.store(true, Ordering::SeqCst);
                if !there.loses_response.load(Ordering::SeqCst) {
                    break;
                }
            }
            let _ = to.write_all(&bytes[..length]);
        }
        end(&from, &to);
    });
    let (mut from, mut to) = (server.try_clone().unwrap(), client.try_clone().unwrap());
    let back = plan.clone();
    thread::spawn(move || {
        let mut bytes = [0; 1 << 16];
        while let Ok(length @ 1..) = from.read(&mut bytes) {
            if back.has_lost.load(Ordering::SeqCst) && back.loses_response.load(Ordering::SeqCst) {
                // The server has run the script and this is its response. The next connection drops nothing.
                back.loses_response.store(false, Ordering::SeqCst);
                break;
            }
            let _ = to.write_all(&bytes[..length]);
        }
        end(&from, &to);
    });
}

fn end(one: &TcpStream, other: &TcpStream) {
    for side in [one, other] {
        let _ = side.shutdown(Shutdown::Both);
    }
}

impl Plan {
    fn loses(&self, bytes: &[u8]) -> bool {
        let scripts = bytes.windows(7).filter(|word| word == b"EVALSHA").count();
        let scripts = i64::try_from(scripts).unwrap();
        let left = self.scripts.fetch_sub(scripts, Ordering::SeqCst) - scripts;
        left <= 0 && left + scripts > 0
    }
}

//! What the Redis store does when a connection is lost in the middle of a call: before the server got the request,
//! or after it acted and before its answer came.

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

use super::support::{Place, ask, token, users};

const LIFE: Duration = Duration::from_secs(30);
const FATES: [Fate; 2] = [Fate::RequestLost, Fate::AnswerLost];

#[tokio::test]
async fn a_new_user_is_saved_once() {
    let Some(way) = Way::new() else { return };
    for (fate, user) in FATES.into_iter().zip(["ada", "bob"]) {
        way.proxy.lose(fate, 2);
        let saved = way.store.save_token(&token(user)).await.unwrap();
        assert!(way.proxy.has_lost(), "{fate:?}");
        assert_eq!(way.store.find_token(&token(user)).await.unwrap().unwrap().id(), saved.id());
    }
    assert_eq!(users(&way.store).await, ["ada", "bob"]);
}

#[tokio::test]
async fn a_token_that_matches_no_row_is_saved_once() {
    let Some(way) = Way::new() else { return };
    for fate in FATES {
        let nameless = OAuthToken::new().with_client("c", "s").with_access_token("a");
        way.proxy.lose(fate, 2);
        let saved = way.store.save_token(&nameless).await.unwrap();
        assert!(way.proxy.has_lost(), "{fate:?}");
        assert!(way.store.find_token_by_id(saved.id().unwrap()).await.unwrap().is_some());
        assert_eq!(way.store.get_tokens().await.unwrap().len(), 1, "{fate:?}");
        way.store.delete_tokens().await.unwrap();
    }
}

#[tokio::test]
async fn a_known_user_is_updated_once() {
    let Some(way) = Way::new() else { return };
    way.store.save_token(&token("ada")).await.unwrap();
    for (fate, access_token) in FATES.into_iter().zip(["newer", "newest"]) {
        let version = way.store.version().await.unwrap().unwrap();
        way.proxy.lose(fate, 2);
        way.store.save_token(&token("ada").with_access_token(access_token)).await.unwrap();
        assert!(way.proxy.has_lost(), "{fate:?}");
        assert_eq!(way.store.version().await.unwrap(), Some(version + 1), "{fate:?}");
        assert_eq!(way.access_token().await, access_token);
    }
}

#[tokio::test]
async fn a_retried_delete_still_reports_that_the_row_existed() {
    let Some(way) = Way::new() else { return };
    for fate in FATES {
        let row = way.store.save_token(&token("ada")).await.unwrap();
        way.proxy.lose(fate, 1);
        assert!(way.store.delete_token(row.id().unwrap()).await.unwrap(), "{fate:?}");
        assert!(way.proxy.has_lost(), "{fate:?}");
        assert!(users(&way.store).await.is_empty());
    }
}

#[tokio::test]
async fn reads_and_delete_all_are_retried() {
    let Some(way) = Way::new() else { return };
    for fate in FATES {
        way.store.save_token(&token("ada")).await.unwrap();
        way.proxy.lose(fate, 1);
        assert!(way.store.find_token(&token("ada")).await.unwrap().is_some());
        assert!(way.proxy.has_lost(), "{fate:?}");
        way.proxy.lose(fate, 1);
        way.store.delete_tokens().await.unwrap();
        assert!(way.proxy.has_lost(), "{fate:?}");
        assert!(users(&way.store).await.is_empty());
    }
}

#[tokio::test]
async fn acquire_renew_and_release_take_effect_once() {
    let Some(way) = Way::new() else { return };
    for fate in FATES {
        way.proxy.lose(fate, 2);
        let lease = way.lease().await;
        assert!(way.proxy.has_lost(), "{fate:?}");
        way.proxy.lose(fate, 1);
        assert!(way.store.renew(&lease, LIFE).await.unwrap(), "{fate:?}");
        assert!(way.proxy.has_lost(), "{fate:?}");
        way.proxy.lose(fate, 1);
        assert!(way.store.release(&lease).await.unwrap(), "{fate:?}");
        assert!(way.proxy.has_lost(), "{fate:?}");
        assert!(!way.store.release(&lease).await.unwrap(), "it is given back already");
    }
}

#[tokio::test]
async fn a_retried_save_under_a_lease_is_not_mistaken_for_another_holders() {
    let Some(way) = Way::new() else { return };
    let row = way.store.save_token(&token("ada")).await.unwrap();
    for (fate, access_token) in FATES.into_iter().zip(["newer", "newest"]) {
        let lease = Lease { row: row.id().map(str::to_owned), ..way.lease().await };
        way.proxy.lose(fate, 2);
        let newer = row.clone().with_access_token(access_token);
        let fenced = way.store.save_and_release(&lease, &newer).await.unwrap();
        assert!(way.proxy.has_lost(), "{fate:?}");
        let Fenced::Saved(saved) = fenced else { panic!("nobody else had the lease: {fate:?}") };
        assert_eq!(saved.id(), row.id());
        assert_eq!(way.access_token().await, access_token);
        assert!(way.store.lease_state(&key()).await.unwrap().remaining.is_zero());
    }
}

#[tokio::test]
async fn retries_by_the_cluster_client_save_once() {
    let Some(way) = Way::to_a_cluster() else { return };
    for fate in FATES {
        let nameless = OAuthToken::new().with_client("c", "s").with_access_token("a");
        way.proxy.lose(fate, 2);
        way.store.save_token(&nameless).await.unwrap();
        assert!(way.proxy.has_lost(), "{fate:?}");
        assert_eq!(way.store.get_tokens().await.unwrap().len(), 1, "{fate:?}");
        way.store.delete_tokens().await.unwrap();

        let row = way.store.save_token(&token("ada")).await.unwrap();
        let lease = Lease { row: row.id().map(str::to_owned), ..way.lease().await };
        way.proxy.lose(fate, 2);
        let fenced = way.store.save_and_release(&lease, &row.with_access_token("newer")).await.unwrap();
        assert!(way.proxy.has_lost(), "{fate:?}");
        assert!(matches!(fenced, Fenced::Saved(_)), "nobody else had the lease: {fate:?}");
        way.store.delete_tokens().await.unwrap();
    }
}

/// A store that reaches its server through something that can be made to lose what it carries.
struct Way {
    _server: Server,
    proxy: Proxy,
    store: RedisStore,
}

impl Way {
    fn new() -> Option<Self> {
        let server = private(Kind::Redis)?;
        let proxy = Proxy::to(server.port());
        let url = Place::on(&server).url("").replace(server.url(), &proxy.address());
        let store = RedisStore::open(&url).unwrap();
        Some(Self { _server: server, proxy, store })
    }

    fn to_a_cluster() -> Option<Self> {
        let server = private(Kind::RedisCluster)?;
        let proxy = Proxy::to(server.port());
        // What the node says of itself leads through the proxy, too.
        ask(server.port(), &["CONFIG", "SET", "cluster-announce-ip", "127.0.0.1"]);
        ask(server.port(), &["CONFIG", "SET", "cluster-announce-port", &proxy.address.port().to_string()]);
        let url = Place::on(&server).url("").replace(server.url(), &proxy.address());
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

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fate {
    RequestLost,
    AnswerLost,
}

/// Carries everything to a server and back, and loses what it is told to.
struct Proxy {
    address: std::net::SocketAddr,
    plan: Arc<Plan>,
}

#[derive(Default)]
struct Plan {
    /// How many scripts are still run before the one that is lost.
    scripts: AtomicI64,
    loses_answer: AtomicBool,
    has_lost: AtomicBool,
}

impl Proxy {
    fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let plan = Arc::new(Plan::default());
        let shared = plan.clone();
        // It ends with the test program.
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

    /// From now on, the script with that number is lost, and its connection with it.
    fn lose(&self, fate: Fate, script: i64) {
        self.plan.has_lost.store(false, Ordering::SeqCst);
        self.plan.loses_answer.store(fate == Fate::AnswerLost, Ordering::SeqCst);
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
                if !there.loses_answer.load(Ordering::SeqCst) {
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
            if back.has_lost.load(Ordering::SeqCst) && back.loses_answer.load(Ordering::SeqCst) {
                // The server has acted, and this is its answer. The next connection loses nothing.
                back.loses_answer.store(false, Ordering::SeqCst);
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

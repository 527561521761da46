//! Posts to addresses that clients gave: notifications, and callbacks of jobs.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::Request;
use hyper::client::conn::http1::handshake;
use hyper::header::{CONNECTION, CONTENT_TYPE, HOST};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use url::{Host, Url};

/// How many posts are under way at the same time. More are dropped: a test that does not listen holds nothing up.
const MAXIMUM_UNDER_WAY: usize = 64;
const PATIENCE: Duration = Duration::from_secs(5);

/// Sends posts, one try each, and never waits for them.
#[derive(Debug)]
pub(crate) struct Webhooks {
    free: Arc<Semaphore>,
}

impl Default for Webhooks {
    fn default() -> Self {
        Self { free: Arc::new(Semaphore::new(MAXIMUM_UNDER_WAY)) }
    }
}

impl Webhooks {
    /// Posts JSON to a URL, if it is plain HTTP on the loopback interface. The emulator calls nobody else.
    pub(crate) fn post(&self, url: &str, body: &Value) {
        let Some(url) = Url::parse(url).ok().filter(is_loopback) else { return };
        let Ok(permit) = Arc::clone(&self.free).try_acquire_owned() else { return };
        let body = Bytes::from(body.to_string());
        // Without a runtime nobody can be told: what a test does with its handle is no event.
        let Ok(runtime) = Handle::try_current() else { return };
        runtime.spawn(async move {
            let _ = timeout(PATIENCE, send(&url, body)).await;
            drop(permit);
        });
    }
}

fn is_loopback(url: &Url) -> bool {
    let host_is_loopback = match url.host() {
        Some(Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::V6(address).is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    };
    url.scheme() == "http" && host_is_loopback
}

async fn send(url: &Url, body: Bytes) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let address = (
        url.host_str().unwrap_or_default().trim_matches(['[', ']']),
        url.port_or_known_default().unwrap_or(80),
    );
    let stream = TcpStream::connect(address).await?;
    let (mut sender, connection) = handshake(TokioIo::new(stream)).await?;
    let target = url[url::Position::BeforePath..url::Position::AfterQuery].to_owned();
    let request = Request::post(target)
        .header(HOST, url[url::Position::BeforeHost..url::Position::AfterPort].to_owned())
        .header(CONTENT_TYPE, "application/json;charset=UTF-8")
        .header(CONNECTION, "close")
        .body(Full::new(body))?;
    tokio::select! {
        answer = sender.send_request(request) => answer.map(drop).map_err(Into::into),
        ended = connection => ended.map_err(Into::into),
    }
}

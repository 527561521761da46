//! Posts notifications and the callbacks of jobs to URLs that clients registered.

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

use crate::digits;

/// Further posts are dropped, so that a test that does not listen delays nothing.
const MAX_CONCURRENT_POSTS: usize = 64;
const POST_TIMEOUT: Duration = Duration::from_secs(5);

/// Sends posts in the background, each once.
#[derive(Debug)]
pub(crate) struct Webhooks {
    free: Arc<Semaphore>,
}

impl Default for Webhooks {
    fn default() -> Self {
        Self { free: Arc::new(Semaphore::new(MAX_CONCURRENT_POSTS)) }
    }
}

impl Webhooks {
    /// Posts JSON to a plain HTTP URL on the loopback interface. Other URLs are ignored: the emulator never connects to
    /// another host.
    pub(crate) fn post(&self, url: &str, body: &Value) {
        let Some(url) = Url::parse(url).ok().filter(is_loopback) else { return };
        let Ok(permit) = Arc::clone(&self.free).try_acquire_owned() else { return };
        let body = Bytes::from(digits::to_text(body).unwrap_or_default());
        // Only the server has a runtime. What a test does through its handle is not an event.
        let Ok(runtime) = Handle::try_current() else { return };
        runtime.spawn(async move {
            let _ = timeout(POST_TIMEOUT, send(&url, body)).await;
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
        response = sender.send_request(request) => response.map(drop).map_err(Into::into),
        ended = connection => ended.map_err(Into::into),
    }
}

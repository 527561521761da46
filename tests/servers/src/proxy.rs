//! A connection that can be cut.

use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU16, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{oneshot, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::sleep;

use crate::port::Port;

/// A TCP proxy on 127.0.0.1 for a server on the same machine.
///
/// It runs on the tokio runtime that created it, so that runtime must not be blocked. It ends when it is dropped.
#[derive(Debug)]
pub struct Proxy {
    port: Port,
    wire: Arc<Wire>,
    /// `None` while new connections are rejected.
    listening: Option<Listening>,
}

/// What all connections share.
#[derive(Debug)]
struct Wire {
    /// The server's port.
    server: AtomicU16,
    hangs: watch::Sender<bool>,
    delay_ms: AtomicU64,
    round_trips: AtomicU64,
}

/// The task that accepts connections. It ends with them when `_until` is dropped.
#[derive(Debug)]
struct Listening {
    _until: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Proxy {
    /// Starts a proxy for the server at this port.
    ///
    /// # Errors
    /// If there is no free port.
    pub async fn to(server: u16) -> io::Result<Self> {
        let wire = Wire {
            server: AtomicU16::new(server),
            hangs: watch::Sender::new(false),
            delay_ms: AtomicU64::new(0),
            round_trips: AtomicU64::new(0),
        };
        let mut proxy = Self { port: Port::reserve()?, wire: Arc::new(wire), listening: None };
        proxy.listen().await?;
        Ok(proxy)
    }

    /// The port that it listens on.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port.number()
    }

    /// The server's URL with the port of the proxy.
    #[must_use]
    pub fn url(&self, server_url: &str) -> String {
        let server = self.wire.server.load(Relaxed);
        server_url.replace(&format!(":{server}"), &format!(":{}", self.port()))
    }

    /// Leads new connections to the server at this port, as a name does after a failover. Existing connections stay.
    pub fn redirect(&self, server: u16) {
        self.wire.server.store(server, Relaxed);
    }

    /// Drops every connection, and rejects new ones until [`resume`](Self::resume) or [`hang`](Self::hang).
    pub async fn cut(&mut self) {
        if let Some(Listening { _until, task }) = self.listening.take() {
            drop(_until);
            // It fails only if the runtime ends, and then everything is cut.
            let _ = task.await;
        }
    }

    /// Keeps and accepts connections, but forwards nothing in either direction, not even their end.
    ///
    /// # Errors
    /// If it was cut and another program has taken its port since.
    pub async fn hang(&mut self) -> io::Result<()> {
        self.wire.hangs.send_replace(true);
        self.listen().await
    }

    /// Forwards again, including what has waited.
    ///
    /// # Errors
    /// If it was cut and another program has taken its port since.
    pub async fn resume(&mut self) -> io::Result<()> {
        self.wire.hangs.send_replace(false);
        self.listen().await
    }

    /// Delays every message by this many milliseconds in each direction: a round trip takes twice that.
    pub fn delay(&self, delay: Duration) {
        self.wire.delay_ms.store(delay.as_millis().try_into().unwrap_or(u64::MAX), Relaxed);
    }

    /// How often the server has responded to a client, added up over all connections. Requests that are sent together and
    /// answered together count once. A goodbye without a response does not count.
    #[must_use]
    pub fn round_trips(&self) -> u64 {
        self.wire.round_trips.load(Relaxed)
    }

    /// Sets the count to zero.
    pub fn reset_count(&self) {
        self.wire.round_trips.store(0, Relaxed);
    }

    async fn listen(&mut self) -> io::Result<()> {
        if self.listening.is_none() {
            let listener = listener_on(self.port()).await?;
            let (until, cut) = oneshot::channel();
            let task = tokio::spawn(accept(listener, Arc::clone(&self.wire), cut));
            self.listening = Some(Listening { _until: until, task });
        }
        Ok(())
    }
}

/// Listens on a port of this proxy. Whoever looks for a free port may hold it for a moment.
async fn listener_on(port: u16) -> io::Result<TcpListener> {
    for _ in 0..100 {
        match TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => sleep(Duration::from_millis(20)).await,
            listener => return listener,
        }
    }
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await
}

/// Accepts connections until the proxy is cut.
async fn accept(listener: TcpListener, wire: Arc<Wire>, mut cut: oneshot::Receiver<()>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = &mut cut => break,
            accepted = listener.accept() => {
                if let Ok((client, _)) = accepted {
                    connections.spawn(connect(client, Arc::clone(&wire)));
                }
            }
            Some(_) = connections.join_next() => {}
        }
    }
    drop(listener);
    connections.shutdown().await;
}

/// Forwards between a client and the server. An error in one connection ends both.
async fn connect(client: TcpStream, wire: Arc<Wire>) -> io::Result<()> {
    wire.open().await;
    let server = TcpStream::connect((Ipv4Addr::LOCALHOST, wire.server.load(Relaxed))).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let is_asked = AtomicBool::new(false);
    let requests = forward(from_client, to_server, &wire, || is_asked.store(true, Relaxed));
    let answers = forward(from_server, to_client, &wire, || {
        if is_asked.swap(false, Relaxed) {
            wire.round_trips.fetch_add(1, Relaxed);
        }
    });
    tokio::try_join!(requests, answers).map(|_| ())
}

/// Forwards one direction to its end, and calls `note` before each piece.
async fn forward(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    wire: &Wire,
    note: impl Fn(),
) -> io::Result<()> {
    let mut piece = vec![0; 64 * 1024];
    loop {
        let length = from.read(&mut piece).await?;
        wire.wait_for_delay().await;
        wire.open().await;
        if length == 0 {
            return to.shutdown().await;
        }
        note();
        to.write_all(&piece[..length]).await?;
    }
}

impl Wire {
    /// Waits for the delay. Even a sleep of zero takes up to a millisecond.
    async fn wait_for_delay(&self) {
        let delay_ms = self.delay_ms.load(Relaxed);
        if delay_ms > 0 {
            sleep(Duration::from_millis(delay_ms)).await;
        }
    }

    /// Waits while the proxy hangs.
    async fn open(&self) {
        // The sender is ours, so this cannot fail.
        let _ = self.hangs.subscribe().wait_for(|hangs| !hangs).await;
    }
}

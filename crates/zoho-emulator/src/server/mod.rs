//! The sockets: reads requests, applies faults, sends responses.

mod compression;
mod wire;

use std::convert::Infallible;
use std::future::pending;
use std::io;
use std::net::{Ipv4Addr, TcpListener as StdTcpListener};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use http_body_util::{BodyExt as _, Collected, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{HeaderMap, Request, Response as HttpResponse};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio::time::sleep;

use self::wire::{Delivery, Takeover};
use crate::accounts;
use crate::bodies::too_many_requests;
use crate::control;
use crate::crm;
use crate::http::{Call, Pairs, Response};
use crate::world::concurrency::CallPermit;
use crate::world::faults::Effect;
use crate::world::{DataCenter, World};

/// The maximum size of a request body: 256 MiB, more than ten of the largest files that Zoho accepts.
const MAX_BODY: usize = 256 << 20;

/// The servers of one emulator. Dropping it stops them and closes every connection.
///
/// They run on a separate thread, so that a test may block its thread or pause tokio's clock.
#[derive(Debug)]
pub(crate) struct ServerThread {
    running: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl ServerThread {
    /// Serves each data center on its listener.
    pub(crate) fn start(listeners: Vec<StdTcpListener>, world: &Arc<World>) -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (running, stopped) = oneshot::channel();
        let context = runtime.enter();
        runtime.spawn(run_jobs(Arc::clone(world)));
        for (listener, data_center) in listeners.into_iter().zip(&world.data_centers) {
            let listener = TcpListener::from_std(listener)?;
            runtime.spawn(serve(listener, Arc::clone(world), data_center.clone()));
        }
        drop(context);
        let work = move || {
            // Returns when the sender is dropped. Dropping the runtime then closes all connections.
            let _ = runtime.block_on(stopped);
        };
        let thread = thread::Builder::new().name("zoho-emulator".to_owned()).spawn(work)?;
        Ok(Self { running: Some(running), thread: Some(thread) })
    }
}

impl Drop for ServerThread {
    fn drop(&mut self) {
        drop(self.running.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Runs jobs when they are due, even if no client polls.
async fn run_jobs(world: Arc<World>) {
    loop {
        sleep(Duration::from_millis(20)).await;
        crm::run_due(&world);
    }
}

/// Binds a port of the loopback interface; 0 picks a free one.
pub(crate) fn listen(port: u16) -> io::Result<StdTcpListener> {
    let listener = StdTcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// Serves one data center as long as the runtime runs.
async fn serve(listener: TcpListener, world: Arc<World>, data_center: DataCenter) {
    let data_center = Arc::new(data_center);
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                tokio::spawn(serve_connection(stream, Arc::clone(&world), Arc::clone(&data_center)));
            }
            // Most likely the process is out of file descriptors; retry when some have been closed.
            Err(_) => sleep(Duration::from_millis(10)).await,
        }
    }
}

/// Serves one connection until it ends or a fault takes it over.
async fn serve_connection(stream: TcpStream, world: Arc<World>, data_center: Arc<DataCenter>) {
    let (take_over, mut taken_over) = mpsc::channel(1);
    let service = service_fn(|request| {
        let (world, data_center, take_over) =
            (Arc::clone(&world), Arc::clone(&data_center), take_over.clone());
        async move {
            let call = read(request).await;
            let (reaction, permit) = react(&world, &data_center, &call).await;
            match reaction {
                Reaction::Respond(response) => {
                    Ok::<_, Infallible>(to_http(compression::negotiate(response, &call)))
                }
                Reaction::Takeover(delivery) => {
                    let _ = take_over.send(Takeover { delivery, _permit: permit }).await;
                    pending().await
                }
            }
        }
    });
    // Without this, Nagle's algorithm delays small responses on a reused connection.
    let _ = stream.set_nodelay(true);
    let mut connection =
        hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    let takeover: Option<Takeover> = tokio::select! {
        _ = &mut connection => None,
        takeover = taken_over.recv() => takeover,
    };
    if let Some(takeover) = takeover {
        takeover.carry_out(connection.into_parts().io.into_inner()).await;
    }
}

/// The reaction to a request.
enum Reaction {
    /// A response that follows the rules of HTTP.
    Respond(Response),
    /// Something that breaks those rules.
    Takeover(Delivery),
}

impl Reaction {
    /// The status that the client sees, if it sees any.
    fn status(&self) -> Option<u16> {
        match self {
            Self::Respond(response) => Some(response.status),
            Self::Takeover(delivery) => delivery.status(),
        }
    }
}

/// Reacts to one request. The permit is held until the response has been sent.
async fn react(world: &World, data_center: &DataCenter, call: &Call) -> (Reaction, Option<CallPermit>) {
    if call.path.starts_with("/_emulator/") {
        return (Reaction::Respond(control::respond(world, call)), None);
    }
    let number = world.journal.record_request(call, &data_center.location, world.now_ms());
    let (reaction, permit) = match crm::admit(world, call) {
        Ok(permit) => (process(world, data_center, call).await, permit),
        Err(_) => (Reaction::Respond(too_many_requests()), None),
    };
    if permit.is_some() && !world.settings.response_delay.is_zero() {
        sleep(world.settings.response_delay).await;
    }
    if let Some(status) = reaction.status() {
        world.journal.record_response(number, status);
    }
    (reaction, permit)
}

/// Processes a request, with the fault that applies to it.
async fn process(world: &World, data_center: &DataCenter, call: &Call) -> Reaction {
    let respond = || route(world, data_center, call);
    // Before the fault is taken: it may be cleared right afterwards.
    let mut next_clear = world.faults.next_clear();
    match world.faults.take(call) {
        None => Reaction::Respond(respond()),
        Some(Effect::Hang(None)) => pending().await,
        Some(Effect::Hang(Some(time))) => {
            sleep(time).await;
            Reaction::Takeover(Delivery::Silence)
        }
        Some(Effect::Delay(time)) => {
            let response = respond();
            sleep(time).await;
            Reaction::Respond(response)
        }
        Some(Effect::Hold) => {
            let response = respond();
            // The sender lives as long as the world, so this returns only after a change.
            let _ = next_clear.changed().await;
            Reaction::Respond(response)
        }
        Some(Effect::DropBefore) => Reaction::Takeover(Delivery::Silence),
        Some(Effect::DropAfter) => {
            respond();
            Reaction::Takeover(Delivery::Silence)
        }
        Some(Effect::Respond(response)) => Reaction::Respond(response),
        Some(Effect::Throttle { localized }) => Reaction::Respond(throttle(world, call, localized)),
        Some(Effect::ContentType(content_type)) => {
            Reaction::Respond(respond().with_changed_header("content-type", content_type))
        }
        Some(Effect::TruncateGzip) => Reaction::Respond(compression::half_of_gzip(respond())),
        Some(Effect::TruncateBody) => Reaction::Takeover(Delivery::HalfOfBody(respond())),
        Some(Effect::SlowHead(delay)) => Reaction::Takeover(Delivery::SlowHead(respond(), delay)),
        Some(Effect::SlowBody(delay)) => Reaction::Takeover(Delivery::SlowBody(respond(), delay)),
        Some(Effect::Flood(bytes)) => Reaction::Takeover(Delivery::Flood(bytes)),
    }
}

fn route(world: &World, data_center: &DataCenter, call: &Call) -> Response {
    if call.is_for_crm() {
        crm::respond(world, data_center, call)
    } else {
        accounts::respond(world, data_center, call)
    }
}

fn throttle(world: &World, call: &Call, localized: bool) -> Response {
    if call.is_for_crm() { too_many_requests() } else { accounts::throttled(world, call, localized) }
}

/// Reads a request completely. A body that breaks off or is too large counts as empty.
async fn read(request: Request<Incoming>) -> Call {
    let (head, body) = request.into_parts();
    let body = Limited::new(body, MAX_BODY).collect().await;
    let body = body.map(Collected::to_bytes).unwrap_or_default();
    let query = head.uri.query().unwrap_or_default();
    Call::new(head.method.as_str(), head.uri.path(), query, header_pairs(&head.headers), body)
}

fn header_pairs(headers: &HeaderMap) -> Pairs {
    let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
    headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value.as_bytes()))).collect()
}

fn to_http(response: Response) -> HttpResponse<Full<Bytes>> {
    let mut builder = HttpResponse::builder().status(response.status);
    for (name, value) in response.headers {
        builder = builder.header(name, value);
    }
    builder.body(Full::new(response.body)).unwrap_or_else(|error| {
        let mut broken = HttpResponse::new(Full::new(Bytes::from(error.to_string())));
        *broken.status_mut() = hyper::StatusCode::INTERNAL_SERVER_ERROR;
        broken
    })
}

//! The sockets: reads requests, carries out faults, sends answers.

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
use hyper::{HeaderMap, Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio::time::sleep;

use self::wire::{Delivery, Takeover};
use crate::accounts;
use crate::bodies::too_many_requests;
use crate::control;
use crate::crm;
use crate::http::{Answer, Call, Pairs};
use crate::world::concurrency::Seat;
use crate::world::faults::Effect;
use crate::world::{DataCenter, World};

/// The longest body that is read: 256 MiB, more than ten of the largest files that Zoho takes.
const MAXIMUM_BODY: usize = 256 << 20;

/// The servers of one emulator. They stop, and every connection closes, when this is dropped.
///
/// They run on a thread of their own, so that a test that blocks its thread or stops tokio's clock does not stop
/// them.
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
            // Ends when the other half is dropped; the runtime takes all connections with it.
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

/// Carries out jobs when their time comes, also if nobody asks for them.
async fn run_jobs(world: Arc<World>) {
    loop {
        sleep(Duration::from_millis(20)).await;
        crm::run_due(&world);
    }
}

/// Binds a port of the loopback interface; 0 is any free one.
pub(crate) fn listen(port: u16) -> io::Result<StdTcpListener> {
    let listener = StdTcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// Serves one data center for as long as the runtime runs.
async fn serve(listener: TcpListener, world: Arc<World>, data_center: DataCenter) {
    let data_center = Arc::new(data_center);
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                tokio::spawn(serve_connection(stream, Arc::clone(&world), Arc::clone(&data_center)));
            }
            // Out of file descriptors, most likely: others have to close theirs first.
            Err(_) => sleep(Duration::from_millis(10)).await,
        }
    }
}

/// Serves one connection, until a fault takes it over.
async fn serve_connection(stream: TcpStream, world: Arc<World>, data_center: Arc<DataCenter>) {
    let (take_over, mut taken_over) = mpsc::channel(1);
    let service = service_fn(|request| {
        let (world, data_center, take_over) =
            (Arc::clone(&world), Arc::clone(&data_center), take_over.clone());
        async move {
            let call = read(request).await;
            let (reaction, seat) = respond(&world, &data_center, &call).await;
            match reaction {
                Reaction::Answer(answer) => {
                    Ok::<_, Infallible>(response(compression::negotiate(answer, &call)))
                }
                Reaction::Takeover(delivery) => {
                    let _ = take_over.send(Takeover { delivery, _seat: seat }).await;
                    pending().await
                }
            }
        }
    });
    // A small answer leaves at once; without this, a client that reuses the connection waits for nothing.
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

/// What comes of a request.
enum Reaction {
    /// An answer, by the rules of HTTP.
    Answer(Answer),
    /// Something that breaks them.
    Takeover(Delivery),
}

impl Reaction {
    /// The status that the client sees, if it sees any.
    fn status(&self) -> Option<u16> {
        match self {
            Self::Answer(answer) => Some(answer.status),
            Self::Takeover(delivery) => delivery.status(),
        }
    }
}

/// Answers one request; the seat is for as long as the answer takes to leave.
async fn respond(world: &World, data_center: &DataCenter, call: &Call) -> (Reaction, Option<Seat>) {
    if call.path.starts_with("/_emulator/") {
        return (Reaction::Answer(control::answer(world, call)), None);
    }
    let number = world.journal.arrived(call, &data_center.location, world.now_ms());
    let (reaction, seat) = match crm::take_seat(world, call) {
        Ok(seat) => (react(world, data_center, call).await, seat),
        Err(_) => (Reaction::Answer(too_many_requests()), None),
    };
    if seat.is_some() && !world.settings.response_delay.is_zero() {
        sleep(world.settings.response_delay).await;
    }
    if let Some(status) = reaction.status() {
        world.journal.answered(number, status);
    }
    (reaction, seat)
}

/// Carries out a request, with what goes wrong on purpose.
async fn react(world: &World, data_center: &DataCenter, call: &Call) -> Reaction {
    let answer = || route(world, data_center, call);
    match world.faults.take(call) {
        None => Reaction::Answer(answer()),
        Some(Effect::Hang(None)) => pending().await,
        Some(Effect::Hang(Some(time))) => {
            sleep(time).await;
            Reaction::Takeover(Delivery::Silence)
        }
        Some(Effect::Delay(time)) => {
            let answer = answer();
            sleep(time).await;
            Reaction::Answer(answer)
        }
        Some(Effect::DropBefore) => Reaction::Takeover(Delivery::Silence),
        Some(Effect::DropAfter) => {
            answer();
            Reaction::Takeover(Delivery::Silence)
        }
        Some(Effect::Answer(answer)) => Reaction::Answer(answer),
        Some(Effect::Throttle { localised }) => Reaction::Answer(throttle(world, call, localised)),
        Some(Effect::Relabel(content_type)) => {
            Reaction::Answer(answer().with_changed_header("content-type", content_type))
        }
        Some(Effect::CutGzip) => Reaction::Answer(compression::half_of_gzip(answer())),
        Some(Effect::CutBody) => Reaction::Takeover(Delivery::HalfOfBody(answer())),
        Some(Effect::SlowHead(pause)) => Reaction::Takeover(Delivery::SlowHead(answer(), pause)),
        Some(Effect::SlowBody(pause)) => Reaction::Takeover(Delivery::SlowBody(answer(), pause)),
        Some(Effect::Flood(bytes)) => Reaction::Takeover(Delivery::Flood(bytes)),
    }
}

fn route(world: &World, data_center: &DataCenter, call: &Call) -> Answer {
    if call.is_for_crm() {
        crm::answer(world, data_center, call)
    } else {
        accounts::answer(world, data_center, call)
    }
}

fn throttle(world: &World, call: &Call, localised: bool) -> Answer {
    if call.is_for_crm() { too_many_requests() } else { accounts::throttled(world, call, localised) }
}

/// Reads a request to its end. A body that breaks off or is too long is read as empty.
async fn read(request: Request<Incoming>) -> Call {
    let (head, body) = request.into_parts();
    let body = Limited::new(body, MAXIMUM_BODY).collect().await;
    let body = body.map(Collected::to_bytes).unwrap_or_default();
    let query = head.uri.query().unwrap_or_default();
    Call::new(head.method.as_str(), head.uri.path(), query, header_pairs(&head.headers), body)
}

fn header_pairs(headers: &HeaderMap) -> Pairs {
    let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
    headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value.as_bytes()))).collect()
}

fn response(answer: Answer) -> Response<Full<Bytes>> {
    let mut builder = Response::builder().status(answer.status);
    for (name, value) in answer.headers {
        builder = builder.header(name, value);
    }
    builder.body(Full::new(answer.body)).unwrap_or_else(|error| {
        let mut broken = Response::new(Full::new(Bytes::from(error.to_string())));
        *broken.status_mut() = hyper::StatusCode::INTERNAL_SERVER_ERROR;
        broken
    })
}

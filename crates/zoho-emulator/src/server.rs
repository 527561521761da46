//! The sockets: reads requests, carries out faults, sends answers.

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
use tokio::sync::{Notify, oneshot};
use tokio::time::sleep;

use crate::faults::Effect;
use crate::http::{Answer, Call, Pairs};
use crate::state::{DataCenter, World};
use crate::{accounts, control, crm};

/// The longest body that is read: 32 MiB.
const MAXIMUM_BODY: usize = 32 << 20;

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

/// Serves one connection. `hang_up` closes it at once, without an answer.
async fn serve_connection(stream: TcpStream, world: Arc<World>, data_center: Arc<DataCenter>) {
    let hang_up = Arc::new(Notify::new());
    let service = service_fn(|request| {
        let (world, data_center, hang_up) =
            (Arc::clone(&world), Arc::clone(&data_center), Arc::clone(&hang_up));
        async move {
            let call = read(request).await;
            Ok::<_, Infallible>(response(respond(&world, &data_center, &call, &hang_up).await))
        }
    });
    // A small answer leaves at once; without this, a client that reuses the connection waits for nothing.
    let _ = stream.set_nodelay(true);
    let connection =
        hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    tokio::select! {
        _ = connection => {}
        () = hang_up.notified() => {}
    }
}

/// Answers one request, with what goes wrong on purpose. A request whose answer never comes ends in `hang_up`.
async fn respond(world: &World, data_center: &DataCenter, call: &Call, hang_up: &Notify) -> Answer {
    if call.path.starts_with("/_emulator/") {
        return control::answer(world, call);
    }
    let number = world.journal.arrived(call, &data_center.location, world.now_ms());
    let answer = match world.faults.take(call) {
        None => route(world, data_center, call),
        Some(Effect::Hang(None)) => pending().await,
        Some(Effect::Hang(Some(time))) => {
            sleep(time).await;
            close(hang_up).await
        }
        Some(Effect::Delay(time)) => {
            let answer = route(world, data_center, call);
            sleep(time).await;
            answer
        }
        Some(Effect::DropBefore) => close(hang_up).await,
        Some(Effect::DropAfter) => {
            route(world, data_center, call);
            close(hang_up).await
        }
        Some(Effect::Answer { status, body }) => Answer::text(status, content_type_of(&body), body),
        Some(Effect::Throttle { localised }) => throttle(world, call, localised),
    };
    world.journal.answered(number, answer.status);
    answer
}

fn route(world: &World, data_center: &DataCenter, call: &Call) -> Answer {
    if call.path.starts_with("/crm/") {
        crm::answer(world, data_center, call)
    } else {
        accounts::answer(world, data_center, call)
    }
}

fn throttle(world: &World, call: &Call, localised: bool) -> Answer {
    if call.path.starts_with("/crm/") {
        crm::too_many_requests()
    } else {
        accounts::throttled(world, call, localised)
    }
}

/// Closes the connection; the answer that is waited for never comes.
async fn close(hang_up: &Notify) -> Answer {
    hang_up.notify_one();
    pending().await
}

fn content_type_of(body: &str) -> &'static str {
    match body.trim_start().chars().next() {
        Some('{' | '[') => "application/json;charset=UTF-8",
        Some('<') => "text/html;charset=UTF-8",
        _ => "text/plain;charset=UTF-8",
    }
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

//! A server that sends prepared responses with as little work as possible.

use std::convert::Infallible;
use std::net::Ipv4Addr;
use std::sync::Arc;

use http_body_util::Full;
use hyper::body::{Buf, Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{self, Runtime};

use super::leads;
use crate::Outcome;

/// A running server, which stops when this is dropped.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) url: String,
    /// Has one thread, separate from the one that is measured.
    _runtime: Runtime,
}

/// The prepared responses.
#[derive(Debug, Default)]
struct Contents {
    /// A page of leads without its end.
    leads: Bytes,
    /// A page of one lead without its end.
    lead: Bytes,
    /// The number of pages.
    pages: u64,
    fields: Bytes,
    /// The file of a finished bulk read.
    archive: Bytes,
}

impl Server {
    /// Starts a server with pages of leads.
    pub(super) fn with_pages(pages: u64) -> Outcome<Self> {
        Self::start(Contents {
            leads: leads::page(leads::PER_PAGE).into(),
            lead: leads::page(1).into(),
            pages,
            fields: leads::fields().into(),
            ..Contents::default()
        })
    }

    /// Starts a server with a finished bulk read.
    pub(super) fn with_rows(rows: u64) -> Outcome<Self> {
        Self::start(Contents { archive: leads::archive(rows)?.into(), ..Contents::default() })
    }

    fn start(contents: Contents) -> Outcome<Self> {
        let runtime = runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))?;
        let url = format!("http://{}", listener.local_addr()?);
        runtime.spawn(serve(listener, Arc::new(contents)));
        Ok(Self { url, _runtime: runtime })
    }
}

async fn serve(listener: TcpListener, contents: Arc<Contents>) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(handle(stream, Arc::clone(&contents)));
    }
}

async fn handle(stream: TcpStream, contents: Arc<Contents>) {
    // Without it, some responses would be delayed by 40 ms. It cannot fail on an open socket, and a connection that
    // fails is noticed on the other side.
    let _ = stream.set_nodelay(true);
    let respond = |request: Request<Incoming>| {
        let response = contents.response(request.uri().path(), request.uri().query().unwrap_or_default());
        async { Ok::<_, Infallible>(response) }
    };
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(respond)).await;
}

const NOTHING: &[u8] = br#"{"code":"INVALID_URL_PATTERN","details":{},"message":"","status":"error"}"#;
const JOB: &[u8] = br#"{"data":[{"id":"1","operation":"read","state":"COMPLETED","result":{"page":1,"per_page":200000,"download_url":"/crm/bulk/v8/read/1/result","more_records":false}}]}"#;

impl Contents {
    /// Returns the response. The two parts of the body are sent without being copied together.
    fn response(&self, path: &str, query: &str) -> Response<Full<impl Buf + use<>>> {
        let json = "application/json;charset=UTF-8";
        let (kind, start, end) = match path {
            "/crm/v8/Leads" if query.ends_with("per_page=1") => {
                (json, self.lead.clone(), self.end_of_page(query))
            }
            "/crm/v8/Leads" => (json, self.leads.clone(), self.end_of_page(query)),
            "/crm/v8/settings/fields" => (json, self.fields.clone(), Bytes::new()),
            "/crm/bulk/v8/read/1" => (json, Bytes::from_static(JOB), Bytes::new()),
            "/crm/bulk/v8/read/1/result" => ("application/octet-stream", self.archive.clone(), Bytes::new()),
            _ => (json, Bytes::from_static(NOTHING), Bytes::new()),
        };
        let mut response = Response::new(Full::new(start.chain(end)));
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        response
    }

    /// Returns the end of a page. A page token is the number of a page here.
    fn end_of_page(&self, query: &str) -> Bytes {
        let token = query.split('&').find_map(|parameter| parameter.strip_prefix("page_token="));
        let page: u64 = token.and_then(|number| number.parse().ok()).unwrap_or(1);
        let more_records = page < self.pages;
        let next = if more_records { format!("\"{}\"", page + 1) } else { "null".to_owned() };
        let per_page = leads::PER_PAGE;
        let end = format!(
            r#"{{"per_page":{per_page},"count":{per_page},"sort_by":"id","page":{page},"sort_order":"desc","more_records":{more_records},"next_page_token":{next},"page_token_expiry":null}}}}"#
        );
        end.into()
    }
}

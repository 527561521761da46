//! A server that is given what to say: it does as little as a server can, and the same for all who are compared.

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

/// A running server; it ends when it is dropped.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) url: String,
    /// One thread beside that of whoever is measured.
    _runtime: Runtime,
}

/// What it says.
#[derive(Debug, Default)]
struct Contents {
    /// A page of leads, all but its end.
    leads: Bytes,
    /// The same of one lead.
    lead: Bytes,
    /// How many pages there are.
    pages: u64,
    fields: Bytes,
    /// The file of a bulk read that is done.
    archive: Bytes,
}

impl Server {
    /// Starts a server that has so many pages of leads.
    pub(super) fn with_pages(pages: u64) -> Outcome<Self> {
        Self::start(Contents {
            leads: leads::page(leads::PER_PAGE).into(),
            lead: leads::page(1).into(),
            pages,
            fields: leads::fields().into(),
            ..Contents::default()
        })
    }

    /// Starts a server that has a bulk read of so many rows.
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
        tokio::spawn(converse(stream, Arc::clone(&contents)));
    }
}

async fn converse(stream: TcpStream, contents: Arc<Contents>) {
    // Without it, some answers would wait for 40 ms. It cannot fail on an open socket, and a conversation that fails
    // fails on the other side, too.
    let _ = stream.set_nodelay(true);
    let answer = |request: Request<Incoming>| {
        let answer = contents.answer(request.uri().path(), request.uri().query().unwrap_or_default());
        async { Ok::<_, Infallible>(answer) }
    };
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(answer)).await;
}

const NOTHING: &[u8] = br#"{"code":"INVALID_URL_PATTERN","details":{},"message":"","status":"error"}"#;
const JOB: &[u8] = br#"{"data":[{"id":"1","operation":"read","state":"COMPLETED","result":{"page":1,"per_page":200000,"download_url":"/crm/bulk/v8/read/1/result","more_records":false}}]}"#;

impl Contents {
    /// The body's two halves are not put together before they are sent.
    fn answer(&self, path: &str, query: &str) -> Response<Full<impl Buf + use<>>> {
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

    /// What a page says of those after it. A page token is the number of a page here.
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

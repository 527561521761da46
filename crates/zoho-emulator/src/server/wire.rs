//! Responses written directly to the socket, because an HTTP library refuses to break the rules of HTTP.

use std::io;
use std::time::Duration;

use hyper::StatusCode;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::time::sleep;

use crate::http::Response;
use crate::world::concurrency::CallPermit;

/// What to write to a connection that was taken over from the HTTP library. The connection is closed afterwards.
#[derive(Debug)]
pub(crate) struct Takeover {
    pub(crate) delivery: Delivery,
    /// Held until the last byte has been sent.
    pub(crate) _permit: Option<CallPermit>,
}

/// What is sent, and how.
#[derive(Debug)]
pub(crate) enum Delivery {
    /// Nothing.
    Silence,
    /// The head, which announces the whole body, and half of the body.
    HalfOfBody(Response),
    /// The whole response; the head byte by byte, with a delay after each.
    SlowHead(Response, Duration),
    /// The whole response; the body byte by byte, with a delay after each.
    SlowBody(Response, Duration),
    /// A list of records of this many bytes, or an endless one, generated while it is sent.
    Flood(Option<u64>),
}

impl Takeover {
    /// Sends the delivery and closes the connection. A client that disconnects ends it early.
    pub(crate) async fn carry_out(self, mut stream: TcpStream) {
        let _ = deliver(&mut stream, &self.delivery).await;
        let _ = stream.shutdown().await;
    }
}

impl Delivery {
    /// The status that the client sees, if it sees any.
    pub(crate) fn status(&self) -> Option<u16> {
        match self {
            Self::Silence => None,
            Self::HalfOfBody(response) | Self::SlowHead(response, _) | Self::SlowBody(response, _) => {
                Some(response.status)
            }
            Self::Flood(_) => Some(200),
        }
    }
}

async fn deliver(stream: &mut TcpStream, delivery: &Delivery) -> io::Result<()> {
    match delivery {
        Delivery::Silence => Ok(()),
        Delivery::HalfOfBody(response) => {
            stream.write_all(&head(response)).await?;
            stream.write_all(&response.body[..response.body.len() / 2]).await
        }
        Delivery::SlowHead(response, delay) => {
            trickle(stream, &head(response), *delay).await?;
            stream.write_all(&response.body).await
        }
        Delivery::SlowBody(response, delay) => {
            stream.write_all(&head(response)).await?;
            trickle(stream, &response.body, *delay).await
        }
        Delivery::Flood(Some(length)) => flood(stream, *length).await,
        Delivery::Flood(None) => flood_endlessly(stream).await,
    }
}

/// The status line and the headers.
fn head(response: &Response) -> Vec<u8> {
    let length = response.body.len();
    let mut head = status_line(response.status);
    for (name, value) in &response.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str(&format!("content-length: {length}\r\nconnection: close\r\n\r\n"));
    head.into_bytes()
}

fn status_line(status: u16) -> String {
    let reason = StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
    format!("HTTP/1.1 {status} {}\r\n", reason.unwrap_or_default())
}

async fn trickle(stream: &mut TcpStream, bytes: &[u8], delay: Duration) -> io::Result<()> {
    for byte in bytes {
        stream.write_all(&[*byte]).await?;
        sleep(delay).await;
    }
    Ok(())
}

const FLOOD_HEAD: &str = "content-type: application/json;charset=UTF-8\r\nconnection: close\r\n";
const FLOOD_START: &[u8] = b"{\"data\":[{\"id\":\"5545974000000000001\"}";
const FLOOD_RECORD: &[u8] = b",{\"id\":\"5545974000000000002\",\"Last_Name\":\"Boyle\"}";
const FLOOD_END: &[u8] = b"]}";
const RECORDS_PER_WRITE: usize = 1024;

/// Sends a list of records of exactly `length` bytes, padded with spaces. Unless `length` is very small, it is valid
/// JSON.
async fn flood(stream: &mut TcpStream, length: u64) -> io::Result<()> {
    let head = format!("{}{FLOOD_HEAD}content-length: {length}\r\n\r\n", status_line(200));
    stream.write_all(head.as_bytes()).await?;
    let records = FLOOD_RECORD.repeat(RECORDS_PER_WRITE);
    let mut left = length.saturating_sub((FLOOD_START.len() + FLOOD_END.len()) as u64);
    stream.write_all(FLOOD_START).await?;
    while left >= records.len() as u64 {
        stream.write_all(&records).await?;
        left -= records.len() as u64;
    }
    stream.write_all(&vec![b' '; usize::try_from(left).unwrap_or_default()]).await?;
    stream.write_all(FLOOD_END).await
}

async fn flood_endlessly(stream: &mut TcpStream) -> io::Result<()> {
    let head = format!("{}{FLOOD_HEAD}transfer-encoding: chunked\r\n\r\n", status_line(200));
    stream.write_all(head.as_bytes()).await?;
    write_chunk(stream, FLOOD_START).await?;
    let records = FLOOD_RECORD.repeat(RECORDS_PER_WRITE);
    loop {
        write_chunk(stream, &records).await?;
    }
}

async fn write_chunk(stream: &mut TcpStream, bytes: &[u8]) -> io::Result<()> {
    stream.write_all(format!("{:x}\r\n", bytes.len()).as_bytes()).await?;
    stream.write_all(bytes).await?;
    stream.write_all(b"\r\n").await
}

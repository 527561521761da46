//! Answers that are written to the socket byte by byte. An HTTP library would not break its own rules.

use std::io;
use std::time::Duration;

use hyper::StatusCode;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::time::sleep;

use crate::http::Answer;
use crate::world::concurrency::Seat;

/// The connection of a request, taken away from the HTTP library. It is closed in the end.
#[derive(Debug)]
pub(crate) struct Takeover {
    pub(crate) delivery: Delivery,
    /// Held until the last byte has left.
    pub(crate) _seat: Option<Seat>,
}

/// What leaves, and how.
#[derive(Debug)]
pub(crate) enum Delivery {
    /// Nothing.
    Silence,
    /// The head, which promises the whole body, and half of the body.
    HalfOfBody(Answer),
    /// Everything; the head byte by byte, with a pause after each.
    SlowHead(Answer, Duration),
    /// Everything; the body byte by byte, with a pause after each.
    SlowBody(Answer, Duration),
    /// A list of records of so many bytes, or without end. It is made while it leaves.
    Flood(Option<u64>),
}

impl Takeover {
    /// Writes what there is to write, and closes the connection. A client that goes away ends it early.
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
            Self::HalfOfBody(answer) | Self::SlowHead(answer, _) | Self::SlowBody(answer, _) => {
                Some(answer.status)
            }
            Self::Flood(_) => Some(200),
        }
    }
}

async fn deliver(stream: &mut TcpStream, delivery: &Delivery) -> io::Result<()> {
    match delivery {
        Delivery::Silence => Ok(()),
        Delivery::HalfOfBody(answer) => {
            stream.write_all(&head(answer)).await?;
            stream.write_all(&answer.body[..answer.body.len() / 2]).await
        }
        Delivery::SlowHead(answer, pause) => {
            trickle(stream, &head(answer), *pause).await?;
            stream.write_all(&answer.body).await
        }
        Delivery::SlowBody(answer, pause) => {
            stream.write_all(&head(answer)).await?;
            trickle(stream, &answer.body, *pause).await
        }
        Delivery::Flood(Some(length)) => flood(stream, *length).await,
        Delivery::Flood(None) => flood_without_end(stream).await,
    }
}

/// The status line and the headers.
fn head(answer: &Answer) -> Vec<u8> {
    let length = answer.body.len();
    let mut head = status_line(answer.status);
    for (name, value) in &answer.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str(&format!("content-length: {length}\r\nconnection: close\r\n\r\n"));
    head.into_bytes()
}

fn status_line(status: u16) -> String {
    let reason = StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
    format!("HTTP/1.1 {status} {}\r\n", reason.unwrap_or_default())
}

async fn trickle(stream: &mut TcpStream, bytes: &[u8], pause: Duration) -> io::Result<()> {
    for byte in bytes {
        stream.write_all(&[*byte]).await?;
        sleep(pause).await;
    }
    Ok(())
}

const FLOOD_HEAD: &str = "content-type: application/json;charset=UTF-8\r\nconnection: close\r\n";
const FLOOD_BEGINNING: &[u8] = b"{\"data\":[{\"id\":\"5545974000000000001\"}";
const FLOOD_RECORD: &[u8] = b",{\"id\":\"5545974000000000002\",\"Last_Name\":\"Boyle\"}";
const FLOOD_END: &[u8] = b"]}";
const RECORDS_AT_ONCE: usize = 1024;

/// A list of records of exactly `length` bytes; blanks fill it up. It is JSON, unless it is very short.
async fn flood(stream: &mut TcpStream, length: u64) -> io::Result<()> {
    let head = format!("{}{FLOOD_HEAD}content-length: {length}\r\n\r\n", status_line(200));
    stream.write_all(head.as_bytes()).await?;
    let records = FLOOD_RECORD.repeat(RECORDS_AT_ONCE);
    let mut left = length.saturating_sub((FLOOD_BEGINNING.len() + FLOOD_END.len()) as u64);
    stream.write_all(FLOOD_BEGINNING).await?;
    while left >= records.len() as u64 {
        stream.write_all(&records).await?;
        left -= records.len() as u64;
    }
    stream.write_all(&vec![b' '; usize::try_from(left).unwrap_or_default()]).await?;
    stream.write_all(FLOOD_END).await
}

async fn flood_without_end(stream: &mut TcpStream) -> io::Result<()> {
    let head = format!("{}{FLOOD_HEAD}transfer-encoding: chunked\r\n\r\n", status_line(200));
    stream.write_all(head.as_bytes()).await?;
    write_chunk(stream, FLOOD_BEGINNING).await?;
    let records = FLOOD_RECORD.repeat(RECORDS_AT_ONCE);
    loop {
        write_chunk(stream, &records).await?;
    }
}

async fn write_chunk(stream: &mut TcpStream, bytes: &[u8]) -> io::Result<()> {
    stream.write_all(format!("{:x}\r\n", bytes.len()).as_bytes()).await?;
    stream.write_all(bytes).await?;
    stream.write_all(b"\r\n").await
}

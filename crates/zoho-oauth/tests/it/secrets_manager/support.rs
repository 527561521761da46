//! A stand-in for AWS Secrets Manager, where the environment names one, and a gate before it.
//!
//! The stand-in is moto. It keeps versions, labels, tags and names as AWS does. It has no quotas (versions, requests,
//! sizes), no permissions and no KMS; its lists and its reads are never old, and what is deleted is gone at once. Tests
//! of those are against answers that AWS documents.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use servers::Kind;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use zoho_oauth::store::SecretsManagerStore;

/// A place of a test's own in the stand-in.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) prefix: String,
    url: String,
    pub(crate) host: String,
}

impl Place {
    pub(crate) fn new() -> Option<Self> {
        let url = servers::shared(Kind::SecretsManager)?;
        let (_, host) = url.split_once("endpoint=http://").expect("the stand-in speaks http");
        let host = host.split('&').next().unwrap_or_default().to_owned();
        Some(Self { prefix: format!("test-{:032x}", rand::random::<u128>()), url, host })
    }

    pub(crate) fn url(&self) -> String {
        self.url.replacen("aws-secretsmanager:", &format!("aws-secretsmanager:{}", self.prefix), 1)
    }

    /// The store there, as another program would open it.
    pub(crate) fn open(&self) -> SecretsManagerStore {
        // A test beside many others may have to wait for the stand-in.
        SecretsManagerStore::open(&format!("{}&timeout=60", self.url())).expect("opened")
    }

    /// The same through a gate.
    pub(crate) fn open_through(&self, gate: &Gate) -> SecretsManagerStore {
        let url = self.url().replacen(&self.host, &gate.host, 1);
        SecretsManagerStore::open(&format!("{url}&timeout=60")).expect("opened")
    }

    /// What AWS itself says of the secrets here.
    pub(crate) async fn secrets(&self) -> Vec<Value> {
        let filter = json!([{"Key": "name", "Values": [format!("{}/", self.prefix)]}]);
        let (mut all, mut next) = (Vec::new(), Value::Null);
        loop {
            let mut answer = self.ask("ListSecrets", json!({"Filters": filter, "NextToken": next})).await;
            all.extend(answer["SecretList"].as_array().expect("a list").iter().cloned());
            next = answer["NextToken"].take();
            if next.is_null() {
                return all;
            }
        }
    }

    /// The names behind the prefix.
    pub(crate) async fn names(&self) -> Vec<String> {
        let secrets = self.secrets().await;
        let name =
            |secret: &Value| secret["Name"].as_str().expect("a name")[self.prefix.len() + 1..].to_owned();
        secrets.iter().map(name).collect()
    }

    pub(crate) async fn ask(&self, action: &str, body: Value) -> Value {
        let body = body.to_string();
        let authorization = "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/secretsmanager/aws4_request";
        let request = format!(
            "POST / HTTP/1.0\r\nHost: {}\r\nX-Amz-Target: secretsmanager.{action}\r\n\
            Content-Type: application/x-amz-json-1.1\r\nAuthorization: {authorization}\r\n\
            Content-Length: {}\r\n\r\n{body}",
            self.host,
            body.len(),
        );
        let answer = forward(&self.host, request.as_bytes()).await;
        let text = String::from_utf8(answer).expect("text");
        let (_, body) = text.split_once("\r\n\r\n").expect("a body");
        serde_json::from_str(body).expect("JSON")
    }
}

/// Stands before the stand-in and holds back the requests of one kind, until it is opened.
#[derive(Debug)]
pub(crate) struct Gate {
    host: String,
    waiting: watch::Receiver<usize>,
    open: Arc<Semaphore>,
}

impl Gate {
    /// A gate that lets `free` requests of that kind pass and holds back the others.
    pub(crate) async fn before(place: &Place, action: &'static str, free: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let host = listener.local_addr().expect("an address").to_string();
        let (announce, waiting) = watch::channel(0);
        let open = Arc::new(Semaphore::new(0));
        let (upstream, opened, seen) = (place.host.clone(), open.clone(), Arc::new(AtomicUsize::new(0)));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (upstream, opened, seen) = (upstream.clone(), opened.clone(), seen.clone());
                let announce = announce.clone();
                tokio::spawn(async move {
                    let mut stream = stream;
                    let Some(request) = read_request(&mut stream).await else { return };
                    let is_meant =
                        String::from_utf8_lossy(&request).contains(&format!("secretsmanager.{action}\r\n"));
                    if is_meant && seen.fetch_add(1, Ordering::SeqCst) >= free {
                        announce.send_modify(|waiting| *waiting += 1);
                        let _turn = opened.acquire().await;
                    }
                    let _ = stream.write_all(&forward(&upstream, &request).await).await;
                });
            }
        });
        Self { host, waiting, open }
    }

    /// Where it stands.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// Waits until a request is being held back.
    pub(crate) async fn is_reached(&self) {
        let mut waiting = self.waiting.clone();
        let reached = waiting.wait_for(|waiting| *waiting > 0);
        tokio::time::timeout(Duration::from_secs(20), reached)
            .await
            .expect("in time")
            .expect("the gate stands");
    }

    /// Lets all requests pass.
    pub(crate) fn open(&self) {
        self.open.add_permits(1_000);
    }
}

async fn read_request(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut request = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&request).to_ascii_lowercase();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.split("content-length:").nth(1).and_then(|rest| rest.lines().next());
            if body.len() >= length.and_then(|length| length.trim().parse().ok()).unwrap_or(0) {
                return Some(request);
            }
        }
        if stream.read_buf(&mut request).await.ok()? == 0 {
            return None;
        }
    }
}

async fn forward(host: &str, request: &[u8]) -> Vec<u8> {
    let mut upstream = TcpStream::connect(host).await.expect("the stand-in answers");
    upstream.write_all(request).await.expect("sent");
    let mut answer = Vec::new();
    // It answers in HTTP/1.0: the end of the answer is the end of the connection.
    upstream.read_to_end(&mut answer).await.expect("answered");
    answer
}

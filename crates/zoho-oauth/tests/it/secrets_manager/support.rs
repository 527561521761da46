//! moto, which emulates AWS Secrets Manager, and a gate that holds requests back.
//!
//! moto keeps versions, labels, tags and names as AWS does. It has no quotas (versions, requests,
//! sizes), no permissions and no KMS. Its lists and reads are never stale, and deletions take effect immediately.
//! Tests of those use responses that AWS documents.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use servers::Kind;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use zoho_oauth::store::SecretsManagerStore;

/// A name prefix in moto for one test.
#[derive(Clone, Debug)]
pub(crate) struct Namespace {
    pub(crate) prefix: String,
    url: String,
    pub(crate) host: String,
}

impl Namespace {
    pub(crate) fn new() -> Option<Self> {
        let url = servers::shared(Kind::SecretsManager)?;
        let (_, host) = url.split_once("endpoint=http://").expect("moto uses HTTP");
        let host = host.split('&').next().unwrap_or_default().to_owned();
        Some(Self { prefix: format!("test-{:032x}", rand::random::<u128>()), url, host })
    }

    pub(crate) fn url(&self) -> String {
        self.url.replacen("aws-secretsmanager:", &format!("aws-secretsmanager:{}", self.prefix), 1)
    }

    /// Opens the store as a separate program would.
    pub(crate) fn open(&self) -> SecretsManagerStore {
        // moto can be slow when many tests run concurrently.
        SecretsManagerStore::open(&format!("{}&timeout=60", self.url())).unwrap()
    }

    /// Opens the store through a gate.
    pub(crate) fn open_through(&self, gate: &Gate) -> SecretsManagerStore {
        let url = self.url().replacen(&self.host, &gate.host, 1);
        SecretsManagerStore::open(&format!("{url}&timeout=60")).unwrap()
    }

    /// The secrets with this prefix as AWS lists them.
    pub(crate) async fn secrets(&self) -> Vec<Value> {
        let filter = json!([{"Key": "name", "Values": [format!("{}/", self.prefix)]}]);
        let (mut all, mut next) = (Vec::new(), Value::Null);
        loop {
            let mut response = self.call("ListSecrets", json!({"Filters": filter, "NextToken": next})).await;
            all.extend(response["SecretList"].as_array().expect("a list").iter().cloned());
            next = response["NextToken"].take();
            if next.is_null() {
                return all;
            }
        }
    }

    /// The names of the secrets without the prefix.
    pub(crate) async fn names(&self) -> Vec<String> {
        let secrets = self.secrets().await;
        let name =
            |secret: &Value| secret["Name"].as_str().expect("a name")[self.prefix.len() + 1..].to_owned();
        secrets.iter().map(name).collect()
    }

    pub(crate) async fn call(&self, action: &str, body: Value) -> Value {
        let body = body.to_string();
        let authorization = "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/secretsmanager/aws4_request";
        let request = format!(
            "POST / HTTP/1.0\r\nHost: {}\r\nX-Amz-Target: secretsmanager.{action}\r\n\
            Content-Type: application/x-amz-json-1.1\r\nAuthorization: {authorization}\r\n\
            Content-Length: {}\r\n\r\n{body}",
            self.host,
            body.len(),
        );
        let response = forward(&self.host, request.as_bytes()).await;
        let text = String::from_utf8(response).unwrap();
        let (_, body) = text.split_once("\r\n\r\n").expect("a body");
        serde_json::from_str(body).unwrap()
    }
}

/// A proxy in front of moto that holds back requests of one kind until it is opened.
#[derive(Debug)]
pub(crate) struct Gate {
    host: String,
    waiting: watch::Receiver<usize>,
    open: Arc<Semaphore>,
}

impl Gate {
    /// A gate that lets the first `free` requests of that kind pass and holds back the others.
    pub(crate) async fn before(namespace: &Namespace, action: &'static str, free: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let host = listener.local_addr().expect("an address").to_string();
        let (announce, waiting) = watch::channel(0);
        let open = Arc::new(Semaphore::new(0));
        let (upstream, opened, seen) = (namespace.host.clone(), open.clone(), Arc::new(AtomicUsize::new(0)));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (upstream, opened, seen) = (upstream.clone(), opened.clone(), seen.clone());
                let announce = announce.clone();
                tokio::spawn(async move {
                    let mut stream = stream;
                    let Some(request) = read_request(&mut stream).await else { return };
                    let is_of_that_kind =
                        String::from_utf8_lossy(&request).contains(&format!("secretsmanager.{action}\r\n"));
                    if is_of_that_kind && seen.fetch_add(1, Ordering::SeqCst) >= free {
                        announce.send_modify(|waiting| *waiting += 1);
                        let _permit = opened.acquire().await;
                    }
                    let _ = stream.write_all(&forward(&upstream, &request).await).await;
                });
            }
        });
        Self { host, waiting, open }
    }

    /// The host and port of the gate.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// Waits until the gate holds a request back.
    pub(crate) async fn is_reached(&self) {
        let mut waiting = self.waiting.clone();
        let reached = waiting.wait_for(|waiting| *waiting > 0);
        tokio::time::timeout(Duration::from_secs(20), reached)
            .await
            .expect("in time")
            .expect("the gate is running");
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
    let mut upstream = TcpStream::connect(host).await.expect("moto accepts connections");
    upstream.write_all(request).await.unwrap();
    let mut response = Vec::new();
    // moto responds in HTTP/1.0: the end of the connection ends the response.
    upstream.read_to_end(&mut response).await.unwrap();
    response
}

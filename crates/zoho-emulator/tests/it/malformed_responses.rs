//! Responses that break the rules of HTTP or JSON, which a client must survive.

use std::io::Read as _;
use std::time::{Duration, Instant};

use flate2::read::GzDecoder;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use zoho_emulator::{Emulator, Fault};

use crate::{ADA, access_token, get, http, send, try_send};

const LEADS: &str = "/crm/v8/Leads?fields=Last_Name";
const ON_LEADS: &str = "GET /crm/v8/Leads";

async fn with_leads(count: usize) -> (Emulator, String) {
    let zoho = Emulator::start().await;
    zoho.add_records(ADA, "Leads", count);
    let token = access_token(&zoho);
    (zoho, token)
}

/// A connection on which a request for leads was sent, with additional headers.
async fn ask(zoho: &Emulator, token: &str, headers: &str) -> TcpStream {
    let address = zoho.base_url();
    let mut socket = TcpStream::connect(address.strip_prefix("http://").unwrap()).await.unwrap();
    let request = format!(
        "GET {LEADS} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Zoho-oauthtoken {token}\r\n{headers}\r\n"
    );
    socket.write_all(request.as_bytes()).await.unwrap();
    socket
}

/// Head and body of the response, read until the connection is closed.
async fn exchange(zoho: &Emulator, token: &str, headers: &str) -> (String, Vec<u8>) {
    let mut bytes = Vec::new();
    let mut socket = ask(zoho, token, &format!("Connection: close\r\n{headers}")).await;
    socket.read_to_end(&mut bytes).await.unwrap();
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
    (String::from_utf8(bytes[..end].to_vec()).unwrap(), bytes[end + 4..].to_vec())
}

fn content_length(head: &str) -> usize {
    let line = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    line.unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_long_response_is_compressed_only_for_a_client_that_accepts_gzip() {
    let (zoho, token) = with_leads(50).await;
    let (plain_head, plain) = exchange(&zoho, &token, "").await;
    assert!(!plain_head.contains("content-encoding"));
    let (head, compressed) = exchange(&zoho, &token, "Accept-Encoding: br, gzip;q=0.9\r\n").await;
    assert!(head.contains("content-encoding: gzip"));
    assert!(compressed.len() < plain.len() / 2);
    let mut body = Vec::new();
    GzDecoder::new(&compressed[..]).read_to_end(&mut body).unwrap();
    let (body, plain): (Value, Value) =
        (serde_json::from_slice(&body).unwrap(), serde_json::from_slice(&plain).unwrap());
    assert_eq!(body["data"], plain["data"]);
}

#[tokio::test]
async fn json_can_be_declared_as_html_and_html_as_json() {
    let (zoho, token) = with_leads(1).await;
    zoho.fault(Fault::on(ON_LEADS).content_type("text/html;charset=UTF-8"));
    let reply = get(&zoho, &token, LEADS).await;
    assert_eq!(reply.header("content-type"), "text/html;charset=UTF-8");
    assert_eq!(reply.json()["data"][0]["Last_Name"], "Record 1");

    zoho.fault(Fault::on(ON_LEADS).respond_as(200, "application/json", "<html>no</html>"));
    let reply = get(&zoho, &token, LEADS).await;
    assert_eq!((reply.header("content-type"), reply.text.as_str()), ("application/json", "<html>no</html>"));
}

#[tokio::test]
async fn a_gateway_in_front_of_zoho_responds_with_502_and_html() {
    let (zoho, token) = with_leads(1).await;
    zoho.fault(Fault::on(ON_LEADS).bad_gateway());
    let reply = get(&zoho, &token, LEADS).await;
    assert_eq!((reply.status, reply.header("content-type")), (502, "text/html;charset=UTF-8"));
}

#[tokio::test]
async fn an_error_body_can_have_status_200() {
    let (zoho, token) = with_leads(1).await;
    zoho.fault(Fault::on(ON_LEADS).crm_error(200, "INVALID_TOKEN"));
    assert_eq!(get(&zoho, &token, LEADS).await.crm_error(), (200, "INVALID_TOKEN".to_owned()));
}

#[tokio::test]
async fn gzip_can_be_truncated_although_the_body_has_its_declared_length() {
    let (zoho, token) = with_leads(50).await;
    zoho.fault(Fault::on(ON_LEADS).truncate_gzip());
    let (head, body) = exchange(&zoho, &token, "").await;
    assert!(head.contains("content-encoding: gzip"));
    assert_eq!(content_length(&head), body.len());
    assert!(GzDecoder::new(&body[..]).read_to_end(&mut Vec::new()).is_err());
}

#[tokio::test]
async fn a_body_can_be_truncated() {
    let (zoho, token) = with_leads(50).await;
    zoho.fault(Fault::on(ON_LEADS).truncate_body());
    let (head, body) = exchange(&zoho, &token, "").await;
    assert_eq!(content_length(&head) / 2, body.len());
    zoho.fault(Fault::on(ON_LEADS).truncate_body());
    assert!(try_send(http().get(zoho.base_url() + LEADS)).await.is_err());
}

#[tokio::test]
async fn an_endless_response_lasts_as_long_as_the_client_reads() {
    let (zoho, token) = with_leads(1).await;
    zoho.fault(Fault::on(ON_LEADS).endless());
    let mut socket = ask(&zoho, &token, "").await;
    let mut buffer = vec![0; 1 << 16];
    let mut read = 0;
    while read < 50 << 20 {
        let length = socket.read(&mut buffer).await.unwrap();
        assert!(length > 0);
        read += length;
    }
    drop(socket);
    assert_eq!(get(&zoho, &token, LEADS).await.status, 200);
}

#[tokio::test]
async fn a_flood_can_declare_two_gigabytes() {
    let (zoho, token) = with_leads(1).await;
    zoho.fault(Fault::on(ON_LEADS).flood(2 << 30));
    let mut socket = ask(&zoho, &token, "").await;
    let mut beginning = vec![0; 4096];
    socket.read_exact(&mut beginning).await.unwrap();
    let text = String::from_utf8(beginning).unwrap();
    assert!(text.contains("content-length: 2147483648\r\n"));
    assert!(text.contains("{\"data\":[{\"id\":\""));
}

#[tokio::test]
async fn a_flood_has_exactly_its_declared_length_and_is_json() {
    let (zoho, token) = with_leads(1).await;
    zoho.fault(Fault::on(ON_LEADS).flood(1_000_003));
    let reply = get(&zoho, &token, LEADS).await;
    assert_eq!(reply.text.len(), 1_000_003);
    assert!(reply.json()["data"].as_array().unwrap().len() > 10_000);
}

#[tokio::test]
async fn arrays_can_be_nested_ten_thousand_deep() {
    let (zoho, token) = with_leads(1).await;
    zoho.fault(Fault::on(ON_LEADS).nested_arrays(10_000));
    let reply = get(&zoho, &token, LEADS).await;
    assert_eq!((reply.status, reply.text.len()), (200, 20_000));
    assert_eq!(reply.header("content-type"), "application/json;charset=UTF-8");
}

#[tokio::test]
async fn a_slow_head_reaches_a_patient_client_and_not_one_with_a_short_timeout() {
    let (zoho, token) = with_leads(1).await;
    zoho.fault(Fault::on(ON_LEADS).times(2).slow_head(Duration::from_millis(2)));
    let started = Instant::now();
    let reply = get(&zoho, &token, LEADS).await;
    assert_eq!((reply.status, &reply.json()["data"][0]["Last_Name"]), (200, &Value::from("Record 1")));
    assert!(started.elapsed() > Duration::from_millis(200));
    let url = zoho.base_url() + LEADS;
    let impatient = http().get(url).header("Authorization", format!("Zoho-oauthtoken {token}"));
    assert!(try_send(impatient.timeout(Duration::from_millis(50))).await.err().unwrap().is_timeout());
}

#[tokio::test]
async fn a_slow_body_arrives_byte_by_byte_after_its_head() {
    let (zoho, token) = with_leads(1).await;
    zoho.fault(Fault::on(ON_LEADS).slow_body(Duration::from_millis(2)));
    let mut socket = ask(&zoho, &token, "").await;
    let mut buffer = vec![0; 1 << 16];
    let mut reads = 0;
    while socket.read(&mut buffer).await.unwrap() > 0 {
        reads += 1;
    }
    assert!(reads > 50, "{reads}");
}

#[tokio::test]
async fn a_redirect_can_point_to_another_host() {
    let (zoho, token) = with_leads(1).await;
    zoho.fault(Fault::on(ON_LEADS).redirect("http://127.0.0.2:9/crm/v8/Leads"));
    let reply = get(&zoho, &token, LEADS).await;
    assert_eq!((reply.status, reply.header("location")), (307, "http://127.0.0.2:9/crm/v8/Leads"));
}

#[tokio::test]
async fn a_fault_in_json_has_the_same_effect() {
    let (zoho, token) = with_leads(1).await;
    let install =
        async |fault: Value| send(http().post(zoho.base_url() + "/_emulator/faults").json(&fault)).await;
    for (fault, status) in [
        (serde_json::json!({ "on": ON_LEADS, "effect": "crm_error", "status": 503, "code": "X" }), 503),
        (serde_json::json!({ "on": ON_LEADS, "effect": "bad_gateway" }), 502),
        (serde_json::json!({ "on": ON_LEADS, "effect": "nested_arrays", "depth": 3 }), 200),
        (serde_json::json!({ "on": ON_LEADS, "effect": "redirect", "url": "http://127.0.0.2/" }), 307),
        (serde_json::json!({ "on": ON_LEADS, "effect": "flood", "bytes": 500 }), 200),
        (serde_json::json!({ "on": ON_LEADS, "effect": "content_type", "content_type": "text/plain" }), 200),
        (serde_json::json!({ "on": ON_LEADS, "effect": "slow_body", "milliseconds": 1 }), 200),
        (
            serde_json::json!({ "on": ON_LEADS, "effect": "respond", "status": 207, "content_type": "a/b" }),
            207,
        ),
    ] {
        assert_eq!(install(fault).await.status, 200);
        assert_eq!(get(&zoho, &token, LEADS).await.status, status);
    }
    let incomplete = install(serde_json::json!({ "on": ON_LEADS, "effect": "flood" })).await;
    assert_eq!((incomplete.status, incomplete.text.contains("effect `flood` requires `bytes`")), (400, true));
}

//! Faults: what the client sees, and whether the request was processed.

use std::pin::pin;
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use zoho_emulator::{Emulator, Fault};

use crate::{
    ADA, access_token, exchange, get, http, post_token, refresh, refresh_token, send, try_send,
    until_faults_applied,
};

/// Sends a POST over a plain socket and returns every byte until the connection is closed.
async fn bytes_of_response(zoho: &Emulator, path: &str) -> Vec<u8> {
    let address = zoho.base_url();
    let mut socket = TcpStream::connect(address.strip_prefix("http://").unwrap()).await.unwrap();
    let request = format!("POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n");
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    let _ = socket.read_to_end(&mut bytes).await;
    bytes
}

#[tokio::test]
async fn drop_before_sends_nothing_and_does_nothing() {
    let zoho = Emulator::start().await;
    let token = refresh_token(&zoho);
    zoho.fault(Fault::on("POST /oauth/v2/token/revoke").drop_before());
    assert_eq!(bytes_of_response(&zoho, &format!("/oauth/v2/token/revoke?token={token}")).await, b"");
    assert!(zoho.is_refresh_token_valid(&token));
}

#[tokio::test]
async fn drop_after_sends_nothing_but_processes_the_request() {
    let zoho = Emulator::start().await;
    let token = refresh_token(&zoho);
    zoho.fault(Fault::on("POST /oauth/v2/token/revoke").drop_after());
    assert_eq!(bytes_of_response(&zoho, &format!("/oauth/v2/token/revoke?token={token}")).await, b"");
    assert!(!zoho.is_refresh_token_valid(&token));
}

#[tokio::test]
async fn a_code_is_used_if_the_response_is_lost_and_not_if_the_request_is() {
    let zoho = Emulator::start().await;
    let client = zoho.default_client();
    for (fault, spent) in [
        (Fault::on("POST /oauth/v2/token").drop_before(), false),
        (Fault::on("POST /oauth/v2/token").drop_after(), true),
    ] {
        let code = zoho.self_client_code(ADA);
        let form = [
            ("grant_type", "authorization_code"),
            ("code", &code),
            ("client_id", client.id()),
            ("client_secret", client.secret()),
        ];
        zoho.fault(fault);
        let lost = try_send(http().post(zoho.base_url() + "/oauth/v2/token").form(&form)).await;
        assert!(lost.is_err());
        assert_eq!(exchange(&zoho, &code).await.json().get("error").is_some(), spent);
    }
    let without_response = zoho.journal().count_where(|entry| entry.status.is_none());
    assert_eq!((zoho.journal().count("POST /oauth/v2/token"), without_response), (4, 2));
}

#[tokio::test]
async fn a_dropped_connection_does_not_affect_others() {
    let zoho = Emulator::start().await;
    zoho.fault(Fault::on("GET /oauth/serverinfo").drop_before());
    let http = http();
    let url = zoho.base_url() + "/oauth/serverinfo";
    assert!(try_send(http.get(&url)).await.is_err());
    assert_eq!(send(http.get(&url)).await.status, 200);
}

#[tokio::test]
async fn a_hanging_request_gets_no_response_and_does_nothing() {
    let zoho = Emulator::start().await;
    let token = refresh_token(&zoho);
    zoho.fault(Fault::on("POST /oauth/v2/token/revoke").hang());
    let url = format!("{}/oauth/v2/token/revoke?token={token}", zoho.base_url());
    let mut request = tokio::spawn(try_send(http().post(url)));
    until_faults_applied(&zoho).await;
    assert!(timeout(Duration::from_millis(500), &mut request).await.is_err());
    request.abort();
    assert!(zoho.is_refresh_token_valid(&token));
    assert_eq!(zoho.journal().count("POST /oauth/v2/token/revoke"), 1);
}

#[tokio::test]
async fn hang_for_closes_the_connection_after_its_time() {
    let zoho = Emulator::start().await;
    zoho.fault(Fault::on("GET /oauth/serverinfo").hang_for(Duration::from_millis(200)));
    let started = Instant::now();
    let failed = try_send(http().get(zoho.base_url() + "/oauth/serverinfo")).await;
    assert!(!failed.err().unwrap().is_timeout());
    assert!(started.elapsed() >= Duration::from_millis(200));
}

#[tokio::test]
async fn a_delayed_request_is_processed_immediately_and_gets_its_response_later() {
    let zoho = Emulator::start().await;
    let token = refresh_token(&zoho);
    zoho.fault(Fault::on("POST /oauth/v2/token").delay(Duration::from_millis(200)));
    let started = Instant::now();
    assert_eq!(refresh(&zoho, &token).await.status, 200);
    assert!(started.elapsed() >= Duration::from_millis(200));

    zoho.fault(Fault::on("POST /oauth/v2/token").delay(Duration::from_secs(3600)));
    let mut response = pin!(refresh(&zoho, &token));
    let processed = async {
        while zoho.live_access_tokens(&token) < 2 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::select! {
        reply = &mut response => panic!("a response after {:?}: {}", started.elapsed(), reply.text),
        () = processed => {}
    }
}

#[tokio::test]
async fn a_held_request_is_processed_immediately_and_gets_its_response_when_the_faults_are_cleared() {
    let zoho = Emulator::start().await;
    let token = refresh_token(&zoho);
    zoho.fault(Fault::on("POST /oauth/v2/token").hold());
    let mut response = pin!(refresh(&zoho, &token));
    let processed = async {
        while zoho.live_access_tokens(&token) < 1 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    tokio::select! {
        reply = &mut response => panic!("a response before the faults were cleared: {}", reply.text),
        () = processed => {}
    }
    zoho.clear_faults();
    assert_eq!(response.await.status, 200);
}

#[tokio::test]
async fn a_fault_happens_once_by_default() {
    let zoho = Emulator::start().await;
    let token = access_token(&zoho);
    zoho.fault(Fault::on("GET /crm/v8/org").status_500());
    zoho.fault(Fault::on("GET /crm/v8/org").times(2).throttle());
    let mut statuses = Vec::new();
    for _ in 0..4 {
        statuses.push(get(&zoho, &token, "/crm/v8/org").await.status);
    }
    assert_eq!(statuses, [500, 429, 429, 200]);
    assert_eq!(zoho.pending_faults(), 0);
}

#[tokio::test]
async fn clear_faults_ends_a_fault_that_is_forever() {
    let zoho = Emulator::start().await;
    let token = access_token(&zoho);
    zoho.fault(Fault::on("GET /crm/v8/*").forever().status_500());
    for _ in 0..3 {
        let reply = get(&zoho, &token, "/crm/v8/users").await;
        assert_eq!(reply.crm_error(), (500, "INTERNAL_ERROR".to_owned()));
    }
    zoho.clear_faults();
    assert_eq!(get(&zoho, &token, "/crm/v8/users").await.status, 200);
}

#[tokio::test]
async fn a_fault_can_send_html_instead_of_json() {
    let zoho = Emulator::start().await;
    zoho.fault(Fault::on("POST /oauth/v2/token").html());
    let reply = refresh(&zoho, &refresh_token(&zoho)).await;
    assert_eq!((reply.status, reply.header("content-type")), (200, "text/html;charset=UTF-8"));
    assert!(reply.text.contains("<html>"));
}

#[tokio::test]
async fn a_fault_can_send_any_response() {
    let zoho = Emulator::start().await;
    zoho.fault(Fault::on("POST /oauth/v2/token").respond(503, r#"{"error":"general_error"}"#));
    let reply = refresh(&zoho, &refresh_token(&zoho)).await;
    assert_eq!((reply.status, reply.json()), (503, json!({ "error": "general_error" })));
    assert_eq!(reply.header("content-type"), "application/json;charset=UTF-8");
}

#[tokio::test]
async fn a_throttle_fault_does_not_count_towards_the_quota() {
    let zoho = Emulator::builder().access_tokens_per_window(1).start().await;
    let token = refresh_token(&zoho);
    zoho.fault(Fault::on("POST /oauth/v2/token").throttle());
    assert_eq!(refresh(&zoho, &token).await.json()["error"], "Access Denied");
    assert_eq!(zoho.throttle_events(), 1);
    assert_eq!(refresh(&zoho, &token).await.status, 200);
}

#[tokio::test]
async fn a_fault_can_be_limited_to_one_grant_type() {
    let zoho = Emulator::start().await;
    zoho.fault(Fault::on("POST /oauth/v2/token").when("grant_type", "refresh_token").status_500());
    assert_eq!(exchange(&zoho, &zoho.self_client_code(ADA)).await.status, 200);
    assert_eq!(refresh(&zoho, &refresh_token(&zoho)).await.status, 500);
}

#[tokio::test]
async fn a_dropped_emulator_closes_open_connections() {
    let zoho = Emulator::start().await;
    let (http, url) = (http(), zoho.base_url() + "/oauth/serverinfo");
    assert_eq!(send(http.get(&url)).await.status, 200);
    drop(zoho);
    assert!(try_send(http.get(&url)).await.is_err());
}

#[tokio::test]
async fn the_journal_records_requests_and_the_status_of_their_responses() {
    let zoho = Emulator::start().await;
    let journal = zoho.journal();
    post_token(&zoho, &[("grant_type", "refresh_token"), ("refresh_token", "1000.no.such")]).await;
    get(&zoho, "1000.no.such", "/crm/v8/Leads?fields=Email&page=1").await;

    let entries = journal.entries();
    assert_eq!(entries[0].parameter("refresh_token"), Some("1000.no.such"));
    assert_eq!((entries[0].method.as_str(), entries[0].status), ("POST", Some(200)));
    assert_eq!(entries[1].header("authorization"), Some("Zoho-oauthtoken 1000.no.such"));
    assert_eq!((entries[1].path.as_str(), entries[1].parameter("page")), ("/crm/v8/Leads", Some("1")));
    assert!(entries[0].at <= entries[1].at && entries[1].at <= zoho.now_ms());
    assert_eq!(journal.count("GET /crm/v8/Leads"), 1);
    assert_eq!(journal.count_where(|entry| entry.status == Some(401)), 1);
    journal.clear();
    assert_eq!((journal.count("GET /crm/v8/Leads"), journal.entries().len()), (0, 0));
}

#[test]
fn an_emulator_needs_no_runtime_and_serves_a_test_that_blocks() {
    use std::io::{Read, Write};

    let zoho = Emulator::builder().start_blocking().unwrap();
    let address = zoho.base_url();
    let mut socket = std::net::TcpStream::connect(address.strip_prefix("http://").unwrap()).unwrap();
    socket
        .write_all(b"GET /oauth/serverinfo HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        .unwrap();
    let mut response = String::new();
    socket.read_to_string(&mut response).unwrap();
    assert!(response.starts_with("HTTP/1.1 200 OK"));
}

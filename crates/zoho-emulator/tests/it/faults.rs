//! What goes wrong on purpose: on the wire, and in what was done or not done.

use std::time::{Duration, Instant};

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use zoho_emulator::{Emulator, Fault};

use crate::{ADA, access_token, exchange, get, http, post_token, refresh, refresh_token, send, try_send};

/// Sends a POST over a bare socket and gives every byte that comes back before the connection ends.
async fn bytes_of_answer(zoho: &Emulator, path: &str) -> Vec<u8> {
    let address = zoho.base_url();
    let mut socket = TcpStream::connect(address.strip_prefix("http://").unwrap()).await.unwrap();
    let request = format!("POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n");
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    let _ = socket.read_to_end(&mut bytes).await;
    bytes
}

#[tokio::test]
async fn a_connection_dropped_before_acting_gives_no_byte_and_does_nothing() {
    let zoho = Emulator::start().await;
    let token = refresh_token(&zoho);
    zoho.fault(Fault::on("POST /oauth/v2/token/revoke").drop_before());
    assert_eq!(bytes_of_answer(&zoho, &format!("/oauth/v2/token/revoke?token={token}")).await, b"");
    assert!(zoho.is_refresh_token_valid(&token));
}

#[tokio::test]
async fn a_connection_dropped_after_acting_gives_no_byte_but_it_is_done() {
    let zoho = Emulator::start().await;
    let token = refresh_token(&zoho);
    zoho.fault(Fault::on("POST /oauth/v2/token/revoke").drop_after());
    assert_eq!(bytes_of_answer(&zoho, &format!("/oauth/v2/token/revoke?token={token}")).await, b"");
    assert!(!zoho.is_refresh_token_valid(&token));
}

#[tokio::test]
async fn a_code_is_spent_when_the_answer_gets_lost_and_not_when_the_request_does() {
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
    let unanswered = zoho.journal().count_where(|entry| entry.status.is_none());
    assert_eq!((zoho.journal().count("POST /oauth/v2/token"), unanswered), (4, 2));
}

#[tokio::test]
async fn a_dropped_connection_leaves_other_connections_alone() {
    let zoho = Emulator::start().await;
    zoho.fault(Fault::on("GET /oauth/serverinfo").drop_before());
    let http = http();
    let url = zoho.base_url() + "/oauth/serverinfo";
    assert!(try_send(http.get(&url)).await.is_err());
    assert_eq!(send(http.get(&url)).await.status, 200);
}

#[tokio::test]
async fn a_hanging_request_is_never_answered_and_does_nothing() {
    let zoho = Emulator::start().await;
    let token = refresh_token(&zoho);
    zoho.fault(Fault::on("POST /oauth/v2/token/revoke").hang());
    let url = format!("{}/oauth/v2/token/revoke?token={token}", zoho.base_url());
    let failed = try_send(http().post(url).timeout(Duration::from_secs(1))).await;
    assert!(failed.err().unwrap().is_timeout());
    assert!(zoho.is_refresh_token_valid(&token));
    assert_eq!(zoho.journal().count("POST /oauth/v2/token/revoke"), 1);
}

#[tokio::test]
async fn a_hang_with_a_time_ends_with_a_closed_connection() {
    let zoho = Emulator::start().await;
    zoho.fault(Fault::on("GET /oauth/serverinfo").hang_for(Duration::from_millis(200)));
    let started = Instant::now();
    let failed = try_send(http().get(zoho.base_url() + "/oauth/serverinfo")).await;
    assert!(!failed.err().unwrap().is_timeout());
    assert!(started.elapsed() >= Duration::from_millis(200));
}

#[tokio::test]
async fn a_delayed_request_is_carried_out_at_once_and_answered_late() {
    let zoho = Emulator::start().await;
    let token = refresh_token(&zoho);
    zoho.fault(Fault::on("POST /oauth/v2/token").delay(Duration::from_millis(500)));
    let answered = async {
        assert_eq!(refresh(&zoho, &token).await.status, 200);
        Instant::now()
    };
    let carried_out = async {
        while zoho.live_access_tokens(&token) == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Instant::now()
    };
    let (answered, carried_out) = tokio::join!(answered, carried_out);
    assert!(carried_out + Duration::from_millis(250) < answered);
}

#[tokio::test]
async fn a_fault_happens_once_unless_told_otherwise() {
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
async fn a_fault_that_is_forever_ends_when_faults_are_cleared() {
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
async fn html_can_come_where_json_is_expected() {
    let zoho = Emulator::start().await;
    zoho.fault(Fault::on("POST /oauth/v2/token").html());
    let reply = refresh(&zoho, &refresh_token(&zoho)).await;
    assert_eq!((reply.status, reply.header("content-type")), (200, "text/html;charset=UTF-8"));
    assert!(reply.text.contains("<html>"));
}

#[tokio::test]
async fn any_answer_can_be_given() {
    let zoho = Emulator::start().await;
    zoho.fault(Fault::on("POST /oauth/v2/token").respond(503, r#"{"error":"general_error"}"#));
    let reply = refresh(&zoho, &refresh_token(&zoho)).await;
    assert_eq!((reply.status, reply.json()), (503, json!({ "error": "general_error" })));
    assert_eq!(reply.header("content-type"), "application/json;charset=UTF-8");
}

#[tokio::test]
async fn a_throttle_fault_does_not_touch_the_quota() {
    let zoho = Emulator::builder().access_tokens_per_window(1).start().await;
    let token = refresh_token(&zoho);
    zoho.fault(Fault::on("POST /oauth/v2/token").throttle());
    assert_eq!(refresh(&zoho, &token).await.json()["error"], "Access Denied");
    assert_eq!(zoho.throttle_events(), 1);
    assert_eq!(refresh(&zoho, &token).await.status, 200);
}

#[tokio::test]
async fn a_fault_can_be_for_one_grant_type_only() {
    let zoho = Emulator::start().await;
    zoho.fault(Fault::on("POST /oauth/v2/token").when("grant_type", "refresh_token").status_500());
    assert_eq!(exchange(&zoho, &zoho.self_client_code(ADA)).await.status, 200);
    assert_eq!(refresh(&zoho, &refresh_token(&zoho)).await.status, 500);
}

#[tokio::test]
async fn an_emulator_that_is_dropped_answers_no_more_even_on_open_connections() {
    let zoho = Emulator::start().await;
    let (http, url) = (http(), zoho.base_url() + "/oauth/serverinfo");
    assert_eq!(send(http.get(&url)).await.status, 200);
    drop(zoho);
    assert!(try_send(http.get(&url)).await.is_err());
}

#[tokio::test]
async fn the_journal_keeps_what_arrived_and_how_it_was_answered() {
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
fn an_emulator_needs_no_runtime_and_answers_a_test_that_blocks() {
    use std::io::{Read, Write};

    let zoho = Emulator::builder().start_blocking().unwrap();
    let address = zoho.base_url();
    let mut socket = std::net::TcpStream::connect(address.strip_prefix("http://").unwrap()).unwrap();
    socket
        .write_all(b"GET /oauth/serverinfo HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        .unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK"));
}

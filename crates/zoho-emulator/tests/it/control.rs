//! The control endpoints, as a test in another process uses them.

use reqwest::Method;
use serde_json::{Value, json};
use zoho_emulator::{ClientApp, Emulator};

use crate::{ADA, Reply, access_token, exchange, http, parameter, refresh, refresh_token, send};

async fn control(zoho: &Emulator, method: Method, path: &str, body: Value) -> Reply {
    send(http().request(method, format!("{}/_emulator/{path}", zoho.base_url())).json(&body)).await
}

async fn post(zoho: &Emulator, path: &str, body: Value) -> Reply {
    control(zoho, Method::POST, path, body).await
}

async fn read(zoho: &Emulator, path: &str) -> Value {
    send(http().get(format!("{}/_emulator/{path}", zoho.base_url()))).await.json()
}

#[tokio::test]
async fn the_state_contains_what_another_process_needs() {
    let zoho = Emulator::start().await;
    access_token(&zoho);
    let state = read(&zoho, "state").await;
    assert_eq!(state["data_centers"], json!({ "us": zoho.base_url() }));
    assert_eq!(state["clients"][0]["secret"], json!(zoho.default_client().secret()));
    assert_eq!(state["users"][0]["email"], ADA);
    assert_eq!((&state["live_refresh_tokens"], &state["live_access_tokens"]), (&json!(1), &json!(1)));
}

#[tokio::test]
async fn codes_and_tokens_can_be_issued_by_another_process() {
    let zoho = Emulator::start().await;
    let code = send(http().post(zoho.base_url() + "/_emulator/self_client_code")).await.json();
    assert_eq!(exchange(&zoho, code["code"].as_str().unwrap()).await.status, 200);
    let made = post(&zoho, "refresh_token", json!({ "user": ADA })).await.json();
    assert!(zoho.is_refresh_token_valid(made["refresh_token"].as_str().unwrap()));
    let made = post(&zoho, "access_token", made).await.json();
    assert!(zoho.is_access_token_valid(made["access_token"].as_str().unwrap()));
    let narrow = json!({ "scope": "ZohoCRM.users.READ", "client_id": zoho.default_client().id() });
    let code = post(&zoho, "self_client_code", narrow).await.json();
    let tokens = exchange(&zoho, code["code"].as_str().unwrap()).await.json();
    assert_eq!(tokens["scope"], "ZohoCRM.users.READ");
}

#[tokio::test]
async fn tokens_can_be_invalidated_by_another_process() {
    let zoho = Emulator::start().await;
    let parent = refresh_token(&zoho);
    let token = zoho.issue_access_token(&parent);
    assert_eq!(post(&zoho, "invalidate_access_token", json!({ "access_token": token })).await.status, 200);
    assert!(!zoho.is_access_token_valid(&token));
    let token = zoho.issue_access_token(&parent);
    assert_eq!(post(&zoho, "expire_access_tokens", json!({})).await.status, 200);
    assert!(!zoho.is_access_token_valid(&token));
    let body = json!({ "refresh_token": parent });
    assert_eq!(post(&zoho, "evict_refresh_token", body.clone()).await.status, 200);
    assert_eq!(post(&zoho, "evict_refresh_token", body).await.status, 404);
}

#[tokio::test]
async fn faults_can_be_installed_and_removed_by_another_process() {
    let zoho = Emulator::start().await;
    let token = refresh_token(&zoho);
    let fault = json!({
        "on": "POST /oauth/v2/token",
        "when": { "grant_type": "refresh_token" },
        "times": 2,
        "effect": "respond",
        "status": 502,
        "body": "<html></html>",
    });
    assert_eq!(post(&zoho, "faults", fault).await.json(), json!({ "pending_faults": 1 }));
    assert_eq!(refresh(&zoho, &token).await.status, 502);
    assert_eq!(control(&zoho, Method::DELETE, "faults", json!({})).await.status, 200);
    assert_eq!(refresh(&zoho, &token).await.status, 200);
    for effect in
        ["hang", "drop_before", "drop_after", "status_500", "html", "throttle", "throttle_localized"]
    {
        let fault = json!({ "on": "GET /nowhere", "effect": effect, "forever": true });
        assert_eq!(post(&zoho, "faults", fault).await.status, 200);
    }
    let wrong = [
        json!({ "on": "*" }),
        json!({ "on": "*", "effect": "explode" }),
        json!({ "on": "*", "effect": "delay" }),
        json!({ "on": "*", "effect": "respond" }),
        json!({ "on": "*", "effect": "respond", "status": 99 }),
        json!({ "on": "*", "effect": "html", "time": 3 }),
    ];
    for fault in wrong {
        assert_eq!(post(&zoho, "faults", fault).await.status, 400);
    }
}

#[tokio::test]
async fn the_journal_can_be_read_and_cleared_by_another_process() {
    let zoho = Emulator::start().await;
    refresh(&zoho, "1000.no.such").await;
    let journal = read(&zoho, "journal?of=POST%20/oauth/v2/token").await;
    assert_eq!((&journal["count"], &journal["entries"][0]["status"]), (&json!(1), &json!(200)));
    assert_eq!(read(&zoho, "journal?of=GET%20/").await, json!({ "count": 0, "entries": [] }));
    control(&zoho, Method::DELETE, "journal", json!({})).await;
    assert_eq!(read(&zoho, "journal").await["count"], 0);
}

#[tokio::test]
async fn the_clock_can_be_advanced_by_another_process() {
    let zoho = Emulator::start().await;
    let token = access_token(&zoho);
    let before = zoho.now_ms();
    let now = post(&zoho, "advance", json!({ "seconds": 3600 })).await.json();
    assert!(now["now_ms"].as_u64().unwrap() >= before + 3_600_000);
    assert!(!zoho.is_access_token_valid(&token));
    assert_eq!(post(&zoho, "advance", json!({ "seconds": -1 })).await.status, 400);
    assert_eq!(post(&zoho, "advance", json!({})).await.status, 400);
}

#[tokio::test]
async fn a_login_can_be_simulated_by_another_process() {
    let zoho = Emulator::builder()
        .client(ClientApp::new("1000.C", "s").redirect_url("http://127.0.0.1/callback"))
        .start()
        .await;
    let url = format!(
        "{}/oauth/v2/auth?response_type=code&client_id=1000.C&scope=ZohoCRM.org.READ\
         &redirect_uri=http%3A%2F%2F127.0.0.1%2Fcallback",
        zoho.base_url()
    );
    let reply = post(&zoho, "log_in", json!({ "url": url, "user": ADA })).await.json();
    assert!(parameter(reply["callback"].as_str().unwrap(), "code").is_some());
    assert_eq!(post(&zoho, "log_in", json!({ "url": "nonsense" })).await.status, 400);
}

#[tokio::test]
async fn unknown_endpoints_users_clients_and_tokens_are_not_found() {
    let zoho = Emulator::start().await;
    assert_eq!(post(&zoho, "nonsense", json!({})).await.status, 404);
    for (path, body) in [
        ("self_client_code", json!({ "user": "nobody@example.com" })),
        ("refresh_token", json!({ "client_id": "1000.NOBODY" })),
        ("access_token", json!({ "refresh_token": "1000.no.such" })),
        ("invalidate_access_token", json!({ "access_token": "1000.no.such" })),
    ] {
        assert_eq!(post(&zoho, path, body).await.status, 404);
    }
}

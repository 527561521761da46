//! Every error message of the emulator in one snapshot, so that the language can be read in one place. Error responses
//! that quote Zoho are not part of it.

use std::fmt::Write as _;

use serde_json::{Value, json};
use zoho_emulator::{ClientApp, Emulator, EmulatorBuilder, User};

use crate::{ADA, http, send};

#[tokio::test]
async fn every_message_is_in_the_snapshot() {
    let mut messages = String::new();
    let mut add = |what: &str, message: &str| writeln!(messages, "{what}\n    {message}").unwrap();

    for (what, builder) in invalid_builders() {
        add(what, &builder.try_start().await.unwrap_err().to_string());
    }
    let zoho = Emulator::builder()
        .client(ClientApp::new("1000.CLIENT", "secret").redirect_url("http://127.0.0.1/callback"))
        .start()
        .await;
    let authorize = |query: &str| format!("{}/oauth/v2/auth?{query}", zoho.base_url());
    for (url, user) in [
        ("no URL".to_owned(), ADA),
        (authorize("client_id=1000.NOBODY"), ADA),
        (authorize("client_id=1000.CLIENT"), ADA),
        (authorize("client_id=1000.CLIENT&response_type=code"), ADA),
        (authorize("client_id=1000.CLIENT&response_type=code&redirect_uri=http://127.0.0.1/callback"), ADA),
        (
            authorize(
                "client_id=1000.CLIENT&response_type=code&redirect_uri=http://127.0.0.1/callback&scope=ZohoCRM.org.READ",
            ),
            "nobody@example.com",
        ),
    ] {
        add("log_in", &zoho.log_in(&url, user).unwrap_err());
    }
    for (path, body) in invalid_control_requests() {
        let reply = send(http().post(format!("{}/_emulator/{path}", zoho.base_url())).json(&body)).await;
        assert!(matches!(reply.status, 400 | 404), "{path}: {}", reply.text);
        add(&format!("POST /_emulator/{path}"), reply.json()["error"].as_str().unwrap());
    }
    insta::assert_snapshot!(messages);
}

fn invalid_builders() -> [(&'static str, EmulatorBuilder); 5] {
    let builder = Emulator::builder;
    [
        ("data_centers", builder().data_centers(Vec::<String>::new())),
        ("clock_speed", builder().clock_speed(0.0)),
        ("User::data_center", builder().data_centers(["us", "eu"]).user(User::new(ADA).data_center("in"))),
        ("auto_consent", builder().auto_consent("nobody@example.com")),
        ("records", builder().records("Courses", Vec::new())),
    ]
}

fn invalid_control_requests() -> Vec<(&'static str, Value)> {
    vec![
        ("nothing", json!({})),
        ("faults", json!({ "on": "*" })),
        ("faults", json!({ "on": "*", "effect": "explode" })),
        ("faults", json!({ "on": "*", "effect": "flood" })),
        ("faults", json!({ "on": "*", "effect": "respond", "status": 99 })),
        ("advance", json!({ "seconds": -1 })),
        ("self_client_code", json!({ "client_id": "1000.NOBODY" })),
        ("self_client_code", json!({ "user": "nobody@example.com" })),
        ("self_client_code", json!({ "scope": "ZohoCRM..ALL" })),
        ("access_token", json!({ "refresh_token": "1000.unknown" })),
        ("invalidate_access_token", json!({ "access_token": "1000.unknown" })),
        ("fields", json!({ "api_name": "Fee", "data_type": "currency" })),
        ("fields", json!({ "module": "Courses", "api_name": "Fee", "data_type": "currency" })),
        ("fields", json!({ "module": "Leads", "api_name": "Fee", "data_type": "money" })),
        ("fields", json!({ "module": "Leads", "api_name": "Fee", "data_type": "lookup" })),
    ]
}

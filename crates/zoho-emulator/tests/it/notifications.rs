//! Notifications and callbacks: what the emulator posts, and where.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::time::timeout;
use zoho_emulator::Emulator;

use crate::{Reply, access_token, call, get};

const WATCH: &str = "/crm/v8/actions/watch";

/// A server on the loopback interface that keeps what is posted.
struct Listener {
    url: String,
    received: mpsc::UnboundedReceiver<(String, Value)>,
}

impl Listener {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook?from=zoho", listener.local_addr().unwrap());
        let (sender, received) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Ok((mut socket, _)) = listener.accept().await {
                let mut bytes = Vec::new();
                let mut buffer = [0; 4096];
                let request = loop {
                    let length = socket.read(&mut buffer).await.unwrap();
                    bytes.extend_from_slice(&buffer[..length]);
                    let text = String::from_utf8_lossy(&bytes).into_owned();
                    if let Some((head, body)) = text.split_once("\r\n\r\n")
                        && let Ok(body) = serde_json::from_str(body)
                    {
                        break (head.to_owned(), body);
                    }
                };
                socket.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await.unwrap();
                sender.send(request).unwrap();
            }
        });
        Self { url, received }
    }

    /// The next post: head and body.
    async fn next(&mut self) -> (String, Value) {
        timeout(Duration::from_secs(60), self.received.recv()).await.unwrap().unwrap()
    }

    async fn receives_nothing(&mut self) -> bool {
        timeout(Duration::from_millis(200), self.received.recv()).await.is_err()
    }
}

async fn watch(zoho: &Emulator, token: &str, method: Method, channel: Value) -> Reply {
    call(zoho, token, method, WATCH, Some(json!({ "watch": [channel] }))).await
}

async fn write(zoho: &Emulator, token: &str, method: Method, path: &str, fields: Value) -> String {
    let reply = call(zoho, token, method, path, Some(json!({ "data": [fields] }))).await;
    reply.json()["data"][0]["details"]["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_channel_is_notified_of_created_changed_and_deleted_records() {
    let (zoho, mut listener) = (Emulator::start().await, Listener::start().await);
    let token = access_token(&zoho);
    let channel = json!({
        "channel_id": "1000000068001", "events": ["Leads.all", "Deals.delete"], "notify_url": listener.url,
        "token": "PROOF", "return_affected_field_values": true,
    });
    let reply = watch(&zoho, &token, Method::POST, channel).await;
    assert_eq!(reply.status, 201);
    let events = &reply.json()["watch"][0]["details"]["events"];
    assert_eq!(
        (&events[0]["resource_name"], &events[1]["resource_name"]),
        (&json!("Leads"), &json!("Deals"))
    );
    assert_eq!(events[0]["resource_uri"], format!("{}/crm/v8/Leads", zoho.base_url()));

    let id = write(&zoho, &token, Method::POST, "/crm/v8/Leads", json!({ "Last_Name": "Boyle" })).await;
    let (head, message) = listener.next().await;
    assert!(head.starts_with("POST /hook?from=zoho HTTP/1.1\r\n"));
    assert_eq!((&message["operation"], &message["module"]), (&json!("insert"), &json!("Leads")));
    assert_eq!((&message["ids"], &message["token"]), (&json!([id]), &json!("PROOF")));
    assert_eq!(
        (&message["channel_id"], &message["query_params"]),
        (&json!("1000000068001"), &json!({ "from": "zoho" }))
    );
    assert_eq!(message["affected_values"], json!([{ "record_id": id, "values": { "Last_Name": "Boyle" } }]));
    write(&zoho, &token, Method::PUT, &format!("/crm/v8/Leads/{id}"), json!({ "City": "Cork" })).await;
    let (_, message) = listener.next().await;
    assert_eq!(
        (&message["operation"], &message["affected_fields"]),
        (&json!("update"), &json!([{ id.as_str(): ["City"] }]))
    );
    call(&zoho, &token, Method::DELETE, &format!("/crm/v8/Leads/{id}"), None).await;
    assert_eq!(listener.next().await.1["operation"], "delete");
}

#[tokio::test]
async fn a_change_of_owner_or_tags_and_a_conversion_are_edits() {
    let (zoho, mut listener) = (Emulator::start().await, Listener::start().await);
    let token = access_token(&zoho);
    let lead = write(&zoho, &token, Method::POST, "/crm/v8/Leads", json!({ "Last_Name": "Hopper" })).await;
    let channel = json!({
        "channel_id": "1000000068001", "events": ["Leads.edit"], "notify_url": listener.url, "token": "PROOF",
    });
    assert_eq!(watch(&zoho, &token, Method::POST, channel).await.status, 201);
    let me = get(&zoho, &token, "/crm/v8/users").await.json()["users"][0]["id"].clone();
    for (action, body, field) in [
        ("change_owner", json!({ "owner": { "id": me } }), "Owner"),
        ("add_tags", json!({ "tags": [{ "name": "navy" }] }), "Tag"),
        ("remove_tags", json!({ "tags": [{ "name": "navy" }] }), "Tag"),
        ("convert", json!({ "data": [{}] }), "Converted__s"),
    ] {
        let path = format!("/crm/v8/Leads/{lead}/actions/{action}");
        let reply = call(&zoho, &token, Method::POST, &path, Some(body)).await;
        assert_eq!(reply.status, 200, "{action}: {}", reply.text);
        let (_, message) = listener.next().await;
        let fields = message["affected_fields"][0][&lead].as_array().unwrap();
        assert!(fields.contains(&json!(field)), "{action}: {message}");
    }
}

#[tokio::test]
async fn a_channel_receives_only_its_events_and_only_until_it_expires() {
    let (zoho, mut listener) = (Emulator::start().await, Listener::start().await);
    let token = access_token(&zoho);
    let condition = json!([{
        "type": "field_selection", "module": { "api_name": "Leads" },
        "field_selection": { "group_operator": "or", "group": [{ "field": { "api_name": "City" } }] },
    }]);
    let channel = json!({
        "channel_id": 7, "events": ["Leads.edit"], "notify_url": listener.url, "notification_condition": condition,
    });
    assert_eq!(watch(&zoho, &token, Method::POST, channel).await.status, 201);
    let id = write(&zoho, &token, Method::POST, "/crm/v8/Leads", json!({ "Last_Name": "Boyle" })).await;
    let lead = format!("/crm/v8/Leads/{id}");
    write(&zoho, &token, Method::PUT, &lead, json!({ "Company": "Zylker" })).await;
    assert!(listener.receives_nothing().await);
    write(&zoho, &token, Method::PUT, &lead, json!({ "City": "Cork" })).await;
    assert_eq!(listener.next().await.1["channel_id"], 7);
    zoho.advance(Duration::from_secs(3600));
    write(&zoho, &access_token(&zoho), Method::PUT, &lead, json!({ "City": "Delft" })).await;
    assert!(listener.receives_nothing().await);
}

#[tokio::test]
async fn a_foreign_or_unreachable_url_delays_nothing() {
    let zoho = Emulator::start().await;
    let token = access_token(&zoho);
    for (id, url) in
        [(1, "http://192.0.2.1/hook"), (2, "https://127.0.0.1/hook"), (3, "http://127.0.0.1:1/hook")]
    {
        let channel = json!({ "channel_id": id, "events": ["Leads.create"], "notify_url": url });
        assert_eq!(watch(&zoho, &token, Method::POST, channel).await.status, 201);
    }
    let started = std::time::Instant::now();
    for _ in 0..100 {
        write(&zoho, &token, Method::POST, "/crm/v8/Leads", json!({ "Last_Name": "Boyle" })).await;
    }
    assert!(started.elapsed() < Duration::from_secs(60), "{:?}", started.elapsed());
}

#[tokio::test]
async fn channels_are_listed_changed_replaced_and_removed() {
    let zoho = Emulator::start().await;
    let token = access_token(&zoho);
    assert_eq!(get(&zoho, &token, WATCH).await.status, 204);
    let channel = json!({
        "channel_id": "1", "events": ["Leads.create", "Leads.edit", "Deals.all"], "notify_url": "http://127.0.0.1:9/",
        "channel_expiry": "2020-01-01T00:00:00+00:00",
    });
    watch(&zoho, &token, Method::POST, channel.clone()).await;
    assert_eq!(get(&zoho, &token, WATCH).await.status, 204, "a channel that has expired is not listed");
    let mut channel = channel;
    channel["channel_expiry"] = Value::Null;
    watch(&zoho, &token, Method::POST, channel.clone()).await;
    let listed = get(&zoho, &token, WATCH).await.json();
    assert_eq!(
        (&listed["info"]["count"], &listed["watch"][0]["events"]),
        (&json!(2), &json!(["Leads.create", "Leads.edit"]))
    );
    assert_eq!(
        get(&zoho, &token, &format!("{WATCH}?module=Deals&channel_id=1")).await.json()["info"]["count"],
        1
    );

    let less = json!({ "channel_id": "1", "events": ["Deals.all", "Leads.edit"], "_delete_events": true });
    let reply = watch(&zoho, &token, Method::PATCH, less).await.json();
    assert_eq!(reply["watch"][0]["message"], "Successfully removed the subscribe details");
    assert_eq!(get(&zoho, &token, WATCH).await.json()["watch"][0]["events"], json!(["Leads.create"]));
    let reply =
        watch(&zoho, &token, Method::PATCH, json!({ "channel_id": "1", "token": "new" })).await.json();
    assert_eq!(reply["watch"][0]["message"], "Successfully updated the subscribe details");
    assert_eq!(get(&zoho, &token, WATCH).await.json()["watch"][0]["token"], "new");
    assert_eq!(watch(&zoho, &token, Method::PUT, channel).await.status, 200);
    assert_eq!(get(&zoho, &token, WATCH).await.json()["watch"][0]["token"], Value::Null);

    let ended = call(&zoho, &token, Method::DELETE, &format!("{WATCH}?channel_ids=1,2"), None).await;
    let results = ended.json();
    assert_eq!((ended.status, &results["watch"][0]["code"]), (202, &json!("SUCCESS")));
    assert_eq!(results["watch"][1]["code"], "NOT_SUBSCRIBED");
    assert_eq!(get(&zoho, &token, WATCH).await.status, 204);
}

#[tokio::test]
async fn an_invalid_channel_is_rejected() {
    let zoho = Emulator::start().await;
    let token = access_token(&zoho);
    let good = json!({ "channel_id": "1", "events": ["Leads.create"], "notify_url": "http://127.0.0.1:9/" });
    for (name, value, code) in [
        ("channel_id", Value::Null, "MANDATORY_NOT_FOUND"),
        ("channel_id", json!("x"), "INVALID_DATA"),
        ("events", Value::Null, "MANDATORY_NOT_FOUND"),
        ("events", json!(["Leads.read"]), "INVALID_DATA"),
        ("events", json!(["Nonsense.create"]), "INVALID_DATA"),
        ("notify_url", Value::Null, "MANDATORY_NOT_FOUND"),
        ("notify_url", json!("nowhere"), "INVALID_DATA"),
        ("channel_expiry", json!("tomorrow"), "INVALID_DATA"),
        ("token", json!("x".repeat(51)), "INVALID_DATA"),
    ] {
        let mut channel = good.clone();
        channel[name] = value;
        let reply = watch(&zoho, &token, Method::POST, channel).await;
        let body = reply.json();
        assert_eq!((reply.status, &body["watch"][0]["code"]), (400, &json!(code)), "{name}");
    }
    let unknown = watch(&zoho, &token, Method::PATCH, good).await.json();
    assert_eq!(unknown["watch"][0]["code"], "NOT_SUBSCRIBED");
}

#[tokio::test]
async fn a_bulk_job_posts_its_callback_even_if_no_client_polls() {
    let (zoho, mut listener) = (Emulator::start().await, Listener::start().await);
    let token = access_token(&zoho);
    let order = json!({
        "query": { "module": { "api_name": "Leads" } }, "callback": { "url": listener.url, "method": "post" },
    });
    let created = call(&zoho, &token, Method::POST, "/crm/bulk/v8/read", Some(order)).await.json();
    let (_, message) = listener.next().await;
    assert_eq!(
        (&message["job_id"], &message["state"]),
        (&created["data"][0]["details"]["id"], &json!("COMPLETED"))
    );
    assert_eq!(message["result"]["count"], 0);
}

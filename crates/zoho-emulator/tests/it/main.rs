//! Drives the emulator over real HTTP, as a client does.

#![expect(
    clippy::disallowed_types,
    reason = "the tests use an HTTP client that shares no code with the emulator"
)]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod actions;
mod attachments;
mod bin;
mod browser;
mod bulk;
mod clock;
mod composite;
mod control;
mod coql;
mod data_centers;
mod digits;
mod faults;
mod files;
mod limits;
mod lists;
mod malformed_responses;
mod mass;
mod messages;
mod metadata;
mod notifications;
mod numeric_ids;
mod quotas;
mod records;
mod related;
mod resources;
mod revocation;
mod search;
mod seeding;
mod tags;
mod tokens;
mod validation;
mod versions;

use std::sync::Arc;
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};
use zoho_emulator::Emulator;

const ADA: &str = "ada@example.com";
const BOB: &str = "bob@example.com";

/// A response that has been read completely.
struct Reply {
    status: u16,
    headers: reqwest::header::HeaderMap,
    text: String,
}

impl Reply {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Status and `code` of an error response of the CRM.
    fn crm_error(&self) -> (u16, String) {
        (self.status, self.json()["code"].as_str().unwrap().to_owned())
    }
}

/// An HTTP client that follows no redirects. It never uses TLS, but reqwest requires a configuration.
fn http() -> Client {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    Client::builder().tls_backend_preconfigured(tls).redirect(Policy::none()).build().unwrap()
}

async fn send(request: RequestBuilder) -> Reply {
    try_send(request).await.unwrap()
}

async fn try_send(request: RequestBuilder) -> Result<Reply, reqwest::Error> {
    let response = request.send().await?;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Ok(Reply { status, headers, text: response.text().await? })
}

/// Posts a form to a path of the first data center.
async fn post_form(zoho: &Emulator, path: &str, form: &[(&str, &str)]) -> Reply {
    send(http().post(zoho.base_url() + path).form(form)).await
}

/// Posts a form to the token endpoint, with id and secret of the first client.
async fn post_token(zoho: &Emulator, form: &[(&str, &str)]) -> Reply {
    let client = zoho.default_client();
    let mut form = form.to_vec();
    form.extend([("client_id", client.id()), ("client_secret", client.secret())]);
    post_form(zoho, "/oauth/v2/token", &form).await
}

async fn exchange(zoho: &Emulator, code: &str) -> Reply {
    post_token(zoho, &[("grant_type", "authorization_code"), ("code", code)]).await
}

async fn refresh(zoho: &Emulator, refresh_token: &str) -> Reply {
    post_token(zoho, &[("grant_type", "refresh_token"), ("refresh_token", refresh_token)]).await
}

/// A valid refresh token of Ada for the first client.
fn refresh_token(zoho: &Emulator) -> String {
    zoho.grant_refresh_token(zoho.default_client().id(), ADA)
}

/// A valid access token of Ada with every scope.
fn access_token(zoho: &Emulator) -> String {
    zoho.issue_access_token(&refresh_token(zoho))
}

/// Calls the API of the first data center.
async fn call(zoho: &Emulator, token: &str, method: Method, path: &str, body: Option<Value>) -> Reply {
    let request = http()
        .request(method, zoho.base_url() + path)
        .header("Authorization", format!("Zoho-oauthtoken {token}"));
    send(match body {
        Some(body) => request.json(&body),
        None => request,
    })
    .await
}

async fn get(zoho: &Emulator, token: &str, path: &str) -> Reply {
    call(zoho, token, Method::GET, path, None).await
}

/// A parameter of a callback URL.
fn parameter(url: &str, name: &str) -> Option<String> {
    let url = reqwest::Url::parse(url).unwrap();
    url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

async fn create(zoho: &Emulator, token: &str, module: &str, data: Value) -> Reply {
    call(zoho, token, Method::POST, &format!("/crm/v8/{module}"), Some(json!({ "data": data }))).await
}

/// Creates one record and returns its id.
async fn record(zoho: &Emulator, token: &str, module: &str, fields: Value) -> String {
    let reply = create(zoho, token, module, json!([fields])).await;
    assert_eq!(reply.status, 201, "{}", reply.text);
    reply.json()["data"][0]["details"]["id"].as_str().unwrap().to_owned()
}

/// Creates one lead and returns its id.
async fn lead(zoho: &Emulator, token: &str, fields: Value) -> String {
    record(zoho, token, "Leads", fields).await
}

/// Updates one record.
async fn update(zoho: &Emulator, token: &str, path: &str, fields: Value) -> Reply {
    call(zoho, token, Method::PUT, path, Some(json!({ "data": [fields] }))).await
}

/// Waits until every installed fault has applied to a request.
async fn until_faults_applied(zoho: &Emulator) {
    while zoho.pending_faults() > 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Uploads a file as a multipart form.
async fn upload(zoho: &Emulator, token: &str, path: &str, name: &str, content: &[u8]) -> Reply {
    let head = format!(
        "--BOUNDARY\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
         Content-Type: application/octet-stream\r\n\r\n"
    );
    let body = [head.as_bytes(), content, b"\r\n--BOUNDARY--\r\n"].concat();
    let request = http()
        .post(zoho.base_url() + path)
        .header("Authorization", format!("Zoho-oauthtoken {token}"))
        .header("Content-Type", "multipart/form-data; boundary=BOUNDARY")
        .body(body);
    send(request).await
}

/// The value of a field of each record of a list.
fn values(reply: &Reply, field: &str) -> Vec<Value> {
    let body = reply.json();
    body["data"].as_array().unwrap().iter().map(|record| record[field].clone()).collect()
}

fn codes(reply: &Reply) -> Vec<String> {
    let body = reply.json();
    let results = body["data"].as_array().unwrap();
    results.iter().map(|result| result["code"].as_str().unwrap().to_owned()).collect()
}

//! Drives the emulator over real HTTP, as a client does.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod browser;
mod bulk;
mod clock;
mod command;
mod control;
mod coql;
mod data_centers;
mod faults;
mod lies;
mod limits;
mod quotas;
mod records;
mod resources;
mod revocation;
mod tokens;

use std::sync::Arc;

use reqwest::redirect::Policy;
use reqwest::{Client, Method, RequestBuilder};
use serde_json::Value;
use zoho_emulator::Emulator;

const ADA: &str = "ada@example.com";

/// An answer that has been read to its end.
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

    /// Status and `code`: what the CRM says is wrong.
    fn crm_error(&self) -> (u16, String) {
        (self.status, self.json()["code"].as_str().unwrap().to_owned())
    }
}

/// An HTTP client that follows no redirects. It never speaks TLS, but has to have some.
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

/// A POST of a form to a path of the first data center.
async fn post_form(zoho: &Emulator, path: &str, form: &[(&str, &str)]) -> Reply {
    send(http().post(zoho.base_url() + path).form(form)).await
}

/// A request to the token endpoint, with the id and the secret of the first client.
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

/// A live refresh token of Ada for the first client.
fn refresh_token(zoho: &Emulator) -> String {
    zoho.grant_refresh_token(zoho.default_client().id(), ADA)
}

/// A live access token of Ada with every scope.
fn access_token(zoho: &Emulator) -> String {
    zoho.issue_access_token(&refresh_token(zoho))
}

/// A call to the API of the first data center.
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

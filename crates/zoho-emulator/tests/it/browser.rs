//! The login in the browser, page by page.

use reqwest::Url;
use serde_json::json;
use zoho_emulator::{ClientApp, Emulator, User};

use crate::{ADA, Reply, exchange, http, parameter, post_token, send};

const CALLBACK: &str = "http://127.0.0.1:9000/callback";

async fn emulator() -> Emulator {
    Emulator::builder()
        .client(ClientApp::new("1000.CLIENT", "secret").redirect_url(CALLBACK).name("Portal <b>&</b>"))
        .user(User::new(ADA).password("correct horse"))
        .start()
        .await
}

fn authorize_url(zoho: &Emulator, more: &[(&str, &str)]) -> Url {
    let mut url = Url::parse(&zoho.base_url()).unwrap();
    url.set_path("/oauth/v2/auth");
    let usual = [
        ("response_type", "code"),
        ("client_id", "1000.CLIENT"),
        ("redirect_uri", CALLBACK),
        ("scope", "ZohoCRM.modules.ALL,ZohoCRM.users.READ"),
        ("state", "a state & more"),
    ];
    let kept = usual.iter().filter(|(name, _)| more.iter().all(|(other, _)| other != name));
    url.query_pairs_mut().extend_pairs(kept).extend_pairs(more);
    url
}

/// Signs in on the login page and returns the cookie.
async fn sign_in(url: &Url) -> String {
    let form = [("email", ADA), ("password", "correct horse")];
    let reply = send(http().post(url.clone()).form(&form)).await;
    assert_eq!(reply.status, 302);
    assert!(url.as_str().ends_with(reply.header("location")));
    reply.header("set-cookie").split(';').next().unwrap().to_owned()
}

async fn open(url: &Url, cookie: &str) -> Reply {
    send(http().get(url.clone()).header("Cookie", cookie)).await
}

/// Presses a button of the consent page.
async fn decide(url: &Url, cookie: &str, decision: &str) -> Reply {
    let page = open(url, cookie).await.text;
    let form_token = page.split("name=\"form_token\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let form = [("form_token", form_token), ("decision", decision)];
    send(http().post(url.clone()).header("Cookie", cookie).form(&form)).await
}

async fn exchange_callback(zoho: &Emulator, callback: &str) -> Reply {
    let code = parameter(callback, "code").unwrap();
    let form = [("grant_type", "authorization_code"), ("code", &code), ("redirect_uri", CALLBACK)];
    post_token(zoho, &form).await
}

#[tokio::test]
async fn a_user_who_accepts_is_redirected_with_a_code() {
    let zoho = emulator().await;
    let url = authorize_url(&zoho, &[("access_type", "offline")]);
    let page = send(http().get(url.clone())).await;
    assert!(page.status == 200 && page.text.contains("type=\"password\""));

    let cookie = sign_in(&url).await;
    let consent = open(&url, &cookie).await;
    assert!(consent.text.contains("ZohoCRM.modules.ALL") && consent.text.contains("Accept"));

    let reply = decide(&url, &cookie, "accept").await;
    let callback = reply.header("location");
    assert_eq!(reply.status, 302);
    assert!(callback.starts_with(CALLBACK) && callback.ends_with('&'));
    assert_eq!(parameter(callback, "location").as_deref(), Some("us"));
    assert_eq!(parameter(callback, "accounts-server"), Some(zoho.base_url()));
    assert_eq!(parameter(callback, "state").as_deref(), Some("a state & more"));
    let tokens = exchange_callback(&zoho, callback).await.json();
    assert!(tokens.get("refresh_token").is_some());
    assert_eq!(tokens["scope"], "ZohoCRM.modules.ALL ZohoCRM.users.READ");
}

#[tokio::test]
async fn a_user_who_rejects_is_redirected_with_access_denied() {
    let zoho = emulator().await;
    let url = authorize_url(&zoho, &[]);
    let cookie = sign_in(&url).await;
    let reply = decide(&url, &cookie, "reject").await;
    let callback = reply.header("location");
    assert_eq!(parameter(callback, "error").as_deref(), Some("access_denied"));
    assert_eq!(parameter(callback, "code"), None);
    assert_eq!(parameter(callback, "state").as_deref(), Some("a state & more"));
}

#[tokio::test]
async fn a_wrong_password_shows_the_page_again() {
    let zoho = emulator().await;
    let url = authorize_url(&zoho, &[]);
    let reply = send(http().post(url).form(&[("email", ADA), ("password", "wrong")])).await;
    assert!(reply.status == 200 && reply.text.contains("Wrong email address or password"));
    assert_eq!(reply.header("set-cookie"), "");
}

#[tokio::test]
async fn a_consent_form_without_its_token_is_rejected() {
    let zoho = emulator().await;
    let url = authorize_url(&zoho, &[]);
    let cookie = sign_in(&url).await;
    let form = [("form_token", "guessed"), ("decision", "accept")];
    let reply = send(http().post(url).header("Cookie", cookie).form(&form)).await;
    assert_eq!(reply.status, 403);
}

#[tokio::test]
async fn an_invalid_request_shows_an_error_page_and_does_not_redirect() {
    let zoho = emulator().await;
    let wrong = [
        (("client_id", "1000.NOBODY"), "Invalid Client"),
        (("response_type", "token"), "Invalid response type"),
        (("scope", ""), "Invalid OAuth scope"),
        (("scope", "ZohoCRM..ALL"), "Invalid OAuth scope"),
        (("redirect_uri", "http://127.0.0.1:9000/callback/"), "Invalid Redirect Uri"),
        (("redirect_uri", "https://evil.example"), "Invalid Redirect Uri"),
    ];
    for (parameter, what) in wrong {
        let url = authorize_url(&zoho, &[parameter]);
        let reply = send(http().get(url.clone())).await;
        assert_eq!((reply.status, reply.header("location")), (400, ""));
        assert!(reply.text.contains(what), "{}", reply.text);
        assert_eq!(zoho.log_in(url.as_str(), ADA), Err(what.to_owned()));
    }
}

#[tokio::test]
async fn pages_escape_values() {
    let zoho = emulator().await;
    let url = authorize_url(&zoho, &[("state", "\"><script>alert(1)</script>")]);
    let cookie = sign_in(&url).await;
    let page = open(&url, &cookie).await.text;
    assert!(page.contains("Portal &lt;b&gt;&amp;&lt;/b&gt;"));
    assert!(!page.contains("<script>"));
}

#[tokio::test]
async fn the_exchange_requires_the_same_redirect_url() {
    let zoho = emulator().await;
    let callback = zoho.log_in(authorize_url(&zoho, &[]).as_str(), ADA).unwrap();
    let code = parameter(&callback, "code").unwrap();
    let rejected = json!({ "error": "invalid_redirect_uri" });
    assert_eq!(exchange(&zoho, &code).await.json(), rejected);
    let elsewhere =
        [("grant_type", "authorization_code"), ("code", &code), ("redirect_uri", "http://127.0.0.1/other")];
    assert_eq!(post_token(&zoho, &elsewhere).await.json(), rejected);
    assert!(exchange_callback(&zoho, &callback).await.json().get("access_token").is_some());
}

#[tokio::test]
async fn online_access_yields_no_refresh_token() {
    let zoho = emulator().await;
    for url in [authorize_url(&zoho, &[]), authorize_url(&zoho, &[("access_type", "online")])] {
        let callback = zoho.log_in(url.as_str(), ADA).unwrap();
        let body = exchange_callback(&zoho, &callback).await.json();
        assert_eq!(body.get("refresh_token"), None);
        assert!(zoho.is_access_token_valid(body["access_token"].as_str().unwrap()));
    }
}

#[tokio::test]
async fn offline_access_yields_a_refresh_token_the_first_time_and_then_only_with_prompt_consent() {
    let zoho = emulator().await;
    let offline = authorize_url(&zoho, &[("access_type", "offline")]);
    let with_prompt = authorize_url(&zoho, &[("access_type", "offline"), ("prompt", "consent")]);
    let mut had_refresh_token = Vec::new();
    for url in [&offline, &offline, &with_prompt, &offline] {
        let callback = zoho.log_in(url.as_str(), ADA).unwrap();
        had_refresh_token
            .push(exchange_callback(&zoho, &callback).await.json().get("refresh_token").is_some());
    }
    assert_eq!(had_refresh_token, [true, false, true, false]);
}

#[tokio::test]
async fn the_consent_page_is_shown_once_or_whenever_the_app_requests_it() {
    let zoho = emulator().await;
    let url = authorize_url(&zoho, &[]);
    let cookie = sign_in(&url).await;
    decide(&url, &cookie, "accept").await;
    assert_eq!(open(&url, &cookie).await.status, 302);
    assert_eq!(open(&authorize_url(&zoho, &[("prompt", "consent")]), &cookie).await.status, 200);
    assert_eq!(open(&authorize_url(&zoho, &[("scope", "ZohoCRM.org.READ")]), &cookie).await.status, 200);
}

#[tokio::test]
async fn after_a_revocation_the_next_login_counts_as_the_first() {
    let zoho = emulator().await;
    let url = authorize_url(&zoho, &[("access_type", "offline")]);
    let first = exchange_callback(&zoho, &zoho.log_in(url.as_str(), ADA).unwrap()).await.json();
    let token = [("token", first["refresh_token"].as_str().unwrap())];
    crate::post_form(&zoho, "/oauth/v2/token/revoke", &token).await;
    let second = exchange_callback(&zoho, &zoho.log_in(url.as_str(), ADA).unwrap()).await.json();
    assert!(second.get("refresh_token").is_some());
}

#[tokio::test]
async fn auto_consent_skips_the_pages() {
    let zoho = Emulator::builder()
        .client(ClientApp::new("1000.CLIENT", "secret").redirect_url(CALLBACK))
        .auto_consent(ADA)
        .start()
        .await;
    let reply = send(http().get(authorize_url(&zoho, &[]))).await;
    assert!(parameter(reply.header("location"), "code").is_some());
}

//! The token endpoint: exchange, refresh, and every error.

use std::time::Duration;

use serde_json::json;
use zoho_emulator::{ClientApp, Emulator, User};

use crate::{ADA, access_token, exchange, get, http, post_form, post_token, refresh, refresh_token, send};

#[tokio::test]
async fn an_exchange_returns_both_tokens_and_the_api_domain() {
    let zoho = Emulator::start().await;
    let reply = exchange(&zoho, &zoho.self_client_code(ADA)).await;
    let body = reply.json();
    assert_eq!(reply.status, 200);
    assert_eq!(body["token_type"], "Bearer");
    assert_eq!(body["expires_in"], 3600);
    assert_eq!(body["expires_in_sec"], json!(null));
    assert_eq!(body["api_domain"], json!(zoho.base_url()));
    assert!(body["scope"].as_str().unwrap().contains("ZohoCRM.modules.ALL ZohoCRM.users.ALL"));
    assert!(zoho.is_access_token_valid(body["access_token"].as_str().unwrap()));
    assert!(zoho.is_refresh_token_valid(body["refresh_token"].as_str().unwrap()));
}

#[tokio::test]
async fn a_refresh_returns_no_refresh_token() {
    let zoho = Emulator::start().await;
    let body = refresh(&zoho, &refresh_token(&zoho)).await.json();
    assert_eq!(body.get("refresh_token"), None);
    assert_eq!(body["api_domain"], json!(zoho.base_url()));
    assert!(zoho.is_access_token_valid(body["access_token"].as_str().unwrap()));
}

#[tokio::test]
async fn the_api_domain_can_be_that_of_another_environment() {
    let sandbox = "https://sandbox.zohoapis.com";
    let zoho = Emulator::builder().api_domain(sandbox).start().await;
    assert_eq!(exchange(&zoho, &zoho.self_client_code(ADA)).await.json()["api_domain"], sandbox);
    assert_eq!(refresh(&zoho, &refresh_token(&zoho)).await.json()["api_domain"], sandbox);
}

#[tokio::test]
async fn tokens_have_the_format_of_zoho() {
    let zoho = Emulator::start().await;
    let token = access_token(&zoho);
    let parts: Vec<&str> = token.split('.').collect();
    assert_eq!((parts[0], parts[1].len(), parts[2].len(), parts.len()), ("1000", 32, 32, 3));
}

#[tokio::test]
async fn a_code_works_once() {
    let zoho = Emulator::start().await;
    let code = zoho.self_client_code(ADA);
    exchange(&zoho, &code).await;
    let reply = exchange(&zoho, &code).await;
    assert_eq!((reply.status, reply.json()), (200, json!({ "error": "invalid_code" })));
}

#[tokio::test]
async fn a_code_expires_after_its_lifetime() {
    let zoho = Emulator::builder().code_lifetime(Duration::from_secs(120)).start().await;
    let (early, late) = (zoho.self_client_code(ADA), zoho.self_client_code(ADA));
    zoho.advance(Duration::from_secs(110));
    assert!(exchange(&zoho, &early).await.json().get("access_token").is_some());
    zoho.advance(Duration::from_secs(11));
    assert_eq!(exchange(&zoho, &late).await.json(), json!({ "error": "invalid_code" }));
}

#[tokio::test]
async fn unknown_codes_and_refresh_tokens_are_rejected() {
    let zoho = Emulator::start().await;
    let invalid = json!({ "error": "invalid_code" });
    assert_eq!(exchange(&zoho, "1000.no.such").await.json(), invalid);
    assert_eq!(refresh(&zoho, "1000.no.such").await.json(), invalid);
    assert_eq!(post_token(&zoho, &[("grant_type", "authorization_code")]).await.json(), invalid);
    assert_eq!(post_token(&zoho, &[("grant_type", "refresh_token")]).await.json(), invalid);
}

#[tokio::test]
async fn an_unknown_client_and_a_wrong_secret_have_different_errors() {
    let zoho = Emulator::start().await;
    let (client, token) = (zoho.default_client(), refresh_token(&zoho));
    let rejected = async |id: &str, secret: &str| {
        let form = [
            ("grant_type", "refresh_token"),
            ("refresh_token", &token),
            ("client_id", id),
            ("client_secret", secret),
        ];
        let reply = post_form(&zoho, "/oauth/v2/token", &form).await;
        (reply.status, reply.json()["error"].as_str().unwrap().to_owned())
    };
    assert_eq!(rejected("1000.NOBODY", client.secret()).await, (200, "invalid_client".to_owned()));
    assert_eq!(rejected("", client.secret()).await, (200, "invalid_client".to_owned()));
    assert_eq!(rejected(client.id(), "wrong").await, (200, "invalid_client_secret".to_owned()));
    assert_eq!(rejected(client.id(), "").await, (200, "invalid_client_secret".to_owned()));
}

#[tokio::test]
async fn a_known_grant_type_is_required() {
    let zoho = Emulator::start().await;
    let none = post_token(&zoho, &[]).await;
    assert_eq!((none.status, none.text.starts_with("<!DOCTYPE html>")), (400, true));
    let unknown = post_token(&zoho, &[("grant_type", "password")]).await;
    assert_eq!((unknown.status, unknown.json()), (200, json!({ "error": "invalid_client" })));
}

#[tokio::test]
async fn the_token_endpoint_accepts_only_post() {
    let zoho = Emulator::start().await;
    let reply = send(http().get(zoho.base_url() + "/oauth/v2/token?grant_type=refresh_token")).await;
    assert_eq!(reply.status, 400);
}

#[tokio::test]
async fn parameters_may_come_in_the_query_string() {
    let zoho = Emulator::start().await;
    let (client, token) = (zoho.default_client(), refresh_token(&zoho));
    let query = [
        ("grant_type", "refresh_token"),
        ("refresh_token", &token),
        ("client_id", client.id()),
        ("client_secret", client.secret()),
    ];
    let reply = send(http().post(zoho.base_url() + "/oauth/v2/token").query(&query)).await;
    assert!(reply.json().get("access_token").is_some());
}

#[tokio::test]
async fn the_client_may_come_as_basic_authentication() {
    let zoho = Emulator::start().await;
    let (client, token) = (zoho.default_client(), refresh_token(&zoho));
    let form = [("grant_type", "refresh_token"), ("refresh_token", &token)];
    let request = http().post(zoho.base_url() + "/oauth/v2/token").form(&form);
    let reply = send(request.basic_auth(client.id(), Some(client.secret()))).await;
    assert!(reply.json().get("access_token").is_some());
}

#[tokio::test]
async fn a_refresh_token_of_another_client_is_rejected() {
    let zoho = Emulator::builder()
        .client(ClientApp::new("1000.ONE", "one"))
        .client(ClientApp::new("1000.TWO", "two"))
        .start()
        .await;
    let theirs = zoho.grant_refresh_token("1000.TWO", ADA);
    assert_eq!(refresh(&zoho, &theirs).await.json(), json!({ "error": "invalid_code" }));
}

#[tokio::test]
async fn legacy_responses_count_in_milliseconds() {
    let zoho = Emulator::builder().legacy_expiry_units(true).start().await;
    let body = refresh(&zoho, &refresh_token(&zoho)).await.json();
    assert_eq!((&body["expires_in"], &body["expires_in_sec"]), (&json!(3_600_000), &json!(3600)));
}

#[tokio::test]
async fn an_access_token_expires_after_its_lifetime() {
    let zoho = Emulator::builder().token_lifetime(Duration::from_secs(60)).start().await;
    let token = access_token(&zoho);
    assert_eq!(get(&zoho, &token, "/crm/v8/org").await.status, 200);
    zoho.advance(Duration::from_secs(61));
    assert_eq!(get(&zoho, &token, "/crm/v8/org").await.crm_error(), (401, "INVALID_TOKEN".to_owned()));
    assert!(!zoho.is_access_token_valid(&token));
}

#[tokio::test]
async fn access_tokens_can_be_invalidated_one_by_one_or_all_together() {
    let zoho = Emulator::start().await;
    let parent = refresh_token(&zoho);
    let tokens = [(); 3].map(|()| zoho.issue_access_token(&parent));
    zoho.invalidate_access_token(&tokens[1]);
    assert_eq!(tokens.each_ref().map(|token| zoho.is_access_token_valid(token)), [true, false, true]);
    assert_eq!(zoho.live_access_tokens(&parent), 2);
    zoho.expire_access_tokens();
    assert_eq!(zoho.live_access_tokens(&parent), 0);
    assert!(zoho.is_refresh_token_valid(&parent));
}

#[tokio::test]
async fn user_info_requires_its_own_scope() {
    let zoho = Emulator::builder().user(User::new(ADA).named("Ada", "Lovelace").zuid("7001")).start().await;
    let reply = get(&zoho, &access_token(&zoho), "/oauth/user/info").await;
    let expected = json!({
        "First_Name": "Ada",
        "Email": ADA,
        "Last_Name": "Lovelace",
        "Display_Name": "Ada Lovelace",
        "ZUID": "7001",
    });
    assert_eq!((reply.status, reply.json()), (200, expected));

    let code = zoho.self_client_code_with_scopes(zoho.default_client().id(), ADA, "ZohoCRM.users.READ");
    let narrow = exchange(&zoho, &code).await.json();
    let reply = get(&zoho, narrow["access_token"].as_str().unwrap(), "/oauth/user/info").await;
    assert_eq!((reply.status, reply.json()["cause"].as_str()), (401, Some("INVALID_OAUTHSCOPE")));
    assert_eq!(get(&zoho, "1000.no.such", "/oauth/user/info").await.status, 401);
}

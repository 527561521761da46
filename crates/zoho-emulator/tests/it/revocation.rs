//! Both documented endpoints that revoke a token.

use serde_json::json;
use zoho_emulator::{ClientApp, Emulator};

use crate::{ADA, Reply, exchange, http, post_form, refresh, refresh_token, send};

async fn revoke_with_client(zoho: &Emulator, client: &ClientApp, form: &[(&str, &str)]) -> Reply {
    let request = http().post(zoho.base_url() + "/oauth/v2/revoke/token").form(form);
    send(request.basic_auth(client.id(), Some(client.secret()))).await
}

#[tokio::test]
async fn the_old_endpoint_takes_the_token_as_form_or_query() {
    let zoho = Emulator::start().await;
    let (one, other) = (refresh_token(&zoho), refresh_token(&zoho));
    let by_form = post_form(&zoho, "/oauth/v2/token/revoke", &[("token", &one)]).await;
    let by_query = post_form(&zoho, &format!("/oauth/v2/token/revoke?token={other}"), &[]).await;
    for reply in [by_form, by_query] {
        assert_eq!((reply.status, reply.json()), (200, json!({ "status": "success" })));
    }
    assert!(!zoho.is_refresh_token_valid(&one) && !zoho.is_refresh_token_valid(&other));
}

#[tokio::test]
async fn the_old_endpoint_responds_with_400_to_an_unknown_token() {
    let zoho = Emulator::start().await;
    let token = refresh_token(&zoho);
    post_form(&zoho, "/oauth/v2/token/revoke", &[("token", &token)]).await;
    assert_eq!(post_form(&zoho, "/oauth/v2/token/revoke", &[("token", &token)]).await.status, 400);
    assert_eq!(post_form(&zoho, "/oauth/v2/token/revoke", &[]).await.status, 400);
}

#[tokio::test]
async fn revoking_a_refresh_token_invalidates_its_access_tokens() {
    let zoho = Emulator::start().await;
    let (token, other) = (refresh_token(&zoho), refresh_token(&zoho));
    let (ended, kept) = (zoho.issue_access_token(&token), zoho.issue_access_token(&other));
    post_form(&zoho, "/oauth/v2/token/revoke", &[("token", &token)]).await;
    assert!(!zoho.is_access_token_valid(&ended));
    assert!(zoho.is_access_token_valid(&kept));
    assert_eq!(refresh(&zoho, &token).await.json(), json!({ "error": "invalid_code" }));
}

#[tokio::test]
async fn revoking_an_access_token_does_not_affect_its_refresh_token() {
    let zoho = Emulator::start().await;
    let token = refresh_token(&zoho);
    let access_token = zoho.issue_access_token(&token);
    let reply = post_form(&zoho, "/oauth/v2/token/revoke", &[("token", &access_token)]).await;
    assert_eq!(reply.status, 200);
    assert!(!zoho.is_access_token_valid(&access_token));
    assert!(zoho.is_refresh_token_valid(&token));
}

#[tokio::test]
async fn the_new_endpoint_takes_the_client_and_the_type_of_the_token() {
    let zoho = Emulator::start().await;
    let client = zoho.default_client();
    let tokens = exchange(&zoho, &zoho.self_client_code(ADA)).await.json();
    let access_token = tokens["access_token"].as_str().unwrap();
    let refresh_token = tokens["refresh_token"].as_str().unwrap();

    let form = [("token", access_token), ("token_type", "access_token")];
    assert_eq!(revoke_with_client(&zoho, &client, &form).await.status, 200);
    assert!(!zoho.is_access_token_valid(access_token) && zoho.is_refresh_token_valid(refresh_token));

    let reply = revoke_with_client(&zoho, &client, &[("token", refresh_token)]).await;
    assert_eq!(reply.status, 200);
    assert!(!zoho.is_refresh_token_valid(refresh_token));
}

#[tokio::test]
async fn the_new_endpoint_rejects_a_wrong_type_a_wrong_client_and_no_client() {
    let zoho = Emulator::builder()
        .client(ClientApp::new("1000.ONE", "one"))
        .client(ClientApp::new("1000.TWO", "two"))
        .start()
        .await;
    let token = refresh_token(&zoho);
    let access_token = zoho.issue_access_token(&token);
    let (own, other) = (ClientApp::new("1000.ONE", "one"), ClientApp::new("1000.TWO", "two"));
    let wrong_kind = [("token", token.as_str()), ("token_type", "access_token")];
    let rejected = [
        revoke_with_client(&zoho, &own, &wrong_kind).await,
        revoke_with_client(&zoho, &own, &[("token", &access_token)]).await,
        revoke_with_client(&zoho, &own, &[("token", "1000.no.such")]).await,
        revoke_with_client(&zoho, &other, &[("token", &token)]).await,
        revoke_with_client(&zoho, &ClientApp::new("1000.ONE", "wrong"), &[("token", &token)]).await,
        post_form(&zoho, "/oauth/v2/revoke/token", &[("token", &token)]).await,
    ];
    assert_eq!(rejected.map(|reply| reply.status), [400; 6]);
    assert!(zoho.is_refresh_token_valid(&token) && zoho.is_access_token_valid(&access_token));
}

#[tokio::test]
async fn both_endpoints_accept_only_post() {
    let zoho = Emulator::start().await;
    for path in ["/oauth/v2/token/revoke", "/oauth/v2/revoke/token"] {
        assert_eq!(send(http().get(zoho.base_url() + path)).await.status, 400);
    }
}

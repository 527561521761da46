//! Authentication, scopes, users and the organization.

use reqwest::Method;
use serde_json::json;
use zoho_emulator::{Emulator, User};

use crate::{ADA, access_token, call, exchange, get, http, send};

#[tokio::test]
async fn a_call_without_a_token_is_an_authentication_failure() {
    let zoho = Emulator::start().await;
    let reply = send(http().get(zoho.base_url() + "/crm/v8/org")).await;
    let expected = json!({
        "code": "AUTHENTICATION_FAILURE",
        "details": {},
        "message": "Authentication failed",
        "status": "error",
    });
    assert_eq!((reply.status, reply.json()), (401, expected));
    let in_query = format!("{}/crm/v8/org?access_token={}", zoho.base_url(), access_token(&zoho));
    assert_eq!(send(http().get(in_query)).await.crm_error().1, "AUTHENTICATION_FAILURE");
}

#[tokio::test]
async fn an_unknown_or_expired_token_is_invalid() {
    let zoho = Emulator::start().await;
    let reply = get(&zoho, "1000.no.such", "/crm/v8/org").await;
    let expected = json!({
        "code": "INVALID_TOKEN",
        "details": {},
        "message": "invalid oauth token",
        "status": "error",
    });
    assert_eq!((reply.status, reply.json()), (401, expected));
}

#[tokio::test]
async fn a_bearer_token_is_accepted_too() {
    let zoho = Emulator::start().await;
    let request = http().get(zoho.base_url() + "/crm/v8/org").bearer_auth(access_token(&zoho));
    assert_eq!(send(request).await.status, 200);
}

#[tokio::test]
async fn a_token_can_only_do_what_its_scopes_allow() {
    let zoho = Emulator::start().await;
    let scopes = "ZohoCRM.modules.leads.READ,ZohoCRM.users.READ";
    let code = zoho.self_client_code_with_scopes(zoho.default_client().id(), ADA, scopes);
    let tokens = exchange(&zoho, &code).await.json();
    let token = tokens["access_token"].as_str().unwrap();
    assert_eq!(get(&zoho, token, "/crm/v8/users").await.status, 200);
    assert_eq!(get(&zoho, token, "/crm/v8/Leads?fields=Email").await.status, 204);
    let mismatch = (401, "OAUTH_SCOPE_MISMATCH".to_owned());
    assert_eq!(get(&zoho, token, "/crm/v8/org").await.crm_error(), mismatch);
    assert_eq!(get(&zoho, token, "/crm/v8/Contacts?fields=Email").await.crm_error(), mismatch);
    let body = json!({ "data": [{ "Last_Name": "Lovelace" }] });
    let reply = call(&zoho, token, Method::POST, "/crm/v8/Leads", Some(body)).await;
    assert_eq!(reply.crm_error(), mismatch);
    assert!(zoho.is_access_token_valid(token));
}

#[tokio::test]
async fn the_current_user_and_the_organization_name_the_caller() {
    let zoho = Emulator::builder().user(User::new(ADA).zgid("60000007").company("Zylker")).start().await;
    let token = access_token(&zoho);
    let users = get(&zoho, &token, "/crm/v8/users?type=CurrentUser").await.json();
    assert_eq!(users["users"][0]["email"], ADA);
    assert_eq!(users["info"]["count"], 1);
    let organization = get(&zoho, &token, "/crm/v8/org").await.json();
    assert_eq!(organization["org"][0]["zgid"], "60000007");
    assert_eq!(organization["org"][0]["company_name"], "Zylker");
}

#[tokio::test]
async fn users_see_only_the_users_of_their_organization() {
    let zoho = Emulator::builder()
        .user(User::new(ADA).zgid("1").id("5545974000000000011"))
        .user(User::new("bob@example.com").zgid("1").id("5545974000000000012"))
        .user(User::new("eve@example.com").zgid("2").id("5545974000000000013"))
        .start()
        .await;
    let token = access_token(&zoho);
    let users = get(&zoho, &token, "/crm/v8/users?type=ActiveUsers").await.json();
    let emails: Vec<_> = users["users"].as_array().unwrap().iter().map(|user| &user["email"]).collect();
    assert_eq!(emails, [ADA, "bob@example.com"]);
    assert_eq!(get(&zoho, &token, "/crm/v8/users/5545974000000000012").await.status, 200);
    assert_eq!(get(&zoho, &token, "/crm/v8/users/5545974000000000013").await.status, 204);
    assert_eq!(get(&zoho, &token, "/crm/v8/users?type=DeactiveUsers").await.status, 204);
    assert_eq!(get(&zoho, &token, "/crm/v8/users?type=Nonsense").await.status, 400);
}

#[tokio::test]
async fn a_user_without_api_access_has_no_permission() {
    let zoho = Emulator::builder().user(User::new(ADA).without_api_access()).start().await;
    let reply = get(&zoho, &access_token(&zoho), "/crm/v8/org").await;
    assert_eq!(reply.crm_error(), (403, "NO_PERMISSION".to_owned()));
    assert_eq!(reply.json()["details"]["permissions"], json!(["Crm_Implied_Api_Access"]));
}

#[tokio::test]
async fn forbidden_and_unknown_modules_are_rejected() {
    let zoho = Emulator::builder().modules(["Leads", "Deals"]).forbidden_module("Deals").start().await;
    let token = access_token(&zoho);
    let ask = async |path: &str| get(&zoho, &token, path).await;
    assert_eq!(ask("/crm/v8/Leads?fields=Email").await.status, 204);
    assert_eq!(ask("/crm/v8/Deals?fields=Email").await.crm_error(), (403, "NO_PERMISSION".to_owned()));
    assert_eq!(ask("/crm/v8/Nope?fields=Email").await.crm_error(), (400, "INVALID_MODULE".to_owned()));
}

#[tokio::test]
async fn unknown_paths_and_wrong_methods_have_different_errors() {
    let zoho = Emulator::start().await;
    let token = access_token(&zoho);
    for path in ["/crm/v8/nonsense", "/crm/v9/Leads", "/crm/v8/Leads/1/2/3", "/crm/v8/", "/crm/v8/org/1"] {
        assert_eq!(get(&zoho, &token, path).await.crm_error(), (404, "INVALID_URL_PATTERN".to_owned()));
    }
    for path in ["/crm/v8/org", "/crm/v8/users", "/crm/v8/Leads"] {
        let reply = call(&zoho, &token, Method::PATCH, path, None).await;
        assert_eq!(reply.crm_error(), (405, "INVALID_REQUEST_METHOD".to_owned()));
    }
    assert_eq!(send(http().get(zoho.base_url() + "/nonsense")).await.status, 404);
}

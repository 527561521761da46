//! Several data centers in one emulator.

use serde_json::json;
use zoho_emulator::{ClientApp, Emulator, User};

use crate::{ADA, Reply, get, http, parameter, send};

const BOB: &str = "bob@example.eu";

async fn emulator() -> Emulator {
    Emulator::builder()
        .data_centers(["us", "eu"])
        .client(ClientApp::new("1000.CLIENT", "secret").redirect_url("http://127.0.0.1/callback"))
        .user(User::new(ADA))
        .user(User::new(BOB).data_center("eu"))
        .start()
        .await
}

async fn token_request(base_url: &str, secret: &str, grant: [(&str, &str); 2]) -> Reply {
    let mut form = grant.to_vec();
    form.extend([("client_id", "1000.CLIENT"), ("client_secret", secret)]);
    send(http().post(base_url.to_owned() + "/oauth/v2/token").form(&form)).await
}

#[tokio::test]
async fn each_data_center_has_its_own_url() {
    let zoho = emulator().await;
    let (us, eu) = (zoho.base_url_of("us"), zoho.base_url_of("eu"));
    assert_eq!(zoho.base_url(), us);
    assert_ne!(us, eu);
    for base_url in [&us, &eu] {
        let reply = send(http().get(format!("{base_url}/oauth/serverinfo"))).await;
        assert_eq!(reply.json(), json!({ "result": "success", "locations": { "us": us, "eu": eu } }));
    }
}

#[tokio::test]
async fn a_login_anywhere_leads_to_the_data_center_of_the_user() {
    let zoho = emulator().await;
    let url = format!(
        "{}/oauth/v2/auth?response_type=code&client_id=1000.CLIENT&scope=ZohoCRM.org.READ\
         &redirect_uri=http://127.0.0.1/callback",
        zoho.base_url_of("us")
    );
    let callback = zoho.log_in(&url, BOB).unwrap();
    assert_eq!(parameter(&callback, "location").as_deref(), Some("eu"));
    assert_eq!(parameter(&callback, "accounts-server"), Some(zoho.base_url_of("eu")));
}

#[tokio::test]
async fn codes_and_refresh_tokens_work_only_in_the_data_center_that_issued_them() {
    let zoho = emulator().await;
    let (us, eu) = (zoho.base_url_of("us"), zoho.base_url_of("eu"));
    let code = zoho.self_client_code(BOB);
    let spend = [("grant_type", "authorization_code"), ("code", code.as_str())];
    let elsewhere = token_request(&us, "secret", spend).await;
    assert_eq!((elsewhere.status, elsewhere.json()), (200, json!({ "error": "invalid_client" })));

    let at_home = token_request(&eu, "secret", spend).await.json();
    assert_eq!(at_home["api_domain"], json!(eu));
    let refresh_token = at_home["refresh_token"].as_str().unwrap();
    let renew = [("grant_type", "refresh_token"), ("refresh_token", refresh_token)];
    assert_eq!(token_request(&us, "secret", renew).await.json(), json!({ "error": "invalid_client" }));
    assert_eq!(token_request(&eu, "secret", renew).await.json()["api_domain"], json!(eu));
}

#[tokio::test]
async fn an_access_token_works_only_in_its_own_data_center() {
    let zoho = emulator().await;
    let token = zoho.issue_access_token(&zoho.grant_refresh_token("1000.CLIENT", BOB));
    assert_eq!(get(&zoho, &token, "/crm/v8/org").await.crm_error(), (401, "INVALID_TOKEN".to_owned()));
    assert_eq!(get(&zoho, &token, "/oauth/user/info").await.status, 401);
    let request = http().get(zoho.base_url_of("eu") + "/crm/v8/org");
    assert_eq!(send(request.header("Authorization", format!("Bearer {token}"))).await.status, 200);
}

#[tokio::test]
async fn organizations_of_two_data_centers_share_no_records() {
    let zoho = emulator().await;
    zoho.add_records(ADA, "Leads", 3);
    let token = zoho.issue_access_token(&zoho.grant_refresh_token("1000.CLIENT", BOB));
    let request = http().get(zoho.base_url_of("eu") + "/crm/v8/Leads?fields=Last_Name");
    assert_eq!(send(request.header("Authorization", format!("Bearer {token}"))).await.status, 204);
}

#[tokio::test]
async fn a_client_can_have_a_different_secret_in_each_data_center() {
    let zoho = Emulator::builder()
        .data_centers(["us", "eu"])
        .client(ClientApp::new("1000.CLIENT", "secret").secret_in("eu", "geheim"))
        .user(User::new(BOB).data_center("eu"))
        .start()
        .await;
    let token = zoho.grant_refresh_token("1000.CLIENT", BOB);
    let renew = [("grant_type", "refresh_token"), ("refresh_token", token.as_str())];
    let eu = zoho.base_url_of("eu");
    assert_eq!(token_request(&eu, "secret", renew).await.json(), json!({ "error": "invalid_client_secret" }));
    assert!(token_request(&eu, "geheim", renew).await.json().get("access_token").is_some());
}

#[tokio::test]
async fn the_journal_names_the_data_center_of_a_request() {
    let zoho = emulator().await;
    send(http().get(zoho.base_url_of("eu") + "/oauth/serverinfo")).await;
    assert_eq!(zoho.journal().count_where(|entry| entry.location == "eu"), 1);
}

#[tokio::test]
async fn a_user_of_an_unknown_data_center_is_an_error() {
    let started = Emulator::builder().user(User::new(ADA).data_center("jp")).try_start().await;
    assert!(started.unwrap_err().to_string().contains("`jp`"));
}

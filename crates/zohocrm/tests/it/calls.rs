//! Calls: the user, the request, and the errors.

use serde_json::{Value, json};
use zoho_emulator::{Emulator, Fault};
use zoho_oauth::Grant;
use zohocrm::{Authenticator, Crm, Environment, Error, ErrorKind, Method, OAuthClient, OAuthToken, Retries};

use crate::support::{ADA, logged_in};

#[tokio::test]
async fn the_crm_returns_its_user_and_organization() {
    let ada = logged_in().await;
    let user = ada.crm.current_user().await.unwrap();
    assert_eq!(user.text("email"), Some(ADA));
    let organization = ada.crm.organization().await.unwrap();
    assert_eq!(organization.text("zgid"), Some("60000001"));
}

#[tokio::test]
async fn a_crm_with_only_an_access_token_uses_it_unchanged() {
    let ada = logged_in().await;
    let access_token = ada.access_token().await;
    let renewals = ada.renewals();
    let crm = Crm::for_token(&ada.authenticator, OAuthToken::new().with_access_token(access_token));
    assert_eq!(crm.current_user().await.unwrap().text("email"), Some(ADA));
    assert_eq!(ada.renewals(), renewals);
}

#[tokio::test]
async fn a_raw_call_gives_status_and_body() {
    let ada = logged_in().await;
    let request = ada.crm.request(Method::Get, "/crm/v8/users").query("type", "CurrentUser");
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert!(response.content_type().is_some_and(|kind| kind.starts_with("application/json")));
    let body: Value = response.json().unwrap().unwrap();
    assert_eq!(body["users"][0]["email"], ADA);
}

#[tokio::test]
async fn an_empty_response_is_not_an_error() {
    let ada = logged_in().await;
    let request = ada.crm.request(Method::Get, "/crm/v8/users").query("type", "DeactiveUsers");
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 204);
    assert_eq!(response.json::<Value>().unwrap(), None);
}

#[tokio::test]
async fn an_invalidated_access_token_is_replaced_and_the_call_retried_once() {
    let ada = logged_in().await;
    let killed = ada.access_token().await;
    ada.zoho.invalidate_access_token(&killed);
    ada.crm.current_user().await.unwrap();
    assert_eq!(ada.zoho.journal().count("GET /crm/v8/users"), 2);
    assert_eq!(ada.renewals(), 2);
}

#[tokio::test]
async fn every_error_code_for_a_rejected_token_leads_to_a_new_one() {
    for (status, body) in [
        (401, json!({"code": "INVALID_TOKEN", "message": "invalid oauth token", "status": "error"})),
        (401, json!({"code": "INVALID_OAUTHTOKEN", "message": "invalid oauth token", "status": "error"})),
        (401, json!({"error": "invalid_token"})),
        (200, json!({"code": "INVALID_TOKEN", "message": "invalid oauth token", "status": "error"})),
        (400, json!({"code": "INVALID_TOKEN", "message": "invalid oauth token", "status": "error"})),
        (403, json!({"code": "INVALID_TOKEN", "message": "invalid oauth token", "status": "error"})),
        (
            401,
            json!({"code": "AUTHENTICATION_FAILURE", "message": "Authentication failed", "status": "error"}),
        ),
        (
            403,
            json!({"code": "AUTHENTICATION_FAILURE", "message": "Authentication failed", "status": "error"}),
        ),
        (401, json!({"code": "SOMETHING_NEW", "message": "no", "status": "error"})),
        (401, json!({})),
    ] {
        let ada = logged_in().await;
        ada.zoho.fault(Fault::on("GET /crm/v8/users").respond(status, body.to_string()));
        ada.crm.current_user().await.unwrap();
        assert_eq!(ada.renewals(), 2, "{body}");
    }
}

/// What a gateway or a proxy sends with 401.
const PAGES: [(&str, &str); 3] =
    [("text/html", "<html>401 Unauthorized</html>"), ("text/plain", ""), ("application/json", "\"no\"")];

#[tokio::test]
async fn a_401_that_does_not_say_why_leads_to_a_new_token_once() {
    for (content_type, page) in PAGES {
        let ada = logged_in().await;
        ada.zoho.fault(Fault::on("GET /crm/v8/users").respond_as(401, content_type, page));
        ada.crm.current_user().await.unwrap();
        assert_eq!((ada.zoho.journal().count("GET /crm/v8/users"), ada.renewals()), (2, 2), "{page}");
    }
}

#[tokio::test]
async fn a_write_that_a_gateway_rejected_is_sent_again_with_a_new_token() {
    let ada = logged_in().await;
    ada.zoho.fault(Fault::on("POST /crm/v8/Leads").respond_as(401, "text/html", "<html></html>"));
    let lead = zohocrm::Record::new().with("Last_Name", "Hopper");
    ada.crm.records("Leads").create_one(lead).await.unwrap();
    assert_eq!(ada.zoho.journal().count("POST /crm/v8/Leads"), 2);
}

#[tokio::test]
async fn a_gateway_that_rejects_every_call_does_not_use_up_the_quota_of_tokens() {
    let ada = logged_in().await;
    ada.zoho.fault(Fault::on("GET /crm/v8/users").forever().respond_as(401, "text/html", "<html></html>"));
    for _ in 0..20 {
        let error = ada.crm.current_user().await.unwrap_err();
        assert_eq!(error.api().map(|api| api.status()), Some(401), "{error}");
        assert!(error.to_string().contains("a proxy or a gateway"), "{error}");
    }
    assert_eq!(ada.renewals(), 2);
    assert_eq!(ada.zoho.journal().count("GET /crm/v8/users"), 21);
}

#[tokio::test]
async fn a_401_without_a_reason_stays_the_error_if_there_is_no_other_token() {
    let ada = logged_in().await;
    let alone = OAuthToken::new().with_access_token(ada.access_token().await);
    let crm = Crm::for_token(&ada.authenticator, alone);
    let failure = r#"{"code":"AUTHENTICATION_FAILURE","message":"Authentication failed","status":"error"}"#;
    for (sent, (content_type, body)) in PAGES.into_iter().chain([("application/json", failure)]).enumerate() {
        ada.zoho.fault(Fault::on("GET /crm/v8/users").respond_as(401, content_type, body));
        let error = crm.current_user().await.unwrap_err();
        let response = error.api().map(|api| (api.status(), api.code()));
        let code = if body == failure { "AUTHENTICATION_FAILURE" } else { "" };
        assert_eq!(response, Some((401, code)), "{error}");
        assert_eq!(ada.zoho.journal().count("GET /crm/v8/users"), sent + 1);
    }
}

#[tokio::test]
async fn a_401_with_another_reason_never_leads_to_a_new_token() {
    for code in ["OAUTH_SCOPE_MISMATCH", "INVALID_OAUTHSCOPE", "AUTHORIZATION_FAILED", "NO_PERMISSION"] {
        let ada = logged_in().await;
        let body = json!({"code": code, "message": "no", "details": {}, "status": "error"});
        ada.zoho.fault(Fault::on("GET /crm/v8/users").forever().respond(401, body.to_string()));
        let error = ada.crm.current_user().await.unwrap_err();
        assert!(!error.needs_login(), "{error}");
        assert_eq!((ada.zoho.journal().count("GET /crm/v8/users"), ada.renewals()), (1, 1), "{code}");
    }
}

#[tokio::test]
async fn a_token_that_is_rejected_twice_asks_for_a_login() {
    let ada = logged_in().await;
    let body = r#"{"code":"INVALID_TOKEN","details":{},"message":"invalid oauth token","status":"error"}"#;
    ada.zoho.fault(Fault::on("GET /crm/v8/users").forever().respond(401, body));
    let error = ada.crm.current_user().await.unwrap_err();
    assert!(error.needs_login() && !error.is_transient(), "{error}");
    assert_eq!(ada.zoho.journal().count("GET /crm/v8/users"), 2, "one retry only");
}

#[tokio::test]
async fn a_missing_scope_never_leads_to_a_new_token() {
    let zoho = Emulator::start().await;
    let client = zoho.default_client();
    let code = zoho.self_client_code_with_scopes(client.id(), ADA, "ZohoCRM.org.READ");
    let authenticator = Authenticator::builder(Environment::local(&zoho.base_url()).unwrap())
        .client(OAuthClient::new(client.id(), client.secret()))
        .find_user(false)
        .build()
        .unwrap();
    let login = authenticator.exchange(Grant::from_self_client(code)).await.unwrap();
    let crm = Crm::for_token(&authenticator, OAuthToken::new().with_id(login.token().id().unwrap()));
    let error = crm.current_user().await.unwrap_err();
    assert_eq!(error.api().map(|error| error.code()), Some("OAUTH_SCOPE_MISMATCH"));
    assert!(!error.needs_login(), "a login with the same scopes would not help");
    assert_eq!(zoho.journal().count("GET /crm/v8/users"), 1);
    assert_eq!(zoho.journal().count("POST /oauth/v2/token"), 1);
}

#[tokio::test]
async fn an_error_names_the_call_and_the_evidence() {
    let ada = logged_in().await;
    let result = ada.crm.request(Method::Get, "/crm/v8/nothing_here?secret=x").send().await;
    let error = result.unwrap_err();
    let api = error.api().unwrap();
    assert_eq!((api.status(), api.code()), (404, "INVALID_URL_PATTERN"));
    let message = error.to_string();
    assert!(message.contains("GET /crm/v8/nothing_here: HTTP 404, INVALID_URL_PATTERN"), "{message}");
    assert!(!message.contains("secret"), "the query stays out of messages: {message}");
}

#[tokio::test]
async fn an_error_with_status_200_is_an_error_and_says_what_to_do() {
    let ada = logged_in().await;
    let body = r#"{"code":"NO_PERMISSION","details":{},"message":"permission denied","status":"error"}"#;
    ada.zoho.fault(Fault::on("GET /crm/v8/org").respond(200, body));
    let error = ada.crm.organization().await.unwrap_err();
    assert_eq!(error.api().map(|error| error.code()), Some("NO_PERMISSION"));
    assert!(error.to_string().contains("; ask the CRM's administrator"), "{error}");
}

#[tokio::test]
async fn a_raw_write_whose_records_are_all_rejected_says_why() {
    let ada = logged_in().await;
    let request = ada.crm.request(Method::Post, "/crm/v8/Leads").json(json!({ "data": [{}] }));
    let error = request.send().await.unwrap_err();
    assert_eq!(error.api().map(|error| error.code()), Some("MANDATORY_NOT_FOUND"), "{error}");
}

#[tokio::test]
async fn transient_errors_are_marked_as_transient() {
    let ada = logged_in().await;
    let crm = Crm::builder(&ada.authenticator).retries(Retries::none()).build_for(ADA);
    for (fault, kind) in [
        (Fault::on("GET /crm/v8/org").status_500(), ErrorKind::Server),
        (Fault::on("GET /crm/v8/org").throttle(), ErrorKind::Throttled),
        (Fault::on("GET /crm/v8/org").times(5).drop_before(), ErrorKind::Unreachable),
    ] {
        ada.zoho.clear_faults();
        ada.zoho.fault(fault);
        let error = crm.organization().await.unwrap_err();
        assert_eq!(error.kind(), kind);
        assert!(error.is_transient() && !error.needs_login(), "{error}");
    }
}

#[tokio::test]
async fn a_page_that_is_not_from_the_crm_is_not_a_response() {
    let ada = logged_in().await;
    ada.zoho.fault(Fault::on("GET /crm/v8/org").html());
    let error = ada.crm.organization().await.unwrap_err();
    assert!(matches!(error, Error::InvalidResponse { status: 200, .. }), "{error:?}");
}

#[tokio::test]
async fn the_token_is_never_sent_to_a_foreign_host() {
    let ada = logged_in().await;
    let foreign = Emulator::start().await;
    let host = foreign.base_url().replace("http://", "");
    for url in [format!("http://{host}/crm/v8/org"), format!("{}@{host}/", ada.zoho.base_url())] {
        let error = ada.crm.request(Method::Get, &url).send().await.unwrap_err();
        assert!(matches!(error, Error::ForeignHost { .. }), "{url}: {error:?}");
    }
    assert!(foreign.journal().entries().is_empty());
}

#[tokio::test]
async fn a_full_url_on_the_host_of_the_token_is_accepted() {
    let ada = logged_in().await;
    let url = format!("{}/crm/v8/org", ada.zoho.base_url());
    assert_eq!(ada.crm.request(Method::Get, url).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_redirect_is_an_error() {
    let ada = logged_in().await;
    ada.zoho.fault(Fault::on("GET /crm/v8/org").respond(302, ""));
    let error = ada.crm.organization().await.unwrap_err();
    assert_eq!(error.api().map(|error| error.status()), Some(302), "{error}");
}

#[tokio::test]
async fn a_user_without_a_token_has_to_log_in() {
    let ada = logged_in().await;
    let error = Crm::new(&ada.authenticator, "nobody@example.com").current_user().await.unwrap_err();
    assert!(error.needs_login(), "{error}");
}

#[tokio::test]
async fn neither_debug_nor_an_error_shows_a_secret() {
    let ada = logged_in().await;
    let access_token = ada.access_token().await;
    let request = ada.crm.request(Method::Get, "/crm/v8/nothing_here");
    let error = request.send().await.unwrap_err();
    let printed = format!("{:?} {request:?} {error:?} {error}", ada.crm);
    for secret in [access_token.as_str(), &ada.refresh_token, ada.zoho.default_client().secret()] {
        assert!(!printed.contains(secret), "{printed}");
    }
}

//! API credits and concurrent calls of an organization.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::timeout;
use zoho_emulator::{Emulator, Fault, User};

use crate::{ADA, Reply, access_token, call, get, http, send, until_faults_applied};

/// Calls that stay in progress until they are aborted, because a fault never responds to them.
async fn hanging_calls(zoho: &Emulator, token: &str, calls: u32) -> JoinSet<Reply> {
    zoho.fault(Fault::on("GET /crm/v8/org").times(calls).hang());
    let (mut tasks, http) = (JoinSet::new(), http());
    for _ in 0..calls {
        let request = http.get(zoho.base_url() + "/crm/v8/org");
        tasks.spawn(send(request.header("Authorization", format!("Zoho-oauthtoken {token}"))));
    }
    until_faults_applied(zoho).await;
    tasks
}

/// Waits until a call succeeds.
async fn until_admitted(zoho: &Emulator, token: &str) {
    let admitted = async {
        while get(zoho, token, "/crm/v8/org").await.status != 200 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let admitted = timeout(Duration::from_secs(60), admitted).await;
    assert!(admitted.is_ok(), "an aborted call still counts as in progress");
}

#[tokio::test]
async fn the_eleventh_concurrent_call_is_rejected_and_a_later_one_is_not() {
    let zoho = Emulator::start().await;
    let token = access_token(&zoho);
    let in_progress = hanging_calls(&zoho, &token, 10).await;
    for _ in 0..2 {
        assert_eq!(get(&zoho, &token, "/crm/v8/org").await.status, 429);
    }
    drop(in_progress);
    until_admitted(&zoho, &token).await;
}

#[tokio::test]
async fn calls_of_another_organization_are_counted_separately() {
    let bob = "bob@example.com";
    let zoho = Emulator::builder()
        .user(User::new(ADA))
        .user(User::new(bob).zgid("60000002"))
        .concurrent_calls(1)
        .start()
        .await;
    let (adas, bobs) = (access_token(&zoho), zoho.grant_refresh_token(zoho.default_client().id(), bob));
    let bobs = zoho.issue_access_token(&bobs);
    let _in_progress = hanging_calls(&zoho, &adas, 1).await;
    let rejected = get(&zoho, &adas, "/crm/v8/org").await;
    assert_eq!(rejected.crm_error(), (429, "TOO_MANY_REQUESTS".to_owned()));
    assert_eq!(rejected.header("retry-after"), "");
    assert_eq!(get(&zoho, &bobs, "/crm/v8/org").await.status, 200);
}

#[tokio::test]
async fn a_hanging_call_stays_in_progress_until_its_client_disconnects() {
    let zoho = Emulator::builder().concurrent_calls(1).start().await;
    let token = access_token(&zoho);
    let in_progress = hanging_calls(&zoho, &token, 1).await;
    assert_eq!(get(&zoho, &token, "/crm/v8/org").await.status, 429);
    drop(in_progress);
    until_admitted(&zoho, &token).await;
}

#[tokio::test]
async fn a_call_is_in_progress_during_the_response_delay() {
    let hours = Duration::from_secs(3 * 3600);
    let zoho = Emulator::builder().concurrent_calls(1).response_delay(hours).start().await;
    let token = access_token(&zoho);
    let (http, url) = (http(), zoho.base_url() + "/crm/v8/org");
    let request = http.get(url).header("Authorization", format!("Zoho-oauthtoken {token}"));
    let mut in_progress = JoinSet::new();
    in_progress.spawn(send(request));
    while zoho.journal().count("GET /crm/v8/org") == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(get(&zoho, &token, "/crm/v8/org").await.status, 429);
}

#[tokio::test]
async fn limits_can_be_changed_at_run_time() {
    let zoho = Emulator::start().await;
    let token = access_token(&zoho);
    zoho.set_concurrent_calls(0);
    assert_eq!(get(&zoho, &token, "/crm/v8/org").await.status, 429);
    zoho.set_concurrent_calls(1);
    zoho.set_daily_credits(1);
    assert_eq!(get(&zoho, &token, "/crm/v8/org").await.header("x-api-credits-remaining"), "0");
    assert_eq!(get(&zoho, &token, "/crm/v8/org").await.status, 429);
    let limits = json!({ "daily_credits": 100 });
    let changed = send(http().post(zoho.base_url() + "/_emulator/limits").json(&limits)).await;
    assert_eq!(changed.json(), json!({ "daily_credits": 100, "concurrent_calls": 1 }));
    assert_eq!(get(&zoho, &token, "/crm/v8/org").await.status, 200);
}

#[tokio::test]
async fn credits_return_a_day_after_they_were_spent() {
    let zoho = Emulator::builder().daily_credits(2).start().await;
    let hour = Duration::from_secs(3600);
    let org = async || get(&zoho, &access_token(&zoho), "/crm/v8/org").await.status;
    assert_eq!(org().await, 200);
    zoho.advance(12 * hour);
    assert_eq!((org().await, org().await), (200, 429));
    zoho.advance(12 * hour);
    assert_eq!((org().await, org().await), (200, 429));
    assert_eq!(zoho.used_credits(ADA), 2);
}

#[tokio::test]
async fn calls_cost_the_credits_that_zoho_documents() {
    let zoho = Emulator::start().await;
    zoho.add_records(ADA, "Leads", 1);
    let token = access_token(&zoho);
    let records: Vec<_> = (0..21).map(|number| json!({ "Last_Name": format!("Lead {number}") })).collect();
    let coql = |limit: u32| json!({ "select_query": format!("select id from Leads where id is not null limit {limit}") });
    let module = json!({ "query": { "module": { "api_name": "Leads" } } });
    for (path, body, cost) in [
        ("/crm/v8/Leads", json!({ "data": records }), 3),
        ("/crm/v8/coql", coql(200), 1),
        ("/crm/v8/coql", coql(1000), 2),
        ("/crm/v8/coql", coql(2000), 3),
        ("/crm/bulk/v8/read", module, 50),
        ("/crm/bulk/v8/write", json!({}), 500),
    ] {
        let before = zoho.used_credits(ADA);
        call(&zoho, &token, Method::POST, path, Some(body)).await;
        assert_eq!(zoho.used_credits(ADA) - before, cost, "{path}");
    }
}

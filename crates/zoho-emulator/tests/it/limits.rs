//! How much an organisation may call the CRM: credits in a day, and calls at the same time.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use tokio::task::JoinSet;
use zoho_emulator::{Emulator, Fault, User};

use crate::{ADA, access_token, call, get, http, send};

/// The statuses of so many calls that are made at the same time, in order.
async fn statuses_of(zoho: &Emulator, token: &str, calls: usize) -> Vec<u16> {
    let (mut tasks, http) = (JoinSet::new(), http());
    for _ in 0..calls {
        let request = http.get(zoho.base_url() + "/crm/v8/org");
        tasks.spawn(send(request.header("Authorization", format!("Zoho-oauthtoken {token}"))));
    }
    let mut statuses: Vec<u16> = tasks.join_all().await.iter().map(|reply| reply.status).collect();
    statuses.sort_unstable();
    statuses
}

#[tokio::test]
async fn the_eleventh_call_at_the_same_time_is_refused_and_the_next_one_is_not() {
    let zoho = Emulator::builder().response_delay(Duration::from_secs(1)).start().await;
    let token = access_token(&zoho);
    assert_eq!(statuses_of(&zoho, &token, 12).await, [[200; 10].as_slice(), &[429; 2]].concat());
    let reply = get(&zoho, &token, "/crm/v8/org").await;
    assert_eq!(reply.status, 200);
}

#[tokio::test]
async fn calls_of_another_organisation_have_seats_of_their_own() {
    let bob = "bob@example.com";
    let zoho = Emulator::builder()
        .user(User::new(ADA))
        .user(User::new(bob).zgid("60000002"))
        .concurrent_calls(1)
        .start()
        .await;
    let (adas, bobs) = (access_token(&zoho), zoho.grant_refresh_token(zoho.default_client().id(), bob));
    let bobs = zoho.issue_access_token(&bobs);
    zoho.fault(Fault::on("GET /crm/v8/org").delay(Duration::from_millis(400)));
    let (first, (second, third)) = tokio::join!(get(&zoho, &adas, "/crm/v8/org"), async {
        while zoho.pending_faults() > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        (get(&zoho, &adas, "/crm/v8/org").await, get(&zoho, &bobs, "/crm/v8/org").await)
    });
    assert_eq!((first.status, second.status, third.status), (200, 429, 200));
    assert_eq!(second.crm_error().1, "TOO_MANY_REQUESTS");
    assert_eq!(second.header("retry-after"), "");
}

#[tokio::test]
async fn a_call_that_hangs_keeps_its_seat_until_its_client_goes_away() {
    let zoho = Emulator::builder().concurrent_calls(1).start().await;
    let token = access_token(&zoho);
    zoho.fault(Fault::on("GET /crm/v8/org").hang());
    let hanging = tokio::time::timeout(Duration::from_millis(200), get(&zoho, &token, "/crm/v8/org"));
    let (hanging, refused) = tokio::join!(hanging, async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        get(&zoho, &token, "/crm/v8/org").await.status
    });
    assert!(hanging.is_err());
    assert_eq!(refused, 429);
    for _ in 0..100 {
        if get(&zoho, &token, "/crm/v8/org").await.status == 200 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the seat was never given back");
}

#[tokio::test]
async fn limits_can_be_changed_while_it_runs() {
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
async fn credits_come_back_a_day_after_they_were_spent() {
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
async fn calls_cost_what_zoho_says_they_cost() {
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

//! Mass actions: one change to many records.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use zoho_emulator::{Emulator, User};

use crate::{ADA, access_token, call, get};

async fn act(zoho: &Emulator, token: &str, action: &str, body: Value) -> crate::Reply {
    call(zoho, token, Method::POST, &format!("/crm/v8/Leads/actions/{action}"), Some(body)).await
}

#[tokio::test]
async fn records_given_by_id_are_changed_and_deleted_immediately() {
    let zoho = Emulator::start().await;
    zoho.add_records(ADA, "Leads", 3);
    let token = access_token(&zoho);
    let listed = get(&zoho, &token, "/crm/v8/Leads?fields=id").await.json();
    let ids: Vec<Value> = listed["data"].as_array().unwrap().iter().map(|lead| lead["id"].clone()).collect();
    let change = json!({ "data": [{ "City": "Cork" }], "ids": [ids[0], ids[1], "77"] });
    let reply = act(&zoho, &token, "mass_update", change).await;
    assert_eq!((reply.status, &reply.json()["data"][2]["code"]), (207, &json!("INVALID_DATA")));
    let lead = get(&zoho, &token, &format!("/crm/v8/Leads/{}", ids[1].as_str().unwrap())).await.json();
    assert_eq!(lead["data"][0]["City"], "Cork");
    let reply = act(&zoho, &token, "mass_delete", json!({ "ids": ids })).await;
    assert_eq!((reply.status, reply.json()["data"].as_array().unwrap().len()), (200, 3));
    assert_eq!(get(&zoho, &token, "/crm/v8/Leads?fields=id").await.status, 204);
}

#[tokio::test]
async fn the_records_of_a_custom_view_are_changed_by_a_job() {
    let bob = User::new("bob@example.com").id("5545974000000000002");
    let zoho = Emulator::builder()
        .user(User::new(ADA))
        .user(bob)
        .bulk_job_duration(Duration::from_secs(40))
        .start()
        .await;
    zoho.add_records(ADA, "Leads", 5);
    let token = access_token(&zoho);
    let owner = json!({ "cvid": "5545974000000087001", "owner": { "id": "5545974000000000002" } });
    for (action, body, status, done) in [
        (
            "mass_update",
            json!({ "cvid": "5545974000000087001", "data": [{ "City": "Cork" }] }),
            200,
            "Updated_Count",
        ),
        ("mass_change_owner", owner, 202, "Updated_Count"),
        ("mass_delete", json!({ "cvid": "5545974000000087001" }), 200, "Deleted_Count"),
    ] {
        let scheduled = act(&zoho, &token, action, body).await;
        assert_eq!(scheduled.status, status, "{}", scheduled.text);
        let job = scheduled.json()["data"][0]["details"]["job_id"].as_str().unwrap().to_owned();
        let path = format!("/crm/v8/Leads/actions/{action}?job_id={job}");
        let mut statuses = Vec::new();
        for _ in 0..3 {
            statuses.push(
                get(&zoho, &token, &path).await.json()["data"][0]["Status"].as_str().unwrap().to_owned(),
            );
            zoho.advance(Duration::from_secs(20));
        }
        assert_eq!(statuses, ["SCHEDULED", "RUNNING", "COMPLETED"]);
        let over = get(&zoho, &token, &path).await.json()["data"][0].clone();
        assert_eq!(
            (&over[done], &over["Total_Count"], &over["Failed_Count"]),
            (&json!(5), &json!(5), &json!(0))
        );
    }
    assert_eq!(get(&zoho, &token, "/crm/v8/Leads?fields=id").await.status, 204);
}

#[tokio::test]
async fn a_mass_action_requires_ids_or_a_view() {
    let zoho = Emulator::start().await;
    let token = access_token(&zoho);
    assert_eq!(act(&zoho, &token, "mass_delete", json!({})).await.crm_error().1, "MANDATORY_NOT_FOUND");
    assert_eq!(act(&zoho, &token, "mass_delete", json!({ "cvid": "x" })).await.crm_error().1, "INVALID_DATA");
    let many: Vec<String> = (0..501).map(|id| id.to_string()).collect();
    assert_eq!(
        act(&zoho, &token, "mass_delete", json!({ "ids": many })).await.crm_error().1,
        "LIMIT_EXCEEDED"
    );
    assert_eq!(get(&zoho, &token, "/crm/v8/Leads/actions/mass_delete?job_id=1").await.status, 400);
}

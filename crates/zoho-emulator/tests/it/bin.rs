//! Deleted records: lists, the recycle bin, restoring.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use zoho_emulator::Emulator;

use crate::{Reply, access_token, call, codes, get, lead, values};

const BIN: &str = "/crm/v8/settings/recycle_bin";

fn bin_codes(reply: &Reply) -> Vec<String> {
    let body = reply.json();
    let results = body["recycle_bin"].as_array().unwrap();
    results.iter().map(|result| result["code"].as_str().unwrap().to_owned()).collect()
}

/// Three leads, deleted one after the other.
async fn deleted_leads(zoho: &Emulator, token: &str) -> Vec<String> {
    let mut ids = Vec::new();
    for name in ["One", "Two", "Three"] {
        let id = lead(zoho, token, json!({ "Last_Name": name })).await;
        call(zoho, token, Method::DELETE, &format!("/crm/v8/Leads/{id}"), None).await;
        ids.push(id);
        zoho.advance(Duration::from_secs(60));
    }
    ids
}

#[tokio::test]
async fn deleted_records_are_listed_as_recycled_or_permanently_deleted() {
    let zoho = Emulator::start().await;
    let token = access_token(&zoho);
    let ids = deleted_leads(&zoho, &token).await;
    let purged = call(&zoho, &token, Method::DELETE, &format!("{BIN}/{}", ids[0]), None).await;
    assert_eq!((purged.status, bin_codes(&purged)), (200, vec!["SUCCESS".to_owned()]));
    let names = async |kind: &str| {
        values(&get(&zoho, &token, &format!("/crm/v8/Leads/deleted?type={kind}")).await, "display_name")
    };
    assert_eq!(names("recycle").await, ["Three", "Two"]);
    assert_eq!(names("permanent").await, [Value::Null]);
    assert_eq!(names("all").await.len(), 3);

    let page = get(&zoho, &token, "/crm/v8/Leads/deleted?per_page=1&page=2").await.json();
    assert_eq!(page["info"], json!({ "per_page": 1, "count": 1, "page": 2, "more_records": true }));
    let entry = &get(&zoho, &token, "/crm/v8/Leads/deleted?type=recycle").await.json()["data"][0];
    assert_eq!((&entry["type"], &entry["deleted_by"]["name"]), (&json!("recycle"), &json!("Ada Lovelace")));
    assert!(entry["deleted_time"].is_string() && entry["created_by"].is_object());

    assert_eq!(get(&zoho, &token, "/crm/v8/Deals/deleted").await.status, 204);
    let wrong = get(&zoho, &token, "/crm/v8/Leads/deleted?type=lost").await;
    assert_eq!((wrong.status, codes(&wrong)), (400, vec!["PATTERN_NOT_MATCHED".to_owned()]));
}

#[tokio::test]
async fn a_deleted_record_is_missing_until_it_is_restored() {
    let zoho = Emulator::start().await;
    let token = access_token(&zoho);
    let ids = deleted_leads(&zoho, &token).await;
    let path = format!("/crm/v8/Leads/{}", ids[1]);
    assert_eq!(get(&zoho, &token, &path).await.status, 204);
    let restored =
        call(&zoho, &token, Method::POST, &format!("{BIN}/{}/actions/restore", ids[1]), None).await;
    assert_eq!((restored.status, bin_codes(&restored)), (200, vec!["SUCCESS".to_owned()]));
    assert_eq!(get(&zoho, &token, &path).await.json()["data"][0]["Last_Name"], "Two");
    assert_eq!(get(&zoho, &token, &format!("{BIN}/{}", ids[1])).await.status, 204);

    let body = json!({ "ids": [ids[0], "1"] });
    let some = call(&zoho, &token, Method::POST, &format!("{BIN}/actions/restore"), Some(body)).await;
    assert_eq!((some.status, bin_codes(&some)), (207, vec!["SUCCESS".to_owned(), "INVALID_DATA".to_owned()]));
    assert_eq!(get(&zoho, &token, "/crm/v8/Leads/actions/count").await.json()["count"], 2);
}

#[tokio::test]
async fn the_recycle_bin_is_listed_and_emptied_by_filter() {
    let zoho = Emulator::start().await;
    let token = access_token(&zoho);
    let ids = deleted_leads(&zoho, &token).await;
    let all = get(&zoho, &token, BIN).await.json();
    assert_eq!(all["info"]["count"], 3);
    let first = &all["recycle_bin"][0];
    assert_eq!((&first["display_name"], &first["module"]["api_name"]), (&json!("Three"), &json!("Leads")));
    let one = get(&zoho, &token, &format!("{BIN}/{}", ids[2])).await.json();
    assert_eq!(&one["recycle_bin"][0], first);
    assert_eq!(get(&zoho, &token, &format!("{BIN}?ids={},1", ids[0])).await.json()["info"]["count"], 1);

    let by_name = |comparator: &str, name: &str| json!({ "field": { "api_name": "display_name" }, "comparator": comparator, "value": name });
    let module = json!({ "field": { "api_name": "module" }, "comparator": "equal", "value": "Leads" });
    let filters = json!({ "group_operator": "AND", "group": [by_name("contains", "T"), module] });
    let body = json!({ "filters": filters });
    let purged = call(&zoho, &token, Method::DELETE, BIN, Some(body)).await;
    assert_eq!((purged.status, bin_codes(&purged).len()), (200, 2));
    let odd =
        call(&zoho, &token, Method::DELETE, BIN, Some(json!({ "filters": by_name("sounds_like", "T") })))
            .await;
    assert_eq!(odd.crm_error(), (400, "INVALID_DATA".to_owned()));
    let nothing = call(&zoho, &token, Method::DELETE, BIN, None).await;
    assert_eq!(nothing.crm_error(), (400, "REQUIRED_PARAM_MISSING".to_owned()));
    assert_eq!(get(&zoho, &token, BIN).await.json()["recycle_bin"][0]["id"], json!(ids[0]));
}

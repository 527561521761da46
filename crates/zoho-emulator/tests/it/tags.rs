//! Tags of modules and of records.

use reqwest::Method;
use serde_json::{Value, json};
use zoho_emulator::Emulator;

use crate::{Reply, access_token, call, codes, get, lead};

const TAGS: &str = "/crm/v8/settings/tags";

async fn send(zoho: &Emulator, token: &str, method: Method, path: &str, tags: Value) -> Reply {
    call(zoho, token, method, path, Some(json!({ "tags": tags }))).await
}

/// The names of a record's tags.
async fn tags_of(zoho: &Emulator, token: &str, lead: &str) -> Vec<String> {
    let read = get(zoho, token, &format!("/crm/v8/Leads/{lead}?fields=Tag")).await.json();
    let tags = read["data"][0]["Tag"].as_array().unwrap();
    tags.iter().map(|tag| tag["name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn tags_of_a_module_are_created_renamed_merged_and_deleted() {
    let zoho = Emulator::start().await;
    let token = access_token(&zoho);
    let of_leads = format!("{TAGS}?module=Leads");
    assert_eq!(get(&zoho, &token, &of_leads).await.status, 204);
    let new = json!([{ "name": "New", "color_code": "#AAFE62" }]);
    let made = send(&zoho, &token, Method::POST, &of_leads, new).await;
    let tag = made.json()["tags"][0].clone();
    assert_eq!((made.status, &tag["message"]), (201, &json!("tags created successfully")));
    let new = tag["details"]["id"].as_str().unwrap().to_owned();
    let twice = json!([{ "name": "new" }, { "name": "Old" }]);
    let twice = send(&zoho, &token, Method::POST, &of_leads, twice).await;
    assert_eq!((twice.status, &twice.json()["tags"][0]["code"]), (207, &json!("DUPLICATE_DATA")));
    assert_eq!(twice.json()["tags"][0]["details"]["id"], json!(new));
    let old = twice.json()["tags"][1]["details"]["id"].as_str().unwrap().to_owned();

    let tagged =
        lead(&zoho, &token, json!({ "Last_Name": "Byron", "Tag": [{ "name": "New" }, { "name": "Old" }] }))
            .await;
    let count = format!("{TAGS}/{new}/actions/records_count?module=Leads");
    assert_eq!(get(&zoho, &token, &count).await.json()["count"], "1");
    let path = format!("{TAGS}/{new}?module=Leads");
    let renamed = send(&zoho, &token, Method::PUT, &path, json!([{ "name": "Fresh" }])).await;
    assert_eq!(renamed.status, 200);
    assert_eq!(tags_of(&zoho, &token, &tagged).await, ["Old", "Fresh"]);
    let change = json!([{ "id": old, "name": "Older" }, { "id": "1", "name": "X" }]);
    assert_eq!(send(&zoho, &token, Method::PUT, &of_leads, change).await.status, 207);

    let path = format!("{TAGS}/{new}/actions/merge");
    let merged = send(&zoho, &token, Method::POST, &path, json!([{ "conflict_id": old }])).await;
    assert_eq!(merged.status, 200);
    assert_eq!(tags_of(&zoho, &token, &tagged).await, ["Fresh"]);
    assert_eq!(get(&zoho, &token, &of_leads).await.json()["info"]["count"], 1);
    assert_eq!(call(&zoho, &token, Method::DELETE, &format!("{TAGS}/{new}"), None).await.status, 200);
    assert!(tags_of(&zoho, &token, &tagged).await.is_empty());
    let gone = call(&zoho, &token, Method::DELETE, &format!("{TAGS}/{new}"), None).await;
    assert_eq!(gone.crm_error(), (400, "INVALID_DATA".to_owned()));
}

#[tokio::test]
async fn an_invalid_tag_is_rejected() {
    let zoho = Emulator::start().await;
    let token = access_token(&zoho);
    let wrong = json!([{}, { "name": 7 }, { "name": "Long", "color_code": "#12345678" }]);
    let reply = send(&zoho, &token, Method::POST, &format!("{TAGS}?module=Leads"), wrong).await;
    let body = reply.json();
    let tags = body["tags"].as_array().unwrap();
    assert_eq!(reply.status, 400);
    assert_eq!(
        tags.iter().map(|tag| &tag["code"]).collect::<Vec<_>>(),
        ["MANDATORY_NOT_FOUND", "INVALID_DATA", "INVALID_DATA"]
    );
    assert_eq!(tags[2]["details"]["maximum_length"], 7);
}

#[tokio::test]
async fn tags_are_added_to_records_and_removed() {
    let zoho = Emulator::start().await;
    let token = access_token(&zoho);
    let one = lead(&zoho, &token, json!({ "Last_Name": "One" })).await;
    let two = lead(&zoho, &token, json!({ "Last_Name": "Two" })).await;
    let path = format!("/crm/v8/Leads/{one}/actions");
    let added = send(
        &zoho,
        &token,
        Method::POST,
        &format!("{path}/add_tags"),
        json!([{ "name": "A" }, { "name": "B" }]),
    )
    .await;
    assert_eq!((added.status, &added.json()["locked_count"]), (200, &json!("0")));
    assert_eq!(added.json()["data"][0]["details"]["tags"][1]["name"], "B");
    let again =
        send(&zoho, &token, Method::POST, &format!("{path}/add_tags"), json!([{ "name": "a" }])).await;
    assert_eq!(again.json()["data"][0]["details"]["tags"].as_array().unwrap().len(), 2);
    send(&zoho, &token, Method::POST, &format!("{path}/remove_tags"), json!([{ "name": "A" }])).await;
    assert_eq!(tags_of(&zoho, &token, &one).await, ["B"]);

    let many = json!({ "tags": [{ "name": "C" }], "ids": [one, two, "1"], "over_write": true });
    let many = call(&zoho, &token, Method::POST, "/crm/v8/Leads/actions/add_tags", Some(many)).await;
    assert_eq!(
        (many.status, codes(&many)),
        (207, ["SUCCESS", "SUCCESS", "INVALID_DATA"].map(Into::into).to_vec())
    );
    assert_eq!(
        (tags_of(&zoho, &token, &one).await, tags_of(&zoho, &token, &two).await),
        (vec!["C".to_owned()], vec!["C".to_owned()])
    );
    let known = get(&zoho, &token, &format!("{TAGS}?module=Leads")).await.json();
    assert_eq!(known["info"]["count"], 3);
    let path = format!("/crm/v8/Leads/actions/remove_tags?ids={one},{two}");
    let removed = send(&zoho, &token, Method::POST, &path, json!([{ "name": "C" }])).await;
    assert_eq!((removed.status, &removed.json()["data"][1]["details"]["tags"]), (200, &json!([])));
    let nothing = call(&zoho, &token, Method::POST, &path, Some(json!({}))).await;
    assert_eq!(nothing.crm_error(), (400, "MANDATORY_NOT_FOUND".to_owned()));
}

//! Composite requests: several requests in one.

use reqwest::Method;
use serde_json::{Value, json};
use zoho_emulator::Emulator;

use crate::{Reply, access_token, call, get};

async fn send(zoho: &Emulator, token: &str, mut body: Value, sub_requests: Value) -> Reply {
    body["__composite_requests"] = sub_requests;
    call(zoho, token, Method::POST, "/crm/v8/__composite_requests", Some(body)).await
}

fn create_lead(id: &str, last_name: &str) -> Value {
    json!({ "sub_request_id": id, "method": "POST", "uri": "/crm/v8/Leads", "body": { "data": [{ "Last_Name": last_name }] } })
}

/// The codes of the results, in order.
fn codes(reply: &Reply) -> Vec<String> {
    let results = reply.json()["__composite_requests"].as_array().unwrap().clone();
    results.iter().map(|result| result["code"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_sub_request_can_use_the_response_to_an_earlier_one() {
    let zoho = Emulator::start().await;
    let token = access_token(&zoho);
    let sub_requests = json!([
        create_lead("one", "Boyle"),
        {
            "sub_request_id": "two", "method": "PUT", "uri": "/crm/v3/Leads/@{one:$.data[0].details.id}",
            "body": { "data": [{ "Company": "for @{one:$.data[0].message}" }] },
        },
        {
            "method": "GET", "uri": "/crm/v8/Leads/@{two:$.data[0].details.id}",
            "params": { "fields": "Last_Name,Company" },
        },
    ]);
    let reply = send(&zoho, &token, json!({ "parallel_execution": false }), sub_requests.clone()).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    let body = reply.json();
    let response = |index: usize| &body["__composite_requests"][index]["details"]["response"];
    assert_eq!(response(0)["status_code"], 201);
    assert_eq!(response(0)["headers"]["content-type"], "application/json;charset=UTF-8");
    assert_eq!(response(2)["body"]["data"][0]["Company"], "for record added");
    let parallel = send(&zoho, &token, json!({}), json!([sub_requests[1], sub_requests[0]])).await;
    assert_eq!(codes(&parallel), ["SUCCESS", "SUCCESS"]);
}

#[tokio::test]
async fn failures_and_successes_are_reported_together() {
    let zoho = Emulator::start().await;
    let token = access_token(&zoho);
    let sub_requests = json!([
        create_lead("one", "Boyle"),
        { "method": "POST", "uri": "/crm/v8/Leads", "body": { "data": [{}] } },
        { "method": "POST", "uri": "/nonsense" },
        { "method": "GET", "uri": "/crm/v9/Leads" },
        { "method": "GET", "uri": "/crm/bulk/v8/read/1" },
    ]);
    let reply = send(&zoho, &token, json!({}), sub_requests).await;
    assert_eq!(reply.status, 207);
    assert_eq!(codes(&reply), ["SUCCESS", "SUCCESS", "INVALID_DATA", "NOT_ALLOWED", "NOT_SUPPORTED"]);
    let results = &reply.json()["__composite_requests"];
    assert_eq!(results[1]["details"]["response"]["body"]["data"][0]["code"], "MANDATORY_NOT_FOUND");
    let expected = json!({
        "expected_data_type": "text", "regex": "/crm(/.*)?/v[0-9]+([.][0-9]+)?/.*", "api_name": "uri",
        "json_path": "$.__composite_requests[2].uri",
    });
    assert_eq!(results[2]["details"], expected);
}

#[tokio::test]
async fn a_rollback_undoes_all_changes() {
    let zoho = Emulator::start().await;
    let token = access_token(&zoho);
    let rollback = json!({ "rollback_on_fail": true });
    let failing = json!({ "method": "POST", "uri": "/crm/v8/Leads", "body": { "data": [{}] } });
    let sub_requests = json!([create_lead("one", "Boyle"), failing, create_lead("three", "Abel")]);
    let reply = send(&zoho, &token, rollback.clone(), sub_requests).await;
    assert_eq!(reply.status, 400);
    assert_eq!(codes(&reply), ["ROLLBACK_PERFORMED", "SUCCESS", "PROCESSING_STOPPED"]);
    assert_eq!(
        reply.json()["__composite_requests"][0]["details"],
        json!({ "rollbacked_by_sub_request_index": 1 })
    );
    assert_eq!(get(&zoho, &token, "/crm/v8/Leads?fields=id").await.status, 204);

    let reply =
        send(&zoho, &token, rollback, json!([create_lead("one", "Boyle"), create_lead("two", "Abel")])).await;
    assert_eq!((reply.status, codes(&reply)), (200, vec!["SUCCESS".to_owned(); 2]));
    assert_eq!(get(&zoho, &token, "/crm/v8/Leads?fields=id").await.json()["info"]["count"], 2);
}

#[tokio::test]
async fn a_reference_to_nothing_is_an_error() {
    let zoho = Emulator::start().await;
    let token = access_token(&zoho);
    let reading = |id: &str, of: &str| json!({ "sub_request_id": id, "method": "GET", "uri": format!("/crm/v8/Leads/@{{{of}:$.data[0].id}}") });
    for (flags, sub_requests, expected) in [
        (json!({}), json!([reading("one", "nobody")]), vec!["INVALID_REFERENCE"]),
        (json!({}), json!([reading("one", "one")]), vec!["INVALID_REFERENCE"]),
        (
            json!({ "parallel_execution": false }),
            json!([reading("one", "two"), create_lead("two", "Boyle")]),
            vec!["INVALID_REFERENCE", "SUCCESS"],
        ),
        (
            json!({}),
            json!([reading("one", "two"), reading("two", "one")]),
            vec!["LOOPING_FOUND", "LOOPING_FOUND"],
        ),
    ] {
        let reply = send(&zoho, &token, flags, sub_requests).await;
        assert_eq!(codes(&reply), expected);
    }
}

#[tokio::test]
async fn a_composite_request_has_limits() {
    let zoho = Emulator::start().await;
    let token = access_token(&zoho);
    let lead = |id: usize| create_lead(&format!("r{id}"), "Boyle");
    let six = Value::Array((0..6).map(lead).collect());
    let reply = send(&zoho, &token, json!({}), six).await;
    assert_eq!((reply.status, &reply.json()["details"]["maximum_length"]), (400, &json!(5)));
    let both = json!({ "rollback_on_fail": true, "parallel_execution": true });
    let reply = send(&zoho, &token, both, json!([lead(0)])).await;
    assert_eq!(reply.crm_error(), (400, "AMBIGUITY_DURING_PROCESSING".to_owned()));
    assert_eq!(send(&zoho, &token, json!({}), Value::Null).await.crm_error().1, "MANDATORY_NOT_FOUND");
    let reply = send(&zoho, &token, json!({}), json!([lead(1), lead(1), lead(2)])).await;
    assert_eq!(
        (reply.status, codes(&reply)),
        (207, ["DUPLICATE_DATA", "DUPLICATE_DATA", "SUCCESS"].map(str::to_owned).to_vec())
    );

    let two = json!([{ "Last_Name": "a" }, { "Last_Name": "b" }]);
    let query =
        |limit: &str| json!({ "select_query": format!("select id from Leads where id is not null{limit}") });
    zoho.add_records(crate::ADA, "Leads", 40);
    let reply = send(
        &zoho,
        &token,
        json!({}),
        json!([
            { "method": "POST", "uri": "/crm/v8/Leads", "body": { "data": two } },
            { "method": "GET", "uri": "/crm/v8/Leads", "params": { "fields": "id", "per_page": 26 } },
            { "method": "POST", "uri": "/crm/v8/coql", "body": query(" limit 26") },
            { "method": "POST", "uri": "/crm/v8/coql", "body": query("") },
            { "method": "GET", "uri": "/crm/v8/Leads?fields=id", "headers": { "Authorization": "x" } },
        ]),
    )
    .await;
    assert_eq!(
        codes(&reply),
        ["LIMIT_EXCEEDED", "LIMIT_EXCEEDED", "LIMIT_EXCEEDED", "SUCCESS", "INVALID_DATA"]
    );
    let results = reply.json();
    assert_eq!(results["__composite_requests"][3]["details"]["response"]["body"]["info"]["count"], 25);
}

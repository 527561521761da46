//! The older versions of the API: served where their form is that of the newest one, rejected by name elsewhere.

use reqwest::Method;
use serde_json::{Value, json};
use zoho_emulator::Emulator;

use crate::{ADA, access_token, call, codes, get, lead};

const OLDER: [&str; 7] = ["v2", "v2.1", "v3", "v4", "v5", "v6", "v7"];

#[tokio::test]
async fn records_are_written_read_and_searched_in_every_version() {
    for version in OLDER.into_iter().chain(["v8"]) {
        let zoho = Emulator::start().await;
        let token = access_token(&zoho);
        let leads = format!("/crm/{version}/Leads");
        let body = json!({ "data": [{ "Last_Name": "Byron", "Email": "ada@example.com" }] });
        let created = call(&zoho, &token, Method::POST, &leads, Some(body)).await;
        assert_eq!(created.status, 201, "{version}: {}", created.text);
        let id = created.json()["data"][0]["details"]["id"].clone();
        let one = format!("{leads}/{}", id.as_str().unwrap());
        let change = json!({ "data": [{ "City": "York" }] });
        assert_eq!(codes(&call(&zoho, &token, Method::PUT, &one, Some(change)).await), ["SUCCESS"]);
        let change = json!({ "data": [{ "Last_Name": "King", "Email": "ada@example.com" }] });
        let upserted = call(&zoho, &token, Method::POST, &format!("{leads}/upsert"), Some(change)).await;
        assert_eq!(upserted.json()["data"][0]["action"], "update");
        let found = get(&zoho, &token, &format!("{leads}/search?email=ada@example.com")).await.json();
        assert_eq!((&found["data"][0]["City"], &found["data"][0]["id"]), (&json!("York"), &id));
        let query = json!({ "select_query": "select Last_Name from Leads where id is not null" });
        let rows =
            call(&zoho, &token, Method::POST, &format!("/crm/{version}/coql"), Some(query)).await.json();
        assert_eq!(rows["data"][0]["Last_Name"], "King");
        assert_eq!(
            get(&zoho, &token, &format!("/crm/{version}/users?type=CurrentUser")).await.json()["users"][0]["email"],
            ADA
        );
        assert_eq!(call(&zoho, &token, Method::DELETE, &one, None).await.status, 200);
    }
}

/// Method, path after the version, the first version that has it in its present form.
const CHANGED: [(&str, &str, &str); 12] = [
    ("GET", "Leads/actions/count", "v2.1"),
    ("GET", "Leads", "v3"),
    ("GET", "Leads/1/Notes", "v3"),
    ("GET", "settings/fields", "v3"),
    ("GET", "settings/layouts", "v3"),
    ("POST", "Leads/1/actions/add_tags", "v4"),
    ("POST", "Leads/actions/mass_delete", "v4"),
    ("GET", "Leads/1/Attachments", "v5"),
    ("POST", "Leads/1/actions/convert", "v6"),
    ("GET", "settings/recycle_bin", "v7"),
    ("POST", "Leads/1/actions/clone", "v7"),
    ("POST", "settings/recycle_bin/actions/restore", "v8"),
];

#[tokio::test]
async fn an_operation_that_has_changed_is_rejected_with_its_name_and_version() {
    let zoho = Emulator::start().await;
    let token = access_token(&zoho);
    for (method, path, since) in CHANGED {
        let position = OLDER.iter().position(|version| *version == since).unwrap_or(OLDER.len());
        for (index, version) in OLDER.iter().enumerate() {
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            let reply =
                call(&zoho, &token, method.clone(), &format!("/crm/{version}/{path}"), Some(json!({}))).await;
            let is_rejected = reply.status == 400 && reply.json()["code"] == "NOT_SUPPORTED";
            assert_eq!(is_rejected, index < position, "{version} {method} {path}: {}", reply.text);
            if is_rejected {
                let body = reply.json();
                let details = &body["details"];
                assert_eq!(
                    (&details["version"], &details["supported_since"]),
                    (&json!(version), &json!(since))
                );
                let operation = details["operation"].as_str().unwrap();
                assert!(operation.starts_with(method.as_str()), "{operation}");
                let message = body["message"].as_str().unwrap();
                assert!(message.contains(operation) && message.contains(version), "{message}");
            }
        }
    }
    let body = get(&zoho, &token, "/crm/v2/Leads").await.json();
    assert_eq!(
        body["message"],
        "the emulator supports `GET {module}` since v3; in v2 it differs or does not exist"
    );
}

#[tokio::test]
async fn bulk_jobs_name_the_version_of_their_request() {
    let zoho = Emulator::start().await;
    let token = access_token(&zoho);
    zoho.add_records(ADA, "Leads", 1);
    let order = json!({ "query": { "module": { "api_name": "Leads" } } });
    let old = call(&zoho, &token, Method::POST, "/crm/bulk/v2/read", Some(order.clone())).await;
    assert_eq!(old.json()["details"]["operation"], "POST bulk/read");
    let created = call(&zoho, &token, Method::POST, "/crm/bulk/v7/read", Some(order)).await;
    let path = format!("/crm/bulk/v7/read/{}", created.json()["data"][0]["details"]["id"].as_str().unwrap());
    zoho.advance(std::time::Duration::from_secs(60));
    let job = get(&zoho, &token, &path).await.json()["data"][0].clone();
    assert_eq!(job["result"]["download_url"], json!(format!("{path}/result")));
    assert_eq!(get(&zoho, &token, &format!("{path}/result")).await.status, 200);
}

#[tokio::test]
async fn an_unknown_version_is_an_unknown_url() {
    let zoho = Emulator::start().await;
    let token = access_token(&zoho);
    for version in ["v1", "v9", "v2.2", "v", "8", "v08"] {
        for path in [format!("/crm/{version}/org"), format!("/crm/bulk/{version}/read/1")] {
            assert_eq!(
                get(&zoho, &token, &path).await.crm_error(),
                (404, "INVALID_URL_PATTERN".to_owned()),
                "{path}"
            );
        }
    }
}

#[tokio::test]
async fn a_sub_request_has_its_own_version() {
    let zoho = Emulator::start().await;
    let token = access_token(&zoho);
    let id = lead(&zoho, &token, json!({ "Last_Name": "Byron" })).await;
    let sub_request = |uri: String| json!({ "method": "GET", "uri": uri });
    let body = json!({ "__composite_requests": [
        sub_request(format!("/crm/v2.1/Leads/{id}")),
        sub_request("/crm/v2.1/Leads?fields=Last_Name".to_owned()),
        sub_request("/crm/v8/org".to_owned()),
    ] });
    let reply = call(&zoho, &token, Method::POST, "/crm/v7/__composite_requests", Some(body)).await.json();
    let results = &reply["__composite_requests"];
    let response = |index: usize| &results[index]["details"]["response"];
    assert_eq!(response(0)["body"]["data"][0]["Last_Name"], "Byron");
    assert_eq!(
        (&response(1)["status_code"], &response(1)["body"]["details"]["version"]),
        (&json!(400), &json!("v2.1"))
    );
    let details = json!({ "sub_request_version": 8, "composite_request_version": 7 });
    assert_eq!((&results[2]["code"], &results[2]["details"]), (&json!("NOT_ALLOWED"), &details));
    assert_eq!(results[3], Value::Null);
}

//! Bulk reads: states, criteria, pages, and invalid orders.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};
use zoho_emulator::{Emulator, Field, Module};

use super::{cells, download, unzip, wait};
use crate::{ADA, Reply, access_token, call, get};

async fn order_read(zoho: &Emulator, token: &str, query: Value) -> Reply {
    call(zoho, token, Method::POST, "/crm/bulk/v8/read", Some(json!({ "query": query }))).await
}

/// Orders a bulk read, waits for it, and returns its details.
async fn read(zoho: &Emulator, token: &str, query: Value) -> Value {
    let created = order_read(zoho, token, query).await;
    assert_eq!(created.status, 201, "{}", created.text);
    let id = created.json()["data"][0]["details"]["id"].as_str().unwrap().to_owned();
    wait(zoho, token, &format!("/crm/bulk/v8/read/{id}")).await
}

#[tokio::test]
async fn a_bulk_read_goes_through_its_states_and_produces_a_zip_with_one_csv() {
    let zoho = Emulator::builder().bulk_job_duration(Duration::from_secs(40)).start().await;
    let token = access_token(&zoho);
    zoho.add_records(ADA, "Leads", 3);
    let created = order_read(
        &zoho,
        &token,
        json!({ "module": { "api_name": "Leads" }, "fields": ["Last_Name", "Owner"] }),
    )
    .await;
    let result = &created.json()["data"][0];
    assert_eq!((created.status, &result["code"]), (201, &json!("ADDED_SUCCESSFULLY")));
    assert_eq!(
        (&result["details"]["state"], &result["details"]["operation"]),
        (&json!("ADDED"), &json!("read"))
    );
    let path = format!("/crm/bulk/v8/read/{}", result["details"]["id"].as_str().unwrap());
    let mut states = Vec::new();
    for _ in 0..5 {
        let job = get(&zoho, &token, &path).await.json()["data"][0].clone();
        states.push(job["state"].as_str().unwrap().to_owned());
        if job["state"] != "COMPLETED" {
            assert!(job.get("result").is_none());
            assert_eq!(
                get(&zoho, &token, &format!("{path}/result")).await.crm_error(),
                (400, "RESOURCE_NOT_FOUND".to_owned())
            );
        }
        zoho.advance(Duration::from_secs(10));
    }
    assert_eq!(states, ["ADDED", "QUEUED", "IN PROGRESS", "IN PROGRESS", "COMPLETED"]);

    let job = get(&zoho, &token, &path).await.json()["data"][0].clone();
    assert_eq!(job["query"]["module"]["api_name"], "Leads");
    let expected = json!({
        "page": 1, "per_page": 200_000, "count": 3, "download_url": format!("{path}/result"),
        "more_records": false, "next_page_token": null,
    });
    assert_eq!(job["result"], expected);
    let (name, lines) = unzip(&download(&zoho, &token, &format!("{path}/result")).await);
    assert_eq!(name, format!("{}.csv", job["id"].as_str().unwrap()));
    assert_eq!(cells(&lines[0]), ["id", "Last_Name", "Owner"]);
    assert_eq!((lines.len(), &lines[3][1], lines[3][2].len()), (4, "Record 3", 19));
    zoho.advance(Duration::from_secs(24 * 3600));
    assert_eq!(get(&zoho, &access_token(&zoho), &format!("{path}/result")).await.status, 400);
}

#[tokio::test]
async fn a_bulk_read_without_fields_contains_every_field_as_text() {
    let zoho = Emulator::builder()
        .module(
            Module::new("Pupils")
                .field(Field::multi_select_picklist("Colors", ["red", "blue"]))
                .field(Field::boolean("Present"))
                .field(Field::subform("Marks", [Field::integer("Points")])),
        )
        .records("Pupils", vec![json!({ "Name": "a,\"b\"\nc", "Colors": ["red", "blue"], "Present": true })])
        .start()
        .await;
    let token = access_token(&zoho);
    let job = read(&zoho, &token, json!({ "module": { "api_name": "Pupils" } })).await;
    let (_, lines) = unzip(&download(&zoho, &token, job["result"]["download_url"].as_str().unwrap()).await);
    let value = |name: &str| {
        let place = lines[0].iter().position(|header| header == name);
        place.map(|place| lines[1][place].to_owned())
    };
    assert_eq!(value("Name").as_deref(), Some("a,\"b\"\nc"));
    assert_eq!(value("Colors").as_deref(), Some("red;blue"));
    assert_eq!(value("Present").as_deref(), Some("true"));
    assert_eq!(value("Marks"), None);
}

#[tokio::test]
async fn the_criteria_of_a_bulk_read_select_and_combine() {
    let zoho = Emulator::start().await;
    let token = access_token(&zoho);
    let leads = json!({ "data": [
        { "Last_Name": "Abel", "City": "Cork", "Annual_Revenue": 10 },
        { "Last_Name": "Boyle", "City": "Cork", "Annual_Revenue": 20 },
        { "Last_Name": "Cole", "City": "Delft", "Annual_Revenue": 30 },
    ] });
    call(&zoho, &token, Method::POST, "/crm/v8/Leads", Some(leads)).await;
    let one = |field: &str, comparator: &str, value: Value| json!({ "field": { "api_name": field }, "comparator": comparator, "value": value });
    for (criteria, expected) in [
        (one("City", "equal", json!("cork")), 2),
        (one("Last_Name", "in", json!(["Abel", "Cole"])), 2),
        (one("Annual_Revenue", "between", json!([15, 25])), 1),
        (one("Last_Name", "contains", json!("o")), 2),
        (one("City", "equal", json!("${EMPTY}")), 0),
        (
            json!({ "group_operator": "and", "group": [
                one("City", "equal", json!("Cork")),
                { "group_operator": "or", "group": [one("Annual_Revenue", "greater_than", json!(15)), one("Last_Name", "equal", json!("Cole"))] },
            ] }),
            1,
        ),
    ] {
        let job =
            read(&zoho, &token, json!({ "module": { "api_name": "Leads" }, "criteria": criteria })).await;
        assert_eq!(job["result"]["count"], expected, "{criteria}");
    }
    for (criteria, code) in [
        (one("Nonsense", "equal", json!(1)), "FIELD_IN_CRITERIA_NOT_AVAILABLE"),
        (one("City", "less_than", json!("x")), "FIELD_AND_COMPARATOR_IN_CRITERIA_NOT_COMPATIBLE"),
        (one("Annual_Revenue", "equal", json!("much")), "FIELD_AND_VALUE_IN_CRITERIA_NOT_COMPATIBLE"),
        (
            json!({ "group_operator": "xor", "group": [one("City", "equal", json!("x"))] }),
            "GROUP_OPERATOR_NOT_SUPPORTED",
        ),
        (json!({}), "INVALID_CRITERIA"),
    ] {
        let query = json!({ "module": { "api_name": "Leads" }, "criteria": criteria });
        assert_eq!(order_read(&zoho, &token, query).await.crm_error(), (400, code.to_owned()));
    }
}

#[tokio::test]
async fn an_invalid_bulk_read_is_rejected_immediately() {
    let zoho = Emulator::start().await;
    let token = access_token(&zoho);
    let leads = json!({ "api_name": "Leads" });
    for (body, code) in [
        (json!({ "query": { "module": { "api_name": "Nonsense" } } }), "MODULE_NOT_AVAILABLE"),
        (json!({ "query": { "module": leads, "fields": ["Nonsense"] } }), "FIELD_NOT_AVAILABLE"),
        (json!({ "query": { "module": leads, "page": 51 } }), "PAGE_RANGE_EXCEEDED"),
        (json!({ "query": { "module": leads, "page_token": "x" } }), "INVALID_REQUEST"),
        (json!({ "query": { "module": leads }, "file_type": "ics" }), "NOT_SUPPORTED_FEATURE"),
        (
            json!({ "query": { "module": leads }, "callback": { "url": "http://x/", "method": "get" } }),
            "INVALID_CALLBACK_METHOD",
        ),
        (
            json!({ "query": { "module": leads }, "callback": { "url": "x", "method": "post" } }),
            "INVALID_CALLBACK_URL",
        ),
    ] {
        let reply = call(&zoho, &token, Method::POST, "/crm/bulk/v8/read", Some(body)).await;
        assert_eq!(reply.crm_error(), (400, code.to_owned()));
    }
    assert_eq!(
        get(&zoho, &token, "/crm/bulk/v8/read/77").await.crm_error(),
        (404, "RESOURCE_NOT_FOUND".to_owned())
    );
}

#[tokio::test]
async fn fail_next_bulk_job_makes_one_job_fail() {
    let zoho = Emulator::start().await;
    let token = access_token(&zoho);
    zoho.fail_next_bulk_job();
    let module = json!({ "module": { "api_name": "Leads" } });
    let job = read(&zoho, &token, module.clone()).await;
    assert_eq!(
        (&job["state"], &job["result"]["error_message"]["code"]),
        (&json!("FAILURE"), &json!("INTERNAL_ERROR"))
    );
    assert_eq!(read(&zoho, &token, module).await["state"], "COMPLETED");
}

#[tokio::test]
async fn a_job_reads_two_hundred_thousand_rows_and_a_page_token_the_rest() {
    let zoho = Emulator::start().await;
    zoho.add_records(ADA, "Leads", 200_001);
    let token = access_token(&zoho);
    let started = Instant::now();
    let query = json!({ "module": { "api_name": "Leads" }, "fields": ["Last_Name", "Created_Time"] });
    let job = read(&zoho, &token, query.clone()).await;
    assert_eq!((&job["result"]["count"], &job["result"]["more_records"]), (&json!(200_000), &json!(true)));
    let (_, lines) = unzip(&download(&zoho, &token, job["result"]["download_url"].as_str().unwrap()).await);
    assert_eq!((lines.len(), &lines[200_000][1]), (200_001, "Record 200000"));
    assert!(started.elapsed() < Duration::from_secs(60), "{:?}", started.elapsed());

    let next = json!({ "module": { "api_name": "Leads" }, "page_token": job["result"]["next_page_token"] });
    let by_token = read(&zoho, &token, next).await;
    let by_page = read(&zoho, &token, json!({ "module": { "api_name": "Leads" }, "page": 2 })).await;
    assert_eq!((&by_token["result"]["count"], &by_page["result"]["count"]), (&json!(1), &json!(1)));
    assert_eq!(by_token["result"]["more_records"], false);
}

//! Records: create, read, update, delete, and paged lists.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use zoho_emulator::{Emulator, User};

use crate::{ADA, BOB, access_token, call, codes, create, get, lead};

#[tokio::test]
async fn a_created_record_can_be_read_updated_and_deleted() {
    let zoho = Emulator::start().await;
    let token = access_token(&zoho);
    let created = create(&zoho, &token, "Leads", json!([{ "Last_Name": "Hopper", "City": "York" }])).await;
    let result = &created.json()["data"][0];
    assert_eq!(
        (created.status, &result["code"], &result["message"]),
        (201, &json!("SUCCESS"), &json!("record added"))
    );
    assert_eq!(result["details"]["Created_By"]["name"], "Ada Lovelace");
    let path = format!("/crm/v8/Leads/{}", result["details"]["id"].as_str().unwrap());

    let read = get(&zoho, &token, &path).await.json();
    assert_eq!(
        (&read["data"][0]["Last_Name"], &read["data"][0]["Owner"]["email"]),
        (&json!("Hopper"), &json!(ADA))
    );
    assert_eq!(read["data"][0]["Created_Time"], result["details"]["Created_Time"]);

    let change = json!({ "data": [{ "City": "Arlington" }] });
    let changed = call(&zoho, &token, Method::PUT, &path, Some(change)).await;
    assert_eq!((changed.status, codes(&changed)), (200, vec!["SUCCESS".to_owned()]));
    let read = get(&zoho, &token, &format!("{path}?fields=Last_Name,City")).await.json();
    assert_eq!(
        (&read["data"][0]["Last_Name"], &read["data"][0]["City"]),
        (&json!("Hopper"), &json!("Arlington"))
    );
    assert_eq!(read["data"][0].get("Owner"), None);

    assert_eq!(call(&zoho, &token, Method::DELETE, &path, None).await.status, 200);
    let gone = get(&zoho, &token, &path).await;
    assert_eq!((gone.status, gone.text.as_str()), (204, ""));
}

#[tokio::test]
async fn ids_are_long_decimal_strings_and_unique() {
    let zoho = Emulator::start().await;
    let token = access_token(&zoho);
    let first = lead(&zoho, &token, json!({ "Last_Name": "One", "id": "1" })).await;
    let second = lead(&zoho, &token, json!({ "Last_Name": "Two" })).await;
    assert_ne!(first, second);
    assert!(first.len() >= 18 && first.bytes().all(|letter| letter.is_ascii_digit()));
}

#[tokio::test]
async fn each_record_of_a_write_has_its_own_result() {
    let zoho = Emulator::start().await;
    let token = access_token(&zoho);
    let mixed = create(&zoho, &token, "Leads", json!([{ "Last_Name": "Good" }, { "City": "York" }, 7])).await;
    assert_eq!(mixed.status, 207);
    assert_eq!(codes(&mixed), ["SUCCESS", "MANDATORY_NOT_FOUND", "INVALID_DATA"]);
    let details = &mixed.json()["data"][1]["details"];
    assert_eq!(*details, json!({ "api_name": "Last_Name", "json_path": "$.data[1].Last_Name" }));

    let failed = create(&zoho, &token, "Contacts", json!([{ "Last_Name": "" }, { "Last_Name": 7 }])).await;
    assert_eq!(
        (failed.status, codes(&failed)),
        (400, vec!["MANDATORY_NOT_FOUND".into(), "INVALID_DATA".into()])
    );
    assert_eq!(
        create(&zoho, &token, "Deals", json!([{ "Deal_Name": "Desks", "Stage": "Qualification" }]))
            .await
            .status,
        201
    );
}

#[tokio::test]
async fn a_write_requires_one_to_a_hundred_records() {
    let zoho = Emulator::start().await;
    let token = access_token(&zoho);
    let record = json!({ "Last_Name": "Again" });
    assert_eq!(create(&zoho, &token, "Leads", json!(vec![record.clone(); 100])).await.status, 201);
    let many = create(&zoho, &token, "Leads", json!(vec![record; 101])).await;
    assert_eq!(many.crm_error(), (400, "LIMIT_EXCEEDED".to_owned()));
    assert_eq!(create(&zoho, &token, "Leads", json!([])).await.crm_error(), (400, "INVALID_DATA".to_owned()));
    let empty = call(&zoho, &token, Method::POST, "/crm/v8/Leads", Some(json!({}))).await;
    assert_eq!(empty.crm_error(), (400, "MANDATORY_NOT_FOUND".to_owned()));
    let nothing = call(&zoho, &token, Method::POST, "/crm/v8/Leads", None).await;
    assert_eq!(nothing.crm_error(), (400, "INVALID_DATA".to_owned()));
}

#[tokio::test]
async fn many_records_can_be_updated_or_deleted_together() {
    let zoho = Emulator::start().await;
    let token = access_token(&zoho);
    let one = lead(&zoho, &token, json!({ "Last_Name": "One" })).await;
    let two = lead(&zoho, &token, json!({ "Last_Name": "Two" })).await;
    let changes = json!({ "data": [{ "id": one, "City": "York" }, { "id": "1" }, { "City": "York" }] });
    let changed = call(&zoho, &token, Method::PUT, "/crm/v8/Leads", Some(changes)).await;
    assert_eq!(changed.status, 207);
    assert_eq!(codes(&changed), ["SUCCESS", "INVALID_DATA", "MANDATORY_NOT_FOUND"]);

    let path = format!("/crm/v8/Leads?ids={one},{two},1");
    let deleted = call(&zoho, &token, Method::DELETE, &path, None).await;
    assert_eq!(
        (deleted.status, codes(&deleted)),
        (207, ["SUCCESS", "SUCCESS", "INVALID_DATA"].map(Into::into).to_vec())
    );
    let again = call(&zoho, &token, Method::DELETE, &format!("/crm/v8/Leads/{one}"), None).await;
    assert_eq!((again.status, codes(&again)), (400, vec!["INVALID_DATA".to_owned()]));
    let none = call(&zoho, &token, Method::DELETE, "/crm/v8/Leads", None).await;
    assert_eq!(none.crm_error(), (400, "REQUIRED_PARAM_MISSING".to_owned()));
}

#[tokio::test]
async fn an_upsert_updates_an_existing_record_and_creates_a_missing_one() {
    let zoho = Emulator::start().await;
    let token = access_token(&zoho);
    let known = lead(&zoho, &token, json!({ "Last_Name": "One", "Email": "one@example.com" })).await;
    let body = json!({
        "data": [
            { "Last_Name": "Changed", "Email": "ONE@example.com" },
            { "Last_Name": "New", "Email": "new@example.com" },
            { "Email": "nameless@example.com" },
        ],
        "duplicate_check_fields": ["Email"],
    });
    let reply = call(&zoho, &token, Method::POST, "/crm/v8/Leads/upsert", Some(body)).await;
    let results = &reply.json()["data"];
    assert_eq!(reply.status, 207);
    assert_eq!((&results[0]["action"], &results[0]["details"]["id"]), (&json!("update"), &json!(known)));
    assert_eq!((&results[0]["duplicate_field"], &results[1]["action"]), (&json!("Email"), &json!("insert")));
    assert_eq!(results[2]["code"], "MANDATORY_NOT_FOUND");
}

#[tokio::test]
async fn an_upsert_by_a_field_that_does_not_exist_writes_nothing() {
    let zoho = Emulator::start().await;
    let token = access_token(&zoho);
    for (fields, path) in [
        (json!(["Email", "E_mail"]), "$.duplicate_check_fields[1]"),
        (json!([7]), "$.duplicate_check_fields[0]"),
        (json!("Email"), "$.duplicate_check_fields"),
    ] {
        let body = json!({ "data": [{ "Last_Name": "One" }], "duplicate_check_fields": fields });
        let reply = call(&zoho, &token, Method::POST, "/crm/v8/Leads/upsert", Some(body)).await;
        assert_eq!(reply.crm_error(), (400, "INVALID_DATA".to_owned()));
        assert_eq!(reply.json()["details"]["json_path"], path);
    }
    assert_eq!(get(&zoho, &token, "/crm/v8/Leads?fields=id").await.status, 204);
    for fields in [json!([]), Value::Null] {
        let body = json!({ "data": [{ "Last_Name": "One" }], "duplicate_check_fields": fields });
        assert_eq!(call(&zoho, &token, Method::POST, "/crm/v8/Leads/upsert", Some(body)).await.status, 200);
    }
}

#[tokio::test]
async fn a_list_requires_fields_and_shows_only_those() {
    let zoho = Emulator::start().await;
    let token = access_token(&zoho);
    lead(&zoho, &token, json!({ "Last_Name": "One", "City": "York" })).await;
    let missing = get(&zoho, &token, "/crm/v8/Leads").await;
    assert_eq!(missing.crm_error(), (400, "REQUIRED_PARAM_MISSING".to_owned()));
    assert_eq!(missing.json()["details"], json!({ "param_name": "fields" }));
    let body = get(&zoho, &token, "/crm/v8/Leads?fields=City,Phone").await.json();
    let names: Vec<_> = body["data"][0].as_object().unwrap().keys().collect();
    assert_eq!(names, ["id", "City", "Phone"]);
    assert_eq!(body["data"][0]["Phone"], Value::Null);
    let too_many = "a,".repeat(51);
    let reply = get(&zoho, &token, &format!("/crm/v8/Leads?fields={too_many}")).await;
    assert_eq!(reply.crm_error(), (400, "LIMIT_EXCEEDED".to_owned()));
}

#[tokio::test]
async fn a_list_is_paged_by_number_up_to_record_2000_and_then_by_token() {
    let zoho = Emulator::start().await;
    let token = access_token(&zoho);
    zoho.add_records(ADA, "Leads", 2150);
    let mut names = Vec::new();
    let mut next = Value::Null;
    for page in 1..=10 {
        let path = format!("/crm/v8/Leads?fields=Last_Name&sort_order=asc&page={page}");
        let body = get(&zoho, &token, &path).await.json();
        let info = &body["info"];
        assert_eq!(
            (&info["page"], &info["count"], &info["more_records"]),
            (&json!(page), &json!(200), &json!(true))
        );
        names.extend(body["data"].as_array().unwrap().iter().map(|record| record["Last_Name"].clone()));
        next = info["next_page_token"].clone();
    }
    let beyond = get(&zoho, &token, "/crm/v8/Leads?fields=Last_Name&page=11").await;
    assert_eq!(beyond.crm_error(), (400, "DISCRETE_PAGINATION_LIMIT_EXCEEDED".to_owned()));

    let path = format!("/crm/v8/Leads?fields=Last_Name&sort_order=asc&page_token={}", next.as_str().unwrap());
    let body = get(&zoho, &token, &path).await.json();
    names.extend(body["data"].as_array().unwrap().iter().map(|record| record["Last_Name"].clone()));
    let expected: Vec<Value> = (1..=2150).map(|number| json!(format!("Record {number}"))).collect();
    assert_eq!(names, expected);
    let info = &body["info"];
    assert_eq!(
        (&info["count"], &info["more_records"], &info["next_page_token"]),
        (&json!(150), &json!(false), &Value::Null)
    );
    assert!(info["previous_page_token"].is_string());
}

#[tokio::test]
async fn a_page_token_belongs_to_one_user_one_module_and_one_day() {
    let zoho = Emulator::builder()
        .token_lifetime(Duration::from_secs(200_000))
        .user(User::new(ADA))
        .user(User::new(BOB))
        .start()
        .await;
    zoho.add_records(ADA, "Leads", 3);
    let ada = access_token(&zoho);
    let bob = zoho.issue_access_token(&zoho.grant_refresh_token(zoho.default_client().id(), BOB));
    let body = get(&zoho, &ada, "/crm/v8/Leads?fields=id&per_page=2").await.json();
    let page = format!("page_token={}", body["info"]["next_page_token"].as_str().unwrap());

    let path = format!("/crm/v8/Leads?fields=id&per_page=2&{page}");
    assert_eq!(get(&zoho, &ada, &path).await.json()["info"]["count"], 1);
    let mismatch = (400, "TOKEN_BOUND_DATA_MISMATCH".to_owned());
    assert_eq!(get(&zoho, &bob, &path).await.crm_error(), mismatch);
    let elsewhere = get(&zoho, &ada, &format!("/crm/v8/Deals?fields=id&per_page=2&{page}")).await;
    assert_eq!(elsewhere.crm_error(), mismatch);
    let both = get(&zoho, &ada, &format!("{path}&page=2")).await;
    assert_eq!(both.crm_error(), (400, "AMBIGUITY_DURING_PROCESSING".to_owned()));
    zoho.advance(Duration::from_secs(24 * 60 * 60 + 1));
    assert_eq!(get(&zoho, &ada, &path).await.crm_error(), (400, "EXPIRED_VALUE".to_owned()));
}

#[tokio::test]
async fn invalid_paging_parameters_are_rejected() {
    let zoho = Emulator::start().await;
    let token = access_token(&zoho);
    for wrong in ["per_page=201", "per_page=0", "page=0", "page=x", "sort_by=City", "sort_order=up"] {
        let reply = get(&zoho, &token, &format!("/crm/v8/Leads?fields=id&{wrong}")).await;
        assert_eq!(reply.crm_error(), (400, "INVALID_DATA".to_owned()), "{wrong}");
    }
}

#[tokio::test]
async fn a_list_is_sorted_as_requested() {
    let zoho = Emulator::start().await;
    let token = access_token(&zoho);
    let one = lead(&zoho, &token, json!({ "Last_Name": "One" })).await;
    zoho.advance(Duration::from_secs(10));
    let two = lead(&zoho, &token, json!({ "Last_Name": "Two" })).await;
    zoho.advance(Duration::from_secs(10));
    let change = json!({ "data": [{ "City": "York" }] });
    call(&zoho, &token, Method::PUT, &format!("/crm/v8/Leads/{one}"), Some(change)).await;

    let first = async |sorting: &str| {
        let body = get(&zoho, &token, &format!("/crm/v8/Leads?fields=id&{sorting}")).await.json();
        body["data"][0]["id"].as_str().unwrap().to_owned()
    };
    assert_eq!(first("").await, two);
    assert_eq!(first("sort_order=asc").await, one);
    assert_eq!(first("sort_by=Created_Time&sort_order=desc").await, two);
    assert_eq!(first("sort_by=Modified_Time&sort_order=desc").await, one);
    assert_eq!(first(&format!("ids={one}")).await, one);
}

#[tokio::test]
async fn an_empty_list_has_no_body() {
    let zoho = Emulator::start().await;
    let token = access_token(&zoho);
    for path in ["/crm/v8/Leads?fields=id", "/crm/v8/Leads/1", "/crm/v8/Leads/word"] {
        let reply = get(&zoho, &token, path).await;
        assert_eq!((reply.status, reply.text.as_str()), (204, ""));
    }
}

#[tokio::test]
async fn a_write_costs_one_credit_per_ten_records() {
    let zoho = Emulator::builder().daily_credits(10).start().await;
    let token = access_token(&zoho);
    let records = json!(vec![json!({ "Last_Name": "Again" }); 51]);
    let reply = create(&zoho, &token, "Leads", records).await;
    assert_eq!((reply.status, reply.header("x-api-credits-remaining")), (201, "4"));
}

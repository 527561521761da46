//! Ids that are JSON numbers, as Zoho's SDKs for Python, Ruby and Java send them, in every place of a body where an id is read.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use zoho_emulator::{Emulator, User};

use crate::{ADA, BOB, Reply, access_token, call, codes, create, get, lead, record, values};

const BOBS_ID: &str = "5545974000000000012";

fn number(id: &str) -> Value {
    json!(id.parse::<u64>().unwrap())
}

async fn post(zoho: &Emulator, token: &str, path: &str, body: Value) -> Reply {
    call(zoho, token, Method::POST, path, Some(body)).await
}

async fn put(zoho: &Emulator, token: &str, path: &str, body: Value) -> Reply {
    call(zoho, token, Method::PUT, path, Some(body)).await
}

async fn read(zoho: &Emulator, token: &str, module: &str, id: &str) -> Value {
    get(zoho, token, &format!("/crm/v8/{module}/{id}")).await.json()["data"][0].clone()
}

async fn count(zoho: &Emulator, token: &str, module: &str) -> Value {
    get(zoho, token, &format!("/crm/v8/{module}/actions/count")).await.json()["count"].clone()
}

/// An emulator with two users, and a token of the first.
async fn with_two_users() -> (Emulator, String) {
    let zoho = Emulator::builder()
        .user(User::new(ADA))
        .user(User::new(BOB).id(BOBS_ID))
        .bulk_job_duration(Duration::from_secs(3600))
        .start()
        .await;
    let token = access_token(&zoho);
    (zoho, token)
}

#[tokio::test]
async fn an_update_or_upsert_by_numeric_id_changes_that_record() {
    let (zoho, token) = with_two_users().await;
    let (one, two) = (
        lead(&zoho, &token, json!({ "Last_Name": "One" })).await,
        lead(&zoho, &token, json!({ "Last_Name": "Two" })).await,
    );
    let change = json!({ "data": [{ "id": number(&two), "City": "York" }] });
    assert_eq!(codes(&put(&zoho, &token, "/crm/v8/Leads", change).await), ["SUCCESS"]);
    let change = json!({ "data": [{ "id": number(&two), "Last_Name": "Second" }] });
    let upserted = post(&zoho, &token, "/crm/v8/Leads/upsert", change).await.json();
    assert_eq!(
        (&upserted["data"][0]["action"], &upserted["data"][0]["details"]["id"]),
        (&json!("update"), &json!(two))
    );
    let second = read(&zoho, &token, "Leads", &two).await;
    assert_eq!((&second["Last_Name"], &second["City"]), (&json!("Second"), &json!("York")));
    assert_eq!(read(&zoho, &token, "Leads", &one).await["Last_Name"], "One");
    assert_eq!(count(&zoho, &token, "Leads").await, 2);
}

#[tokio::test]
async fn lookups_users_rows_and_tags_accept_numeric_ids() {
    let (zoho, token) = with_two_users().await;
    let school = record(&zoho, &token, "Accounts", json!({ "Account_Name": "School" })).await;
    let guardian = record(&zoho, &token, "Contacts", json!({ "Last_Name": "Byron" })).await;
    let fields = json!({
        "Name": "Ada", "School": number(&school), "Guardian": { "id": number(&guardian) },
        "Owner": { "id": number(BOBS_ID) }, "Tutor": number(BOBS_ID),
        "Marks": [{ "Points": 1 }, { "Points": 2 }], "Tag": [{ "name": "New" }],
    });
    let id = record(&zoho, &token, "Students", fields).await;
    let student = read(&zoho, &token, "Students", &id).await;
    assert_eq!(student["School"], json!({ "name": "School", "id": school }));
    assert_eq!((&student["Guardian"]["id"], &student["Tutor"]["id"]), (&json!(guardian), &json!(BOBS_ID)));
    assert_eq!(student["Owner"]["email"], BOB);

    let row = student["Marks"][1]["id"].as_str().unwrap();
    let change = json!({ "data": [{
        "Marks": [{ "id": number(row), "Points": 20 }, { "id": null, "Points": 3 }],
        "Tag": [{ "id": number(student["Tag"][0]["id"].as_str().unwrap()) }],
    }] });
    let changed = put(&zoho, &token, &format!("/crm/v8/Students/{id}"), change).await;
    assert_eq!(codes(&changed), ["SUCCESS"], "{}", changed.text);
    let student = read(&zoho, &token, "Students", &id).await;
    let points: Vec<&Value> = student["Marks"].as_array().unwrap().iter().map(|row| &row["Points"]).collect();
    assert_eq!((points, &student["Tag"][0]["name"]), (vec![&json!(1), &json!(20), &json!(3)], &json!("New")));

    let note = json!({ "Note_Content": "Hello", "Parent_Id": { "id": number(&id) } });
    record(&zoho, &token, "Notes", note).await;
    let notes = get(&zoho, &token, &format!("/crm/v8/Students/{id}/Notes?fields=Note_Content")).await;
    assert_eq!(values(&notes, "Note_Content"), ["Hello"]);
}

#[tokio::test]
async fn mass_actions_and_changes_of_owner_accept_numeric_ids() {
    let (zoho, token) = with_two_users().await;
    let one = lead(&zoho, &token, json!({ "Last_Name": "One" })).await;
    let two = lead(&zoho, &token, json!({ "Last_Name": "Two" })).await;
    let actions = "/crm/v8/Leads/actions";
    let bob = json!({ "id": number(BOBS_ID) });

    let change = json!({ "data": [{ "City": "Cork" }], "ids": [number(&one)] });
    assert_eq!(codes(&post(&zoho, &token, &format!("{actions}/mass_update"), change).await), ["SUCCESS"]);
    assert_eq!(read(&zoho, &token, "Leads", &one).await["City"], "Cork");
    let change = json!({ "owner": bob, "ids": [number(&one)] });
    assert_eq!(
        codes(&post(&zoho, &token, &format!("{actions}/mass_change_owner"), change).await),
        ["SUCCESS"]
    );
    let change = json!({ "owner": bob, "ids": [number(&two)] });
    assert_eq!(codes(&post(&zoho, &token, &format!("{actions}/change_owner"), change).await), ["SUCCESS"]);
    for id in [&one, &two] {
        assert_eq!(read(&zoho, &token, "Leads", id).await["Owner"]["email"], BOB);
    }
    let change = json!({ "ids": [number(&one)] });
    assert_eq!(codes(&post(&zoho, &token, &format!("{actions}/mass_delete"), change).await), ["SUCCESS"]);
    assert_eq!(count(&zoho, &token, "Leads").await, 1);
    let change = json!({ "cvid": 5_545_974_000_000_087_001_u64 });
    assert_eq!(codes(&post(&zoho, &token, &format!("{actions}/mass_delete"), change).await), ["SUCCESS"]);

    let bin = "/crm/v8/settings/recycle_bin";
    let restored =
        post(&zoho, &token, &format!("{bin}/actions/restore"), json!({ "ids": [number(&one)] })).await;
    assert_eq!(restored.json()["recycle_bin"][0]["code"], "SUCCESS");
    assert_eq!(count(&zoho, &token, "Leads").await, 2, "the mass deletion by view is a job that comes later");
}

#[tokio::test]
async fn a_conversion_accepts_numeric_ids_of_existing_records() {
    let (zoho, token) = with_two_users().await;
    let account = record(&zoho, &token, "Accounts", json!({ "Account_Name": "Acme" })).await;
    let contact = record(&zoho, &token, "Contacts", json!({ "Last_Name": "Known" })).await;
    let id = lead(&zoho, &token, json!({ "Last_Name": "Doe", "Company": "Another" })).await;
    let path = format!("/crm/v8/Leads/{id}/actions/convert");
    for odd in [json!("no id"), json!({ "id": [] }), json!(1.5)] {
        let refused = post(&zoho, &token, &path, json!({ "data": [{ "Accounts": odd }] })).await;
        assert_eq!(codes(&refused), ["INVALID_DATA"], "{odd}");
    }
    let body = json!({ "data": [{ "Accounts": { "id": number(&account) }, "Contacts": number(&contact) }] });
    let details = post(&zoho, &token, &path, body).await.json()["data"][0]["details"].clone();
    assert_eq!((&details["Accounts"]["id"], &details["Contacts"]["id"]), (&json!(account), &json!(contact)));
    assert_eq!(count(&zoho, &token, "Accounts").await, 1);
}

#[tokio::test]
async fn tags_accept_numeric_ids() {
    let (zoho, token) = with_two_users().await;
    let one = lead(&zoho, &token, json!({ "Last_Name": "One" })).await;
    let tags = "/crm/v8/settings/tags";
    let made = json!({ "tags": [{ "name": "A" }, { "name": "B" }] });
    let made = post(&zoho, &token, &format!("{tags}?module=Leads"), made).await.json();
    let id = |index: usize| made["tags"][index]["details"]["id"].as_str().unwrap().to_owned();
    let (a, b) = (id(0), id(1));
    let renamed = json!({ "tags": [{ "id": number(&a), "name": "C" }] });
    let renamed = put(&zoho, &token, &format!("{tags}?module=Leads"), renamed).await.json();
    assert_eq!(renamed["tags"][0]["details"]["name"], "C");

    let added = json!({ "tags": [{ "id": number(&a) }, { "id": number(&b) }], "ids": [number(&one)] });
    assert_eq!(codes(&post(&zoho, &token, "/crm/v8/Leads/actions/add_tags", added).await), ["SUCCESS"]);
    let removed = json!({ "tags": [{ "id": number(&b) }], "ids": [number(&one)] });
    let removed = post(&zoho, &token, "/crm/v8/Leads/actions/remove_tags", removed).await.json();
    assert_eq!(removed["data"][0]["details"]["tags"][0]["name"], "C");
    assert_eq!(removed["data"][0]["details"]["tags"][1], Value::Null);

    let merged = json!({ "tags": [{ "conflict_id": number(&b) }] });
    assert_eq!(post(&zoho, &token, &format!("{tags}/{a}/actions/merge"), merged).await.status, 200);
    assert_eq!(get(&zoho, &token, &format!("{tags}?module=Leads")).await.json()["info"]["count"], 1);
}

#[tokio::test]
async fn related_records_accept_numeric_ids() {
    let (zoho, token) = with_two_users().await;
    let one = lead(&zoho, &token, json!({ "Last_Name": "One" })).await;
    let desk = record(&zoho, &token, "Products", json!({ "Product_Name": "Desk" })).await;
    let list = format!("/crm/v8/Leads/{one}/Products");
    let related = put(&zoho, &token, &list, json!({ "data": [{ "id": number(&desk) }] })).await;
    assert_eq!(codes(&related), ["SUCCESS"]);
    let listed = get(&zoho, &token, &format!("{list}?fields=Product_Name")).await;
    assert_eq!(values(&listed, "Product_Name"), ["Desk"]);
}

#[tokio::test]
async fn conditions_compare_numeric_ids_digit_by_digit() {
    let (zoho, token) = with_two_users().await;
    let made = create(&zoho, &token, "Leads", json!([{ "Last_Name": "One" }, { "Last_Name": "Two" }])).await;
    let id = made.json()["data"][1]["details"]["id"].as_str().unwrap().to_owned();
    let filters = json!({ "field": { "api_name": "id" }, "comparator": "equal", "value": number(&id) });
    let counted = post(&zoho, &token, "/crm/v8/Leads/actions/count", json!({ "filters": filters })).await;
    assert_eq!(counted.json()["count"], 1, "a float cannot tell neighboring ids apart");

    let all = [&made.json()["data"][0]["details"]["id"], &made.json()["data"][1]["details"]["id"]]
        .map(Value::clone);
    post(&zoho, &token, "/crm/v8/Leads/actions/mass_delete", json!({ "ids": all })).await;
    let purged = json!({ "filters": filters });
    let purged =
        call(&zoho, &token, Method::DELETE, "/crm/v8/settings/recycle_bin", Some(purged)).await.json();
    assert_eq!(purged["recycle_bin"].as_array().unwrap().len(), 1);
    assert_eq!(purged["recycle_bin"][0]["details"]["id"], json!(id));
}

#[tokio::test]
async fn what_cannot_be_an_id_is_rejected_with_its_place() {
    let (zoho, token) = with_two_users().await;
    let one = lead(&zoho, &token, json!({ "Last_Name": "One" })).await;
    for odd in [json!(1.5), json!(-7), json!(true), json!([one]), json!({ "id": one })] {
        let details =
            json!({ "expected_data_type": "bigint", "api_name": "id", "json_path": "$.data[0].id" });
        let body = json!({ "data": [{ "id": odd, "Last_Name": "Two" }] });
        for (method, path) in [(Method::PUT, "/crm/v8/Leads"), (Method::POST, "/crm/v8/Leads/upsert")] {
            let reply = call(&zoho, &token, method, path, Some(body.clone())).await;
            assert_eq!(
                (codes(&reply), &reply.json()["data"][0]["details"]),
                (vec!["INVALID_DATA".to_owned()], &details)
            );
        }
        for action in ["mass_delete", "mass_update", "add_tags", "remove_tags", "change_owner"] {
            let body = json!({
                "ids": [one, odd], "data": [{ "City": "Cork" }], "tags": [{ "name": "A" }],
                "owner": { "id": number(BOBS_ID) },
            });
            let reply = post(&zoho, &token, &format!("/crm/v8/Leads/actions/{action}"), body).await;
            let expected =
                json!({ "expected_data_type": "bigint", "api_name": "ids", "json_path": "$.ids[1]" });
            assert_eq!((reply.status, &reply.json()["details"]), (400, &expected), "{action} {odd}");
        }
    }
    let none = post(&zoho, &token, "/crm/v8/Leads/actions/mass_delete", json!({ "ids": [] })).await;
    assert_eq!(none.crm_error(), (400, "INVALID_DATA".to_owned()));
    assert_eq!(count(&zoho, &token, "Leads").await, 1);
    assert_eq!(read(&zoho, &token, "Leads", &one).await["City"], Value::Null);
}

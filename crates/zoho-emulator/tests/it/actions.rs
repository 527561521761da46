//! Actions on records: clone, change of owner, conversion of leads.

use reqwest::Method;
use serde_json::{Value, json};
use zoho_emulator::{Emulator, User};

use crate::{ADA, BOB, Reply, access_token, call, codes, get, lead, record};

async fn read(zoho: &Emulator, token: &str, module: &str, id: &Value) -> Value {
    let id = id.as_str().unwrap();
    get(zoho, token, &format!("/crm/v8/{module}/{id}")).await.json()["data"][0].clone()
}

#[tokio::test]
async fn a_clone_has_the_same_values_and_a_new_id() {
    let zoho = Emulator::start().await;
    let token = access_token(&zoho);
    let school = record(&zoho, &token, "Accounts", json!({ "Account_Name": "School" })).await;
    let fields =
        json!({ "Name": "Ada", "Status": "Enrolled", "School": school, "Marks": [{ "Points": 12 }] });
    let id = record(&zoho, &token, "Students", fields).await;
    let path = format!("/crm/v8/Students/{id}/actions/clone");
    let copied = call(&zoho, &token, Method::POST, &path, None).await;
    assert_eq!((copied.status, codes(&copied)), (201, vec!["SUCCESS".to_owned()]));
    let copy = read(&zoho, &token, "Students", &copied.json()["data"][0]["details"]["id"]).await;
    let original = read(&zoho, &token, "Students", &json!(id)).await;
    assert_ne!(copy["id"], original["id"]);
    for same in ["Name", "Status", "School"] {
        assert_eq!(copy[same], original[same]);
    }
    assert_eq!(copy["Marks"][0]["Points"], 12);
    assert_ne!(copy["Marks"][0]["id"], original["Marks"][0]["id"]);
    let other = json!({ "data": [{ "Name": "Augusta" }] });
    let other = call(&zoho, &token, Method::POST, &path, Some(other)).await.json();
    assert_eq!(read(&zoho, &token, "Students", &other["data"][0]["details"]["id"]).await["Name"], "Augusta");
    let unknown = call(&zoho, &token, Method::POST, "/crm/v8/Students/1/actions/clone", None).await;
    assert_eq!((unknown.status, codes(&unknown)), (400, vec!["INVALID_DATA".to_owned()]));
}

#[tokio::test]
async fn a_clone_with_a_unique_value_is_a_duplicate() {
    let zoho = Emulator::start().await;
    let token = access_token(&zoho);
    let id = record(&zoho, &token, "Students", json!({ "Name": "Ada", "Email": "ada@school.example" })).await;
    let copied =
        call(&zoho, &token, Method::POST, &format!("/crm/v8/Students/{id}/actions/clone"), None).await;
    assert_eq!((copied.status, codes(&copied)), (400, vec!["DUPLICATE_DATA".to_owned()]));
}

#[tokio::test]
async fn the_owner_of_records_can_be_changed() {
    let zoho =
        Emulator::builder().user(User::new(ADA)).user(User::new(BOB).id("5545974000000000012")).start().await;
    let token = access_token(&zoho);
    let one = lead(&zoho, &token, json!({ "Last_Name": "One" })).await;
    let two = lead(&zoho, &token, json!({ "Last_Name": "Two" })).await;
    let bob = json!({ "id": "5545974000000000012" });
    let path = format!("/crm/v8/Leads/{one}/actions/change_owner");
    let changed =
        call(&zoho, &token, Method::POST, &path, Some(json!({ "owner": bob, "notify": true }))).await;
    assert_eq!((changed.status, codes(&changed)), (200, vec!["SUCCESS".to_owned()]));
    assert_eq!(changed.json()["data"][0]["message"], "owner is successfully updated");
    let many = "/crm/v8/Leads/actions/change_owner";
    let some =
        call(&zoho, &token, Method::POST, many, Some(json!({ "owner": bob, "ids": [two, "1"] }))).await;
    assert_eq!((some.status, codes(&some)), (202, vec!["SUCCESS".to_owned(), "INVALID_DATA".to_owned()]));
    for id in [one, two] {
        assert_eq!(read(&zoho, &token, "Leads", &json!(id)).await["Owner"]["email"], BOB);
    }
    let stranger = call(&zoho, &token, Method::POST, &path, Some(json!({ "owner": { "id": "1" } }))).await;
    assert_eq!(stranger.crm_error(), (400, "INVALID_DATA".to_owned()));
    let nobody = call(&zoho, &token, Method::POST, &path, Some(json!({}))).await;
    assert_eq!(nobody.crm_error(), (400, "MANDATORY_NOT_FOUND".to_owned()));
}

async fn convert(zoho: &Emulator, token: &str, lead: &str, data: Value) -> Reply {
    let path = format!("/crm/v8/Leads/{lead}/actions/convert");
    call(zoho, token, Method::POST, &path, Some(json!({ "data": [data] }))).await
}

#[tokio::test]
async fn a_lead_becomes_a_contact_an_account_and_a_deal() {
    let zoho = Emulator::start().await;
    let token = access_token(&zoho);
    let fields =
        json!({ "First_Name": "John", "Last_Name": "Doe", "Company": "Acme", "Email": "john@acme.example" });
    let id = lead(&zoho, &token, fields).await;
    let bad = convert(&zoho, &token, &id, json!({ "Deals": { "Deal_Name": "Big" } })).await;
    assert_eq!(bad.json()["data"][0]["details"]["json_path"], "$.data[0].Deals.Stage");
    assert_eq!(get(&zoho, &token, "/crm/v8/Accounts?fields=id").await.status, 204);

    let deal = json!({ "Deal_Name": "Big", "Stage": "Qualification", "Closing_Date": "2026-12-31", "Amount": 50_000 });
    let done = convert(&zoho, &token, &id, json!({ "overwrite": false, "Deals": deal })).await;
    let details = done.json()["data"][0]["details"].clone();
    assert_eq!((done.status, codes(&done)), (200, vec!["SUCCESS".to_owned()]));
    assert_eq!(
        (&details["Contacts"]["name"], &details["Accounts"]["name"]),
        (&json!("John Doe"), &json!("Acme"))
    );
    let contact = read(&zoho, &token, "Contacts", &details["Contacts"]["id"]).await;
    assert_eq!(
        (&contact["Email"], &contact["Account_Name"]),
        (&json!("john@acme.example"), &details["Accounts"])
    );
    let deal = read(&zoho, &token, "Deals", &details["Deals"]["id"]).await;
    assert_eq!((&deal["Contact_Name"], &deal["Amount"]), (&details["Contacts"], &json!(50_000)));

    assert_eq!(get(&zoho, &token, "/crm/v8/Leads?fields=id").await.status, 204);
    let converted =
        get(&zoho, &token, "/crm/v8/Leads?fields=Converted__s,Converted_Deal&converted=true").await.json();
    assert_eq!(
        (&converted["data"][0]["Converted__s"], &converted["data"][0]["Converted_Deal"]),
        (&json!(true), &details["Deals"])
    );
    let again = convert(&zoho, &token, &id, json!({})).await;
    assert_eq!((again.status, codes(&again)), (400, vec!["ID_ALREADY_CONVERTED".to_owned()]));
}

#[tokio::test]
async fn a_lead_can_be_converted_into_existing_records() {
    let zoho = Emulator::start().await;
    let token = access_token(&zoho);
    let contact = record(&zoho, &token, "Contacts", json!({ "Last_Name": "Known" })).await;
    let id = lead(&zoho, &token, json!({ "Last_Name": "Doe" })).await;
    let unknown = convert(&zoho, &token, &id, json!({ "Contacts": { "id": "1" } })).await;
    assert_eq!((unknown.status, codes(&unknown)), (400, vec!["INVALID_DATA".to_owned()]));
    let done = convert(&zoho, &token, &id, json!({ "Contacts": { "id": contact } })).await.json();
    let expected = json!({ "Contacts": { "name": "Known", "id": contact }, "Deals": null, "Accounts": null });
    assert_eq!(done["data"][0]["details"], expected);
    assert_eq!(convert(&zoho, &token, "1", json!({})).await.status, 400);
}

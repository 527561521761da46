//! Related records and notes.

use reqwest::Method;
use serde_json::json;
use zoho_emulator::Emulator;

use crate::{access_token, call, codes, get, lead, record, update, values};

#[tokio::test]
async fn records_that_refer_to_a_record_are_in_its_related_list() {
    let zoho = Emulator::start().await;
    let token = access_token(&zoho);
    let account = record(&zoho, &token, "Accounts", json!({ "Account_Name": "School" })).await;
    let list = format!("/crm/v8/Accounts/{account}/Contacts");
    assert_eq!(get(&zoho, &token, &format!("{list}?fields=Last_Name")).await.status, 204);
    let of_school = json!({ "Last_Name": "Byron", "Account_Name": { "id": account } });
    let contact = record(&zoho, &token, "Contacts", of_school).await;
    let other = record(&zoho, &token, "Contacts", json!({ "Last_Name": "Babbage" })).await;
    let names = async || {
        let reply = get(&zoho, &token, &format!("{list}?fields=Last_Name&sort_order=asc")).await;
        if reply.status == 204 { Vec::new() } else { values(&reply, "Last_Name") }
    };
    assert_eq!(names().await, ["Byron"]);
    assert_eq!(get(&zoho, &token, &format!("{list}/{contact}?fields=Last_Name")).await.status, 200);
    assert_eq!(get(&zoho, &token, &format!("{list}/{other}")).await.status, 204);

    let path = format!("/crm/v8/Contacts/{other}");
    update(&zoho, &token, &path, json!({ "Account_Name": { "id": account } })).await;
    assert_eq!(names().await, ["Byron", "Babbage"]);
    update(&zoho, &token, &path, json!({ "Account_Name": null })).await;
    assert_eq!(names().await, ["Byron"]);
}

#[tokio::test]
async fn a_related_list_that_comes_from_a_lookup_cannot_be_changed_by_the_parent() {
    let zoho = Emulator::start().await;
    let token = access_token(&zoho);
    let account = record(&zoho, &token, "Accounts", json!({ "Account_Name": "School" })).await;
    let of_school = json!({ "Last_Name": "Byron", "Account_Name": { "id": account } });
    let contact = record(&zoho, &token, "Contacts", of_school).await;
    let task = json!({ "Subject": "Call", "What_Id": { "id": account } });
    let task = record(&zoho, &token, "Tasks", task).await;
    for (list, id) in [("Contacts", contact.as_str()), ("Tasks", &task), ("Deals", "1"), ("Attachments", "1")]
    {
        let path = format!("/crm/v8/Accounts/{account}/{list}");
        let body = json!({ "data": [{ "id": id }] });
        let mut attempts = vec![
            call(&zoho, &token, Method::PUT, &path, Some(body.clone())).await,
            call(&zoho, &token, Method::PUT, &format!("{path}/{id}"), Some(body)).await,
        ];
        if list != "Attachments" {
            attempts.push(call(&zoho, &token, Method::DELETE, &format!("{path}/{id}"), None).await);
            attempts.push(call(&zoho, &token, Method::DELETE, &format!("{path}?ids={id}"), None).await);
        }
        for reply in attempts {
            assert_eq!(reply.crm_error(), (400, "INVALID_DATA".to_owned()), "{list}");
            assert_eq!(reply.json()["details"], json!({ "resource_path_index": 2 }));
        }
    }
    let contact = get(&zoho, &token, &format!("/crm/v8/Contacts/{contact}")).await.json();
    assert_eq!(contact["data"][0]["Account_Name"]["id"], json!(account));
}

#[tokio::test]
async fn a_linked_record_is_added_and_removed_by_either_side() {
    let zoho = Emulator::start().await;
    let token = access_token(&zoho);
    let one = lead(&zoho, &token, json!({ "Last_Name": "One" })).await;
    let account = record(&zoho, &token, "Accounts", json!({ "Account_Name": "School" })).await;
    let desk = record(&zoho, &token, "Products", json!({ "Product_Name": "Desk" })).await;
    let list = format!("/crm/v8/Products/{desk}/Leads");
    let added = json!({ "data": [{ "id": one }, { "id": "1" }, {}] });
    let added = call(&zoho, &token, Method::PUT, &list, Some(added)).await;
    assert_eq!(
        (added.status, codes(&added)),
        (207, ["SUCCESS", "INVALID_DATA", "MANDATORY_NOT_FOUND"].map(Into::into).to_vec())
    );
    call(&zoho, &token, Method::PUT, &format!("/crm/v8/Accounts/{account}/Products/{desk}"), None).await;

    let removed = call(&zoho, &token, Method::DELETE, &format!("{list}?ids={one},{account}"), None).await;
    assert_eq!(codes(&removed), ["SUCCESS", "INVALID_DATA"], "an account is not in the list of leads");
    let accounts = get(&zoho, &token, &format!("/crm/v8/Products/{desk}/Accounts?fields=Account_Name")).await;
    assert_eq!(values(&accounts, "Account_Name"), ["School"]);
    assert_eq!(get(&zoho, &token, &format!("{list}?fields=id")).await.status, 204);
}

#[tokio::test]
async fn products_can_be_linked_with_several_records() {
    let zoho = Emulator::start().await;
    let token = access_token(&zoho);
    let product = record(&zoho, &token, "Products", json!({ "Product_Name": "Desk" })).await;
    for name in ["One", "Two"] {
        let lead = lead(&zoho, &token, json!({ "Last_Name": name })).await;
        let path = format!("/crm/v8/Leads/{lead}/Products/{product}");
        assert_eq!(call(&zoho, &token, Method::PUT, &path, None).await.status, 200);
        let listed = get(&zoho, &token, &format!("/crm/v8/Leads/{lead}/Products?fields=Product_Name")).await;
        assert_eq!(values(&listed, "Product_Name"), ["Desk"]);
    }
    let leads =
        get(&zoho, &token, &format!("/crm/v8/Products/{product}/Leads?fields=Last_Name&sort_order=asc"))
            .await;
    assert_eq!(values(&leads, "Last_Name"), ["One", "Two"]);
    let first = values(&leads, "id")[0].as_str().unwrap().to_owned();
    call(&zoho, &token, Method::DELETE, &format!("/crm/v8/Leads/{first}/Products/{product}"), None).await;
    let leads = get(&zoho, &token, &format!("/crm/v8/Products/{product}/Leads?fields=Last_Name")).await;
    assert_eq!(values(&leads, "Last_Name"), ["Two"]);
}

#[tokio::test]
async fn a_related_list_is_paged_by_token() {
    let zoho = Emulator::start().await;
    let token = access_token(&zoho);
    let account = record(&zoho, &token, "Accounts", json!({ "Account_Name": "School" })).await;
    for number in 1..=5 {
        let contact = json!({ "Last_Name": format!("Pupil {number}"), "Account_Name": account });
        record(&zoho, &token, "Contacts", contact).await;
    }
    let list = format!("/crm/v8/Accounts/{account}/Contacts?fields=Last_Name&per_page=2&sort_order=asc");
    let mut page = get(&zoho, &token, &list).await;
    let mut names = values(&page, "Last_Name");
    while let Some(next) = page.json()["info"]["next_page_token"].as_str() {
        page = get(&zoho, &token, &format!("{list}&page_token={next}")).await;
        names.extend(values(&page, "Last_Name"));
    }
    assert_eq!(names, ["Pupil 1", "Pupil 2", "Pupil 3", "Pupil 4", "Pupil 5"]);
}

#[tokio::test]
async fn a_related_list_requires_a_record_a_name_and_fields() {
    let zoho = Emulator::start().await;
    let token = access_token(&zoho);
    let id = lead(&zoho, &token, json!({ "Last_Name": "Byron" })).await;
    let error = async |path: String| get(&zoho, &token, &path).await.crm_error();
    assert_eq!(error(format!("/crm/v8/Leads/{id}/Notes")).await, (400, "REQUIRED_PARAM_MISSING".to_owned()));
    assert_eq!(error("/crm/v8/Leads/1/Notes?fields=id".to_owned()).await, (404, "INVALID_DATA".to_owned()));
    assert_eq!(error(format!("/crm/v8/Leads/{id}/Shoes?fields=id")).await, (400, "INVALID_DATA".to_owned()));
}

#[tokio::test]
async fn notes_can_be_created_on_a_record_and_in_their_module() {
    let zoho = Emulator::start().await;
    let token = access_token(&zoho);
    let id = lead(&zoho, &token, json!({ "First_Name": "Ada", "Last_Name": "Byron" })).await;
    let list = format!("/crm/v8/Leads/{id}/Notes");
    let body =
        json!({ "data": [{ "Note_Title": "Contacted", "Note_Content": "Twice" }, { "Note_Title": "" }] });
    let made = call(&zoho, &token, Method::POST, &list, Some(body)).await;
    assert_eq!(
        (made.status, codes(&made)),
        (207, vec!["SUCCESS".to_owned(), "EXPECTED_FIELD_MISSING".to_owned()])
    );
    let expected = &made.json()["data"][1]["details"]["expected_fields"];
    assert_eq!(expected[0], json!({ "api_name": "Note_Content", "json_path": "$.data[1].Note_Content" }));

    let elsewhere =
        json!({ "Note_Content": "Later", "Parent_Id": { "id": id, "module": { "api_name": "Leads" } } });
    let second = record(&zoho, &token, "Notes", elsewhere).await;
    let listed =
        get(&zoho, &token, &format!("{list}?fields=Note_Title,Note_Content,Parent_Id&sort_order=asc")).await;
    assert_eq!(values(&listed, "Note_Content"), ["Twice", "Later"]);
    let parent = &values(&listed, "Parent_Id")[0];
    assert_eq!((&parent["name"], &parent["module"]["api_name"]), (&json!("Ada Byron"), &json!("Leads")));
    let all = get(&zoho, &token, "/crm/v8/Notes?fields=Note_Content").await;
    assert_eq!(values(&all, "Note_Content").len(), 2);

    let path = format!("/crm/v8/Notes/{second}");
    assert_eq!(update(&zoho, &token, &path, json!({ "Note_Title": "Soon" })).await.status, 200);
    assert_eq!(
        update(&zoho, &token, &format!("{list}/{second}"), json!({ "Note_Content": "Never" })).await.status,
        200
    );
    let read = get(&zoho, &token, &path).await.json()["data"][0].clone();
    assert_eq!((&read["Note_Title"], &read["Note_Content"]), (&json!("Soon"), &json!("Never")));
    let other = lead(&zoho, &token, json!({ "Last_Name": "King" })).await;
    let taken = update(&zoho, &token, &format!("/crm/v8/Leads/{other}/Notes/{second}"), json!({})).await;
    assert_eq!(codes(&taken), ["INVALID_DATA"], "a note stays with its record");
    let first = values(&listed, "id")[0].as_str().unwrap().to_owned();
    assert_eq!(call(&zoho, &token, Method::DELETE, &format!("{list}/{first}"), None).await.status, 200);
    assert_eq!(call(&zoho, &token, Method::DELETE, &path, None).await.status, 200);
    assert_eq!(get(&zoho, &token, "/crm/v8/Notes?fields=id").await.status, 204);
    let missing =
        call(&zoho, &token, Method::POST, "/crm/v8/Leads/1/Notes", Some(json!({ "data": [{}] }))).await;
    assert_eq!(missing.crm_error(), (404, "INVALID_DATA".to_owned()));
}

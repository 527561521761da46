//! Modules, fields, layouts and related lists, and how they are added.

use reqwest::Method;
use serde_json::{Value, json};
use zoho_emulator::{Emulator, Field, Module};

use crate::{access_token, codes, create, get, http, send};

fn named<'a>(list: &'a Value, name: &str) -> &'a Value {
    let found = list.as_array().unwrap().iter().find(|entry| entry["api_name"] == name);
    found.unwrap_or_else(|| panic!("{name} is not in {list}"))
}

#[tokio::test]
async fn modules_are_listed_and_found_by_name_and_by_id() {
    let zoho = Emulator::start().await;
    let token = access_token(&zoho);
    let body = get(&zoho, &token, "/crm/v8/settings/modules").await.json();
    for name in ["Leads", "Contacts", "Accounts", "Deals", "Tasks", "Events", "Calls", "Products", "Notes"] {
        assert_eq!(named(&body["modules"], name)["generated_type"], "default");
    }
    let students = named(&body["modules"], "Students");
    assert_eq!(
        (&students["generated_type"], &students["singular_label"]),
        (&json!("custom"), &json!("Student"))
    );
    for key in [students["id"].as_str().unwrap(), "Students"] {
        let one = get(&zoho, &token, &format!("/crm/v8/settings/modules/{key}")).await.json();
        assert_eq!(one["modules"][0]["id"], students["id"]);
        assert_eq!(named(&one["modules"][0]["fields"], "Name")["system_mandatory"], true);
    }
    assert_eq!(get(&zoho, &token, "/crm/v8/settings/modules/Nope").await.status, 204);
    let wrong = get(&zoho, &token, "/crm/v8/settings/modules?status=visible,odd").await;
    assert_eq!(wrong.crm_error(), (400, "INVALID_DATA".to_owned()));
    assert_eq!(wrong.json()["details"]["index"], 1);
}

#[tokio::test]
async fn fields_are_described_by_kind() {
    let zoho = Emulator::start().await;
    let token = access_token(&zoho);
    let body = get(&zoho, &token, "/crm/v8/settings/fields?module=Students").await.json();
    let types = [
        ("Name", "text", "string"),
        ("Email", "email", "string"),
        ("Phone", "phone", "string"),
        ("Website", "website", "string"),
        ("Status", "picklist", "string"),
        ("Interests", "multiselectpicklist", "jsonarray"),
        ("Date_of_Birth", "date", "string"),
        ("Enrolled_At", "datetime", "string"),
        ("Number_of_Courses", "integer", "integer"),
        ("Grade_Average", "double", "double"),
        ("Tuition_Fee", "currency", "double"),
        ("Active", "boolean", "boolean"),
        ("Guardian", "lookup", "jsonobject"),
        ("Marks", "subform", "jsonarray"),
        ("Certificates", "fileupload", "jsonarray"),
        ("Portrait", "imageupload", "jsonarray"),
        ("Data_Processing_Basis_Details", "consent_lookup", "jsonobject"),
        ("Owner", "ownerlookup", "jsonobject"),
        ("Created_Time", "datetime", "string"),
    ];
    for (name, data_type, json_type) in types {
        let field = named(&body["fields"], name);
        assert_eq!(
            (&field["data_type"], &field["json_type"]),
            (&json!(data_type), &json!(json_type)),
            "{name}"
        );
    }
    assert_eq!(named(&body["fields"], "Status")["pick_list_values"][1]["actual_value"], "Enrolled");
    assert_eq!(named(&body["fields"], "Guardian")["lookup"]["module"]["api_name"], "Contacts");
    assert_eq!(
        named(&named(&body["fields"], "Marks")["subform"]["fields"], "Points")["data_type"],
        "integer"
    );
    let email = named(&body["fields"], "Email");
    assert_eq!(email["unique"], json!({ "casesensitive": false }));
    let path = format!("/crm/v8/settings/fields/{}?module=Students", email["id"].as_str().unwrap());
    assert_eq!(get(&zoho, &token, &path).await.json()["fields"][0]["api_name"], "Email");
    assert_eq!(get(&zoho, &token, "/crm/v8/settings/fields/1?module=Students").await.status, 204);
}

#[tokio::test]
async fn every_id_of_the_metadata_is_unique() {
    let zoho = Emulator::start().await;
    let token = access_token(&zoho);
    let mut ids = Vec::new();
    let modules = get(&zoho, &token, "/crm/v8/settings/modules").await.json();
    for module in modules["modules"].as_array().unwrap() {
        ids.push(module["id"].clone());
        let name = module["api_name"].as_str().unwrap();
        for (path, key) in [("fields", "fields"), ("related_lists", "related_lists")] {
            let reply = get(&zoho, &token, &format!("/crm/v8/settings/{path}?module={name}")).await;
            if reply.status == 200 {
                for entry in reply.json()[key].as_array().unwrap() {
                    ids.push(entry["id"].clone());
                    let values = entry["pick_list_values"].as_array().into_iter().flatten();
                    ids.extend(values.map(|value| value["id"].clone()));
                }
            }
        }
    }
    assert!(ids.iter().all(|id| id.as_str().is_some_and(|id| id.parse::<i64>().is_ok())));
    let count = ids.len();
    ids.sort_by_key(ToString::to_string);
    ids.dedup();
    assert_eq!(ids.len(), count);
}

#[tokio::test]
async fn the_metadata_of_a_module_requires_its_name() {
    let zoho = Emulator::start().await;
    let token = access_token(&zoho);
    for path in ["fields", "layouts", "related_lists", "tags"] {
        let missing = get(&zoho, &token, &format!("/crm/v8/settings/{path}")).await;
        assert_eq!(missing.crm_error(), (400, "REQUIRED_PARAM_MISSING".to_owned()));
        let unknown = get(&zoho, &token, &format!("/crm/v8/settings/{path}?module=Nope")).await;
        assert_eq!(unknown.crm_error(), (400, "INVALID_MODULE".to_owned()));
    }
}

#[tokio::test]
async fn a_layout_has_the_fields_of_its_module() {
    let zoho = Emulator::start().await;
    let token = access_token(&zoho);
    let layouts = get(&zoho, &token, "/crm/v8/settings/layouts?module=Leads").await.json();
    let layout = &layouts["layouts"][0];
    assert_eq!(named(&layout["sections"][0]["fields"], "Last_Name")["system_mandatory"], true);
    let path = format!("/crm/v8/settings/layouts/{}?module=Leads", layout["id"].as_str().unwrap());
    assert_eq!(get(&zoho, &token, &path).await.json(), layouts);
    assert_eq!(get(&zoho, &token, "/crm/v8/settings/layouts/1?module=Leads").await.status, 204);
}

#[tokio::test]
async fn related_lists_are_derived_from_lookup_fields() {
    let zoho = Emulator::start().await;
    let token = access_token(&zoho);
    let body = get(&zoho, &token, "/crm/v8/settings/related_lists?module=Accounts").await.json();
    let contacts = named(&body["related_lists"], "Contacts");
    assert_eq!(contacts["connectedlookupApiName"], "Account_Name");
    for name in ["Notes", "Attachments", "Deals", "Tasks", "Products", "Students"] {
        named(&body["related_lists"], name);
    }
    let path = format!("/crm/v8/settings/related_lists/{}?module=Accounts", contacts["id"].as_str().unwrap());
    assert_eq!(get(&zoho, &token, &path).await.json()["related_lists"][0]["api_name"], "Contacts");
}

#[tokio::test]
async fn roles_and_profiles_are_listed_and_read() {
    let zoho = Emulator::start().await;
    let token = access_token(&zoho);
    for kind in ["roles", "profiles"] {
        let all = get(&zoho, &token, &format!("/crm/v8/settings/{kind}")).await.json();
        let first = &all[kind][0];
        let path = format!("/crm/v8/settings/{kind}/{}", first["id"].as_str().unwrap());
        assert_eq!(&get(&zoho, &token, &path).await.json()[kind][0], first);
        assert_eq!(get(&zoho, &token, &format!("/crm/v8/settings/{kind}/1")).await.status, 204);
    }
}

#[tokio::test]
async fn users_are_paged_and_filtered_by_id() {
    let users = (1..=5).map(|number| {
        zoho_emulator::User::new(format!("user{number}@example.com"))
            .id(format!("554597400000000001{number}"))
    });
    let zoho = users.fold(Emulator::builder(), zoho_emulator::EmulatorBuilder::user).start().await;
    let refresh = zoho.grant_refresh_token(zoho.default_client().id(), "user1@example.com");
    let token = zoho.issue_access_token(&refresh);
    let second = get(&zoho, &token, "/crm/v8/users?type=AllUsers&page=2&per_page=2").await.json();
    assert_eq!(second["users"][0]["email"], "user3@example.com");
    assert_eq!(second["info"], json!({ "per_page": 2, "count": 2, "page": 2, "more_records": true }));
    let chosen = get(&zoho, &token, "/crm/v8/users?ids=5545974000000000014,1").await.json();
    assert_eq!(chosen["info"]["count"], 1);
    assert_eq!(get(&zoho, &token, "/crm/v8/users?page=9").await.status, 204);
    assert_eq!(get(&zoho, &token, "/crm/v8/users?per_page=201").await.status, 400);
}

#[tokio::test]
async fn a_custom_module_has_its_own_fields() {
    let courses = Module::new("Courses")
        .labels("Course", "Courses")
        .field(Field::picklist("Level", ["Beginner", "Expert"]).mandatory())
        .field(Field::lookup("Teacher", "Contacts"));
    let zoho = Emulator::builder().module(courses).start().await;
    let token = access_token(&zoho);
    let results = create(
        &zoho,
        &token,
        "Courses",
        json!([{ "Name": "Logic", "Level": "Expert" }, { "Name": "Music" }, { "Name": "Art", "Level": "Odd" }]),
    )
    .await;
    assert_eq!(codes(&results), ["SUCCESS", "MANDATORY_NOT_FOUND", "INVALID_DATA"]);
    let lists = get(&zoho, &token, "/crm/v8/settings/related_lists?module=Contacts").await.json();
    named(&lists["related_lists"], "Courses");

    zoho.add_field("Courses", Field::text("Room").length(3).unique());
    let results =
        create(&zoho, &token, "Courses", json!([{ "Name": "Chess", "Level": "Expert", "Room": "A 100" }]));
    assert_eq!(results.await.json()["data"][0]["details"]["maximum_length"], 3);
    zoho.add_module(Module::new("Rooms"));
    assert_eq!(get(&zoho, &token, "/crm/v8/Rooms?fields=Name").await.status, 204);
}

#[tokio::test]
async fn modules_fields_and_records_can_be_added_by_another_process() {
    let zoho = Emulator::start().await;
    let token = access_token(&zoho);
    let post = async |path: &str, body: Value| {
        let url = format!("{}/_emulator/{path}", zoho.base_url());
        send(http().request(Method::POST, url).json(&body)).await.status
    };
    let rows = json!([{ "api_name": "Size", "data_type": "integer" }]);
    let fields = json!([
        { "api_name": "Color", "data_type": "picklist", "values": ["Red", "Blue"], "mandatory": true },
        { "api_name": "Parts", "data_type": "subform", "fields": rows },
    ]);
    assert_eq!(post("modules", json!({ "api_name": "Robots", "fields": fields })).await, 200);
    let owner =
        json!({ "module": "Robots", "api_name": "Maker", "data_type": "lookup", "lookup": "Accounts" });
    assert_eq!(post("fields", owner).await, 200);
    let known = get(&zoho, &token, "/crm/v8/settings/fields?module=Robots").await.json();
    assert_eq!(named(&known["fields"], "Maker")["data_type"], "lookup");
    assert_eq!(named(&known["fields"], "Color")["system_mandatory"], true);
    assert_eq!(post("records", json!({ "module": "Robots", "records": [{ "Name": "R2" }] })).await, 200);
    let listed = get(&zoho, &token, "/crm/v8/Robots?fields=Name,Colour").await.json();
    assert_eq!((&listed["data"][0]["Name"], &listed["data"][0]["Color"]), (&json!("R2"), &Value::Null));

    assert_eq!(post("records", json!({ "module": "Nope", "records": [] })).await, 404);
    let odd = json!({ "module": "Robots", "api_name": "Odd", "data_type": "odd" });
    assert_eq!(post("fields", odd).await, 400);
    assert_eq!(post("modules", json!({ "api_name": "X", "color": 1 })).await, 400);
}

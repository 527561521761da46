//! Validation of records: types, lengths, pick lists, lookups, subforms, unique values.

use serde_json::{Value, json};
use zoho_emulator::{Emulator, User};

use crate::{ADA, BOB, access_token, codes, create, get, record, update};

/// The result of creating a student with one more field.
async fn student_with(zoho: &Emulator, token: &str, field: &str, value: Value) -> Value {
    let reply = create(zoho, token, "Students", json!([{ "Name": "Ada", field: value }])).await;
    reply.json()["data"][0].clone()
}

#[tokio::test]
async fn a_value_of_the_wrong_type_is_rejected_and_named() {
    let zoho = Emulator::start().await;
    let token = access_token(&zoho);
    let wrong = [
        ("Name", json!(7), "text"),
        ("Email", json!("nobody"), "email"),
        ("Phone", json!("call me maybe"), "phone"),
        ("Website", json!("no address"), "website"),
        ("Number_of_Courses", json!("7"), "integer"),
        ("Number_of_Courses", json!(7.5), "integer"),
        ("Grade_Average", json!("good"), "double"),
        ("Tuition_Fee", json!("10"), "currency"),
        ("Active", json!("true"), "boolean"),
        ("Date_of_Birth", json!("2023-02-29"), "date"),
        ("Enrolled_At", json!("2023-02-28"), "datetime"),
        ("Enrolled_At", json!("2023-02-28T10:00:00"), "datetime"),
        ("Status", json!(["Applied"]), "picklist"),
        ("Interests", json!("Art"), "jsonarray"),
        ("Guardian", json!(true), "jsonobject"),
        ("Owner", json!([]), "jsonobject"),
        ("Marks", json!({}), "jsonarray"),
        ("Certificates", json!("file"), "jsonarray"),
        ("Passport_Number", json!("12a"), "bigint"),
    ];
    for (field, value, expected) in wrong {
        let result = student_with(&zoho, &token, field, value).await;
        let details = json!({
            "expected_data_type": expected, "api_name": field, "json_path": format!("$.data[0].{field}"),
        });
        assert_eq!((&result["code"], &result["details"]), (&json!("INVALID_DATA"), &details));
    }
}

#[tokio::test]
async fn a_value_that_is_too_long_is_rejected_with_the_maximum_length() {
    let zoho = Emulator::start().await;
    let token = access_token(&zoho);
    for (field, value, maximum) in [
        ("Name", json!("x".repeat(256)), 255),
        ("Phone", json!("1".repeat(31)), 30),
        ("Number_of_Courses", json!(1_234_567_890), 9),
    ] {
        let result = student_with(&zoho, &token, field, value).await;
        assert_eq!(
            (&result["code"], &result["details"]["maximum_length"]),
            (&json!("INVALID_DATA"), &json!(maximum))
        );
    }
    assert_eq!(student_with(&zoho, &token, "Name", json!("ä".repeat(255))).await["code"], "SUCCESS");
}

#[tokio::test]
async fn every_mandatory_field_is_required() {
    let zoho = Emulator::start().await;
    let token = access_token(&zoho);
    for (module, field) in [
        ("Leads", "Last_Name"),
        ("Contacts", "Last_Name"),
        ("Accounts", "Account_Name"),
        ("Deals", "Deal_Name"),
        ("Tasks", "Subject"),
        ("Events", "Event_Title"),
        ("Calls", "Subject"),
        ("Products", "Product_Name"),
        ("Students", "Name"),
    ] {
        let reply = create(&zoho, &token, module, json!([{}])).await;
        let result = &reply.json()["data"][0];
        let details = json!({ "api_name": field, "json_path": format!("$.data[0].{field}") });
        assert_eq!((reply.status, &result["code"]), (400, &json!("MANDATORY_NOT_FOUND")));
        assert_eq!((&result["details"], &result["message"]), (&details, &json!("required field not found")));
    }
}

#[tokio::test]
async fn a_pick_list_accepts_only_its_own_values() {
    let zoho = Emulator::start().await;
    let token = access_token(&zoho);
    let odd = student_with(&zoho, &token, "Status", json!("Sleeping")).await;
    assert_eq!(
        (&odd["code"], &odd["details"]["json_path"]),
        (&json!("INVALID_DATA"), &json!("$.data[0].Status"))
    );
    let odd = student_with(&zoho, &token, "Interests", json!(["Art", "Sleep"])).await;
    assert_eq!(odd["details"]["json_path"], "$.data[0].Interests[1]");
    let id =
        record(&zoho, &token, "Students", json!({ "Name": "Ada", "Status": "-None-", "Interests": ["Art"] }))
            .await;
    let read = get(&zoho, &token, &format!("/crm/v8/Students/{id}")).await.json();
    assert_eq!((&read["data"][0]["Status"], &read["data"][0]["Interests"]), (&Value::Null, &json!(["Art"])));
}

#[tokio::test]
async fn every_kind_of_value_is_returned_as_zoho_writes_it() {
    let zoho = Emulator::start().await;
    let token = access_token(&zoho);
    let guardian =
        record(&zoho, &token, "Contacts", json!({ "First_Name": "Anne", "Last_Name": "Byron" })).await;
    let fields = json!({
        "Name": "Ada", "Email": "ada@school.example", "Phone": "+44 (0)20 1234", "Website": "www.school.example",
        "Passport_Number": 123_456_789_012_345_678_u64, "Status": "Enrolled", "Interests": ["Chess", "Music"],
        "Date_of_Birth": "1815-12-10", "Enrolled_At": "2026-01-01T10:00:00+05:30", "Number_of_Courses": 3,
        "Grade_Average": 1.25, "Tuition_Fee": 50_000, "Scholarship": 12.5, "Active": true, "Guardian": { "id": guardian },
        "Nickname": "dropped", "Student_Number": "dropped", "Remarks": "one\ntwo",
    });
    let id = record(&zoho, &token, "Students", fields.clone()).await;
    let read = get(&zoho, &token, &format!("/crm/v8/Students/{id}")).await.json()["data"][0].clone();
    for same in [
        "Name",
        "Email",
        "Phone",
        "Status",
        "Interests",
        "Date_of_Birth",
        "Number_of_Courses",
        "Grade_Average",
        "Tuition_Fee",
        "Scholarship",
        "Active",
        "Remarks",
    ] {
        assert_eq!(read[same], fields[same], "{same}");
    }
    assert_eq!(read["Passport_Number"], "123456789012345678");
    assert_eq!(read["Enrolled_At"], "2026-01-01T04:30:00+00:00");
    assert_eq!(read["Guardian"], json!({ "name": "Anne Byron", "id": guardian }));
    assert_eq!((&read["Student_Number"], read.get("Nickname")), (&json!("1"), None));
    assert_eq!((&read["Tag"], &read["Tutor"]), (&json!([]), &Value::Null));
    assert_eq!((&read["$approval_state"], &read["$editable"]), (&json!("approved"), &json!(true)));
}

#[tokio::test]
async fn null_clears_a_field_and_omitted_fields_stay() {
    let zoho = Emulator::start().await;
    let token = access_token(&zoho);
    let id =
        record(&zoho, &token, "Leads", json!({ "Last_Name": "Byron", "City": "York", "Phone": "1" })).await;
    let path = format!("/crm/v8/Leads/{id}");
    assert_eq!(update(&zoho, &token, &path, json!({ "City": null })).await.status, 200);
    let read = get(&zoho, &token, &path).await.json()["data"][0].clone();
    assert_eq!((&read["City"], &read["Phone"]), (&Value::Null, &json!("1")));
    let cleared = update(&zoho, &token, &path, json!({ "Last_Name": null })).await;
    assert_eq!((cleared.status, codes(&cleared)), (400, vec!["MANDATORY_NOT_FOUND".to_owned()]));
}

#[tokio::test]
async fn a_lookup_requires_an_existing_record() {
    let zoho = Emulator::start().await;
    let token = access_token(&zoho);
    let result = student_with(&zoho, &token, "Guardian", json!({ "id": "1" })).await;
    assert_eq!(result["message"], "the related id given seems to be invalid");
    assert_eq!(result["details"], json!({ "api_name": "Guardian", "json_path": "$.data[0].Guardian.id" }));
    let account = record(&zoho, &token, "Accounts", json!({ "Account_Name": "School" })).await;
    assert_eq!(student_with(&zoho, &token, "Guardian", json!(account)).await["code"], "INVALID_DATA");
    assert_eq!(student_with(&zoho, &token, "School", json!(account)).await["code"], "SUCCESS");
    let task =
        record(&zoho, &token, "Tasks", json!({ "Subject": "Call", "What_Id": { "id": account } })).await;
    let read = get(&zoho, &token, &format!("/crm/v8/Tasks/{task}")).await.json();
    assert_eq!(read["data"][0]["What_Id"]["module"]["api_name"], "Accounts");
}

#[tokio::test]
async fn an_owner_must_be_a_user_of_the_organization() {
    let zoho = Emulator::builder()
        .user(User::new(ADA).id("5545974000000000011"))
        .user(User::new(BOB).id("5545974000000000012"))
        .user(User::new("eve@example.com").zgid("2").id("5545974000000000013"))
        .start()
        .await;
    let token = access_token(&zoho);
    for owner in
        [json!({ "id": "5545974000000000012" }), json!({ "email": BOB }), json!("5545974000000000012")]
    {
        let id = record(&zoho, &token, "Leads", json!({ "Last_Name": "Byron", "Owner": owner })).await;
        let read = get(&zoho, &token, &format!("/crm/v8/Leads/{id}")).await.json();
        assert_eq!(
            (&read["data"][0]["Owner"]["email"], &read["data"][0]["Created_By"]["email"]),
            (&json!(BOB), &json!(ADA))
        );
    }
    let stranger = json!([{ "Last_Name": "Byron", "Owner": { "id": "5545974000000000013" } }]);
    let reply = create(&zoho, &token, "Leads", stranger).await.json();
    assert_eq!(reply["data"][0]["details"]["json_path"], "$.data[0].Owner.id");
}

#[tokio::test]
async fn rows_of_a_subform_are_added_changed_and_deleted_by_their_ids() {
    let zoho = Emulator::start().await;
    let token = access_token(&zoho);
    let marks = json!([{ "Subject": "Physics", "Points": 12 }, { "Subject": "Music", "Points": 15 }]);
    let id = record(&zoho, &token, "Students", json!({ "Name": "Ada", "Marks": marks })).await;
    let path = format!("/crm/v8/Students/{id}");
    let marks = async || get(&zoho, &token, &path).await.json()["data"][0]["Marks"].clone();
    let before = marks().await;
    assert!(before[0]["id"].is_string() && before[0]["id"] != before[1]["id"]);

    let change = json!({ "Marks": [
        { "id": before[0]["id"], "Points": 13 },
        { "id": before[1]["id"], "_delete": null },
        { "Subject": "History" },
    ] });
    assert_eq!(update(&zoho, &token, &path, change).await.status, 200);
    let after = marks().await;
    let rows: Vec<_> =
        after.as_array().unwrap().iter().map(|row| (row["Subject"].clone(), row["Points"].clone())).collect();
    assert_eq!(rows, [(json!("Physics"), json!(13)), (json!("History"), Value::Null)]);

    let wrong =
        update(&zoho, &token, &path, json!({ "Marks": [{ "Points": 1 }, { "Points": "many" }] })).await;
    assert_eq!(wrong.json()["data"][0]["details"]["json_path"], "$.data[0].Marks[1].Points");
    assert_eq!(update(&zoho, &token, &path, json!({ "Marks": [{ "id": "1" }] })).await.status, 400);
    assert_eq!(marks().await, after);
    let listed = get(&zoho, &token, "/crm/v8/Students?fields=Name,Marks").await.json();
    assert_eq!(listed["data"][0].get("Marks"), None);
}

#[tokio::test]
async fn a_duplicate_of_a_unique_value_is_rejected_and_names_the_record() {
    let zoho = Emulator::start().await;
    let token = access_token(&zoho);
    let first =
        record(&zoho, &token, "Students", json!({ "Name": "Ada", "Email": "ada@school.example" })).await;
    let again = student_with(&zoho, &token, "Email", json!("ADA@school.example")).await;
    assert_eq!(
        (&again["code"], &again["details"]["json_path"]),
        (&json!("DUPLICATE_DATA"), &json!("$.data[0].Email"))
    );
    let duplicate = &again["details"]["duplicate_record"];
    assert_eq!((&duplicate["id"], &duplicate["module"]["api_name"]), (&json!(first), &json!("Students")));
    let own =
        update(&zoho, &token, &format!("/crm/v8/Students/{first}"), json!({ "Email": "ada@school.example" }))
            .await;
    assert_eq!(own.status, 200);
    let change = json!({ "Email": "ada@new.example" });
    assert_eq!(update(&zoho, &token, &format!("/crm/v8/Students/{first}"), change).await.status, 200);
    assert_eq!(student_with(&zoho, &token, "Email", json!("ada@school.example")).await["code"], "SUCCESS");
}

#[tokio::test]
async fn two_duplicates_in_one_record_are_reported_together() {
    use zoho_emulator::{Field, Module};
    let module =
        Module::new("Badges").field(Field::text("Code").unique()).field(Field::integer("Number").unique());
    let zoho = Emulator::builder().module(module).start().await;
    let token = access_token(&zoho);
    let badge = json!([{ "Name": "One", "Code": "A", "Number": 1 }]);
    assert_eq!(create(&zoho, &token, "Badges", badge.clone()).await.status, 201);
    let result = create(&zoho, &token, "Badges", badge).await.json()["data"][0].clone();
    assert_eq!(result["code"], "MULTIPLE_OR_MULTI_ERRORS");
    let errors = result["details"]["errors"].as_array().unwrap();
    assert_eq!(
        errors.iter().map(|error| &error["details"]["api_name"]).collect::<Vec<_>>(),
        ["Code", "Number"]
    );
}

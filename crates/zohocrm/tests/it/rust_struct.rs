//! `rust_struct`: the generated code compiles, and reads and writes records without loss.
//!
//! `students.rs` is generated. To update it: `ZOHOCRM_WRITE=1 cargo test -p zohocrm rust_struct`.

use std::collections::HashSet;

use proptest::prelude::*;
use serde_json::{Value, json};
use zoho_emulator::{Emulator, Field as EmulatedField, Module};
use zohocrm::Record;
use zohocrm::metadata::{Field, rust_struct};

use crate::students::{Students, StudentsMarksRow, StudentsStatus, StudentsType};
use crate::support::logged_in_at;

fn module() -> Module {
    let odd = [
        "Cold Call",
        "cold-call",
        "Self",
        "Other",
        "None",
        "100%",
        "中文",
        "日本",
        "a\"b\\c",
        "`tick`\u{202e}",
    ];
    Module::new("Students")
        .field(EmulatedField::picklist("Status", ["Active", "On Leave"]))
        .field(EmulatedField::picklist("type", odd))
        .field(EmulatedField::multi_select_picklist("Colors", ["Red", "Blue"]))
        .field(EmulatedField::text("Last_Name").label("Last\nName \u{202e}*/ // \\u{0}"))
        .field(EmulatedField::text("lastName"))
        .field(EmulatedField::text("last_name"))
        .field(EmulatedField::text("self"))
        .field(EmulatedField::text("2nd_Name"))
        .field(EmulatedField::integer("Age"))
        .field(EmulatedField::big_integer("Number"))
        .field(EmulatedField::currency("Fee"))
        .field(EmulatedField::boolean("Present"))
        .field(EmulatedField::date("Born"))
        .field(EmulatedField::date_time("Seen"))
        .field(EmulatedField::lookup("School", "Accounts"))
        .field(EmulatedField::file_upload("Certificates"))
        .field(EmulatedField::consent("Data_Privacy"))
        .field(EmulatedField::subform(
            "Marks",
            [EmulatedField::integer("Points"), EmulatedField::text("Remark")],
        ))
}

#[tokio::test]
async fn the_generated_code_is_the_file_that_these_tests_compile() {
    let ada = logged_in_at(Emulator::builder().module(module()).start().await).await;
    let fields = ada.crm.metadata().fields("Students").await.unwrap();
    // The fields that every module has follow these.
    let own: Vec<Field> = fields.iter().take_while(|field| field.api_name != "Created_By").cloned().collect();
    let code = rust_struct("Students", &own);
    if std::env::var_os("ZOHOCRM_WRITE").is_some() {
        std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/students.rs"), &code).unwrap();
    }
    assert_eq!(code, include_str!("students.rs"), "see the head of this file");
}

#[tokio::test]
async fn records_are_read_and_written_as_the_generated_type() {
    let ada = logged_in_at(Emulator::builder().module(module()).start().await).await;
    let students = ada.crm.records("Students");
    let grace = Students {
        name: Some("Grace".to_owned()),
        age: Some(85),
        status: Some(StudentsStatus::OnLeave),
        type_: Some(StudentsType::Other("a\"b\\c".to_owned())),
        marks: Some(vec![StudentsMarksRow { points: Some(1), ..StudentsMarksRow::default() }]),
        ..Students::default()
    };
    let id = students.create_one(&grace).await.unwrap().id().unwrap().to_owned();
    let record: Record = students.get(&id).send().await.unwrap().into_inner().unwrap();
    let read: Students = record.deserialize().unwrap();
    assert_eq!(
        (read.id.as_deref(), read.age, read.status),
        (Some(id.as_str()), Some(85), Some(StudentsStatus::OnLeave))
    );
    assert_ne!(read.type_, None);
    assert_eq!(read.marks.unwrap()[0].points, Some(1));
}

#[test]
fn an_unlisted_value_is_kept() {
    let student: Students =
        serde_json::from_value(json!({ "Status": "Asleep", "Colors": ["Red", "Green"] })).unwrap();
    assert_eq!(student.status, Some(StudentsStatus::Other("Asleep".to_owned())));
    let written = serde_json::to_value(&student).unwrap();
    assert_eq!(
        written,
        json!({ "Status": "Asleep", "Colors": ["Red", "Green"] }),
        "what is not set is not written"
    );
}

/// Any name: words, keywords, symbols, other scripts, comment terminators, bidirectional controls.
fn odd_name() -> impl Strategy<Value = String> {
    prop_oneof![
        "[A-Za-z_]{1,8}",
        "\\PC{0,8}",
        "[ -~]{0,8}",
        any::<String>(),
        proptest::sample::select(vec![
            "self", "Self", "type", "Option", "String", "Other", "id", "_", "", "\u{202e}", "é", "e\u{301}",
            "r#x"
        ])
        .prop_map(str::to_owned),
    ]
}

fn odd_field() -> impl Strategy<Value = Value> {
    const TYPES: [&str; 9] = [
        "text",
        "picklist",
        "multiselectpicklist",
        "integer",
        "date",
        "lookup",
        "subform",
        "consent_lookup",
        "new",
    ];
    let values = proptest::collection::vec(odd_name(), 0..6);
    (odd_name(), odd_name(), proptest::sample::select(&TYPES[..]), values).prop_map(|(name, label, kind, values)| {
        let values: Vec<Value> = values.iter().map(|value| json!({ "display_value": value })).collect();
        let row = json!({ "fields": [{ "api_name": name, "data_type": "picklist", "pick_list_values": values }] });
        json!({ "api_name": name, "field_label": label, "data_type": kind, "pick_list_values": values, "subform": row })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_names_become_valid_rust_without_duplicate_identifiers(
        module in odd_name(),
        fields in proptest::collection::vec(odd_field(), 0..8),
    ) {
        let fields: Vec<Field> = serde_json::from_value(Value::Array(fields)).unwrap();
        let code = rust_struct(&module, &fields);
        let file = syn::parse_file(&code).map_err(|error| TestCaseError::fail(format!("{error}:\n{code}")))?;
        let mut types = HashSet::from(["Option", "Vec", "String", "Serialize", "Deserialize"].map(str::to_owned));
        for item in file.items {
            let (name, members): (_, Vec<String>) = match item {
                syn::Item::Struct(item) => {
                    (item.ident, item.fields.iter().filter_map(|field| field.ident.as_ref()).map(ToString::to_string).collect())
                }
                syn::Item::Enum(item) => {
                    (item.ident, item.variants.iter().map(|variant| variant.ident.to_string()).collect())
                }
                _ => continue,
            };
            prop_assert!(types.insert(name.to_string()), "{name} twice:\n{code}");
            let different: HashSet<&String> = members.iter().collect();
            prop_assert_eq!(different.len(), members.len(), "a member of {} twice:\n{}", name, code);
        }
    }
}

//! `crm.metadata()`: modules, fields, layouts, and the check of a record against them.

use std::time::Duration;

use serde_json::json;
use zoho_emulator::{Emulator, Fault, Field, Module};
use zohocrm::metadata::{FieldProblem, FieldProblemKind, FieldType, Fields};
use zohocrm::{Date, DateTime, Error, ErrorKind, Lookup, Record};

use crate::support::{LoggedIn, logged_in, logged_in_at};

const FIELDS: &str = "GET /crm/v8/settings/fields";
const HOUR: Duration = Duration::from_secs(3600);

async fn students() -> LoggedIn {
    let module = Module::new("Students")
        .field(Field::text("Nick").length(5))
        .field(Field::integer("Age"))
        .field(Field::big_integer("Number"))
        .field(Field::number("Height"))
        .field(Field::boolean("Present"))
        .field(Field::date("Born"))
        .field(Field::date_time("Seen"))
        .field(Field::picklist("Status", ["Active", "Gone"]))
        .field(Field::multi_select_picklist("Colors", ["Red", "Blue"]))
        .field(Field::email("Mail"))
        .field(Field::lookup("Account", "Accounts"))
        .field(Field::subform("Marks", [Field::integer("Points").mandatory(), Field::text("Remark")]))
        .field(Field::auto_number("Counter"));
    logged_in_at(Emulator::builder().module(module).start().await).await
}

fn student() -> Record {
    Record::new().with("Name", "Grace")
}

async fn fields(ada: &LoggedIn) -> Fields {
    ada.crm.metadata().fields("Students").await.unwrap()
}

#[tokio::test]
async fn owners_and_subforms_can_be_set_whatever_zoho_reports_for_its_web_form() {
    let ada = students().await;
    let fields = fields(&ada).await;
    let (owner, marks) = (fields.field("Owner").unwrap(), fields.field("Marks").unwrap());
    assert!(owner.field_read_only && !owner.read_only, "as Zoho describes it");
    assert_eq!(marks.operation_type.clone().unwrap().api_create, Some(false), "as Zoho describes it");
    let owned = student().with("Owner", Lookup::new("5545974000000186017"));
    fields.check_create(&owned.with("Marks", json!([{ "Points": 1 }]))).unwrap();
    assert!(!fields.field("Created_By").unwrap().can_be_created());
}

#[tokio::test]
async fn modules_fields_layouts_and_related_lists_are_typed() {
    let ada = logged_in().await;
    let metadata = ada.crm.metadata();
    let modules = metadata.modules().await.unwrap();
    let leads = modules.iter().find(|module| module.api_name == "Leads").unwrap();
    assert!(leads.api_supported && leads.creatable && leads.extra.contains_key("sequence_number"));

    let fields = metadata.fields("Leads").await.unwrap();
    let name = fields.field("Last_Name").unwrap();
    assert_eq!((&name.data_type, name.system_mandatory), (&FieldType::Text, true));
    assert!(name.length.is_some() && !name.is_unique() && name.can_be_updated());
    assert!(!fields.field("Created_Time").unwrap().can_be_created());
    let source = fields.field("Lead_Source").unwrap();
    assert!(source.data_type == FieldType::PickList && source.values().count() > 2);
    let account = metadata.fields("Contacts").await.unwrap();
    let account = account.field("Account_Name").unwrap().lookup.clone().unwrap();
    assert_eq!(account.module.unwrap().api_name, "Accounts");

    let layouts = metadata.layouts("Leads").await.unwrap();
    assert!(
        layouts[0].sections.iter().flat_map(|section| &section.fields).any(|field| field.api_name == "Email")
    );
    let lists = metadata.related_lists("Leads").await.unwrap();
    assert!(lists.iter().any(|list| list.api_name == "Notes"));
    let error = metadata.fields("Nonsense").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn fields_are_requested_each_time_without_a_cache_and_once_with_one() {
    let ada = logged_in().await;
    let metadata = ada.crm.metadata();
    for _ in 0..2 {
        metadata.fields("Leads").await.unwrap();
    }
    assert_eq!(ada.zoho.journal().count(FIELDS), 2);

    ada.zoho.journal().clear();
    let cached = metadata.cached(HOUR);
    let many = (0..50).map(|_| {
        let clone = cached.clone();
        tokio::spawn(async move { clone.fields("Leads").await.map(|fields| fields.len()) })
    });
    for waiter in many.collect::<Vec<_>>() {
        assert!(waiter.await.unwrap().unwrap() > 10);
    }
    assert_eq!(ada.zoho.journal().count(FIELDS), 1, "waiting callers share one call");
    cached.refresh();
    cached.fields("Leads").await.unwrap();
    assert_eq!(ada.zoho.journal().count(FIELDS), 2);
}

#[tokio::test]
async fn a_failure_is_shared_by_waiting_callers_and_not_cached() {
    let ada = logged_in().await;
    ada.zoho.fault(Fault::on(FIELDS).crm_error(403, "NO_PERMISSION"));
    let cached = ada.crm.metadata().cached(HOUR);
    assert_eq!(cached.fields("Leads").await.unwrap_err().kind(), ErrorKind::PermissionMissing);
    assert!(cached.fields("Leads").await.is_ok());
}

#[tokio::test]
async fn a_valid_record_passes_the_check_and_zoho_accepts_it() {
    let ada = students().await;
    let account =
        ada.crm.records("Accounts").create_one(Record::new().with("Account_Name", "Navy")).await.unwrap();
    let record = student()
        .with("Nick", "Gracé")
        .with("Age", 85)
        .with("Number", "123456789012345678")
        .with("Height", 1.6)
        .with("Present", true)
        .with("Born", Date::new(1906, 12, 9).unwrap())
        .with("Seen", DateTime::from_unix_seconds(0).unwrap())
        .with("Status", "Active")
        .with("Colors", vec!["Red", "Blue"])
        .with("Mail", "grace@example.com")
        .with("Account", Lookup::new(account.id().unwrap()))
        .with("Marks", json!([{ "Points": 1 }]))
        .with_null("Nick");
    let metadata = ada.crm.metadata();
    metadata.check_create("Students", &record).await.unwrap();
    ada.crm.records("Students").create_one(record).await.unwrap();
}

#[tokio::test]
async fn each_kind_of_problem_says_what_to_do_and_zoho_rejects_it_too() {
    let ada = students().await;
    let fields = fields(&ada).await;
    use FieldProblemKind::{NotInPickList, TooLong, Unknown, WrongType};
    let wrong = [
        (student().with("Nonsense", 1), "Nonsense", Unknown, "check the fields of the module"),
        (student().with("nick", "x"), "nick", Unknown, "its API name is `Nick`"),
        (student().with("Nick", "Graces"), "Nick", TooLong, "up to 5 characters"),
        (student().with("Nick", 5), "Nick", WrongType, "give a text"),
        (student().with("Age", "85"), "Age", WrongType, "give a whole number"),
        (student().with("Age", 1_234_567_890), "Age", TooLong, "up to 9 digits"),
        (student().with("Height", "tall"), "Height", WrongType, "give a number"),
        (student().with("Present", "yes"), "Present", WrongType, "give true or false"),
        (student().with("Born", "9.12.1906"), "Born", WrongType, "2026-11-22"),
        (student().with("Seen", "2026-11-22"), "Seen", WrongType, "2026-11-22T09:30:00+01:00"),
        (student().with("Status", "Asleep"), "Status", NotInPickList, "\"Active\", \"Gone\""),
        (student().with("Colors", "Red"), "Colors", WrongType, "give a list of"),
        (student().with("Colors", vec!["Red", "Green"]), "Colors", NotInPickList, "\"Red\", \"Blue\""),
        (student().with("Mail", "no address"), "Mail", WrongType, "email"),
        (student().with("Account", "Navy"), "Account", WrongType, "lookup"),
        (student().with("Marks", json!([{ "Points": "x" }])), "Marks[0].Points", WrongType, "whole number"),
    ];
    for (record, field, kind, expected) in wrong {
        let problems = fields.check_create(&record).unwrap_err();
        let FieldProblem { field: found, kind: found_kind, .. } = &problems[0];
        assert_eq!((problems.len(), found.as_str(), *found_kind), (1, field, kind), "{problems:?}");
        assert!(problems[0].expected.contains(expected), "{}", problems[0]);
        // Zoho ignores unknown fields.
        if kind != Unknown {
            let result = ada.crm.records("Students").create_one(record.clone()).await;
            assert!(result.is_err(), "Zoho accepts a record that the check rejects: {record:?}");
        }
    }
}

#[tokio::test]
async fn a_mandatory_field_is_required_in_a_new_record_and_cannot_be_cleared() {
    let ada = students().await;
    let fields = fields(&ada).await;
    let missing = |problems: Vec<FieldProblem>| {
        problems.into_iter().map(|problem| (problem.field, problem.kind)).collect::<Vec<_>>()
    };
    let none = Record::new().with("Age", 1).with("Marks", json!([{ "Remark": "late" }]));
    let expected = ["Marks[0].Points", "Name"].map(|field| (field.to_owned(), FieldProblemKind::Missing));
    assert_eq!(missing(fields.check_create(&none).unwrap_err()), expected);
    assert_eq!(fields.check_update(&Record::with_id("1").with("Age", 1)), Ok(()));
    assert_eq!(missing(fields.check_update(&Record::new().with_null("Name")).unwrap_err()).len(), 1);
}

#[tokio::test]
async fn a_field_that_cannot_be_set_is_reported_as_read_only() {
    let ada = students().await;
    let problems = fields(&ada).await.check_update(&Record::new().with("Counter", "7")).unwrap_err();
    assert_eq!(problems[0].kind, FieldProblemKind::ReadOnly);
}

#[tokio::test]
async fn a_failed_check_requests_the_fields_again_once() {
    let ada = students().await;
    let metadata = ada.crm.metadata().cached(HOUR);
    metadata.check_create("Students", &student()).await.unwrap();
    ada.zoho.add_field("Students", Field::text("Brand_New"));
    // The cached fields are seconds old, which is recent enough.
    let record = student().with("Brand_New", "x");
    let error = metadata.check_create("Students", &record).await.unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidData, Some("Brand_New")));
    assert!(
        matches!(&error, Error::InvalidRecord { module, problems, .. } if module == "Students" && problems.len() == 1)
    );
    assert_eq!(ada.zoho.journal().count(FIELDS), 1);

    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(60)).await;
    tokio::time::resume();
    metadata.check_create("Students", &record).await.unwrap();
    assert_eq!(ada.zoho.journal().count(FIELDS), 2);
}

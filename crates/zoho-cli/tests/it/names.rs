//! Misspelled names of fields and modules.

use serde_json::json;
use zoho_emulator::Emulator;

use crate::bulk::logged_in;
use crate::support::{ADA, Terminal};

#[track_caller]
fn rejected(terminal: &Terminal, arguments: &[&str], code: i32, told: &str) {
    let ran = terminal.run(arguments).ended(code);
    assert!(ran.stderr.contains(told) && ran.stdout.is_empty(), "{ran:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_field_that_does_not_exist_is_rejected_with_the_nearest_name() {
    let (zoho, terminal) = logged_in().await;
    let told = "module `Leads` has no field `Citty` (did you mean `City`?)";
    let list = ["records", "list", "Leads", "--fields", "Last_Name,Citty,Owner.name"];
    rejected(&terminal, &list, 2, told);
    zoho.add_records(ADA, "Leads", 250);
    for format in ["--csv", "--json", "--json-lines", "--all"] {
        rejected(&terminal, &[&list[..], &[format]].concat(), 2, told);
    }
    let id = terminal.run(&["records", "list", "Leads", "--json"]).done().json()[0]["id"].clone();
    let id = id.as_str().unwrap();
    let fields = ["--fields", "Citty"];
    for command in [
        &["records", "search", "Leads", "--word", "Lead"][..],
        &["records", "get", "Leads", id],
        &["bulk", "read", "Leads"],
    ] {
        rejected(&terminal, &[command, &fields].concat(), 2, told);
    }
    let upsert = ["records", "upsert", "Leads", "-d", r#"{"Last_Name":"Hopper"}"#, "--check", "Emial"];
    rejected(&terminal, &upsert, 2, "module `Leads` has no field `Emial` (did you mean `Email`?)");
    std::fs::write(terminal.path("leads.csv"), "Last_Name,Email\nHopper,grace@example.com\n").unwrap();
    let upsert = ["bulk", "write", "Leads", "leads.csv", "--upsert", "Emial"];
    rejected(&terminal, &upsert, 2, "(did you mean `Email`?)");
    rejected(&terminal, &["records", "list", "Leads", "--sort-by", "Created_Tme"], 2, "'Created_Time'");
    assert_eq!(zoho.journal().count("POST /crm/*"), 0);
    for command in ["search", "count"] {
        let criteria = ["records", command, "Leads", "--criteria", "(Citty:equals:Rome)"];
        rejected(&terminal, &criteria, 1, "next: did you mean the field `City`?");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_related_list_is_checked_by_the_module_of_its_records() {
    let (_zoho, terminal) = logged_in().await;
    let lead = json!({ "Last_Name": "Hopper" }).to_string();
    let created = terminal.run(&["records", "create", "Leads", "-d", &lead, "--json"]).done().json();
    let lead = created[0]["id"].as_str().unwrap();
    let note = json!({ "data": [{ "Note_Title": "One", "Note_Content": "Two" }] }).to_string();
    terminal.run(&["api", "POST", &format!("/crm/v8/Leads/{lead}/Notes"), "-d", &note]).done();
    let related = ["records", "related", "Leads", lead, "Notes", "--csv", "--fields"];
    rejected(
        &terminal,
        &[&related[..], &["Note_Titel"]].concat(),
        2,
        "module `Notes` has no field `Note_Titel` (did you mean `Note_Title`?)",
    );
    let printed = terminal.run(&[&related[..], &["Note_Title,Parent_Id.name"]].concat()).done().stdout;
    assert!(
        printed.starts_with("id,Note_Title,Parent_Id.name\n") && printed.ends_with(",One,Hopper\n"),
        "{printed}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_field_that_is_known_and_empty_is_an_empty_column() {
    let (zoho, terminal) = logged_in().await;
    zoho.add_records(ADA, "Students", 2);
    // Lists leave out subforms.
    let list = ["records", "list", "Students", "--fields", "Marks,Name", "--csv"];
    let printed = terminal.run(&list).done();
    assert_eq!((printed.stdout.lines().next(), printed.stderr.as_str()), (Some("id,Marks,Name"), ""));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn without_the_scope_for_fields_the_records_are_printed_with_a_note() {
    let zoho = Emulator::start().await;
    let terminal = Terminal::at(&zoho);
    let scopes = "ZohoCRM.modules.ALL,ZohoCRM.users.READ,ZohoCRM.org.READ";
    let code = zoho.self_client_code_with_scopes(zoho.default_client().id(), ADA, scopes);
    terminal.run(&["login", "--code", &code]).done();
    zoho.add_records(ADA, "Leads", 2);
    let list = ["records", "list", "Leads", "--csv", "--fields", "Last_Name,Citty"];
    let ran = terminal.run(&list).done();
    assert_eq!(ran.stdout.lines().count(), 3);
    assert_eq!(ran.stderr, "no record has a field `Citty`; check the name\n");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_module_that_does_not_exist_is_rejected_with_the_nearest_name() {
    let (_zoho, terminal) = logged_in().await;
    std::fs::write(terminal.path("leads.csv"), "Last_Name\nHopper\n").unwrap();
    for command in [
        &["records", "list", "Laeds"][..],
        &["records", "count", "leads"],
        &["records", "get", "Lead", "17"],
        &["records", "create", "Lead", "-d", r#"{"Last_Name":"Hopper"}"#],
        &["records", "create", "Lead", "-d", "@leads.csv"],
        &["fields", "Leeds"],
        &["schema", "Lead"],
        &["bulk", "read", "Lead"],
        &["bulk", "write", "Lead", "leads.csv", "--insert"],
    ] {
        rejected(&terminal, command, 3, "next: did you mean the module `Leads`?");
    }
    let ran = terminal.run(&["records", "get", "Leads", "17"]).ended(3);
    assert!(!ran.stderr.contains("did you mean"), "{ran:?}");
    let ran = terminal.run(&["records", "list", "Nothing_Like_It"]).ended(3);
    assert!(!ran.stderr.contains("did you mean"), "{ran:?}");
}

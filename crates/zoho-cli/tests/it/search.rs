//! `zoho records search`, `count`, `deleted`, `related`.

use serde_json::{Value, json};
use zoho_emulator::Emulator;

use crate::support::{ADA, Terminal, logged_in};

async fn with_leads() -> (Emulator, Terminal) {
    let (zoho, terminal) = logged_in().await;
    let leads = json!([
        { "Last_Name": "Burns, B", "City": "Rome", "Email": "burns@example.com", "Phone": "5551234" },
        { "Last_Name": "Hopper", "City": "Oslo", "Email": "hopper@example.com" },
        { "Last_Name": "Murray", "City": "Oslo" },
    ]);
    terminal.run(&["records", "create", "Leads", "-d", &leads.to_string()]).done();
    (zoho, terminal)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn records_are_found_by_criteria_email_phone_and_word() {
    let (_zoho, terminal) = with_leads().await;
    let names = |by: [&str; 2]| {
        let search = ["records", "search", "Leads", "--fields", "Last_Name", "--json"];
        let found = terminal.run(&[&search[..], &by].concat()).done().json();
        found
            .as_array()
            .unwrap()
            .iter()
            .map(|lead| lead["Last_Name"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(names(["--criteria", r"(Last_Name:equals:Burns\, B)"]), ["Burns, B"]);
    assert_eq!(names(["--email", "hopper@example.com"]), ["Hopper"]);
    assert_eq!(names(["--phone", "5551234"]), ["Burns, B"]);
    assert_eq!(names(["--word", "Murray"]), ["Murray"]);
    assert_eq!(names(["--criteria", "(City:equals:Paris)"]), [""; 0]);
    let json = json!({ "group_operator": "and", "group": [
        { "field": { "api_name": "City" }, "comparator": "equal", "value": "Oslo" },
        { "field": { "api_name": "Last_Name" }, "comparator": "starts_with", "value": "M" },
    ] });
    assert_eq!(names(["--criteria", &json.to_string()]), ["Murray"]);
    std::fs::write(terminal.path("criteria.json"), json.to_string()).unwrap();
    assert_eq!(names(["--criteria", "@criteria.json"]), ["Murray"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_search_has_exactly_one_filter() {
    let (_zoho, terminal) = with_leads().await;
    for arguments in [&[][..], &["--word", "a", "--email", "b"]] {
        let ran = terminal.run(&[&["records", "search", "Leads"][..], arguments].concat());
        assert_eq!(ran.code, 2, "{ran:?}");
    }
    let ran = terminal.run(&["records", "search", "Leads", "--criteria", "(Nothing:equals:1)"]).ended(1);
    assert!(ran.stderr.contains("INVALID_QUERY"), "{ran:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn all_pages_of_a_search_are_printed() {
    let (zoho, terminal) = logged_in().await;
    zoho.add_records(ADA, "Leads", 450);
    let search = ["records", "search", "Leads", "--criteria", "(id:not_equal:1)", "--fields", "Last_Name"];
    let found = terminal.run(&[&search[..], &["--all", "--csv"]].concat()).done().stdout;
    assert_eq!(found.lines().count(), 451);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_count_is_a_number() {
    let (_zoho, terminal) = with_leads().await;
    assert_eq!(terminal.run(&["records", "count", "Leads"]).done().stdout, "3\n");
    let oslo = terminal.run(&["records", "count", "Leads", "--criteria", "(City:equals:Oslo)"]).done();
    assert_eq!(oslo.stdout, "2\n");
    let json = r#"{"field":{"api_name":"City"},"comparator":"equal","value":"Oslo"}"#;
    assert_eq!(terminal.run(&["records", "count", "Leads", "--criteria", json]).done().stdout, "2\n");
    terminal.run(&["records", "count", "Nothing_Here"]).ended(3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn deleted_records_are_listed() {
    let (_zoho, terminal) = with_leads().await;
    let leads = terminal.run(&["records", "list", "Leads", "--json-lines"]).done().stdout;
    terminal.run_with_input(&["records", "delete", "Leads", "-d", "@-"], &leads).done();
    let deleted = terminal.run(&["records", "deleted", "Leads", "--all", "--json"]).done().json();
    assert_eq!(deleted.as_array().map(Vec::len), Some(3));
    let page = terminal.run(&["records", "deleted", "Leads", "--per-page", "2", "--csv"]).done();
    assert_eq!(page.stdout.lines().next(), Some("id,display_name,type,deleted_time,deleted_by"));
    assert!(page.stderr.ends_with("or `--page 2`\n"), "{page:?}");
    let gone = terminal.run(&["records", "deleted", "Leads", "--kind", "permanent", "--json"]).done();
    assert_eq!(gone.json(), json!([]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn related_records_are_listed() {
    let (_zoho, terminal) = with_leads().await;
    let leads = terminal.run(&["records", "list", "Leads", "--json"]).done().json();
    let id = leads[0]["id"].as_str().unwrap();
    let note = json!({ "data": [{ "Note_Title": "First", "Note_Content": "Hello" }] }).to_string();
    terminal.run(&["api", "POST", &format!("/crm/v8/Leads/{id}/Notes"), "-d", &note]).done();
    let related = terminal
        .run(&["records", "related", "Leads", id, "Notes", "--fields", "Note_Title", "--json"])
        .done();
    let titles: Vec<Value> =
        related.json().as_array().unwrap().iter().map(|note| note["Note_Title"].clone()).collect();
    assert_eq!(titles, ["First"]);
}

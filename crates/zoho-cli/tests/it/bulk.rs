//! `zoho bulk`: jobs.

use std::time::Duration;

use serde_json::{Value, json};
use zoho_emulator::{Emulator, Fault, User};

use crate::support::{ADA, Terminal, log_in};

/// An emulator whose jobs take no time.
pub(crate) async fn logged_in() -> (Emulator, Terminal) {
    let user = User::new(ADA).named("Ada", "Lovelace");
    let zoho = Emulator::builder().user(user).bulk_job_duration(Duration::ZERO).start().await;
    let terminal = log_in(&zoho);
    (zoho, terminal)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_bulk_read_prints_csv_or_writes_a_file() {
    let (zoho, terminal) = logged_in().await;
    zoho.add_records(ADA, "Leads", 1_234);
    let read = ["bulk", "read", "Leads", "--fields", "Last_Name,Email"];
    let printed = terminal.run(&read).done().stdout;
    assert_eq!(printed.lines().count(), 1_235);
    let heading: Vec<&str> = printed.lines().next().unwrap().split(',').collect();
    assert!(heading.contains(&"Last_Name") && heading.contains(&"Email"), "{heading:?}");
    let ran = terminal.run(&[&read[..], &["-o", "leads.csv"]].concat()).done();
    assert_eq!(
        (ran.stdout.as_str(), std::fs::read_to_string(terminal.path("leads.csv")).unwrap()),
        ("", printed.clone())
    );
    let array = terminal.run(&[&read[..], &["--json"]].concat()).done().json();
    assert_eq!(array.as_array().map(Vec::len), Some(1_234));
    let lines = terminal.run(&[&read[..], &["--json-lines"]].concat()).done().stdout;
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(Value::from(lines), array);
    assert_eq!(terminal.run(&[&read[..], &["--csv"]].concat()).done().stdout, printed);
    terminal.run(&[&read[..], &["--csv", "--json"]].concat()).ended(2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_bulk_read_that_was_interrupted_is_resumed() {
    let (zoho, terminal) = logged_in().await;
    zoho.add_records(ADA, "Leads", 3);
    let started = terminal.run(&["bulk", "read", "Leads", "--fields", "Last_Name"]).done();
    let id = started.stderr.split([' ', ';']).nth(2).unwrap();
    assert!(
        started.stderr.starts_with(&format!("started job {id}; resume it with `--job {id}`")),
        "{started:?}"
    );
    let again = terminal.run(&["bulk", "read", "Leads", "--job", id]).done();
    assert_eq!((again.stdout, again.stderr.as_str()), (started.stdout, ""));
    assert_eq!(zoho.journal().count("POST /crm/bulk/v8/read"), 1, "no other job was started");

    let more = json!({ "data": [{ "id": id, "state": "COMPLETED",
        "result": { "page": 1, "count": 3, "more_records": true, "next_page_token": "the-next" } }] });
    zoho.fault(Fault::on("GET /crm/bulk/v8/read/*").times(2).respond(200, more.to_string()));
    let again = terminal.run(&["bulk", "read", "Leads", "--job", id]).done();
    assert!(again.stderr.contains("--page-token the-next"), "{again:?}");
    terminal.run(&["bulk", "read", "Leads", "--page-token", "the-next"]).ended(1);
    assert_eq!(zoho.journal().count("POST /crm/bulk/v8/read"), 2, "the emulator knows no such token");
    terminal.run(&["bulk", "read", "Leads", "--job", "17"]).ended(3);
    terminal.run(&["bulk", "read", "Leads", "--job", id, "--fields", "Email"]).ended(2);
    zoho.clear_faults();
    let ran = terminal.run(&["bulk", "read", "Contacts", "--job", id]).ended(2);
    assert!(ran.stderr.contains("reads `Leads`, not `Contacts`") && ran.stdout.is_empty(), "{ran:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_bulk_read_of_no_records_has_a_header_if_the_columns_are_known() {
    let (_zoho, terminal) = logged_in().await;
    let read = ["bulk", "read", "Leads"];
    assert_eq!(terminal.run(&read).done().stdout, "");
    let fields = [&read[..], &["--fields", "Last_Name, id ,City"]].concat();
    assert_eq!(terminal.run(&fields).done().stdout, "id,Last_Name,City\n");
    assert_eq!(terminal.run(&[&fields[..], &["--json"]].concat()).done().stdout, "[]\n");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_bulk_read_can_be_limited_by_criteria() {
    let (_zoho, terminal) = logged_in().await;
    let leads = r#"[{"Last_Name":"One","City":"Rome"},{"Last_Name":"Two","City":"Oslo"}]"#;
    terminal.run(&["records", "create", "Leads", "-d", leads]).done();
    let criteria = r#"{"field":{"api_name":"City"},"comparator":"equal","value":"Oslo"}"#;
    let read = ["bulk", "read", "Leads", "--fields", "Last_Name", "--criteria", criteria];
    let printed = terminal.run(&read).done().stdout;
    assert_eq!(printed.lines().count(), 2, "{printed}");
    assert!(printed.contains("Two"), "{printed}");
    std::fs::write(terminal.path("oslo"), "(City:equals:Oslo)\n").unwrap();
    for same in ["(City:equals:Oslo)", "((City:starts_with:Os)and(Last_Name:not_equal:One))", "@oslo"] {
        let same = terminal.run(&[&read[..read.len() - 1], &[same]].concat()).done();
        assert_eq!(same.stdout, printed, "{same:?}");
    }
    terminal.run(&["bulk", "read", "Leads", "--criteria", "{"]).ended(1);
    let ran = terminal.run(&["bulk", "read", "Leads", "--criteria", "(City:is:Oslo)"]).ended(2);
    assert!(ran.stderr.contains("could not read the criteria at `City:is:Oslo)`"), "{ran:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_job_that_fails_leaves_no_file() {
    let (zoho, terminal) = logged_in().await;
    zoho.fail_next_bulk_job();
    let ran = terminal.run(&["bulk", "read", "Leads", "-o", "leads.csv"]);
    assert!(ran.code == 1 && ran.stderr.contains("INTERNAL_ERROR"), "{ran:?}");
    terminal.run(&["bulk", "read", "Nothing_Here", "-o", "leads.csv"]).ended(3);
    assert!(!terminal.path("leads.csv").exists());
    let ran = terminal.run(&["bulk", "read", "Leads", "-o", "no/such/folder/leads.csv"]).ended(1);
    assert!(ran.stderr.contains("could not write"), "{ran:?}");
    assert_eq!(
        zoho.journal().count("POST /crm/bulk/v8/read"),
        2,
        "a file that cannot be written is reported before a job starts"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_bulk_write_prints_totals_and_writes_the_result_of_each_row_to_a_file() {
    let (_zoho, terminal) = logged_in().await;
    let csv = "Last_Name,Email\nOne,1@example.com\n,2@example.com\nThree,3@example.com\n";
    std::fs::write(terminal.path("leads.csv"), csv).unwrap();
    let write = ["bulk", "write", "Leads", "leads.csv", "--insert", "--result", "result.csv"];
    let ran = terminal.run(&write);
    assert_eq!((ran.code, ran.stdout.as_str()), (1, "2 added, 0 updated, 1 rejected\n"), "{ran:?}");
    assert!(ran.stderr.contains("MANDATORY_NOT_FOUND") && ran.stderr.contains("2@example.com"), "{ran:?}");
    let result = std::fs::read_to_string(terminal.path("result.csv")).unwrap();
    assert!(result.starts_with("Last_Name,Email,status,record_id,errors\n"), "{result}");
    assert_eq!(result.lines().count(), 4);
    assert_eq!(terminal.run(&["records", "count", "Leads"]).done().stdout, "2\n");

    let csv = "Last_Name,Email\nEins,1@example.com\nFour,4@example.com\n";
    std::fs::write(terminal.path("leads.csv"), csv).unwrap();
    let upsert = ["bulk", "write", "Leads", "leads.csv", "--upsert", "Email", "--json"];
    let told = terminal.run(&upsert).done().json();
    assert_eq!((&told["added"], &told["updated"], &told["rejected"]), (&json!(1), &json!(1), &json!(0)));
    assert_eq!(told["jobs"].as_array().map(Vec::len), Some(1));

    let listed = terminal.run(&["records", "list", "Leads", "--fields", "Last_Name", "--json"]).done().json();
    let ids: Vec<&Value> = listed.as_array().unwrap().iter().map(|lead| &lead["id"]).collect();
    let csv: String = std::iter::once("id,City\n".to_owned())
        .chain(ids.iter().map(|id| format!("{},Rome\n", id.as_str().unwrap())))
        .collect();
    std::fs::write(terminal.path("leads.csv"), csv).unwrap();
    let ran = terminal.run(&["bulk", "write", "Leads", "leads.csv", "--update"]).done();
    assert_eq!(ran.stdout, "0 added, 3 updated, 0 rejected\n");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_bulk_write_of_an_unreadable_file_is_an_error() {
    let (zoho, terminal) = logged_in().await;
    terminal.run(&["bulk", "write", "Leads", "missing.csv", "--insert"]).ended(1);
    let ran = terminal.run(&["bulk", "write", "Leads", "missing.csv"]);
    assert_eq!(ran.code, 2, "{ran:?}");
    let ran = terminal.run(&["bulk", "write", "Leads", "missing.csv", "--insert", "--update"]);
    assert_eq!(ran.code, 2, "{ran:?}");
    std::fs::write(terminal.path("leads.csv"), "Last_Name\nOne\n").unwrap();
    zoho.fault(Fault::on("POST /crm/v8/upload").crm_error(400, "INVALID_FILE_FORMAT"));
    let ran = terminal.run(&["bulk", "write", "Leads", "leads.csv", "--insert"]).ended(1);
    assert!(ran.stderr.contains("INVALID_FILE_FORMAT"), "{ran:?}");
    zoho.clear_faults();
    zoho.fail_next_bulk_job();
    let ran = terminal.run(&["bulk", "write", "Leads", "leads.csv", "--insert", "--result", "result.csv"]);
    assert!(ran.code == 1 && ran.stdout.is_empty() && !terminal.path("result.csv").exists(), "{ran:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_bulk_write_whose_second_job_fails_reports_the_first() {
    let (zoho, terminal) = logged_in().await;
    let rows: String = (1..=25_010).map(|number| format!("{number}\n")).collect();
    std::fs::write(terminal.path("leads.csv"), format!("Last_Name\n{rows}")).unwrap();
    zoho.fault(Fault::on("POST /crm/bulk/v8/write").skip(1).crm_error(400, "LIMIT_EXCEEDED"));
    let ran = terminal.run(&["bulk", "write", "Leads", "leads.csv", "--insert", "--result", "result.csv"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (1, "25000 added, 0 updated, 0 rejected\n"), "{ran:?}");
    assert!(ran.stderr.contains("continue with `--skip 25000`"), "{ran:?}");
    assert_eq!(std::fs::read_to_string(terminal.path("result.csv")).unwrap().lines().count(), 25_001);
}

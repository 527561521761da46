//! `zoho bulk write`: the next step after a failure, and skipped rows and cells.

use serde_json::json;
use zoho_emulator::Fault;

use crate::bulk::logged_in;
use crate::support::{Ran, Terminal};

const START: &str = "POST /crm/bulk/v8/write";
const STATUS: &str = "GET /crm/bulk/v8/write/*";
const WRITE: [&str; 5] = ["bulk", "write", "Leads", "leads.csv", "--insert"];

/// A file with this number of rows; a job takes 25,000.
fn write_file(terminal: &Terminal, rows: usize) {
    let rows: String = (1..=rows).map(|number| format!("{number}\n")).collect();
    std::fs::write(terminal.path("leads.csv"), format!("Last_Name\n{rows}")).unwrap();
}

/// Writes, and fails.
#[track_caller]
fn failed(terminal: &Terminal, options: &[&str]) -> Ran {
    let ran = terminal.run(&[&WRITE[..], options].concat());
    assert!(ran.code == 1 && ran.stderr.contains("error: "), "{ran:?}");
    ran
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn each_job_is_reported_with_its_rows() {
    let (_zoho, terminal) = logged_in().await;
    write_file(&terminal, 25_010);
    let ran = terminal.run(&[&WRITE[..], &["--skip", "3"]].concat()).done();
    assert_eq!(ran.stdout, "25007 added, 0 updated, 0 rejected\n");
    let told: Vec<_> = ran.stderr.lines().map(|line| line.split_once(" with ").unwrap().1).collect();
    assert_eq!(told, ["rows 4 to 25003", "rows 25004 to 25010"]);
    let ran = terminal.run(&[&WRITE[..], &["--skip", "25010", "--json"]].concat()).done();
    assert_eq!((&ran.json()["jobs"], ran.stderr.as_str()), (&json!([]), ""));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn if_no_job_was_started_the_next_run_skips_the_rows_before_it() {
    let (zoho, terminal) = logged_in().await;
    write_file(&terminal, 25_010);
    zoho.fault(Fault::on(START).skip(1).crm_error(400, "LIMIT_EXCEEDED"));
    let ran = failed(&terminal, &["--skip", "5"]);
    assert!(ran.stderr.contains("next: continue with `--skip 25005`"), "{ran:?}");
    // An upload that nothing refers to is in nobody's way, whatever became of it.
    for fault in [Fault::on(START).crm_error(400, "LIMIT_EXCEEDED"), Fault::on("POST /crm/v8/upload").html()]
    {
        zoho.fault(fault);
        let ran = failed(&terminal, &["--json"]);
        assert!(!ran.stderr.contains("next: ") && ran.stdout.is_empty(), "{ran:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn if_a_job_may_have_been_started_the_user_is_told_to_check_first() {
    let (zoho, terminal) = logged_in().await;
    write_file(&terminal, 25_010);
    for (fault, told) in [
        (
            Fault::on(START).drop_after(),
            "before you write these rows again, check whether their records exist",
        ),
        (
            Fault::on(START).skip(1).html(),
            "check whether the records of the rows after row 25000 exist; if they do not, continue with `--skip 25000`",
        ),
    ] {
        zoho.fault(fault);
        let ran = failed(&terminal, &[]);
        assert!(ran.stderr.contains(told), "{ran:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn if_a_job_failed_its_rows_are_written_again() {
    let (zoho, terminal) = logged_in().await;
    write_file(&terminal, 25_010);
    let given_up = json!({ "id": "17", "status": "FAILED", "resource": [] }).to_string();
    zoho.fault(Fault::on(STATUS).skip(1).respond(200, given_up));
    let ran = failed(&terminal, &["--result", "result.csv", "--json"]);
    assert!(ran.stderr.contains("next: continue with `--skip 25000`"), "{ran:?}");
    assert_eq!(
        (ran.json()["added"].as_u64(), ran.json()["jobs"].as_array().map(Vec::len)),
        (Some(25_000), Some(2))
    );
    assert_eq!(std::fs::read_to_string(terminal.path("result.csv")).unwrap().lines().count(), 25_001);
    zoho.fail_next_bulk_job();
    let ran = failed(&terminal, &["--skip", "25000"]);
    assert!(
        ran.stderr.contains("correct the cause and start another job") && !ran.stderr.contains("next: "),
        "{ran:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn if_the_state_of_a_job_is_unknown_the_user_is_told_to_check_it_first() {
    let (zoho, terminal) = logged_in().await;
    write_file(&terminal, 5);
    let no_result = json!({ "id": "17", "status": "COMPLETED", "resource": [] }).to_string();
    for fault in [Fault::on(STATUS).html(), Fault::on(STATUS).respond(200, no_result)] {
        zoho.fault(fault);
        let ran = failed(&terminal, &["--skip", "2", "--json"]);
        let jobs = ran.json()["jobs"].clone();
        let job = jobs[0].as_str().unwrap();
        let next = format!(
            "next: job {job} may have written rows 3 to 5; see its state with `zoho api GET /crm/bulk/v8/write/{job}`"
        );
        assert!(ran.stderr.contains(&next), "{ran:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn an_empty_cell_leaves_its_field_unchanged_unless_it_is_to_clear_it() {
    let (_zoho, terminal) = logged_in().await;
    let lead = r#"{"Last_Name":"Hopper","Email":"grace@example.com","City":"Rome"}"#;
    let created = terminal.run(&["records", "create", "Leads", "-d", lead, "--json"]).done().json();
    let id = created[0]["id"].as_str().unwrap();
    let city = || {
        let get = ["records", "get", "Leads", id, "--fields", "City", "--json"];
        terminal.run(&get).done().json()["City"].clone()
    };
    for (csv, operation) in [
        (format!("id,City\n{id},\n"), &["--update"][..]),
        ("Email,Last_Name,City\ngrace@example.com,Hopper,\n".to_owned(), &["--upsert", "Email"]),
    ] {
        std::fs::write(terminal.path("leads.csv"), csv).unwrap();
        let write = [&WRITE[..4], operation].concat();
        terminal.run(&write).done();
        assert_eq!(city(), "Rome", "{operation:?}");
        terminal.run(&[&write[..], &["--clear-empty"]].concat()).done();
        assert_eq!(city(), json!(null), "{operation:?}");
        terminal
            .run(&["records", "update", "Leads", "-d", &json!({ "id": id, "City": "Rome" }).to_string()])
            .done();
    }
    terminal.run(&[&WRITE[..], &["--clear-empty"]].concat()).ended(2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_printed_row_cannot_control_the_terminal() {
    let (_zoho, terminal) = logged_in().await;
    std::fs::write(terminal.path("leads.csv"), "Last_Name,City\n,\u{1b}[2J\u{202e}Rome\n").unwrap();
    let ran = failed(&terminal, &[]);
    assert!(ran.stderr.contains("SKIPPED: \\u{1b}[2J\\u{202e}Rome: MANDATORY_NOT_FOUND"), "{ran:?}");
}

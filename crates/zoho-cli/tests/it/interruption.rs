//! Ctrl-C, or a request to end, while a bulk job is under way.

#![cfg(unix)]

use std::io::{BufRead, Read, Write};
use std::process::Stdio;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use zoho_emulator::{Emulator, Fault, User};

use crate::support::{ADA, Ran, Running, Terminal, log_in};

/// An emulator whose jobs do not end.
async fn logged_in() -> (Emulator, Terminal) {
    let user = User::new(ADA).named("Ada", "Lovelace");
    let hours = Duration::from_secs(10 * 3_600);
    let zoho = Emulator::builder().user(user).bulk_job_duration(hours).start().await;
    let terminal = log_in(&zoho);
    (zoho, terminal)
}

/// Interrupts a command as soon as it says that a job was started. Gives the job, and what came of the command.
fn interrupted(terminal: &Terminal, arguments: &[&str], signal: Signal) -> (String, Ran) {
    let mut command = terminal.start(arguments);
    let mut stderr = command.stderr();
    let mut told = String::new();
    stderr.read_line(&mut told).unwrap();
    let job = told.split([' ', ';']).nth(2).unwrap_or_else(|| panic!("{told}")).to_owned();
    assert!(told.starts_with(&format!("started job {job}")), "{told}");
    command.signal(signal);
    let ran = command.output();
    stderr.read_to_string(&mut told).unwrap();
    (job, Ran { stderr: told, ..ran })
}

/// Waits until a condition is true.
pub(crate) fn until(mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < Duration::from_secs(60), "the condition never became true");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn files(terminal: &Terminal) -> Vec<String> {
    let names = std::fs::read_dir(terminal.path(".")).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    // The store, and what it keeps beside itself.
    let mut names: Vec<_> = names.filter(|name| !name.starts_with("zohooauth.db")).collect();
    names.sort();
    names
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_bulk_read_that_is_interrupted_leaves_no_file_and_names_its_job() {
    let (_zoho, terminal) = logged_in().await;
    for signal in [Signal::INT, Signal::TERM] {
        let (job, ran) = interrupted(&terminal, &["bulk", "read", "Leads", "-o", "leads.csv"], signal);
        assert_eq!((ran.code, files(&terminal)), (1, Vec::new()), "{ran:?}");
        assert!(ran.stderr.contains("error: interrupted"), "{ran:?}");
        assert!(
            ran.stderr.contains(&format!("next: run `zoho bulk read Leads --job {job}` to resume")),
            "{ran:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_bulk_write_that_is_interrupted_leaves_no_file_and_says_which_rows_are_in_doubt() {
    let (_zoho, terminal) = logged_in().await;
    std::fs::write(terminal.path("leads.csv"), "Last_Name\nOne\nTwo\nThree\n").unwrap();
    let write = [
        "bulk",
        "write",
        "Leads",
        "leads.csv",
        "--insert",
        "--skip",
        "1",
        "--result",
        "result.csv",
        "--json",
    ];
    let (job, ran) = interrupted(&terminal, &write, Signal::INT);
    assert_eq!((ran.code, files(&terminal)), (1, vec!["leads.csv".to_owned()]), "{ran:?}");
    assert_eq!(ran.json()["jobs"], serde_json::json!([job]));
    assert!(ran.stderr.contains("error: interrupted"), "{ran:?}");
    let next = format!(
        "job {job} may have written rows 2 to 3; see its state with `zoho api GET /crm/bulk/v8/write/{job}`"
    );
    assert!(ran.stderr.contains(&next), "{ran:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_bulk_write_that_is_interrupted_before_there_is_a_job_leaves_no_file_either() {
    let (zoho, terminal) = logged_in().await;
    let folder = terminal.path(".").display().to_string();
    let terminal = terminal.with("TMPDIR", folder);
    let has_package = || files(&terminal).iter().any(|name| name.starts_with(".tmp"));

    // While the rows are sent.
    std::fs::write(terminal.path("leads.csv"), "Last_Name\nOne\n").unwrap();
    zoho.fault(Fault::on("POST /crm/v8/upload").hang());
    let mut writing = terminal.start(&["bulk", "write", "Leads", "leads.csv", "--insert"]);
    until(|| zoho.journal().count("POST /crm/v8/upload") > 0);
    assert!(has_package());
    writing.signal(Signal::INT);
    let ran = writing.output().ended(1);
    assert_eq!(
        (ran.stderr.as_str(), files(&terminal)),
        ("error: interrupted\n", vec!["leads.csv".to_owned()])
    );

    // While rows are waited for that do not come.
    let mut command = terminal.command(&["bulk", "write", "Leads", "/dev/stdin", "--insert"]);
    let mut writing = Running::start(command.stdin(Stdio::piped()));
    let mut rows = writing.stdin();
    rows.write_all(b"Last_Name\nOne\n").unwrap();
    until(has_package);
    writing.signal(Signal::TERM);
    let ran = writing.output().ended(1);
    drop(rows);
    assert_eq!(
        (ran.stderr.as_str(), files(&terminal)),
        ("error: interrupted\n", vec!["leads.csv".to_owned()])
    );
}

//! Ctrl-C, or a request to end, while records are written. Whatever the moment, the way on that the command names leads
//! to each record being written once.

#![cfg(unix)]

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{ChildStderr, Stdio};
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::{Value, json};
use zoho_emulator::{Emulator, Fault};

use crate::interruption::until;
use crate::support::{ADA, Ran, Running, Terminal, logged_in};

const CREATE: [&str; 6] = ["records", "create", "Leads", "--csv", "-d", "@leads.json"];

/// An emulator, and a terminal with a file of records to create.
async fn with_leads(count: usize) -> (Emulator, Terminal) {
    let (zoho, terminal) = logged_in().await;
    let leads: String =
        (1..=count).map(|number| json!({ "Last_Name": number.to_string() }).to_string() + "\n").collect();
    std::fs::write(terminal.path("leads.json"), leads).unwrap();
    (zoho, terminal)
}

/// The names of the leads that were created, in the order of the file.
fn created(terminal: &Terminal) -> Vec<usize> {
    let list = ["records", "list", "Leads", "--fields", "Last_Name", "--all", "--json"];
    let listed = terminal.run(&list).done().json();
    let name = |lead: &Value| lead["Last_Name"].as_str().unwrap().parse().unwrap();
    let mut names: Vec<usize> = listed.as_array().unwrap().iter().map(name).collect();
    names.sort_unstable();
    names
}

/// The `--skip N` that a command tells to continue with.
fn skip_in(stderr: &str) -> [String; 2] {
    let (_, count) = stderr.rsplit_once("continue with `--skip ").unwrap_or_else(|| panic!("{stderr}"));
    ["--skip".to_owned(), count.split_once('`').unwrap().0.to_owned()]
}

/// Runs the same command with the option that the interrupted one told.
fn go_on(terminal: &Terminal, command: &[&str], stderr: &str) -> Ran {
    let skip = skip_in(stderr);
    terminal.run(&[command, &[&skip[0], &skip[1]]].concat()).done()
}

/// Waits for the next line of standard error.
fn line(stderr: &mut BufReader<ChildStderr>) -> String {
    let mut line = String::new();
    stderr.read_line(&mut line).unwrap();
    line
}

/// Waits until a command ends, and returns what it printed to standard error from now on.
fn ended(command: Running, mut stderr: BufReader<ChildStderr>) -> Ran {
    let mut told = String::new();
    stderr.read_to_string(&mut told).unwrap();
    Ran { stderr: told, ..command.output() }
}

const NOTHING_WRITTEN: &str = "error: interrupted\n  next: nothing was written; run the same command again\n";

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_signal_while_the_first_records_are_waited_for_leaves_nothing_written() {
    let (zoho, terminal) = logged_in().await;
    for signal in [Signal::INT, Signal::TERM] {
        for input in [&b""[..], b"{\"Last_Name\":\"One\"}\n{\"Last_N"] {
            let mut command = terminal.command(&["records", "create", "Leads"]);
            let mut writing = Running::start(command.stdin(Stdio::piped()));
            let mut stdin = writing.stdin();
            stdin.write_all(input).unwrap();
            until(|| writing.catches(signal));
            writing.signal(signal);
            let ran = writing.output().ended(1);
            assert_eq!((ran.stderr.as_str(), ran.stdout.as_str()), (NOTHING_WRITTEN, ""));
            drop(stdin);
        }
    }
    assert_eq!(zoho.journal().count("POST /crm/v8/Leads"), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_signal_while_a_token_is_renewed_leaves_nothing_written() {
    let (zoho, terminal) = with_leads(3).await;
    let id = terminal.rows()[0]["id"].clone();
    terminal.save(&json!({ "id": id, "access_token": "1000.expired", "expiry_time": "1" }));
    zoho.fault(Fault::on("POST /oauth/v2/token").forever().hang());
    let before = zoho.journal().count("POST /oauth/v2/token");
    let mut writing = terminal.start(&CREATE);
    until(|| zoho.journal().count("POST /oauth/v2/token") > before);
    writing.signal(Signal::INT);
    assert_eq!(writing.output().ended(1).stderr, NOTHING_WRITTEN);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_signal_during_a_request_waits_for_its_results() {
    let (zoho, terminal) = with_leads(350).await;
    zoho.fault(Fault::on("POST /crm/v8/Leads").skip(1).hold());
    let mut writing = terminal.start(&CREATE);
    until(|| zoho.journal().count("POST /crm/v8/Leads") == 2);
    writing.signal(Signal::TERM);
    let mut stderr = writing.stderr();
    let note = "waiting up to 5 seconds for a response; press Ctrl-C again to stop now\n";
    assert_eq!(line(&mut stderr), note);
    zoho.clear_faults();
    let ran = ended(writing, stderr);
    assert_eq!((ran.code, ran.stdout.lines().count()), (1, 201), "{ran:?}");
    let told = "error: interrupted\n  next: continue with `--skip 200`; the records before it were sent\n";
    assert_eq!(ran.stderr, told);
    go_on(&terminal, &CREATE, &ran.stderr);
    assert_eq!(created(&terminal), (1..=350).collect::<Vec<_>>());
}

/// Interrupts a command whose second request gets no response, once or twice.
fn interrupted_twice(zoho: &Emulator, terminal: &Terminal, is_insistent: bool) -> (Ran, Duration) {
    let mut writing = terminal.start(&CREATE);
    until(|| zoho.journal().count("POST /crm/v8/Leads") == 2);
    let start = Instant::now();
    writing.signal(Signal::INT);
    let mut stderr = writing.stderr();
    assert!(line(&mut stderr).contains("press Ctrl-C again"));
    if is_insistent {
        writing.signal(Signal::INT);
    }
    let ran = ended(writing, stderr);
    (ran, start.elapsed())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_request_without_a_response_is_in_doubt_after_five_seconds_or_a_second_signal() {
    for is_insistent in [true, false] {
        for is_processed in [true, false] {
            let (zoho, terminal) = with_leads(250).await;
            let fault = Fault::on("POST /crm/v8/Leads").skip(1);
            zoho.fault(if is_processed { fault.hold() } else { fault.hang() });
            let (ran, time) = interrupted_twice(&zoho, &terminal, is_insistent);
            assert_eq!((ran.code, ran.stdout.lines().count()), (1, 101), "{ran:?}");
            assert_eq!(
                ran.stderr,
                "error: interrupted\n  next: check whether records 101 to 200 were written; if so, continue with `--skip \
                 200`, otherwise with `--skip 100`\n"
            );
            assert_eq!(time < Duration::from_secs(5), is_insistent, "{time:?}");
            zoho.clear_faults();
            let skip = if created(&terminal).contains(&101) { "200" } else { "100" };
            terminal.run(&[&CREATE[..], &["--skip", skip]].concat()).done();
            assert_eq!(created(&terminal), (1..=250).collect::<Vec<_>>(), "{is_insistent} {is_processed}");
        }
    }
}

/// What each command writes: a number of records, as lines of JSON.
fn input_of(terminal: &Terminal, command: &str, count: usize) -> Vec<String> {
    let record = |number: usize| match command {
        "create" => json!({ "Last_Name": number.to_string() }),
        "upsert" => json!({ "Last_Name": number.to_string(), "Email": format!("{number}@example.com") }),
        _ => Value::Null,
    };
    if matches!(command, "create" | "upsert") {
        return (1..=count).map(|number| record(number).to_string() + "\n").collect();
    }
    let list = ["records", "list", "Leads", "--fields", "id", "--all", "--json"];
    let leads = terminal.run(&list).done().json();
    leads
        .as_array()
        .unwrap()
        .iter()
        .map(|lead| json!({ "id": lead["id"], "City": "Rome" }).to_string() + "\n")
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_signal_between_requests_names_the_record_to_continue_after() {
    for command in ["create", "update", "upsert", "delete"] {
        let (zoho, terminal) = logged_in().await;
        if matches!(command, "update" | "delete") {
            zoho.add_records(ADA, "Leads", 150);
        }
        let input = input_of(&terminal, command, 150);
        assert_eq!(input.len(), 150);
        let arguments = ["records", command, "Leads", "--csv", "-d", "@-"];
        let mut process = terminal.command(&arguments);
        let mut writing = Running::start(process.stdin(Stdio::piped()));
        let mut stdin = writing.stdin();
        stdin.write_all(input[..100].concat().as_bytes()).unwrap();
        let mut results = writing.stdout().lines();
        assert_eq!(results.by_ref().take(101).filter(Result::is_ok).count(), 101, "{command}");
        // More records, but not enough for a batch.
        stdin.write_all(input[100..120].concat().as_bytes()).unwrap();
        writing.signal(Signal::INT);
        let ran = writing.output().ended(1);
        assert_eq!(skip_in(&ran.stderr)[1], "100", "{command}: {ran:?}");
        assert_eq!(results.count(), 0, "{command}");
        let rest =
            terminal.run_with_input(&[&arguments[..], &["--skip", "100"]].concat(), &input.concat()).done();
        assert_eq!(rest.stdout.lines().count(), 51, "{command}: {rest:?}");
        assert!(rest.stdout.lines().skip(1).all(|line| line.contains(",success,")), "{command}: {rest:?}");
        let count = terminal.run(&["records", "count", "Leads"]).done().stdout;
        assert_eq!(count.trim(), if command == "delete" { "0" } else { "150" }, "{command}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_revocation_of_all_tokens_that_is_interrupted_is_continued_by_running_it_again() {
    let (zoho, terminal) = logged_in().await;
    terminal.save(&json!({ "user_name": "carol", "refresh_token": "1000.unknown", "access_token": "a" }));
    zoho.fault(Fault::on("POST /oauth/v2/token/revoke").hold());
    let mut revoking = terminal.start(&["revoke", "--all"]);
    until(|| zoho.journal().count("POST /oauth/v2/token/revoke") == 1);
    revoking.signal(Signal::TERM);
    let mut stderr = revoking.stderr();
    assert!(line(&mut stderr).contains("waiting up to 5 seconds"));
    zoho.clear_faults();
    let ran = ended(revoking, stderr);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(
        ran.stderr.ends_with(
            "error: interrupted\n  next: run the same command again to revoke the rest of the tokens\n"
        ),
        "{ran:?}"
    );
    assert_eq!(terminal.rows().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn ids_in_arguments_can_be_skipped_too() {
    let (zoho, terminal) = logged_in().await;
    zoho.add_records(ADA, "Leads", 150);
    let list = ["records", "list", "Leads", "--fields", "id", "--all", "--json"];
    let leads = terminal.run(&list).done().json();
    let ids: Vec<&str> = leads.as_array().unwrap().iter().map(|lead| lead["id"].as_str().unwrap()).collect();
    let delete = [&["records", "delete", "Leads"][..], &ids].concat();
    zoho.fault(Fault::on("DELETE /crm/v8/Leads").skip(1).crm_error(400, "LIMIT_EXCEEDED"));
    let ran = terminal.run(&delete);
    assert_eq!((ran.code, ran.stdout.lines().count()), (1, 101), "{ran:?}");
    assert!(
        ran.stderr.ends_with("next: continue with `--skip 100`; no record after number 100 was written\n"),
        "{ran:?}"
    );
    let rest = go_on(&terminal, &delete, &ran.stderr);
    assert_eq!(rest.stdout.lines().count(), 51, "{rest:?}");
    assert_eq!(terminal.run(&["records", "count", "Leads"]).done().stdout, "0\n");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_pipe_that_is_closed_before_the_last_line_does_not_end_a_write_silently() {
    let (_zoho, terminal) = logged_in().await;
    let mut command = terminal.command(&["records", "create", "Leads", "--json"]);
    let mut writing = Running::start(command.stdin(Stdio::piped()));
    let mut stdin = writing.stdin();
    let leads: String = (1..=100).map(|number| format!("{{\"Last_Name\":\"{number}\"}}\n")).collect();
    stdin.write_all(leads.as_bytes()).unwrap();
    let mut stdout = writing.stdout();
    // The array stays open until the input ends.
    assert_eq!(stdout.by_ref().lines().take(100).filter(Result::is_ok).count(), 100);
    drop(stdout);
    drop(stdin);
    let ran = writing.output().ended(1);
    assert!(ran.stderr.ends_with("next: do not write the same data again; all of it was sent\n"), "{ran:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_write_whose_reader_does_not_read_ends_all_the_same() {
    let (_zoho, terminal) = with_leads(20_000).await;
    let mut writing = terminal.start(&[&CREATE[..3], &["--json", "-d", "@leads.json"]].concat());
    let stdout = writing.stdout();
    let written = || created_so_far(&terminal);
    // The pipe is full once no more records appear.
    let mut before = 0;
    until(|| {
        std::thread::sleep(Duration::from_millis(500));
        let is_stuck = before == written() && before > 0;
        before = written();
        is_stuck
    });
    writing.signal(Signal::TERM);
    let stderr = writing.stderr();
    let ran = ended(writing, stderr);
    drop(stdout);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert_eq!(skip_in(&ran.stderr)[1], before.to_string(), "{ran:?}");
}

fn created_so_far(terminal: &Terminal) -> usize {
    terminal.run(&["records", "count", "Leads"]).done().stdout.trim().parse().unwrap()
}

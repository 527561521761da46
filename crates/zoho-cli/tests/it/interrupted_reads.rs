//! Ctrl-C, or a request to end, while records are read. What was printed so far and what the way on prints are the whole.

#![cfg(unix)]

use std::fs::File;
use std::io::{BufReader, Read};
use std::time::Duration;

use rustix::process::Signal;
use serde_json::{Value, json};
use zoho_emulator::{Emulator, Fault};

use crate::bulk;
use crate::interruption::until;
use crate::support::{ADA, Ran, Running, Terminal, logged_in};

/// Interrupts a list that is written to a file during a request, and returns what it told.
fn interrupted(
    zoho: &Emulator,
    terminal: &Terminal,
    command: &[&str],
    request: &str,
    skip: u32,
    signal: Signal,
) -> Ran {
    zoho.journal().clear();
    zoho.fault(Fault::on(request).skip(skip).hang());
    let file = File::create(terminal.path("output")).unwrap();
    let mut listing = Running::start(terminal.command(command).stdout(file));
    until(|| zoho.journal().count(request) == skip as usize + 1);
    listing.signal(signal);
    let ran = listing.output().ended(1);
    zoho.clear_faults();
    ran
}

/// The arguments between the first backticks after the words.
fn told<'a>(ran: &'a Ran, words: &str) -> Vec<&'a str> {
    let (_, rest) = ran.stderr.split_once(words).unwrap_or_else(|| panic!("{ran:?}"));
    rest.split_once('`').unwrap().0.split(' ').collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_list_that_is_interrupted_is_said_to_be_incomplete_and_how_to_complete_it() {
    let (zoho, terminal) = logged_in().await;
    zoho.add_records(ADA, "Leads", 4_300);
    let list = "GET /crm/v8/Leads";
    let search =
        ["records", "search", "Leads", "--criteria", "(Last_Name:starts_with:Record 1)", "--fields", "id"];
    let coql = ["coql", "select Last_Name from Leads where id is not null"];
    let api = ["api", "GET", "/crm/v8/Leads", "-q", "fields=id", "--paginate"];
    for (command, request, skip, printed, option) in [
        (&["records", "list", "Leads", "--fields", "id"][..], list, 2, 400, "--page-token"),
        (&["records", "list", "Leads", "--fields", "id"], list, 12, 2_400, "--page-token"),
        (&search, "GET /crm/v8/Leads/search", 3, 600, "--page"),
        (&coql, "POST /crm/v8/coql", 2, 4_000, "--offset"),
        (&api, list, 1, 200, "-q"),
    ] {
        let all: &[&str] = if command[0] == "api" { &["--json-lines"] } else { &["--all", "--json-lines"] };
        let command = [command, all].concat();
        let whole = terminal.run(&command).done().stdout;
        for signal in [Signal::INT, Signal::TERM] {
            let ran = interrupted(&zoho, &terminal, &command, request, skip, signal);
            let part = std::fs::read_to_string(terminal.path("output")).unwrap();
            assert_eq!(part.lines().count(), printed, "{command:?}");
            assert!(
                ran.stderr.starts_with("error: interrupted\n  next: the output is incomplete: "),
                "{ran:?}"
            );
            assert!(ran.stderr.contains(&format!("the {printed} ")), "{ran:?}");
            let option_told = told(&ran, "run the command again with `");
            assert_eq!(option_told[0], option, "{ran:?}");
            let rest = terminal.run(&[&command[..], &option_told].concat()).done().stdout;
            assert!(part + &rest == whole, "{command:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_list_that_printed_nothing_is_only_interrupted() {
    let (zoho, terminal) = logged_in().await;
    let list = ["records", "list", "Leads", "--all"];
    let ran = interrupted(&zoho, &terminal, &list, "GET /crm/v8/Leads", 0, Signal::INT);
    assert_eq!(ran.stderr, "error: interrupted\n");
    let download = ["api", "GET", "/crm/v8/files", "-q", "id=1"];
    let ran = interrupted(&zoho, &terminal, &download, "GET /crm/v8/files", 0, Signal::TERM);
    assert_eq!(ran.stderr, "error: interrupted\n");
    assert_eq!(std::fs::metadata(terminal.path("output")).unwrap().len(), 0);
}

/// Waits until a command has filled the pipe that nobody reads.
fn stuck(listing: &mut Running) -> BufReader<std::process::ChildStdout> {
    let stdout = listing.stdout();
    // Long enough to fill the pipe; if it is not, the test is easier to pass, not harder.
    std::thread::sleep(Duration::from_secs(2));
    stdout
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_whose_reader_does_not_read_ends_all_the_same() {
    let (zoho, terminal) = bulk::logged_in().await;
    zoho.add_records(ADA, "Leads", 20_000);
    for (command, way_on) in [
        (
            &["records", "list", "Leads", "--all", "--json"][..],
            "the output is incomplete: run the command again with `--page",
        ),
        (
            &["bulk", "read", "Leads"],
            "the output is incomplete: discard it and run `zoho bulk read Leads --job ",
        ),
    ] {
        let mut listing = terminal.start(command);
        let mut stdout = stuck(&mut listing);
        listing.signal(Signal::TERM);
        let ran = listing.output();
        assert_eq!(ran.code, 1, "{ran:?}");
        assert!(ran.stderr.contains("error: interrupted\n") && ran.stderr.contains(way_on), "{ran:?}");
        let mut printed = String::new();
        stdout.read_to_string(&mut printed).unwrap();
        assert!(printed.len() > 60_000, "{} bytes", printed.len());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_request_that_writes_is_in_doubt_without_a_response() {
    let (zoho, terminal) = logged_in().await;
    let write = ["api", "POST", "/crm/v8/Leads", "-d", r#"{"data":[{"Last_Name":"One"}]}"#];
    let in_doubt = "next: Zoho may have carried out the request; check its effect before you send it again\n";
    let count = || zoho.journal().count("POST /crm/v8/Leads");

    // The response arrives after the signal.
    zoho.fault(Fault::on("POST /crm/v8/Leads").hold());
    let mut writing = terminal.start(&write);
    until(|| count() == 1);
    writing.signal(Signal::INT);
    let mut stderr = writing.stderr();
    std::io::BufRead::read_line(&mut stderr, &mut String::new()).unwrap();
    zoho.clear_faults();
    assert_eq!(writing.output().done().json()["data"][0]["code"], "SUCCESS");

    // It does not.
    zoho.fault(Fault::on("POST /crm/v8/Leads").hang());
    let mut writing = terminal.start(&write);
    until(|| count() == 2);
    writing.signal(Signal::INT);
    let mut stderr = writing.stderr();
    std::io::BufRead::read_line(&mut stderr, &mut String::new()).unwrap();
    writing.signal(Signal::INT);
    assert_eq!(writing.output().code, 1);
    let mut told = String::new();
    stderr.read_to_string(&mut told).unwrap();
    assert_eq!(told, format!("error: interrupted\n  {in_doubt}"));
    zoho.clear_faults();

    // The connection breaks.
    zoho.fault(Fault::on("POST /crm/v8/Leads").drop_after());
    let ran = terminal.run(&write).ended(1);
    assert!(ran.stderr.ends_with(in_doubt), "{ran:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_bulk_read_that_fails_between_two_jobs_says_what_the_output_has() {
    let (zoho, terminal) = bulk::logged_in().await;
    zoho.add_records(ADA, "Leads", 3);
    let read = ["bulk", "read", "Leads", "--fields", "Last_Name"];
    let run = |arguments: &[&str]| {
        let more = json!({ "data": [{ "id": "17", "state": "COMPLETED",
            "result": { "page": 1, "count": 3, "more_records": true, "next_page_token": "the-next" } }] });
        // The emulator starts and reads the first job, but knows no job after it.
        zoho.fault(Fault::on("GET /crm/bulk/v8/read/*").respond(200, more.to_string()));
        let ran = terminal.run(&[&read[..], arguments].concat()).ended_with_job();
        zoho.clear_faults();
        ran
    };
    let (job, ran) = run(&[]);
    assert_eq!(ran.stdout.lines().count(), 4, "{ran:?}");
    let way_on =
        "next: run the command again with `--page-token the-next`; the 3 records before it were printed\n";
    assert!(ran.stderr.ends_with(way_on), "{job}: {ran:?}");
    let (job, ran) = run(&["-o", "leads.csv"]);
    let way_on = format!("next: run `zoho bulk read Leads --job {job}` to resume; no file was written\n");
    assert!(ran.stderr.ends_with(&way_on), "{ran:?}");
    assert!(!terminal.path("leads.csv").exists());
}

impl Ran {
    /// The id of the job that a failed command started first.
    fn ended_with_job(self) -> (String, Self) {
        assert_eq!(self.code, 1, "{self:?}");
        let job = self.stderr.split([' ', ';']).nth(2).unwrap_or_else(|| panic!("{self:?}")).to_owned();
        (job, self)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_bulk_read_that_cannot_be_finished_names_its_job() {
    let (zoho, terminal) = bulk::logged_in().await;
    zoho.add_records(ADA, "Leads", 3);
    let read = ["bulk", "read", "Leads", "--fields", "Last_Name"];
    // The first request polls the job, the second one downloads its result.
    for skip in [0, 1] {
        let fault = Fault::on("GET /crm/bulk/v8/read/*").skip(skip).forever();
        zoho.fault(fault.crm_error(400, "INVALID_REQUEST"));
        let (job, ran) = terminal.run(&read).ended_with_job();
        assert!(
            ran.stderr
                .ends_with(&format!("next: run `zoho bulk read Leads --job {job}` to resume the job\n")),
            "{ran:?}"
        );
        zoho.clear_faults();
        let rows = terminal.run(&["bulk", "read", "Leads", "--job", &job]).done().stdout;
        assert_eq!(rows.lines().count(), 4);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_list_that_zoho_ends_names_what_reads_the_rest() {
    let (zoho, terminal) = logged_in().await;
    zoho.add_records(ADA, "Leads", 500);
    let ended = |command: &[&str], request: &str, code: &str| {
        zoho.fault(Fault::on(request).skip(1).forever().crm_error(400, code));
        let ran = terminal.run(command);
        zoho.clear_faults();
        assert_eq!((ran.code, ran.stdout.lines().count()), (1, 200), "{ran:?}");
        assert!(!ran.stderr.contains("run the command again"), "{ran:?}");
        ran.stderr
    };
    let list = ["records", "list", "Leads", "--all", "--json-lines"];
    let stderr = ended(&list, "GET /crm/v8/Leads", "PAGINATION_LIMIT_EXCEEDED");
    assert!(stderr.contains("`zoho bulk read Leads` reads all records"), "{stderr}");

    let search = |by: &[&'static str]| {
        let search = ["records", "search", "Leads", "--fields", "Last_Name", "--all", "--json-lines"];
        ended(&[&search[..], by].concat(), "GET /crm/v8/Leads/search", "LIMIT_REACHED")
    };
    let stderr = search(&["--word", "Record"]);
    assert!(stderr.contains("narrow it down, or search with `--criteria`"), "{stderr}");
    let stderr = search(&["--criteria", "(Last_Name:starts_with:Record)and(id:not_equal:1)"]);
    let (_, query) = stderr.split_once("`zoho coql \"").unwrap();
    let query = query.split_once("\" --all`").unwrap().0;
    assert_eq!(query, "select Last_Name from Leads where (Last_Name like 'Record%' and id != '1')");
    let rows = terminal.run(&["coql", query, "--all", "--json-lines"]).done().stdout;
    assert_eq!(rows.lines().count(), 500, "the advice works");

    let api = ["api", "GET", "/crm/v8/Leads", "-q", "fields=id", "--paginate", "--json-lines"];
    let stderr = ended(&api, "GET /crm/v8/Leads", "LIMIT_REACHED");
    assert!(stderr.contains("narrow it down"), "{stderr}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_query_goes_on_by_id_beyond_the_rows_that_zoho_returns() {
    let (zoho, terminal) = logged_in().await;
    zoho.add_records(ADA, "Leads", 104_100);
    let query = "select Last_Name from Leads where id is not null";
    let rest = ["coql", query, "--all", "--json-lines", "--offset", "97000"];
    let whole = terminal.run(&rest).done().stdout;
    let name = |line: &str| serde_json::from_str::<Value>(line).unwrap()["Last_Name"].clone();
    let names: Vec<Value> = whole.lines().map(name).collect();
    assert_eq!(names, (97_001..=104_100).map(|number| json!(format!("Record {number}"))).collect::<Vec<_>>());

    // 2,000 and 1,000 up to row 100,000, and 2,000 after it.
    zoho.fault(Fault::on("POST /crm/v8/coql").skip(3).forever().crm_error(400, "INVALID_REQUEST"));
    let broken = terminal.run(&rest).ended_with_job().1;
    zoho.clear_faults();
    assert_eq!(broken.stdout.lines().count(), 5_000, "{}", broken.stderr);
    let option = told(&broken, "run the command again with `");
    assert_eq!(option[0], "--after", "{}", broken.stderr);
    let after = terminal.run(&[&rest[..4], &option].concat()).done().stdout;
    assert!(broken.stdout.clone() + &after == whole);

    let sorted = format!("{query} order by Last_Name");
    let ran = terminal.run(&["coql", &sorted, "--all", "--json-lines", "--offset", "99000"]).ended(2);
    assert_eq!(ran.stdout.lines().count(), 1_000);
    assert!(
        ran.stderr.contains("sort it by `id` alone") && !ran.stderr.contains("--offset"),
        "{}",
        ran.stderr
    );
    let ran = terminal.run(&["coql", query, "--offset", "100000"]).ended(2);
    assert!(ran.stderr.contains("cannot skip 100000 records"), "{ran:?}");
    terminal.run(&["coql", &sorted, "--after", "1"]).ended(2);
    terminal.run(&["coql", query, "--after", "1 or id = 2"]).ended(2);
}

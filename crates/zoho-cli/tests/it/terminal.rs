//! Output on a terminal.

#![cfg(target_os = "linux")]

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Duration;

use zoho_emulator::{Emulator, User};

use crate::support::{ADA, Terminal, log_in, logged_in};

/// What a terminal of 60 columns shows of a command; `None` where there is no `script` to make one.
fn shown(terminal: &Terminal, arguments: &str) -> Option<String> {
    shown_with_input(terminal, arguments, "")
}

/// The same, where something is typed.
fn shown_with_input(terminal: &Terminal, arguments: &str, typed: &str) -> Option<String> {
    let zoho = env!("CARGO_BIN_EXE_zoho");
    let inside = terminal.command(&[]);
    let variables = inside.get_envs().filter_map(|(name, value)| Some((name, value?)));
    let script = Command::new("script")
        .args(["-qec", &format!("stty cols 60 rows 24; {zoho} {arguments}"), "/dev/null"])
        .envs(variables)
        .current_dir(terminal.path("."))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    match script {
        Ok(mut script) => {
            let mut stdin = script.stdin.take().unwrap();
            stdin.write_all(typed.as_bytes()).unwrap();
            let output = script.wait_with_output().unwrap();
            Some(String::from_utf8(output.stdout).unwrap().replace('\r', ""))
        }
        Err(error) => {
            servers::skip(&format!("there is no `script` to make a terminal: {error}"));
            None
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
#[ignore = "needs `script`"]
async fn a_table_fits_its_terminal_and_a_pipe_gets_all_of_it() {
    let (_zoho, terminal) = logged_in().await;
    let (name, company) = ("Wolfeschlegelsteinhausen".repeat(3), "Company ".repeat(20));
    let lead = format!(r#"{{"Last_Name":"{name}","Company":"{company}"}}"#);
    terminal.run(&["records", "create", "Leads", "-d", &lead]).done();
    let list = "records list Leads --fields Last_Name,Company";
    let Some(screen) = shown(&terminal, list) else { return };
    assert!(screen.lines().all(|line| line.chars().count() <= 60), "{screen}");
    assert_eq!(screen.lines().count(), 2, "{screen}");
    assert!(screen.contains("Wolfeschlegel") && screen.contains('…'), "{screen}");
    let piped = terminal.run(&list.split(' ').collect::<Vec<_>>()).done().stdout;
    assert!(piped.contains(&name) && !piped.contains('…'), "{piped}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
#[ignore = "needs `script`"]
async fn columns_that_do_not_fit_are_named() {
    let (zoho, terminal) = logged_in().await;
    zoho.add_records(ADA, "Leads", 1);
    let fields = "Last_Name,Company,Email,Phone,City,State,Country,Street,Website,Industry";
    let Some(screen) = shown(&terminal, &format!("records list Leads --fields {fields}")) else { return };
    assert!(screen.contains("too narrow for") && screen.contains("Industry; use `--csv`"), "{screen}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
#[ignore = "needs `script`"]
async fn a_bulk_read_shows_the_state_of_its_job_until_the_first_row() {
    let user = User::new(ADA).named("Ada", "Lovelace");
    let zoho = Emulator::builder().user(user).bulk_job_duration(Duration::from_secs(2)).start().await;
    let terminal = log_in(&zoho);
    zoho.add_records(ADA, "Leads", 3);
    let Some(screen) = shown(&terminal, "bulk read Leads --fields Last_Name") else { return };
    let (before, rows) = screen.split_once("id,Last_Name\n").unwrap_or_else(|| panic!("{screen:?}"));
    assert!(before.contains("0 records, job"), "{screen:?}");
    assert_eq!(rows.lines().count(), 3, "{screen:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
#[ignore = "needs `script`"]
async fn a_list_that_goes_to_a_file_shows_its_progress() {
    let (zoho, terminal) = logged_in().await;
    zoho.add_records(ADA, "Leads", 3_000);
    let Some(screen) = shown(&terminal, "records list Leads --all --json-lines > leads.json") else { return };
    assert!(screen.contains("records"), "{screen:?}");
    assert_eq!(std::fs::read_to_string(terminal.path("leads.json")).unwrap().lines().count(), 3_000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
#[ignore = "needs `script`"]
async fn a_terminal_asks_before_all_tokens_are_deleted_or_revoked() {
    for (command, question) in [
        ("tokens delete --all", "delete all tokens in the SQLite token store"),
        ("revoke --all", "revoke and delete 1 token in the SQLite token store"),
    ] {
        let (_zoho, terminal) = logged_in().await;
        for refused in ["n\n", "\n", "what\n"] {
            let Some(screen) = shown_with_input(&terminal, command, refused) else { return };
            assert!(screen.contains(question) && screen.contains("[y/N]"), "{screen}");
            assert!(screen.contains("nothing was deleted, because"), "{screen}");
            assert_eq!(terminal.rows().len(), 1);
        }
        shown_with_input(&terminal, command, "y\n");
        assert_eq!(terminal.rows().len(), 0, "{command}");

        let (_zoho, terminal) = logged_in().await;
        let Some(screen) = shown(&terminal, &format!("{command} --yes")) else { return };
        assert!(!screen.contains("[y/N]"), "{screen}");
        assert_eq!(terminal.rows().len(), 0, "{command}");
        // A script is not asked.
        let (_zoho, terminal) = logged_in().await;
        terminal.run(&command.split(' ').collect::<Vec<_>>()).done();
        assert_eq!(terminal.rows().len(), 0, "{command}");
    }
}

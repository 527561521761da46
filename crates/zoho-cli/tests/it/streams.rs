//! Standard streams that are closed, full or not read, and servers that do not respond.

#![cfg(unix)]

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use zoho_emulator::{Emulator, Fault};

use crate::support::{ADA, Ran, Terminal, logged_in};

/// The same command, with redirections as a shell writes them, such as `>&-`.
fn redirected(terminal: &Terminal, arguments: &[&str], redirections: &str) -> Command {
    let command = terminal.command(arguments);
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", &format!("exec \"$0\" \"$@\" {redirections}")]);
    shell.arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    shell.current_dir(command.get_current_dir().unwrap());
    shell.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    shell
}

fn run_redirected(terminal: &Terminal, arguments: &[&str], redirections: &str) -> Ran {
    Ran::of(redirected(terminal, arguments, redirections).output().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_command_that_cannot_print_fails() {
    let (_zoho, terminal) = logged_in().await;
    for arguments in [
        &["token"][..],
        &["token", "--json"],
        &["tokens", "list"],
        &["api", "GET", "/crm/v8/org"],
        &["records", "count", "Leads"],
        &["completions", "bash"],
        &["--help"],
        &["token", "--help"],
        &["--version"],
    ] {
        for redirection in [">&-", ">&- <&-", ">/dev/full", "1</dev/null"] {
            let ran = run_redirected(&terminal, arguments, redirection).ended(1);
            assert!(
                ran.stderr.contains("could not write to standard output"),
                "{arguments:?} {redirection} {ran:?}"
            );
            assert!(ran.stdout.is_empty(), "{ran:?}");
        }
        // With standard error closed, too, only the exit code is left.
        assert_eq!(run_redirected(&terminal, arguments, ">&- 2>&-").code, 1, "{arguments:?}");
        run_redirected(&terminal, arguments, ">/dev/null").done();
        run_redirected(&terminal, arguments, "<>/dev/null >&0").done();
        run_redirected(&terminal, arguments, "2>&-").done();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_login_is_stored_even_if_it_cannot_be_printed() {
    let zoho = Emulator::start().await;
    let terminal = Terminal::at(&zoho);
    let ran = run_redirected(&terminal, &["login", "--code", &zoho.self_client_code(ADA)], ">&-");
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.stderr.contains("logged in") && ran.stderr.contains("standard output"), "{ran:?}");
    terminal.run(&["token"]).done();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_command_without_a_result_needs_no_output() {
    let (_zoho, terminal) = logged_in().await;
    run_redirected(&terminal, &["revoke", "--all"], ">&-").done();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn closed_standard_input_is_empty_input() {
    let (zoho, terminal) = logged_in().await;
    let requests = zoho.journal().entries().len();
    run_redirected(&terminal, &["login", "--code", "-"], "<&-").ended(2);
    run_redirected(&terminal, &["tokens", "save"], "<&-").ended(1);
    run_redirected(&terminal, &["records", "create", "Leads"], "<&-");
    assert_eq!(zoho.journal().entries().len(), requests, "nothing is sent");
}

/// Runs a command against a server that does not respond until the command has said what it waits for, and then ends it.
/// Returns what it printed.
async fn stopped_after_its_notice(zoho: &Emulator, terminal: &Terminal, arguments: &[&str]) -> Ran {
    let started = Instant::now();
    let mut running = terminal.start(arguments);
    let mut stderr = running.stderr();
    let notice = tokio::task::spawn_blocking(move || {
        let mut line = String::new();
        std::io::BufRead::read_line(&mut stderr, &mut line).unwrap();
        line
    });
    let notice = tokio::time::timeout(Duration::from_secs(60), notice).await.expect("a notice").unwrap();
    assert!(started.elapsed() > Duration::from_secs(4), "too early: {notice}");
    zoho.clear_faults();
    let ran = running.output();
    Ran { stderr: notice, ..ran }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_says_after_five_seconds_what_it_waits_for() {
    let (zoho, terminal) = logged_in().await;
    zoho.fault(Fault::on("GET /crm/v8/org").hold());
    let ran = stopped_after_its_notice(&zoho, &terminal, &["api", "GET", "/crm/v8/org"]).await.done();
    let host = zoho.base_url().replace("http://", "");
    let expected =
        format!("still waiting for a response from {host} after 5 seconds; press Ctrl-C to stop\n");
    // A busy machine may be a second late.
    assert_eq!(ran.stderr.replace(" 6 ", " 5 "), expected);
    assert!(ran.json()["org"].is_array(), "the notice is not part of the data: {ran:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_says_that_it_waits_for_a_token() {
    let (zoho, terminal) = logged_in().await;
    let id = terminal.rows()[0]["id"].clone();
    terminal.save(&serde_json::json!({ "id": id, "access_token": "1000.expired", "expiry_time": "1" }));
    zoho.fault(Fault::on("POST /oauth/v2/token").hold());
    let ran = stopped_after_its_notice(&zoho, &terminal, &["token"]).await.done();
    let host = zoho.base_url().replace("http://", "");
    assert!(ran.stderr.starts_with(&format!("still waiting for a token from {host} after ")), "{ran:?}");
    assert!(zoho.is_access_token_valid(ran.stdout.trim()), "{ran:?}");
}

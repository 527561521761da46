//! `zoho tokens check`: what official SDKs leave behind, reported and repaired from a terminal.

#![cfg(unix)]

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use serde_json::{Value, json};
use zoho_emulator::{Emulator, Fault};

use crate::support::{ADA, Ran, Terminal};

const HEADER: &str = "id,user_name,client_id,client_secret,refresh_token,access_token,grant_token,expiry_time,redirect_url,api_domain\n";

/// Two rows for ada, a torn one, an id that is a word, and a refresh token without its client app.
const LEFT_BEHIND: &str = "1,ada,c,s,1000.r.ada,1000.a.old,,1795298101000,,\n\
    2,torn,1000.sec\n\
    3,ada,c,s,,1000.a.new,,1795298109000,,\n\
    python_legacy_1,zoe,c,s,1000.r.zoe,,,,,\n\
    4,lee,,,1000.r.lee,,,,,\n";

/// A terminal whose store is a CSV file with these rows.
fn terminal_with(rows: &str) -> Terminal {
    let terminal = Terminal::new().with("ZOHO_STORE", "file:sdk_tokens.txt");
    let path = terminal.path("sdk_tokens.txt");
    std::fs::write(&path, HEADER.to_owned() + rows).unwrap();
    set_mode(&path, 0o600);
    terminal
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().mode() & 0o777
}

/// The kinds of the findings that were printed as JSON.
fn kinds(findings: &Value) -> Vec<&str> {
    findings.as_array().unwrap().iter().map(|finding| finding["kind"].as_str().unwrap()).collect()
}

fn shows_no_secret(ran: &Ran) -> bool {
    !format!("{ran:?}").contains("1000.")
}

#[test]
fn each_finding_is_a_line_that_says_where_what_and_what_to_do() {
    let terminal = terminal_with(LEFT_BEHIND);
    let ran = terminal.run(&["tokens", "check"]).ended(1);
    assert_eq!(
        ran.stdout,
        "lines 2 and 4 (ids 1 and 3): ada has several rows for one client app and API domain; next: `--repair` keeps the row that expires last\n\
         line 3: expected 10 columns, found 3; next: `--repair` moves it to a file beside the token file\n\
         line 5 (id python_legacy_1): the id is not a number of at most ten digits; official SDKs cannot save while it exists; next: `--repair` assigns a new id\n\
         line 6 (id 4): the row has a refresh token without the client id and secret that a renewal needs; next: run `zoho login` to replace it, or `zoho tokens delete 4` to delete it\n"
    );
    assert_eq!(
        ran.stderr,
        "error: found 4 problems in the token file sdk_tokens.txt\n  next: run `zoho tokens check --repair` to repair 3 of 4; it keeps a backup\n"
    );
    assert_eq!(
        std::fs::read_to_string(terminal.path("sdk_tokens.txt")).unwrap(),
        HEADER.to_owned() + LEFT_BEHIND
    );
}

#[test]
fn json_has_the_findings_as_objects() {
    let terminal = terminal_with(LEFT_BEHIND);
    let ran = terminal.run(&["tokens", "check", "--json"]).ended(1);
    assert!(shows_no_secret(&ran), "{ran:?}");
    let report = ran.json();
    assert_eq!(
        kinds(&report["findings"]),
        ["duplicate_rows", "unreadable_row", "non_numeric_id", "missing_client"]
    );
    assert_eq!(
        (&report["rows"], &report["backup"], &report["repaired"]),
        (&json!(4), &Value::Null, &json!([]))
    );
    assert_eq!(
        report["findings"][1],
        json!({
            "kind": "unreadable_row", "ids": [], "lines": [3], "file": null,
            "text": "expected 10 columns, found 3",
            "next_step": "`--repair` moves it to a file beside the token file", "can_be_repaired": true,
        })
    );
}

#[test]
fn a_repair_prints_what_it_did_and_exits_with_1_if_a_problem_is_left() {
    let terminal = terminal_with(LEFT_BEHIND);
    let ran = terminal.run(&["tokens", "check", "--repair"]).ended(1);
    assert!(shows_no_secret(&ran), "{ran:?}");
    let lines: Vec<_> = ran.stdout.lines().collect();
    assert_eq!(lines.iter().filter(|line| line.starts_with("repaired: ")).count(), 3, "{ran:?}");
    let backup = lines[0].strip_prefix("backup: ").unwrap();
    assert!(backup.contains("sdk_tokens.txt.backup-20"), "{ran:?}");
    assert_eq!(std::fs::read_to_string(backup).unwrap(), HEADER.to_owned() + LEFT_BEHIND);
    assert_eq!(mode(Path::new(backup)), 0o600);
    let removed = lines[1].strip_prefix("removed: ").and_then(|line| line.split(';').next()).unwrap();
    assert_eq!(std::fs::read_to_string(removed).unwrap(), HEADER.to_owned() + "2,torn,1000.sec\n");
    assert_eq!(ran.stderr, "error: 1 problem is left in the token file sdk_tokens.txt\n");

    let users: Vec<_> = terminal.rows().into_iter().map(|row| row["user_name"].clone()).collect();
    assert_eq!(users, ["ada", "zoe", "lee"]);
    terminal.run(&["tokens", "delete", "4"]).done();
    let ran = terminal.run(&["tokens", "check"]).done();
    assert_eq!(ran.stderr, "checked 2 tokens in the token file sdk_tokens.txt: no problems found\n");
    assert!(ran.stdout.is_empty());
}

#[test]
fn a_repair_that_mends_everything_is_done() {
    let terminal = Terminal::new();
    terminal.save(&json!([
        { "id": "text", "user_name": "ada", "access_token": "a" },
        { "id": "7", "user_name": "bob", "access_token": "b" },
    ]));
    set_mode(&terminal.path("zohooauth.db"), 0o644);
    let report = terminal.run(&["tokens", "check", "--json"]).ended(1).json();
    assert!(kinds(&report["findings"]).contains(&"open_to_others"), "{report}");
    let ran = terminal.run(&["tokens", "check", "--repair", "--json", "--backup", "kept.db"]).done().json();
    assert_eq!(ran["findings"], json!([]));
    assert!(kinds(&ran["repaired"]).contains(&"non_numeric_id"), "{ran}");
    assert_eq!(ran["repaired"][0]["next_step"], Value::Null);
    assert!(ran["backup"].as_str().unwrap().ends_with("kept.db"), "{ran}");
    assert_eq!(mode(&terminal.path("zohooauth.db")), 0o600);
    assert_eq!(terminal.rows().len(), 2);
    let kept = terminal.run(&["tokens", "show", "text", "--store", "sqlite:kept.db"]).done();
    assert!(kept.stdout.contains("ada"), "{kept:?}");
    terminal.run(&["tokens", "check"]).done();
}

#[test]
fn a_backup_needs_a_repair_and_does_not_overwrite_a_file() {
    let terminal = terminal_with(LEFT_BEHIND);
    let before = std::fs::read(terminal.path("sdk_tokens.txt")).unwrap();
    terminal.run(&["tokens", "check", "--backup", "kept"]).ended(2);
    let ran = terminal.run(&["tokens", "check", "--repair", "--backup", "sdk_tokens.txt"]).ended(1);
    assert!(ran.stderr.contains("a file that does not exist yet"), "{ran:?}");
    assert_eq!(std::fs::read(terminal.path("sdk_tokens.txt")).unwrap(), before);
}

/// An emulator, and a terminal in which its user has logged in.
async fn logged_in() -> (Emulator, Terminal) {
    let zoho = Emulator::start().await;
    let terminal = Terminal::at(&zoho);
    terminal.run(&["login", "--code", &zoho.self_client_code(ADA)]).done();
    (zoho, terminal)
}

fn calls(zoho: &Emulator) -> usize {
    zoho.journal().count("GET /crm/v8/users")
}

fn renewals(zoho: &Emulator) -> usize {
    zoho.journal().count_where(|entry| entry.parameter("grant_type") == Some("refresh_token"))
}

fn end_the_access_token(terminal: &Terminal) -> Value {
    let mut row = terminal.rows().remove(0);
    row["expiry_time"] = "1000".into();
    terminal.save(&row);
    row
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_token_that_zoho_accepts_is_well_whether_it_is_valid_or_has_ended() {
    let (zoho, terminal) = logged_in().await;
    let calls_of_the_login = calls(&zoho);
    let asked = || (calls(&zoho) - calls_of_the_login, renewals(&zoho));
    terminal.run(&["tokens", "check"]).done();
    assert_eq!(asked(), (0, 0), "Zoho is asked only if that is wanted");
    terminal.run(&["tokens", "check", "--online"]).done();
    assert_eq!(asked(), (1, 0));
    end_the_access_token(&terminal);
    terminal.run(&["tokens", "check", "--online"]).done();
    assert_eq!(asked(), (1, 1), "a renewal says it all");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_token_that_was_revoked_is_told() {
    let (zoho, terminal) = logged_in().await;
    let row = end_the_access_token(&terminal);
    zoho.evict_refresh_token(row["refresh_token"].as_str().unwrap());
    let ran = terminal.run(&["tokens", "check", "--online", "--json"]).ended(1);
    let finding = &ran.json()["findings"][0];
    assert_eq!((&finding["kind"], &finding["ids"]), (&json!("not_accepted"), &json!(["1"])), "{ran:?}");
    assert!(finding["next_step"].as_str().unwrap().contains("zoho login"), "{ran:?}");
    assert!(!format!("{ran:?}").contains(row["refresh_token"].as_str().unwrap()));
    assert_eq!(terminal.rows().len(), 1, "a check deletes nothing");
}

/// A terminal whose only refresh token was rejected by a proxy that is gone by now.
async fn rejected_by_a_proxy() -> (Emulator, Terminal) {
    let (zoho, terminal) = logged_in().await;
    end_the_access_token(&terminal);
    zoho.fault(Fault::on("POST /oauth/v2/token").respond(200, r#"{"error":"invalid_code"}"#));
    terminal.run(&["token"]).ended(4);
    let before = renewals(&zoho);
    terminal.run(&["token"]).ended(4);
    assert_eq!(renewals(&zoho), before, "a rejected refresh token is not sent by every command");
    (zoho, terminal)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_check_asks_about_a_refresh_token_that_was_rejected_before() {
    let (zoho, terminal) = rejected_by_a_proxy().await;
    let before = renewals(&zoho);
    terminal.run(&["tokens", "check", "--online"]).done();
    assert_eq!(renewals(&zoho), before + 1);
    terminal.run(&["token"]).done();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_repair_has_a_rejected_refresh_token_sent_again() {
    let (zoho, terminal) = rejected_by_a_proxy().await;
    let before = renewals(&zoho);
    let report = terminal.run(&["tokens", "check", "--repair", "--json"]).done().json();
    assert_eq!(kinds(&report["repaired"]), ["rejected_refresh_token"], "{report}");
    assert_eq!((&report["repaired"][0]["ids"], renewals(&zoho)), (&json!(["1"]), before));
    terminal.run(&["token"]).done();
    let report = terminal.run(&["tokens", "check", "--repair", "--json"]).done().json();
    assert_eq!(report["repaired"], json!([]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_valid_looking_token_that_zoho_has_ended_is_told_if_it_cannot_be_renewed() {
    let (zoho, terminal) = logged_in().await;
    let row = terminal.rows().remove(0);
    zoho.evict_refresh_token(row["refresh_token"].as_str().unwrap());
    zoho.invalidate_access_token(row["access_token"].as_str().unwrap());
    let report = terminal.run(&["tokens", "check", "--online", "--json"]).ended(1).json();
    assert_eq!(kinds(&report["findings"]), ["not_accepted"], "{report}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn an_unreachable_server_is_no_evidence_about_a_token() {
    let (zoho, terminal) = logged_in().await;
    zoho.fault(Fault::on("GET /crm/v8/users").forever().drop_before());
    zoho.fault(Fault::on("POST /oauth/v2/token").forever().status_500());
    let valid = terminal.run(&["tokens", "check", "--online", "--json"]).ended(1).json();
    end_the_access_token(&terminal);
    let ended = terminal.run(&["tokens", "check", "--online", "--json"]).ended(1).json();
    for report in [valid, ended] {
        assert_eq!(kinds(&report["findings"]), ["could_not_be_asked"], "{report}");
        assert_eq!(report["findings"][0]["next_step"], "check again later");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_quota_that_is_used_up_says_nothing_about_a_token_and_is_not_asked_again() {
    let (zoho, terminal) = logged_in().await;
    end_the_access_token(&terminal);
    zoho.fault(Fault::on("POST /oauth/v2/token").forever().throttle());
    for _ in 0..3 {
        let report = terminal.run(&["tokens", "check", "--online", "--json"]).ended(1).json();
        assert_eq!(kinds(&report["findings"]), ["could_not_be_asked"], "{report}");
        assert!(report["findings"][0]["text"].as_str().unwrap().contains("quota"), "{report}");
    }
    assert_eq!(renewals(&zoho), 1, "who is told to wait waits");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_missing_scope_and_a_code_that_was_not_spent_are_no_findings() {
    let (zoho, terminal) = logged_in().await;
    let body =
        r#"{"code":"OAUTH_SCOPE_MISMATCH","details":{},"message":"invalid oauth scope","status":"error"}"#;
    zoho.fault(Fault::on("GET /crm/v8/users").forever().respond(401, body));
    terminal.save(&json!({ "user_name": "bob", "grant_token": zoho.self_client_code(ADA) }));
    let exchanges = zoho.journal().count("POST /oauth/v2/token");
    terminal.run(&["tokens", "check", "--online"]).done();
    assert_eq!(zoho.journal().count("POST /oauth/v2/token"), exchanges);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_damaged_store_is_told_first_and_asked_about_after_its_repair() {
    let zoho = Emulator::start().await;
    let terminal = Terminal::at(&zoho).with("ZOHO_STORE", "file:sdk_tokens.txt");
    terminal.run(&["login", "--code", &zoho.self_client_code(ADA)]).done();
    let path = terminal.path("sdk_tokens.txt");
    let whole = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, whole + "torn\n").unwrap();
    let report = terminal.run(&["tokens", "check", "--online", "--json"]).ended(1).json();
    assert_eq!(kinds(&report["findings"]), ["unreadable_row", "could_not_be_asked"], "{report}");
    let calls_before = calls(&zoho);
    terminal.run(&["tokens", "check", "--online", "--repair"]).done();
    assert_eq!(calls(&zoho) - calls_before, 1);
}

//! `zoho tokens copy`: from one store to another.

use serde_json::{Value, json};

use crate::support::Terminal;

const TO_A_FILE: [&str; 6] =
    ["tokens", "copy", "--from", "sqlite:zohooauth.db", "--to", "file:sdk_tokens.txt"];

#[test]
fn every_token_is_copied_and_verified_and_a_second_run_finds_nothing_to_do() {
    let terminal = three_users();
    let ran = terminal.run(&TO_A_FILE).done();
    assert_eq!(ran.stdout, "", "words go to standard error");
    for line in ["3 read", "3 added", "3 verified"] {
        assert!(ran.stderr.contains(line), "{}", ran.stderr);
    }
    let list = |store| {
        let listed = terminal.run(&["tokens", "list", "--json", "--reveal", "--store", store]).done().json();
        let mut rows = listed.as_array().unwrap().clone();
        rows.sort_by_key(|row| row["id"].to_string());
        rows
    };
    assert_eq!(list("file:sdk_tokens.txt"), list("sqlite:zohooauth.db"));
    let again = terminal.run(&[&TO_A_FILE[..], &["--json"]].concat()).done().json();
    assert_eq!((&again["read"], &again["same"], &again["added"]), (&json!(3), &json!(3), &json!(0)));
    assert_eq!(again["rejected"], json!([]));
}

#[test]
fn a_dry_run_writes_nothing() {
    let terminal = three_users();
    let ran = terminal.run(&[&TO_A_FILE[..], &["--dry-run"]].concat()).done();
    assert!(ran.stderr.contains("dry run: a copy from ") && ran.stderr.contains("3 added"), "{}", ran.stderr);
    assert!(!terminal.path("sdk_tokens.txt").exists());
    let other = ["tokens", "copy", "--from", "sqlite:zohooauth.db", "--to", "sqlite:other.db", "--dry-run"];
    terminal.run(&other).done();
    assert!(!terminal.path("other.db").exists());
}

#[test]
fn a_missing_source_is_not_created() {
    let terminal = three_users();
    for from in ["sqlite:missing.db", "file:missing.db"] {
        let ran = terminal.run(&["tokens", "copy", "--from", from, "--to", "file:sdk_tokens.txt"]);
        assert_eq!(ran.code, 3, "{}", ran.stderr);
        assert!(!terminal.path("missing.db").exists());
    }
}

#[test]
fn one_store_at_both_ends_and_a_url_of_no_store_are_wrong_usage() {
    let terminal = three_users();
    let same =
        terminal.run(&["tokens", "copy", "--from", "sqlite:zohooauth.db", "--to", "sqlite:zohooauth.db"]);
    let unknown = terminal.run(&[
        "tokens",
        "copy",
        "--from",
        "sqlite:zohooauth.db",
        "--to",
        "oracle://user:top-secret@host",
    ]);
    for ran in [same, unknown] {
        assert_eq!(ran.code, 2, "{}", ran.stderr);
        assert!(!ran.stderr.contains("top-secret"), "{}", ran.stderr);
    }
}

#[test]
fn a_token_whose_id_is_used_gets_another_and_no_token_is_lost() {
    let terminal = three_users();
    let carol = json!({ "id": "2", "user_name": "carol", "refresh_token": "refresh of carol" });
    terminal.run_with_input(&["tokens", "save", "--store", "file:sdk_tokens.txt"], &carol.to_string()).done();
    let report = terminal.run(&[&TO_A_FILE[..], &["--json"]].concat()).done().json();
    assert_eq!((&report["added"], &report["renumbered"]), (&json!(2), &json!(1)));
    let listed = terminal.run(&["tokens", "list", "--json", "--store", "file:sdk_tokens.txt"]).done().json();
    let mut users: Vec<_> = listed.as_array().unwrap().iter().map(|row| row["user_name"].clone()).collect();
    users.sort_by_key(Value::to_string);
    assert_eq!(users, ["carol", "user 1", "user 2", "user 3"]);
}

fn three_users() -> Terminal {
    let terminal = Terminal::new();
    let row = |number| json!({ "user_name": format!("user {number}"), "refresh_token": format!("refresh {number}") });
    terminal.save(&Value::from([1, 2, 3].map(row).to_vec()));
    terminal
}

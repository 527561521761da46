//! Tokens that the store rejected: none is lost, each is reported once, and a deleted token stays deleted.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::Child;
use std::time::Duration;

use serde_json::Value;
use zoho_emulator::{Emulator, Fault};

use crate::support::{ADA, ADA_STORED, Ran, Terminal};

/// A terminal with a file store in a separate folder, which a test can move away.
fn terminal_at(zoho: &Emulator) -> Terminal {
    let terminal = Terminal::at(zoho).with("ZOHO_STORE", "file:store/sdk_tokens.txt").with("HOME", "home");
    std::fs::create_dir(terminal.path("store")).unwrap();
    // The store's files are made before the folder is taken away.
    terminal.save(&serde_json::json!([]));
    terminal
}

/// Starts a login whose store's folder is moved away before Zoho has answered.
async fn login_without_a_store(zoho: &Emulator, terminal: &Terminal) -> Child {
    zoho.fault(Fault::on("POST /oauth/v2/token").hold());
    let before = zoho.journal().count("POST /oauth/v2/token");
    let process = terminal.command(&["login", "--code", &zoho.self_client_code(ADA)]).spawn().unwrap();
    while zoho.journal().count("POST /oauth/v2/token") == before {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    std::fs::rename(terminal.path("store"), terminal.path("elsewhere")).unwrap();
    zoho.clear_faults();
    process
}

/// A login whose token waits in the spool of a store that works again.
async fn spooled() -> (Emulator, Terminal) {
    let zoho = Emulator::start().await;
    let terminal = terminal_at(&zoho);
    let process = login_without_a_store(&zoho, &terminal).await;
    let in_the_way = terminal.path("store/sdk_tokens.txt");
    std::fs::create_dir_all(&in_the_way).unwrap();
    let ran = Ran::of(process.wait_with_output().unwrap()).ended(1);
    assert!(ran.stderr.contains("the token is spooled in"), "{ran:?}");
    assert_eq!(ran.stderr.matches("could not").count(), 2, "reported once, with its cause: {ran:?}");
    assert_eq!(ran.stderr.matches("os error").count(), 1, "{ran:?}");
    assert!(!ran.stderr.contains("WARN") && !ran.stderr.contains("ERROR"), "{ran:?}");
    std::fs::remove_dir(&in_the_way).unwrap();
    assert!(spool_is_filled(&terminal));
    (zoho, terminal)
}

fn spool_is_filled(terminal: &Terminal) -> bool {
    std::fs::read_dir(terminal.path("store/sdk_tokens.txt.spool")).is_ok_and(|files| files.count() > 0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn every_command_first_stores_a_spooled_login() {
    for arguments in [
        &["token"][..],
        &["api", "GET", "/crm/v8/org"],
        &["records", "list", "Leads"],
        &["tokens", "show", "1"],
        &["tokens", "find", "--user-name", ADA_STORED],
        &["revoke", "--user", ADA_STORED],
        &["tokens", "delete", "1"],
    ] {
        let (zoho, terminal) = spooled().await;
        terminal.run(arguments).done();
        assert!(!spool_is_filled(&terminal), "{arguments:?}");
        drop(zoho);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_listing_shows_a_spooled_login() {
    let (_zoho, terminal) = spooled().await;
    assert_eq!(terminal.rows()[0]["user_name"], ADA_STORED);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn revoke_all_also_revokes_a_spooled_token() {
    let (zoho, terminal) = spooled().await;
    let ran = terminal.run(&["revoke", "--all"]).done();
    assert!(ran.stderr.contains("revoked the token for"), "{ran:?}");
    assert_eq!(zoho.journal().count("POST /oauth/v2/token/revoke"), 1);
    assert!(terminal.rows().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_deleted_token_does_not_come_back_from_the_spool() {
    for which in ["1", "--all"] {
        let (_zoho, terminal) = spooled().await;
        terminal.run(&["tokens", "delete", which]).done();
        assert!(!spool_is_filled(&terminal));
        assert!(terminal.rows().is_empty(), "{which}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_login_in_memory_is_saved_when_the_store_works_again() {
    let zoho = Emulator::start().await;
    let temporary = tempfile::tempdir().unwrap();
    let terminal = terminal_at(&zoho).with("TMPDIR", temporary.path().to_str().unwrap());
    let mut process = login_without_a_store(&zoho, &terminal).await;
    std::fs::write(terminal.path("store"), "in the way of store and spool").unwrap();
    let mut words = BufReader::new(process.stderr.take().unwrap());
    let mut first = String::new();
    words.read_line(&mut first).unwrap();
    assert!(first.contains("rejected the new token; retrying"), "{first}");
    assert_eq!(std::fs::read_dir(temporary.path()).unwrap().count(), 1, "an interruption loses nothing");
    std::fs::remove_file(terminal.path("store")).unwrap();
    std::fs::rename(terminal.path("elsewhere"), terminal.path("store")).unwrap();
    let mut rest = String::new();
    words.read_to_string(&mut rest).unwrap();
    assert!(process.wait().unwrap().success(), "{rest}");
    assert_eq!(std::fs::read_dir(temporary.path()).unwrap().count(), 0, "{rest}");
    assert_eq!(terminal.rows()[0]["user_name"], ADA_STORED);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_login_that_cannot_be_stored_ends_in_a_private_file_that_can_be_saved() {
    let zoho = Emulator::start().await;
    let temporary = tempfile::tempdir().unwrap();
    let terminal = terminal_at(&zoho).with("TMPDIR", temporary.path().to_str().unwrap());
    let process = login_without_a_store(&zoho, &terminal).await;
    std::fs::write(terminal.path("store"), "in the way of store and spool").unwrap();
    let ran = Ran::of(process.wait_with_output().unwrap());
    assert!(ran.code == 1 && ran.stdout.is_empty(), "{ran:?}");
    assert!(ran.stderr.contains("zoho tokens save < "), "{ran:?}");
    let file = std::fs::read_dir(temporary.path()).unwrap().next().unwrap().unwrap().path();
    assert!(ran.stderr.contains(file.to_str().unwrap()), "{ran:?}");
    let row = std::fs::read_to_string(&file).unwrap();
    let secret = serde_json::from_str::<Value>(&row).unwrap()["refresh_token"].as_str().unwrap().to_owned();
    assert!(zoho.is_refresh_token_valid(&secret) && !ran.stderr.contains(&secret));
    assert_private(&file);

    std::fs::remove_file(terminal.path("store")).unwrap();
    std::fs::create_dir(terminal.path("store")).unwrap();
    terminal.run_with_input(&["tokens", "save"], &row).done();
    terminal.run(&["api", "GET", "/crm/v8/org", "--user", ADA_STORED]).done();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_failure_is_reported_once_unless_the_log_level_asks_for_more() {
    let zoho = Emulator::start().await;
    let terminal = Terminal::at(&zoho);
    let refresh_token = zoho.grant_refresh_token(zoho.default_client().id(), ADA);
    terminal.save(&serde_json::json!({ "user_name": "ada", "refresh_token": refresh_token }));
    zoho.fault(Fault::on("POST /oauth/v2/token").forever().status_500());
    let ran = terminal.run(&["token"]).ended(1);
    assert_eq!(ran.stderr.matches("HTTP 500").count(), 1, "{ran:?}");
    std::fs::remove_file(terminal.path("zohooauth.db")).unwrap();
    terminal.save(&serde_json::json!({ "user_name": "ada", "refresh_token": refresh_token }));
    let ran = terminal.run(&["token", "--log-level", "info"]);
    assert!(ran.code == 1 && ran.stderr.contains("could not renew an access token"), "{ran:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_spooled_token_that_is_still_rejected_is_a_warning_and_prevents_a_deletion() {
    let (_zoho, terminal) = spooled().await;
    let other = serde_json::json!({ "user_name": "carol", "access_token": "a" });
    terminal.run_with_input(&["tokens", "save"], &other.to_string()).done();
    // No store takes a row without a token.
    let entry = std::fs::read_dir(terminal.path("store/sdk_tokens.txt.spool")).unwrap().next().unwrap();
    let entry = entry.unwrap().path();
    let mut content: Value = serde_json::from_str(&std::fs::read_to_string(&entry).unwrap()).unwrap();
    for column in ["access_token", "refresh_token", "grant_token"] {
        content["token"][column] = Value::Null;
    }
    std::fs::write(&entry, content.to_string()).unwrap();
    let ran = terminal.run(&["token"]).done();
    assert_eq!(ran.stdout, "a\n");
    assert_eq!(ran.stderr.matches("warning: the store still rejects").count(), 1, "{ran:?}");
    assert_eq!(ran.stderr.lines().count(), 1, "{ran:?}");
    terminal.run(&["tokens", "delete", "--all"]).ended(1);
    assert_eq!(terminal.rows().len(), 1);
}

fn assert_private(file: &Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    #[cfg(not(unix))]
    assert!(file.exists());
}

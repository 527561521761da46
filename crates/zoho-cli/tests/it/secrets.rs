//! Secrets appear neither in logs nor in messages.

use zoho_emulator::Emulator;

use crate::support::{ADA, Terminal};

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn no_secret_reaches_the_log_or_standard_error_at_the_highest_level() {
    let zoho = Emulator::start().await;
    let terminal = Terminal::at(&zoho).with("ZOHO_LOG_LEVEL", "trace").with("ZOHO_LOG_FILE", "zoho.log");
    let code = zoho.self_client_code(ADA);
    let mut words = String::new();
    let mut run = |arguments: &[&str]| {
        let ran = terminal.run(arguments);
        words.push_str(&ran.stderr);
        ran
    };
    run(&["login", "--code", &code]).done();
    let first = terminal.rows().remove(0);
    zoho.expire_access_tokens();
    run(&["api", "GET", "/crm/v8/users", "-q", "type=CurrentUser"]).done();
    let second = terminal.rows().remove(0);
    assert_ne!(first["access_token"], second["access_token"]);
    run(&["records", "create", "Leads", "-d", r#"{"Last_Name":"Hopper"}"#]).done();
    run(&["api", "GET", "/crm/v8/nothing_here"]);
    run(&["revoke", "--all"]).done();
    run(&["login", "--code", &code]);

    let log = std::fs::read_to_string(terminal.path("zoho.log")).unwrap();
    assert!(log.contains("Zoho responded"), "the log was on: {log}");
    let mut secrets = vec![code, zoho.default_client().secret().to_owned()];
    for row in [&first, &second] {
        let columns = ["client_secret", "refresh_token", "access_token"];
        secrets.extend(columns.iter().filter_map(|column| row[column].as_str().map(str::to_owned)));
    }
    for secret in secrets {
        assert!(!log.contains(&secret) && !words.contains(&secret), "{secret} in {log}{words}");
    }
}

#[cfg(unix)]
#[test]
fn the_log_and_the_store_can_be_read_by_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt;

    let terminal = Terminal::new().with("ZOHO_LOG_FILE", "zoho.log");
    terminal.save(&serde_json::json!({ "user_name": "ada", "access_token": "a" }));
    for name in ["zoho.log", "zohooauth.db"] {
        let mode = std::fs::metadata(terminal.path(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[test]
fn a_misspelt_option_is_not_repeated_with_its_secret() {
    let terminal = Terminal::new();
    for arguments in [
        &["tokens", "find", "--acces-token=very-secret"][..],
        &["tokens", "find", "--acces-token", "very-secret"],
        &["login", "--cod=very-secret"],
        &["token", "--client-secrets=very-secret"],
        &["token", "--client_secret", "very-secret"],
        &["login", "very-secret"],
        &["very-secret"],
        &["tokens", "very-secret"],
        &["--json", "very-secret", "--code"],
        &["token", "--json=very-secret"],
    ] {
        let ran = terminal.run(arguments);
        assert_eq!(ran.code, 2, "{ran:?}");
        assert!(!ran.stderr.contains("very-secret"), "{arguments:?}: {ran:?}");
    }
}

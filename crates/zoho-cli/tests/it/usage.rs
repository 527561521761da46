//! The command line, and wrong usage.

use std::io::Read;
use std::process::Stdio;

use serde_json::json;

use crate::support::Terminal;

#[test]
fn help_and_version_are_not_errors() {
    let terminal = Terminal::new();
    let version = terminal.run(&["--version"]).done();
    assert_eq!(version.stdout, format!("zoho {}\n", env!("CARGO_PKG_VERSION")));
    let commands = [
        "demo",
        "login",
        "token",
        "tokens",
        "revoke",
        "api",
        "records",
        "coql",
        "bulk",
        "fields",
        "schema",
        "emulator",
        "completions",
    ];
    for command in commands {
        assert!(terminal.run(&[command, "--help"]).done().stderr.is_empty());
    }
    assert!(terminal.run(&["api", "-h"]).done().stdout.contains("Id of the stored token"));
}

#[test]
fn help_never_shows_the_value_of_a_variable() {
    let terminal = Terminal::new()
        .with("ZOHO_CLIENT_SECRET", "very-secret")
        .with("ZOHO_STORE", "mysql://u:very-secret@h/d");
    for arguments in [&["--help"][..], &["token", "--help"], &["tokens", "find", "--help"], &["login", "-h"]]
    {
        assert!(!terminal.run(arguments).done().stdout.contains("very-secret"));
    }
}

#[test]
fn a_mistyped_word_is_named_and_corrected() {
    let terminal = Terminal::new();
    for (arguments, told) in [
        (&["record", "list"][..], "unrecognized subcommand 'record'"),
        (&["records", "lsit", "Leads"], "unrecognized subcommand 'lsit'"),
        (&["records", "list", "Leads", "Contacts"], "unexpected argument 'Contacts'"),
        (&["records", "get", "Leads", "5725767000000524157", "5725767000000524158"], "'5725767000000524158'"),
        (
            &["bulk", "write", "Leads", "leads.csv", "result.csv", "--insert"],
            "unexpected argument 'result.csv'",
        ),
        (&["records", "list", "Leads", "--feilds", "City"], "unexpected argument '--feilds'"),
    ] {
        let ran = terminal.run(arguments).ended(2);
        assert!(ran.stderr.contains(told), "{ran:?}");
    }
    assert!(terminal.run(&["record", "list"]).stderr.contains("'records'"));
    for secret in ["1000.8cb99d4ea3bd4ec2a4a8", "1000.8cb99d4ea3bd4ec2a4a8f5e5ba9e5ac3.9d8bd18e5a3d4c50"] {
        for arguments in [&["login", secret][..], &["token", secret], &[secret], &["tokens", secret]] {
            let ran = terminal.run(arguments).ended(2);
            assert!(!ran.stderr.contains(&secret[..8]), "{ran:?}");
        }
    }
}

#[test]
fn the_usage_in_an_error_is_that_of_the_help() {
    let terminal = Terminal::new()
        .with("ZOHO_CLIENT_ID", "1000.X")
        .with("ZOHO_CLIENT_SECRET", "x")
        .with("ZOHO_STORE", "memory:")
        .with("ZOHO_API_URL", "http://127.0.0.1:9");
    for arguments in [
        &["records", "search", "Leads"][..],
        &["records", "list", "--al"],
        &["tokens", "copy"],
        &["bulk", "write", "Leads", "leads.csv"],
        &["records", "count"],
        &["coql"],
    ] {
        let usage = |text: &str| text.lines().find(|line| line.starts_with("Usage: ")).map(str::to_owned);
        let told = usage(&terminal.run(arguments).ended(2).stderr).unwrap();
        let words = if arguments[0] == "coql" { 1 } else { 2 };
        let help = usage(&terminal.run(&[&arguments[..words], &["--help"]].concat()).done().stdout).unwrap();
        assert_eq!(told, help, "{arguments:?}");
    }
}

#[test]
fn global_options_are_listed_in_one_place() {
    let terminal = Terminal::new();
    let count = |arguments: &[&str]| {
        let help = terminal.run(arguments).done().stdout;
        (help.matches("ZOHO_CLIENT_SECRET").count(), help.matches("see `zoho --help`").count())
    };
    assert_eq!((count(&["--help"]), count(&["-h"]), count(&["help"])), ((1, 0), (1, 0), (1, 0)));
    for arguments in [
        &["token", "--help"][..],
        &["records", "-h"],
        &["records", "list", "-h"],
        &["help", "records", "list"],
        &["tokens", "copy", "--help"],
    ] {
        assert_eq!(count(arguments), (0, 1), "{arguments:?}");
    }
    let short = terminal.run(&["records", "get", "-h"]).done().stdout;
    assert!(short.lines().count() < 20, "{short}");
    // They are still options of every command.
    terminal.run(&["tokens", "list", "--store", "memory:", "--json", "--environment", "eu"]).done();
}

#[test]
fn wrong_usage_exits_with_2() {
    let terminal = Terminal::new();
    for arguments in [
        &[][..],
        &["nothing"],
        &["token", "--nothing"],
        &["token", "--user", "ada", "--id", "1"],
        &["tokens", "delete"],
        &["tokens", "delete", "1", "--all"],
        &["tokens", "find"],
        &["revoke"],
        &["revoke", "--all", "--id", "1"],
        &["api", "FETCH", "/crm/v8/users"],
        &["api", "GET", "/crm/v8/users", "-q", "no-equals-sign"],
        &["emulator", "--port", "99999"],
        &["records", "delete", "Leads"],
        &["records", "list", "Leads", "--page", "2", "--page-token", "t"],
        &["records", "search", "Leads"],
        &["records", "create", "Leads", "--input", "xml"],
        &["coql"],
        &["bulk", "write", "Leads", "leads.csv"],
        &["bulk", "write", "Leads", "leads.csv", "--insert", "--upsert", "Email"],
        &["completions", "cobol"],
        &["token", "--log-level", "loud"],
    ] {
        let ran = terminal.run(arguments);
        assert_eq!(ran.code, 2, "{arguments:?}: {ran:?}");
        assert!(ran.stdout.is_empty() && !ran.stderr.is_empty(), "{arguments:?}: {ran:?}");
    }
}

#[test]
fn a_login_without_a_code_says_that_it_needs_one() {
    let ran = Terminal::new().run(&["login"]).ended(2);
    assert!(ran.stderr.contains("--code"), "{ran:?}");
}

#[test]
fn a_login_without_a_client_app_says_what_to_set() {
    let terminal = Terminal::new();
    let ran = terminal.run(&["login", "--code", "1000.code"]).ended(2);
    assert!(ran.stderr.contains("ZOHO_CLIENT_ID") && !ran.stderr.contains("1000.code"), "{ran:?}");
    let ran = terminal.run(&["login", "--code", "1000.code", "--client-id", "1000.X"]).ended(2);
    assert!(ran.stderr.contains("ZOHO_CLIENT_SECRET"), "{ran:?}");
}

#[test]
fn an_unknown_environment_is_wrong_usage() {
    let terminal = Terminal::new();
    terminal.save(&json!({ "user_name": "ada", "access_token": "a" }));
    for environment in ["mars", "us:playground", "us:sandbox:x"] {
        let ran = terminal.run(&["token", "--environment", environment]).ended(2);
        assert!(ran.stderr.contains("us, eu, in, au, jp, cn, ca, sa, uk, ae"), "{ran:?}");
    }
    for environment in ["us", "eu:production", "uk:sandbox", "ae:developer"] {
        terminal.run(&["token", "--environment", environment]).done();
    }
    terminal.run(&["token", "--api-url", "not a url"]).ended(2);
}

#[test]
fn a_single_url_is_completed_by_the_other() {
    let terminal = Terminal::new();
    terminal.save(&json!({ "user_name": "ada", "access_token": "a" }));
    for (options, api) in [
        (&["--environment", "eu:sandbox"][..], "https://sandbox.zohoapis.eu"),
        (&["--accounts-url", "https://accounts.zoho.eu"], "https://www.zohoapis.eu"),
        (
            &["--accounts-url", "https://accounts.zoho.eu/", "--environment", "eu:developer"],
            "https://developer.zohoapis.eu",
        ),
        (&["--api-url", "https://sandbox.zohoapis.in"], "https://sandbox.zohoapis.in"),
        (&["--accounts-url", "http://127.0.0.1:9"], "http://127.0.0.1:9"),
        (
            &["--accounts-url", "https://accounts.proxy.example", "--environment", "jp"],
            "https://www.zohoapis.jp",
        ),
        (&["--api-url", "https://api.proxy.example"], "https://api.proxy.example"),
    ] {
        let told = terminal.run(&[&["token", "--json"][..], options].concat()).done().json();
        assert_eq!(told["api_domain"], api, "{options:?}");
    }
}

#[test]
fn an_option_can_be_before_or_after_the_command_and_overrides_its_variable() {
    let terminal = Terminal::new().with("ZOHO_STORE", "sqlite:variable.db");
    let row = r#"{"user_name":"ada","access_token":"a"}"#;
    terminal.run_with_input(&["--store", "sqlite:before.db", "tokens", "save"], row).done();
    terminal.run_with_input(&["tokens", "save", "--store", "sqlite:after.db"], row).done();
    terminal.run_with_input(&["tokens", "save"], row).done();
    for name in ["before.db", "after.db", "variable.db"] {
        assert!(terminal.path(name).exists(), "{name}");
    }
    assert!(!terminal.path("zohooauth.db").exists());
}

#[test]
fn an_empty_variable_counts_as_none() {
    let names = [
        "STORE",
        "ENVIRONMENT",
        "ACCOUNTS_URL",
        "API_URL",
        "CLIENT_ID",
        "REDIRECT_URL",
        "LOG_FILE",
        "LOG_LEVEL",
    ];
    let terminal =
        names.iter().fold(Terminal::new(), |terminal, name| terminal.with(&format!("ZOHO_{name}"), ""));
    terminal.save(&json!({ "user_name": "ada", "access_token": "a" }));
    assert_eq!(terminal.run(&["token"]).done().stdout, "a\n");
    assert!(terminal.path("zohooauth.db").exists(), "the default store");
}

#[test]
fn an_unknown_store_is_wrong_usage_and_its_password_is_not_shown() {
    let terminal = Terminal::new();
    for store in
        ["oracle://user:very-secret@host/db", "oracle:x", "file:", "sqlite:", "memory:x", "sqlite://"]
    {
        let ran = terminal.run(&["tokens", "list", "--store", store]).ended(2);
        assert!(!ran.stderr.contains("very-secret"), "{ran:?}");
    }
    terminal.run(&["tokens", "list", "--store", "sqlite:no/such/folder/tokens.db"]).ended(1);
    terminal.run(&["tokens", "list", "--store", "memory:"]).done();
}

#[test]
fn wrong_usage_is_reported_before_anything_is_opened() {
    let terminal = Terminal::new();
    for arguments in [
        &["--environment", "xx", "token"][..],
        &["--environment", "xx", "tokens", "list"],
        &["--api-url", "not a url", "tokens", "list", "--log-file", "zoho.log"],
        &["--store", "oracle:x", "token", "--log-file", "zoho.log"],
        &["--store", "memory:", "api", "GET", "https://evil.example/x", "--user", "ada"],
        &["--store", "memory:", "api", "GET", "https://www.zohoapis.com@evil.example/x", "--user", "ada"],
        &["--store", "memory:", "api", "GET", "crm/v8/Leads", "--user", "ada"],
    ] {
        terminal.run(arguments).ended(2);
    }
    assert_eq!(std::fs::read_dir(terminal.path(".")).unwrap().count(), 0);
    for own in ["https://www.zohoapis.com/crm/v8/org", "HTTPS://www.zohoapis.eu:443", "/crm/v8/org"] {
        terminal.run(&["--store", "memory:", "api", "GET", own, "--user", "ada"]).ended(4);
    }
}

#[test]
fn a_foreign_or_malformed_request_is_wrong_usage() {
    let terminal = Terminal::new();
    terminal
        .save(&json!({ "user_name": "ada", "access_token": "a", "api_domain": "https://www.zohoapis.eu" }));
    let ran = terminal.run(&["api", "GET", "https://www.zohoapis.com/crm/v8/org"]).ended(2);
    assert!(ran.stderr.contains("zohoapis.eu"), "{ran:?}");
    terminal.run(&["records", "get", "..", "1"]).ended(2);
    terminal.run(&["records", "delete", "Leads", "1,2"]).ended(2);
}

#[test]
fn every_shell_gets_its_completions() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let ran = Terminal::new().run(&["completions", shell]).done();
        for word in ["completions", "coql", "upsert", "json-lines"] {
            assert!(ran.stdout.contains(word), "{shell}: {word}");
        }
    }
}

#[test]
fn a_closed_pipe_is_not_an_error() {
    let terminal = Terminal::new();
    let mut child = terminal.command(&["completions", "bash"]).stdout(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let mut stderr = String::new();
    child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    assert_eq!((child.wait().unwrap().code(), stderr.as_str()), (Some(0), ""));
}

#[cfg(target_os = "linux")]
#[test]
fn output_that_cannot_be_written_is_an_error() {
    let terminal = Terminal::new();
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let status = terminal.command(&["completions", "bash"]).stdout(full).status().unwrap();
    assert_eq!(status.code(), Some(1));
}

#[test]
fn an_environment_may_be_in_capitals_with_blanks_around_it() {
    for environment in ["EU", " eu ", "Eu:Sandbox", "eu : SANDBOX", ""] {
        let terminal = Terminal::new().with("ZOHO_ENVIRONMENT", environment);
        terminal.run(&["tokens", "list"]).done();
        Terminal::new().run(&["tokens", "list", "--environment", environment]).done();
    }
    for environment in ["europe", "eu:test", "e u"] {
        let ran = Terminal::new().run(&["tokens", "list", "--environment", environment]).ended(2);
        assert!(ran.stderr.contains("expected one of us, eu"), "{ran:?}");
    }
}

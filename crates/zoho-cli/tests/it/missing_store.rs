//! A token store whose file was deleted.

use std::fs;

use zoho_emulator::Emulator;

use crate::support::{ADA, ADA_STORED, Terminal};

/// Before, it asked for a login, which hides that the path may be wrong.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_store_that_does_not_exist_is_named() {
    let zoho = Emulator::start().await;
    for (kind, name) in [("file", "tokens.txt"), ("sqlite", "tokens.db")] {
        let terminal = Terminal::at(&zoho).with("ZOHO_STORE", format!("{kind}:{name}"));
        terminal.run(&["login", "--code", &zoho.self_client_code(ADA)]).done();
        terminal.run(&["token"]).done();
        for arguments in [
            &["token"][..],
            &["token", "--user", ADA_STORED],
            &["token", "--id", "1"],
            &["records", "list", "Leads", "--fields", "Last_Name"],
        ] {
            for suffix in ["", "-wal", "-shm", ".state"] {
                let _ = fs::remove_file(terminal.path(&format!("{name}{suffix}")));
            }
            let ran = terminal.run(arguments).ended(4);
            let expected = format!("error: the token store `{name}` does not exist\n");
            assert!(ran.stderr.starts_with(&expected), "{ran:?}");
            assert!(ran.stderr.contains("--store") && !ran.stderr.contains("has to log in"), "{ran:?}");
        }
    }
}

#[test]
fn reading_a_store_that_does_not_exist_says_so_and_creates_nothing() {
    for (kind, name) in [("file", "tokens.txt"), ("sqlite", "tokens.db")] {
        let terminal = Terminal::new().with("ZOHO_STORE", format!("{kind}:{name}"));
        for command in ["list", "check"] {
            let ran = terminal.run(&["tokens", command]).done();
            let expected = format!("the token store `{name}` does not exist, so it has no token\n");
            assert_eq!(ran.stderr, expected, "{ran:?}");
        }
        terminal.run(&["tokens", "find", "--user-name", "ada"]).ended(3);
        terminal.run(&["token", "--user", "ada"]).ended(4);
        for suffix in ["", "-wal", "-shm", ".lock", ".state"] {
            let path = terminal.path(&format!("{name}{suffix}"));
            assert!(!path.exists(), "{}", path.display());
        }
    }
}

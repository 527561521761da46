//! A limit on open files that leaves too few for a command.

use std::process::{Command, Stdio};

use crate::support::{Ran, Terminal, logged_in};

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn too_few_file_descriptors_are_an_error_and_no_panic() {
    let (_zoho, terminal) = logged_in().await;
    let list = ["records", "list", "Leads", "--fields", "Last_Name"];
    for arguments in [&["token"][..], &list, &["tokens", "list"]] {
        let ran: Vec<_> = (4..=32).map(|limit| (limit, with_limit(&terminal, limit, arguments))).collect();
        for (limit, ran) in &ran {
            assert!(matches!(ran.code, 0 | 1), "with {limit} files: {ran:?}");
            assert!(ran.code == 0 || ran.stderr.starts_with("error: "), "with {limit} files: {ran:?}");
            assert!(!ran.stderr.contains("panicked"), "with {limit} files: {ran:?}");
        }
        let failed = ran.iter().filter(|(_, ran)| ran.code == 1).count();
        assert!(failed > 0 && failed < ran.len(), "{failed} of {} failed", ran.len());
    }
}

fn with_limit(terminal: &Terminal, limit: u32, arguments: &[&str]) -> Ran {
    let zoho = terminal.command(arguments);
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("ulimit -n {limit}; exec \"$0\" \"$@\"")]);
    shell.arg(zoho.get_program()).args(zoho.get_args()).current_dir(terminal.path("."));
    for (name, value) in zoho.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    Ran::of(shell.stdin(Stdio::null()).output().unwrap())
}

//! The `zoho-emulator` command, as a process of its own.

use std::process::Stdio;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

use crate::{http, send};

#[tokio::test]
async fn the_command_says_what_to_type_next_and_serves_until_it_is_ended() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_zoho-emulator"))
        .args([
            "--port",
            "0",
            "--data-center",
            "eu",
            "--client-id",
            "1000.CLIENT",
            "--client-secret",
            "secret",
        ])
        .args(["--redirect-url", "http://127.0.0.1/callback", "--user", "grace@example.com:60000009"])
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut banner = Vec::new();
    while let Some(line) = lines.next_line().await.unwrap() {
        let is_last = line.contains("curl");
        banner.push(line);
        if is_last {
            break;
        }
    }
    let banner = banner.join("\n");
    assert!(banner.contains("1000.CLIENT") && banner.contains("grace@example.com"));

    let base_url = banner.split_whitespace().find(|word| word.starts_with("http://127.0.0.1:")).unwrap();
    let state = send(http().get(format!("{base_url}/_emulator/state"))).await.json();
    assert_eq!(state["data_centers"]["eu"], base_url);
    assert_eq!(state["users"][0]["zgid"], "60000009");
    child.kill().await.unwrap();
}

#[tokio::test]
async fn the_command_says_why_it_cannot_start() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let output =
        Command::new(env!("CARGO_BIN_EXE_zoho-emulator")).args(["--port", &port]).output().await.unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("could not start"));
}

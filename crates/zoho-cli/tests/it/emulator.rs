//! `zoho emulator`: it starts, says what to type, and stops.

#![cfg(unix)]

use std::io::{BufRead, Read, Write};
use std::net::TcpStream;

use rustix::process::Signal;
use serde_json::Value;

use crate::support::{ADA_STORED, Terminal};

#[test]
fn the_address_is_printed_first_and_ctrl_c_ends_it() {
    for signal in [Signal::INT, Signal::TERM] {
        let terminal = Terminal::new();
        let mut emulator = terminal.start(&["emulator"]);
        let mut stdout = emulator.stdout();
        let mut address = String::new();
        stdout.read_line(&mut address).unwrap();
        assert!(address.starts_with("http://127.0.0.1:"), "{address}");
        emulator.signal(signal);
        let mut rest = String::new();
        stdout.read_to_string(&mut rest).unwrap();
        assert!(rest.contains("zoho login --code ") && rest.contains("ZOHO_CLIENT_SECRET="), "{rest}");
        assert_eq!(emulator.output().code, 0);
    }
}

#[test]
fn the_printed_commands_log_in_a_user() {
    let folder = Terminal::new();
    let mut emulator = folder.start(&["emulator", "--json"]);
    let mut json = serde_json::Deserializer::from_reader(emulator.stdout()).into_iter::<Value>();
    let told = json.next().unwrap().unwrap();
    let text = |name: &str| told[name].as_str().unwrap().to_owned();
    let terminal = Terminal::new()
        .with("ZOHO_ACCOUNTS_URL", text("base_url"))
        .with("ZOHO_API_URL", text("base_url"))
        .with("ZOHO_CLIENT_ID", text("client_id"))
        .with("ZOHO_CLIENT_SECRET", text("client_secret"));
    let ran = terminal.run(&["login", "--code", &text("code")]);
    emulator.signal(Signal::TERM);
    emulator.output();
    assert!(ran.done().stdout.contains(ADA_STORED));
}

#[test]
fn a_port_that_is_taken_is_an_error() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let ran = Terminal::new().run(&["emulator", "--port", &port]).ended(1);
    assert!(ran.stderr.contains(&port), "{ran:?}");
}

#[test]
fn options_set_the_data_center_the_client_and_the_user() {
    let mut emulator = Terminal::new().start(&[
        "emulator",
        "--json",
        "--data-center",
        "eu",
        "--client-id",
        "1000.CLIENT",
        "--client-secret",
        "a secret that is not shown",
        "--redirect-url",
        "http://127.0.0.1/callback",
        "--user",
        "grace@example.com:60000009",
    ]);
    let mut json = serde_json::Deserializer::from_reader(emulator.stdout()).into_iter::<Value>();
    let started = json.next().unwrap().unwrap();
    let url = started["base_url"].as_str().unwrap();
    let mut socket = TcpStream::connect(url.strip_prefix("http://").unwrap()).unwrap();
    socket.write_all(b"GET /_emulator/state HTTP/1.1\r\nHost: zoho\r\nConnection: close\r\n\r\n").unwrap();
    let mut response = String::new();
    socket.read_to_string(&mut response).unwrap();
    emulator.signal(Signal::TERM);
    emulator.output();

    let state: Value = serde_json::from_str(response.split("\r\n\r\n").nth(1).unwrap()).unwrap();
    assert_eq!(state["data_centers"]["eu"], started["base_url"]);
    assert_eq!(state["clients"][0]["redirect_urls"][0], "http://127.0.0.1/callback");
    assert_eq!((&started["client_id"], &started["client_secret"]), (&"1000.CLIENT".into(), &Value::Null));
    assert_eq!(state["clients"][0]["id"], "1000.CLIENT");
    assert_eq!(state["clients"][0]["secret"], "a secret that is not shown");
    assert_eq!(
        (&started["user"], &state["users"][0]["zgid"]),
        (&"grace@example.com".into(), &"60000009".into())
    );
}

//! `zoho emulator`: it starts, says what to type, and stops.

#![cfg(unix)]

use std::io::{BufRead, Read};

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
fn what_it_says_to_type_logs_a_user_in() {
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

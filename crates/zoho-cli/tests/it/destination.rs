//! `-o FILE` and `--result FILE`.

#![cfg(unix)]

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

use zoho_emulator::Emulator;

use crate::bulk::logged_in;
use crate::support::{ADA, Terminal};

const READ: [&str; 5] = ["bulk", "read", "Leads", "--fields", "Last_Name"];

/// An emulator with some leads, and what a read of them prints.
async fn leads() -> (Emulator, Terminal, String) {
    let (zoho, terminal) = logged_in().await;
    zoho.add_records(ADA, "Leads", 3);
    let printed = terminal.run(&READ).done().stdout;
    (zoho, terminal, printed)
}

fn read_into(terminal: &Terminal, file: &str) -> String {
    terminal.run(&[&READ[..], &["-o", file]].concat()).done().stdout
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_dash_is_standard_output_and_no_file_for_results() {
    let (_zoho, terminal, printed) = leads().await;
    assert_eq!(read_into(&terminal, "-"), printed);
    assert!(!terminal.path("-").exists());
    fs::write(terminal.path("leads.csv"), "Last_Name\nOne\n").unwrap();
    terminal.run(&["bulk", "write", "Leads", "leads.csv", "--insert", "--result", "-"]).ended(2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_link_stays_and_its_target_is_replaced() {
    let (_zoho, terminal, printed) = leads().await;
    fs::create_dir(terminal.path("far")).unwrap();
    fs::write(terminal.path("far/old.csv"), "old").unwrap();
    symlink("far/old.csv", terminal.path("link.csv")).unwrap();
    symlink("link.csv", terminal.path("link-to-link.csv")).unwrap();
    symlink("far/new.csv", terminal.path("dangling.csv")).unwrap();
    for (link, file) in [("link-to-link.csv", "far/old.csv"), ("dangling.csv", "far/new.csv")] {
        read_into(&terminal, link);
        assert!(fs::symlink_metadata(terminal.path(link)).unwrap().is_symlink(), "{link}");
        assert!(!fs::symlink_metadata(terminal.path(file)).unwrap().is_symlink(), "{file}");
        assert_eq!(fs::read_to_string(terminal.path(file)).unwrap(), printed);
    }
    assert!(fs::symlink_metadata(terminal.path("link.csv")).unwrap().is_symlink());
    symlink("circle.csv", terminal.path("circle.csv")).unwrap();
    terminal.run(&[&READ[..], &["-o", "circle.csv"]].concat()).ended(1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_new_file_has_the_mode_of_any_other_and_a_replaced_one_keeps_its_own() {
    let (_zoho, terminal, _) = leads().await;
    fs::write(terminal.path("other"), "").unwrap();
    read_into(&terminal, "new.csv");
    assert_eq!(mode(&terminal.path("new.csv")), mode(&terminal.path("other")));
    for old in [0o640, 0o604] {
        fs::set_permissions(terminal.path("new.csv"), Permissions::from_mode(old)).unwrap();
        read_into(&terminal, "new.csv");
        assert_eq!(mode(&terminal.path("new.csv")), old);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_pipe_is_written_to_and_a_folder_is_an_error() {
    let (_zoho, terminal, printed) = leads().await;
    let pipe = terminal.path("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let reader = {
        let pipe = pipe.clone();
        std::thread::spawn(move || fs::read_to_string(pipe).unwrap())
    };
    read_into(&terminal, "pipe");
    assert!(!fs::metadata(&pipe).unwrap().is_file(), "it is still a pipe");
    assert_eq!(reader.join().unwrap(), printed);
    // A link to the device, so that a mistake does not cost the device itself.
    symlink("/dev/null", terminal.path("null")).unwrap();
    read_into(&terminal, "null");
    assert!(fs::symlink_metadata(terminal.path("null")).unwrap().is_symlink());
    let ran = terminal.run(&[&READ[..], &["-o", "."]].concat()).ended(1);
    assert!(ran.stderr.contains("could not write"), "{ran:?}");
}

//! `zoho demo`: the whole life of a token.

use crate::support::Terminal;

#[test]
fn the_demo_is_as_it_tells_and_leaves_nothing_behind() {
    let temporary = tempfile::tempdir().unwrap();
    let terminal = Terminal::new().with("TMPDIR", temporary.path().to_str().unwrap());
    let ran = terminal.run(&["demo"]).done();
    for step in [
        "Log in",
        "Persist",
        "Call the CRM",
        "Expire and renew",
        "Restart",
        "one renewal",
        "Revoke",
        "Log out",
    ] {
        assert!(ran.stdout.contains(step), "{step}: {ran:?}");
    }
    assert!(ran.stderr.is_empty(), "{ran:?}");
    assert_eq!(std::fs::read_dir(temporary.path()).unwrap().count(), 0);
    assert!(!terminal.path("zohooauth.db").exists());
}

#[cfg(unix)]
#[test]
fn an_interrupted_demo_leaves_nothing_behind_either() {
    use std::io::{BufRead, BufReader};
    use std::process::Command;

    let temporary = tempfile::tempdir().unwrap();
    let terminal = Terminal::new().with("TMPDIR", temporary.path().to_str().unwrap());
    let mut child = terminal.command(&["demo"]).spawn().unwrap();
    let mut told = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(told.any(|line| line.unwrap().contains("The token is row")));
    Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(1));
    assert_eq!(std::fs::read_dir(temporary.path()).unwrap().count(), 0);
}

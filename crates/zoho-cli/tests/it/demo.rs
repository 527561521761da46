//! `zoho demo`: the life of a token.

use crate::support::Terminal;

#[test]
fn the_demo_succeeds_and_leaves_nothing_behind() {
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

#[test]
fn the_demo_can_be_told_as_json() {
    let told = Terminal::new().run(&["demo", "--json"]).done().json();
    let mut steps: Vec<&str> =
        told.as_array().unwrap().iter().map(|row| row["step"].as_str().unwrap()).collect();
    steps.dedup();
    assert_eq!((steps.len(), steps[1]), (9, "1. Log in"), "{steps:?}");
    assert!(told.as_array().unwrap().iter().all(|row| !row["text"].as_str().unwrap().is_empty()), "{told}");
}

#[cfg(unix)]
#[test]
fn an_interrupted_demo_leaves_nothing_behind_either() {
    use std::io::BufRead;

    use rustix::process::Signal;

    let temporary = tempfile::tempdir().unwrap();
    let terminal = Terminal::new().with("TMPDIR", temporary.path().to_str().unwrap());
    let mut demo = terminal.start(&["demo"]);
    let mut told = demo.stdout().lines();
    assert!(told.any(|line| line.unwrap().contains("The token is row")));
    demo.signal(Signal::INT);
    assert_eq!(demo.output().code, 1);
    assert_eq!(std::fs::read_dir(temporary.path()).unwrap().count(), 0);
}

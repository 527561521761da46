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

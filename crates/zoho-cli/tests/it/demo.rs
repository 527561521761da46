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

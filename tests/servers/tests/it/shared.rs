//! What a test gets that asks for the shared server. The environment decides, so a child process asks.

use std::process::{Command, Output};

use servers::{Kind, fresh};

#[test]
fn a_test_gets_a_new_place_on_the_shared_server_each_time() {
    let url = "redis://127.0.0.1:6379";
    let said = String::from_utf8(ask(&[("ZOHOCRM_REDIS", url)]).stdout).unwrap();
    let mut places: Vec<_> = said.lines().filter_map(|line| line.strip_prefix("PLACE ")).collect();
    places.dedup();
    assert_eq!(places.len(), 2, "{said}");
    assert!(places.iter().all(|place| place.starts_with("redis://127.0.0.1:6379?prefix=t")), "{said}");
}

#[test]
fn a_test_without_its_server_is_skipped_with_the_reason() {
    let asked =
        ask(&[("ZOHOCRM_REDIS_MISSING", "there is no redis-server"), ("ZOHOCRM_COUNTS_SKIPPED", "1")]);
    let said = String::from_utf8(asked.stdout).unwrap();
    assert!(said.contains("\nSKIPPED: there is no redis-server\n"), "{said}");
    assert!(!said.contains("PLACE"), "{said}");
    assert!(asked.status.success());
}

#[test]
fn a_test_without_its_server_fails_where_nothing_may_be_skipped() {
    let asked = ask(&[("ZOHOCRM_REQUIRE_ALL", "1"), ("ZOHOCRM_COUNTS_SKIPPED", "1")]);
    let said = String::from_utf8(asked.stdout).unwrap();
    assert!(said.contains("nothing may be skipped, but ZOHOCRM_REDIS names no Redis server"), "{said}");
    assert!(!asked.status.success());
}

#[test]
fn a_test_without_its_server_fails_where_nothing_counts_it_as_skipped() {
    let asked = ask(&[]);
    let said = String::from_utf8(asked.stdout).unwrap();
    assert!(said.contains("this test cannot run here: ZOHOCRM_REDIS names no Redis server"), "{said}");
    assert!(!asked.status.success());
}

#[test]
#[ignore = "other tests run it in a separate process"]
#[allow(clippy::print_stdout, reason = "this is how the other tests learn the answer")]
fn child_that_asks_for_the_shared_server() {
    for place in (0..2).map_while(|_| fresh(Kind::Redis)) {
        println!("\nPLACE {place}");
    }
}

/// Runs the test above with only these variables. The output includes its panics.
fn ask(variables: &[(&str, &str)]) -> Output {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "shared::child_that_asks_for_the_shared_server", "--ignored", "--show-output"])
        .env_remove("ZOHOCRM_REDIS")
        .env_remove("ZOHOCRM_REDIS_MISSING")
        .env_remove("ZOHOCRM_REQUIRE_ALL")
        .env_remove("ZOHOCRM_COUNTS_SKIPPED")
        .envs(variables.iter().copied())
        .output()
        .unwrap()
}

//! What the scenarios need: a place, a stand-in for Zoho, and workers.

mod place;
mod worker;
mod zoho;

use std::io::Write;
use std::time::Duration;

use tokio::time::{Instant, sleep};

pub(crate) use place::{Backend, Place, check_rows, contents};
pub(crate) use worker::{Worker, check_clear, close_together};
pub(crate) use zoho::{TOKEN_REQUEST, Zoho};

/// One test for each backend and scenario: `sqlite::name` and `file::name`.
macro_rules! over_every_backend {
    ($($scenario:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $scenario() {
                super::$scenario(crate::support::Backend::Sqlite).await;
            })+
        }
        mod file {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $scenario() {
                super::$scenario(crate::support::Backend::File).await;
            })+
        }
    };
}

/// Says what was measured; seen with `--nocapture`.
macro_rules! measured {
    ($($text:tt)*) => {
        crate::support::print_measured(&format!($($text)*))
    };
}

#[allow(clippy::print_stdout, reason = "the test harness shows or hides it")]
pub(crate) fn print_measured(text: &str) {
    println!("measured: {text}");
}

/// Says that a test could not show anything here, past the harness, which hides what a passing test prints.
pub(crate) fn skip(why: &str) {
    assert!(std::env::var_os("ZOHOCRM_REQUIRE_ALL").is_none(), "this has to run here, but {why}");
    writeln!(std::io::stderr().lock(), "\nSKIPPED: {why}").unwrap();
}

pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Waits until `condition` holds, for half a minute at most.
pub(crate) async fn until(what: &str, condition: impl Fn() -> bool) {
    let started = Instant::now();
    while !condition() {
        assert!(started.elapsed() < Duration::from_secs(30), "waited in vain: {what}");
        sleep(Duration::from_millis(1)).await;
    }
}

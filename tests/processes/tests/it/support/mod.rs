//! What the scenarios need: a place, an emulator of Zoho, and workers.

mod place;
mod worker;
mod zoho;

use std::time::Duration;

use tokio::time::{Instant, sleep};

pub(crate) use place::{Backend, Place, check_rows, contents, with_settings};
pub(crate) use worker::{Worker, check_clear, close_together};
pub(crate) use zoho::{TOKEN_REQUEST, Zoho};

/// One test for each scenario and each backend that is a file: `sqlite::name` and `file::name`.
macro_rules! over_every_file {
    ($(#[$attribute:meta])? $($scenario:ident),+ $(,)?) => {
        tests_over!($(#[$attribute])? sqlite, Sqlite: $($scenario),+);
        tests_over!($(#[$attribute])? file, File: $($scenario),+);
    };
}

/// One test for each scenario and each server: `mariadb::name` and so on.
macro_rules! over_every_server {
    ($($scenario:ident),+ $(,)?) => {
        tests_over!(#[ignore = "needs MariaDB"] mariadb, MariaDb: $($scenario),+);
        tests_over!(#[ignore = "needs PostgreSQL"] postgres, Postgres: $($scenario),+);
        tests_over!(#[ignore = "needs Redis"] redis, Redis: $($scenario),+);
        tests_over!(#[ignore = "needs moto"] secrets_manager, SecretsManager: $($scenario),+);
    };
}

/// One test for each scenario and each backend.
macro_rules! over_every_backend {
    ($($scenario:ident),+ $(,)?) => {
        over_every_file!($($scenario),+);
        over_every_server!($($scenario),+);
    };
}

macro_rules! tests_over {
    ($module:ident, $backend:ident: $($scenario:ident),+) => {
        tests_over!(#[cfg(target_os = "linux")] $module, $backend: $($scenario),+);
    };
    (#[$attribute:meta] $module:ident, $backend:ident: $($scenario:ident),+) => {
        mod $module {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            #[$attribute]
            async fn $scenario() {
                if crate::support::Backend::$backend.is_available() {
                    super::$scenario(crate::support::Backend::$backend).await;
                }
            })+
        }
    };
}

/// Prints a measurement, which `--nocapture` shows.
macro_rules! measured {
    ($($text:tt)*) => {
        crate::support::print_measured(&format!($($text)*))
    };
}

#[allow(clippy::print_stdout, reason = "the test harness shows or hides it")]
pub(crate) fn print_measured(text: &str) {
    println!("measured: {text}");
}

pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Waits until `condition` holds, for at most 30 seconds.
pub(crate) async fn until(what: &str, condition: impl Fn() -> bool) {
    let started = Instant::now();
    while !condition() {
        assert!(started.elapsed() < Duration::from_secs(30), "did not happen within 30 seconds: {what}");
        sleep(Duration::from_millis(1)).await;
    }
}

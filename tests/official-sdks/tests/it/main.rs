//! Tests beside Zoho's official Python SDK: on the same file, on the same table, with the same login.
//!
//! They start the Python interpreter in `ZOHOCRM_PYTHON`, and use the server in `ZOHOCRM_MARIADB` for a table in MySQL.
//! `cargo xtask test` installs the SDK and starts the server.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

/// Runs each test over every kind of store that the SDK has created: a CSV file, an SQLite file, a table in MySQL.
macro_rules! over_every_kind {
    ($($test:ident),+ $(,)?) => {
        over_every_kind!(@stamp csv_file, Csv, TheSdk, "needs the Python SDK", [$($test),+]);
        over_every_kind!(@stamp sqlite_file, Sqlite, TheSdk, "needs the Python SDK", [$($test),+]);
        over_every_kind!(@stamp mysql_table, MySql, TheSdk, "needs the Python SDK and MariaDB", [$($test),+]);
    };
    (@stamp $module:ident, $kind:ident, $first:ident, $ignored:literal, [$($test:ident),+]) => {
        mod $module {
            $(
                #[tokio::test(flavor = "multi_thread")]
                #[ignore = $ignored]
                async fn $test() {
                    super::$test(crate::place::Kind::$kind, crate::beside::First::$first).await;
                }
            )+
        }
    };
}

/// Runs each test over every kind of store, created by the SDK and created by this project.
macro_rules! over_every_kind_and_maker {
    ($($test:ident),+ $(,)?) => {
        over_every_kind![$($test),+];
        over_every_kind!(@stamp csv_file_of_ours, Csv, We, "needs the Python SDK", [$($test),+]);
        over_every_kind!(@stamp sqlite_file_of_ours, Sqlite, We, "needs the Python SDK", [$($test),+]);
        over_every_kind!(@stamp mysql_table_of_ours, MySql, We, "needs the Python SDK and MariaDB", [$($test),+]);
    };
}

mod alternation;
mod at_once;
mod beside;
mod exchange;
mod limits;
mod login;
mod mysql_limits;
mod official_files;
mod place;
mod python;
mod rows;

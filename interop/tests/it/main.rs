//! Beside Zoho's official Python SDK: on the same token file, on the same table, with the same login.
//!
//! The tests start the Python interpreter that `ZOHOCRM_PYTHON` names; `cargo xtask test` makes one. Without it a
//! test says `SKIPPED:` and why, or fails where `ZOHOCRM_REQUIRE_ALL` is set.

/// Runs each test over a CSV file and over a SQLite file, both made by the SDK.
macro_rules! over_every_kind {
    ($($test:ident),+ $(,)?) => {
        over_every_kind!(@stamp csv_file, Csv, TheSdk, [$($test),+]);
        over_every_kind!(@stamp sqlite_file, Sqlite, TheSdk, [$($test),+]);
    };
    (@stamp $module:ident, $kind:ident, $first:ident, [$($test:ident),+]) => {
        mod $module {
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $test() {
                    super::$test(crate::python::Kind::$kind, crate::beside::First::$first).await;
                }
            )+
        }
    };
}

/// Runs each test over both kinds of file, and once more over files that we made.
macro_rules! over_every_kind_and_maker {
    ($($test:ident),+ $(,)?) => {
        over_every_kind![$($test),+];
        over_every_kind!(@stamp csv_file_of_ours, Csv, We, [$($test),+]);
        over_every_kind!(@stamp sqlite_file_of_ours, Sqlite, We, [$($test),+]);
    };
}

mod alternation;
mod beside;
mod exchange;
mod limits;
mod login;
mod official_files;
mod python;
mod rows;

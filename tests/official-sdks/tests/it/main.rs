//! Tests beside Zoho's official SDKs: on the same file, on the same table, with the same login.
//!
//! They start the Python interpreter in `ZOHOCRM_PYTHON` and the SDK for Node in `ZOHOCRM_NODE_SDK`, and use the server in
//! `ZOHOCRM_MARIADB` for a table in MySQL. `cargo xtask test` installs the SDKs and starts the server.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

/// Runs each test over every kind of store that an SDK has created: a CSV file, an SQLite file, a table in MySQL.
macro_rules! over_every_kind {
    ($($test:ident),+ $(,)?) => {
        over_every_kind!(@stamp csv_file, Python, Csv, TheSdk, "needs the Python SDK", [$($test),+]);
        over_every_kind!(@stamp sqlite_file, Python, Sqlite, TheSdk, "needs the Python SDK", [$($test),+]);
        over_every_kind!(@stamp mysql_table, Python, MySql, TheSdk, "needs the Python SDK and MariaDB", [$($test),+]);
        over_every_kind!(@stamp csv_file_of_node, Node, Csv, TheSdk, "needs the Node SDK", [$($test),+]);
        over_every_kind!(@stamp mysql_table_of_node, Node, MySql, TheSdk, "needs the Node SDK and MariaDB", [$($test),+]);
    };
    (@stamp $module:ident, $language:ident, $kind:ident, $first:ident, $ignored:literal, [$($test:ident),+]) => {
        mod $module {
            $(
                #[tokio::test(flavor = "multi_thread")]
                #[ignore = $ignored]
                async fn $test() {
                    let language = crate::sdk::Language::$language;
                    super::$test(language, crate::place::Kind::$kind, crate::beside::First::$first).await;
                }
            )+
        }
    };
}

/// Runs each test over every kind of store, created by an SDK and created by this project.
macro_rules! over_every_kind_and_maker {
    ($($test:ident),+ $(,)?) => {
        over_every_kind![$($test),+];
        over_every_kind!(@stamp csv_file_of_ours, Python, Csv, We, "needs the Python SDK", [$($test),+]);
        over_every_kind!(@stamp sqlite_file_of_ours, Python, Sqlite, We, "needs the Python SDK", [$($test),+]);
        over_every_kind!(@stamp mysql_table_of_ours, Python, MySql, We, "needs the Python SDK and MariaDB", [$($test),+]);
        over_every_kind!(@stamp node_on_our_csv_file, Node, Csv, We, "needs the Node SDK", [$($test),+]);
        over_every_kind!(@stamp node_on_our_mysql_table, Node, MySql, We, "needs the Node SDK and MariaDB", [$($test),+]);
    };
}

mod alternation;
mod at_once;
mod beside;
mod crm;
mod exchange;
mod limits;
mod login;
mod mysql_limits;
mod node_limits;
mod official_files;
mod place;
mod rows;
mod sdk;

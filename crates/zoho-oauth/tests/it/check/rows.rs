//! Which rows are duplicates, and which values count as missing.

use zoho_oauth::store::{AnyStore, FindingKind, SqliteStore};

use super::support::{checked, csv_of, file_with, kinds, private, repaired};
use crate::file::support::{files_beside, rows, text};
use crate::sqlite::support::{OFFICIAL_TABLE, folder};

#[tokio::test]
async fn the_word_null_is_a_missing_value() {
    let (store, _) = file_with(csv_of(&[
        ["1", "ada", "null", "null", "null", "1000.a", "null", "null", "null", "null"],
        ["2", "bob", "null", "null", "null", "null", "null", "null", "null", "null"],
    ]));
    let report = checked(&store).await;
    assert_eq!(kinds(&report.findings), [FindingKind::MissingToken], "{report:#?}");
    assert_eq!(report.findings[0].ids, ["2"]);
}

#[tokio::test]
async fn a_duplicate_id_stays_with_the_first_row_of_a_csv_file() {
    let row = |id, user| [id, user, "c", "s", "1000.r", "1000.a", "", "", "", "https://www.zohoapis.eu"];
    let (store, _) = file_with(csv_of(&[row("1", "ada"), row("9", "bob"), row("1", "eve"), row("", "zoe")]));
    let report = checked(&store).await;
    assert_eq!(kinds(&report.findings), [FindingKind::DuplicateId, FindingKind::NonNumericId], "{report:#?}");
    assert_eq!(report.findings[0].to_string(), "lines 2 and 4 (ids 1 and 1): several rows have this id");
    repaired(&store).await;
    let ids: Vec<_> = rows(&store).await.into_iter().filter_map(|row| row.id).collect();
    assert_eq!(ids, ["1", "9", "10", "11"]);
}

#[tokio::test]
async fn damage_in_a_table_without_a_primary_key_is_reported_but_not_repaired() {
    let folder = folder();
    let path = folder.path().join("keyless.db");
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection.execute_batch(&OFFICIAL_TABLE.replace(", primary key (id)", "")).unwrap();
    let insert = "insert into oauthtoken (id, user_name, access_token) values (?, ?, ?)";
    for (user, access) in [("ada", "1000.a"), ("bob", "1000.b"), ("eve", "")] {
        connection.execute(insert, ["1", user, access]).unwrap();
    }
    drop(connection);
    private(&path);
    let store = AnyStore::from(SqliteStore::open(&path).unwrap());
    let report = checked(&store).await;
    assert_eq!(kinds(&report.findings), [FindingKind::DuplicateId, FindingKind::MissingToken], "{report:#?}");
    assert!(report.findings.iter().all(|finding| !finding.can_be_repaired));
    let repair = repaired(&store).await;
    assert!(repair.repaired.is_empty() && repair.backup.is_none());
    assert_eq!(rows(&store).await.len(), 3);
}

#[tokio::test]
async fn rows_of_other_apps_environments_and_users_are_not_duplicates() {
    let row = |id, user, app, domain| [id, user, app, "s", "1000.r", "1000.a", "", "", "", domain];
    let (store, path) = file_with(csv_of(&[
        row("1", "ada", "app", "https://www.zohoapis.eu"),
        row("2", "ada", "app", "https://sandbox.zohoapis.eu"),
        row("3", "ada", "other", "https://www.zohoapis.eu"),
        row("4", "Ada", "app", "https://www.zohoapis.eu"),
        row("5", "ada ", "app", "https://www.zohoapis.eu"),
    ]));
    let before = text(&path);
    assert_eq!(checked(&store).await.findings, []);
    assert!(repaired(&store).await.backup.is_none());
    assert_eq!(text(&path), before);
    assert_eq!(files_beside(&path), ["sdk_tokens.txt", "sdk_tokens.txt.lock"], "no backup is needed");
}

#[tokio::test]
async fn rows_without_a_user_and_with_one_refresh_token_are_duplicates() {
    let row = |id, refresh| [id, "", "app", "s", refresh, "1000.a", "", "", "", ""];
    let (store, _) = file_with(csv_of(&[row("1", "1000.r"), row("2", "1000.other"), row("3", "1000.r")]));
    let report = checked(&store).await;
    assert_eq!(kinds(&report.findings), [FindingKind::DuplicateRows]);
    assert_eq!(report.findings[0].ids, ["1", "3"]);
    assert!(!report.findings[0].to_string().contains("1000."), "{report:#?}");
}

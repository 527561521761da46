//! Repairs of files, databases and other stores, their backups, and content that is left alone.

use std::path::Path;

use zoho_oauth::OAuthToken;
use zoho_oauth::store::{
    self, AnyStore, FileStore, FindingKind, SqliteStore, StoreErrorKind, StoredToken, TokenStore,
};

use super::support::{
    GOLDEN, LEFT_BEHIND, assert_only_unrepairable_damage_remains, checked, csv_of, database_of, file_with,
    kinds, memory_of, mode, private, repaired, stored,
};
use crate::file::support::{rows, store_with, text};
use crate::sqlite::support::folder;

#[tokio::test]
async fn intact_files_of_official_sdks_have_only_known_findings() {
    for (name, findings) in [
        ("sdk_tokens.txt", vec![]),
        ("sdk_tokens_flow.txt", vec![]),
        ("legacy9_sdk_tokens.txt", vec![FindingKind::NonNumericId; 3]),
        ("legacy9_upgraded_by_7.0.0.txt", vec![FindingKind::NonNumericId; 3]),
    ] {
        let content = text(&Path::new(GOLDEN).join(name));
        let (store, path) = file_with(&content);
        let report = checked(&store).await;
        let other_findings: Vec<_> =
            kinds(&report.findings).into_iter().filter(|kind| *kind != FindingKind::MissingClient).collect();
        assert_eq!(other_findings, findings, "{name}: {report:#?}");
        assert_eq!(text(&path), content, "a check writes nothing");
    }
}

#[tokio::test]
async fn non_numeric_ids_become_numbers_and_the_rows_stay() {
    let (store, _) = file_with(text(&Path::new(GOLDEN).join("legacy9_sdk_tokens.txt")));
    let before = rows(&store).await;
    let repair = repaired(&store).await;
    assert_eq!(repair.repaired.len(), 3);
    let after = rows(&store).await;
    for (before, after) in before.iter().zip(&after) {
        assert!(after.id.as_deref().unwrap().parse::<u64>().is_ok());
        assert_eq!(StoredToken { id: before.id.clone(), ..after.clone() }, *before);
    }
}

#[tokio::test]
async fn a_csv_file_is_repaired_in_one_rewrite_and_the_backup_is_the_original() {
    let original = csv_of(&LEFT_BEHIND).replace("2,bob,", "7,torn row\r\n2,bob,");
    let (store, path) = file_with(&original);
    assert_eq!(store.get_tokens().await.unwrap_err().kind(), StoreErrorKind::Damaged);
    let report = checked(&store).await;
    assert_eq!(report.rows, 7);
    let torn = &report.findings[1];
    assert_eq!((torn.kind, &torn.lines[..]), (FindingKind::UnreadableRow, &[3][..]), "{report:#?}");
    assert_eq!(report.findings[0].lines, [2, 5], "both rows of ada: {report:#?}");

    let repair = repaired(&store).await;
    assert_only_unrepairable_damage_remains(&store, &repair).await;
    let backup = repair.backup.unwrap();
    assert_eq!(std::fs::read(&backup).unwrap(), original.as_bytes());
    assert_eq!((mode(&backup), mode(&path)), (0o600, 0o600));
    let zoe = store.find_token(&OAuthToken::new().with_user("zoe")).await.unwrap().unwrap();
    assert_eq!(zoe.id(), Some("8"), "the id of the torn row is not reused");
    assert!(
        text(&path).contains("2,bob,c,s,1000.r.bob,1000.a.bob,,1795298101000,,https://www.zohoapis.eu\r\n")
    );
}

#[tokio::test]
async fn a_database_is_repaired_in_one_transaction_and_the_backup_is_a_database() {
    let folder = folder();
    let path = folder.path().join("zohooauth.db");
    database_of(&path, &LEFT_BEHIND);
    private(&path);
    let store = AnyStore::from(SqliteStore::open(&path).unwrap());
    let report = checked(&store).await;
    assert_eq!((report.rows, report.findings.len()), (7, 5), "{report:#?}");
    let repair = repaired(&store).await;
    assert_only_unrepairable_damage_remains(&store, &repair).await;
    let backup = repair.backup.unwrap();
    assert_eq!(mode(&backup), 0o600);
    let before = rows(&SqliteStore::open(&backup).unwrap()).await;
    assert_eq!(before.len(), LEFT_BEHIND.len());
    for row in LEFT_BEHIND {
        assert!(before.contains(&stored(row)), "{row:?}");
    }
}

#[tokio::test]
async fn any_other_store_is_repaired_through_the_contract_and_backed_up_as_csv() {
    let valid_rows: Vec<_> = LEFT_BEHIND.into_iter().filter(|row| row[1] != "eve").collect();
    let store = AnyStore::from(memory_of(&valid_rows).await);
    let before = rows(&store).await;
    let folder = folder();
    let backup = folder.path().join("backup.csv");
    let repair = store::repair(&store, Some(&backup)).await.unwrap();
    assert_eq!(repair.backup.as_deref(), Some(backup.as_path()));
    assert_eq!(mode(&backup), 0o600);
    assert_eq!(rows(&FileStore::open(&backup).unwrap()).await, before);
    assert_only_unrepairable_damage_remains(&store, &repair).await;
}

#[tokio::test]
async fn a_truncated_file_keeps_its_complete_rows() {
    let complete = text(&Path::new(GOLDEN).join("sdk_tokens.txt"));
    let expected = rows(&store_with(&complete).0).await;
    let mut cuts = tokio::task::JoinSet::new();
    for cut in (1..complete.len()).step_by(97).filter(|cut| complete.is_char_boundary(*cut)) {
        let (part, expected) = (complete[..cut].to_owned(), expected.clone());
        cuts.spawn(async move {
            let (store, path) = file_with(&part);
            repaired(&store).await;
            let kept = rows(&store).await;
            let complete_rows = part.matches("\r\n").count().saturating_sub(1);
            let last = kept.len();
            assert!(
                last == complete_rows || last == complete_rows + 1,
                "{last} of {complete_rows} rows at {cut}"
            );
            // A cut inside the last value of a row cannot be detected.
            assert_eq!(kept[..complete_rows], expected[..complete_rows], "cut at {cut}");
            std::fs::remove_dir_all(path.parent().unwrap()).unwrap();
        });
    }
    cuts.join_all().await;
}

#[tokio::test]
async fn a_file_without_a_header_gets_one() {
    let (store, path) = file_with("");
    let report = checked(&store).await;
    assert_eq!(kinds(&report.findings), [FindingKind::MissingHeader]);
    repaired(&store).await;
    assert!(text(&path).starts_with("id,user_name,") && rows(&store).await.is_empty());

    let row = "7,ada,c,s,r,a,,1795298101001,https://app.example.com/cb,https://www.zohoapis.eu\r\n";
    let (store, path) = file_with(row);
    assert_eq!(repaired(&store).await.repaired.len(), 1);
    assert!(text(&path).starts_with("id,user_name,") && text(&path).ends_with(row));
}

#[tokio::test]
async fn a_file_without_a_readable_row_is_reported_and_left_unchanged() {
    let by_a_spreadsheet = csv_of(&LEFT_BEHIND).replace(',', ";");
    let with_old_line_ends = csv_of(&LEFT_BEHIND).replace("\r\n", "\r");
    for content in [
        &b"SQLite format 3\0\x10\0\xff\n\0\n"[..],
        b"root:x:0:0:root:/root:/bin/bash\nbin:x:1:1\n",
        b"\xff\xfei\0d\0",
        by_a_spreadsheet.as_bytes(),
        with_old_line_ends.as_bytes(),
    ] {
        let (store, path) = file_with(content);
        let report = checked(&store).await;
        assert_eq!(kinds(&report.findings), [FindingKind::UnreadableRow]);
        assert!(!report.findings[0].can_be_repaired);
        let repair = repaired(&store).await;
        assert!(repair.backup.is_none() && repair.repaired.is_empty(), "{repair:#?}");
        assert_eq!(std::fs::read(&path).unwrap(), content);
    }
}

#[tokio::test]
async fn no_finding_shows_a_secret() {
    let (store, _) = file_with(csv_of(&LEFT_BEHIND) + "9,\"1000.secret\r\n1000.secret,1000.secret\r\n");
    let repair = repaired(&store).await;
    assert!(!repair.repaired.is_empty());
    assert!(!format!("{repair:?}").contains("1000."), "{repair:#?}");
}

#[tokio::test]
async fn a_failed_backup_leaves_the_store_unchanged() {
    let original = csv_of(&LEFT_BEHIND) + "torn";
    let (store, path) = file_with(&original);
    let existing = path.with_file_name("existing");
    std::fs::write(&existing, "something else").unwrap();
    for (backup, kind) in
        [(existing.clone(), StoreErrorKind::Rejected), (path.join("under a file"), StoreErrorKind::Other)]
    {
        let error = store::repair(&store, Some(&backup)).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(&backup.display().to_string()), "{error}");
    }
    assert_eq!((text(&path), text(&existing)), (original, "something else".to_owned()));
}

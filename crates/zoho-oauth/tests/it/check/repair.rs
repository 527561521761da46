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
use crate::file::support::{PYTHON_HEADER, rows, store_with, text, token};
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
    let (backup, removed) = (repair.backup.unwrap(), repair.removed.unwrap());
    assert_eq!(std::fs::read(&backup).unwrap(), original.as_bytes());
    assert_eq!((mode(&backup), mode(&removed), mode(&path)), (0o600, 0o600, 0o600));
    assert_eq!(text(&removed), format!("{PYTHON_HEADER}7,torn row\n"));
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
        b"i\0\0\0d\0\0\0,\0\0\0",
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
async fn every_refresh_token_that_a_repair_takes_out_is_kept_beside_the_file() {
    let older = "1,ada,c,s,1000.r.older,1000.a.older,,1795298101000,,\n";
    let newer = "2,ada,c,s,1000.r.newer,1000.a.newer,,1795298109000,,\n";
    let same = "3,ada,c,s,1000.r.newer,,,1795298101000,,\n";
    let torn = "4,bob,c,s,1000.r.torn,a,b,c\n";
    let header = PYTHON_HEADER.replace('\r', "");
    let (store, path) = file_with(format!("{header}{older}{newer}{same}{torn}"));
    let repair = repaired(&store).await;
    let removed = repair.removed.unwrap();
    assert_eq!(
        text(&removed),
        format!("{header}{torn}{older}"),
        "one row is in the file with the same token"
    );
    assert_eq!(removed.parent(), path.parent());
    assert_eq!(text(&path), format!("{header}{newer}"));

    // Corrected, it can be copied back.
    std::fs::write(&removed, text(&removed).replace("a,b,c\n", "a,,,,\n")).unwrap();
    let copied = rows(&FileStore::open(&removed).unwrap()).await;
    let refresh_tokens: Vec<_> = copied.iter().filter_map(|row| row.refresh_token.as_deref()).collect();
    assert_eq!(refresh_tokens, ["1000.r.torn", "1000.r.older"]);

    let again = repaired(&store).await;
    assert!(again.removed.is_none() && again.backup.is_none(), "{again:#?}");
}

#[tokio::test]
async fn rows_in_other_encodings_and_without_quotes_are_rewritten_and_none_is_lost() {
    let rows_before: [&[u8]; 4] = [
        b"1,Zo\xeb,c,s,1000.r.zoe,,,,,\r\n",
        b"2,bob,c,\"s2,1000.r.bob,,,,,\r\n",
        b"3,Doe, Jane,c,s,1000.r.jane,,,,,\r\n",
        b"4,ada,c,s,1000.r.ada,,,,,\r\n",
    ];
    let (store, path) = file_with([PYTHON_HEADER.as_bytes(), &rows_before.concat()].concat());
    let report = checked(&store).await;
    let found: Vec<_> = report.findings.iter().map(|finding| (finding.kind, finding.lines[0])).collect();
    let (encoding, quotes) = (FindingKind::WrongEncoding, FindingKind::MissingQuotes);
    assert_eq!(found, [(encoding, 2), (quotes, 3), (quotes, 4)], "{report:#?}");
    let before = rows(&store).await;
    let repair = repaired(&store).await;
    assert!(repair.remaining.findings.is_empty() && repair.removed.is_none(), "{repair:#?}");
    assert_eq!(rows(&store).await, before);
    let after = text(&path);
    assert!(
        after.contains("1,Zo\u{eb},c,")
            && after.contains("2,bob,c,\"\"\"s2\",")
            && after.contains("3,\"Doe, Jane\",c,")
    );
    assert!(after.ends_with("4,ada,c,s,1000.r.ada,,,,,\r\n"), "the others are unchanged");
}

#[tokio::test]
async fn a_file_in_utf16_is_repaired_to_utf8() {
    let utf8 = csv_of(&LEFT_BEHIND[1..2]);
    for (mark, unit) in
        [("\u{feff}", u16::to_le_bytes as fn(u16) -> [u8; 2]), ("", u16::to_le_bytes), ("", u16::to_be_bytes)]
    {
        let content: Vec<u8> = format!("{mark}{utf8}").encode_utf16().flat_map(unit).collect();
        let (store, path) = file_with(&content);
        assert_eq!(kinds(&checked(&store).await.findings), [FindingKind::WrongEncoding]);
        let repair = repaired(&store).await;
        assert_eq!(std::fs::read(repair.backup.unwrap()).unwrap(), content);
        assert!(repair.remaining.findings.is_empty());
        assert_eq!(text(&path), utf8);
    }
}

#[tokio::test]
async fn a_file_of_six_columns_is_reported_and_left_unchanged() {
    let content =
        "user_mail,client_id,refresh_token,access_token,grant_token,expiry_time\nada,c,1000.r,a,,1\ntorn\n";
    for content in [content.to_owned(), content.replace("torn\n", "")] {
        let (store, path) = file_with(&content);
        let report = checked(&store).await;
        let torn = content.contains("torn").then_some(FindingKind::UnreadableRow);
        let expected: Vec<_> = [FindingKind::OlderColumns].into_iter().chain(torn).collect();
        assert_eq!((kinds(&report.findings), report.rows), (expected, 1));
        let repair = repaired(&store).await;
        assert!(repair.backup.is_none() && repair.repaired.is_empty(), "{repair:#?}");
        assert_eq!(text(&path), content);
    }
}

#[tokio::test]
async fn a_file_whose_lines_cannot_be_told_apart_is_named_and_left_unchanged() {
    let rows = format!("{PYTHON_HEADER}1,zoe,c,s,1000.r,1000.a,,,,\r\n");
    let appended = "2,eve,c,s,1000.r2,,,,,\r\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let partly_utf16 = [rows.clone().into_bytes(), appended].concat();
    let returns_alone = rows.replace('\n', "").into_bytes();
    for (content, what) in [(partly_utf16, "UTF-16"), (returns_alone, "carriage return")] {
        let (store, path) = file_with(&content);
        let repair = repaired(&store).await;
        assert!(repair.backup.is_none() && repair.repaired.is_empty(), "{repair:#?}");
        assert!(repair.remaining.findings[0].text.contains(what), "{repair:#?}");
        let error = store.get_tokens().await.expect_err("cannot be read").to_string();
        assert!(
            error.contains(what) && error.contains("save it as CSV") && !error.contains("--repair"),
            "{error}"
        );
        assert_eq!(std::fs::read(&path).unwrap(), content);
    }
}

#[tokio::test]
async fn a_repair_of_one_row_without_a_header_keeps_it() {
    let row = "7,bob,CID,SECRET,REFRESH,,,,";
    let (store, path) = file_with(row);
    repaired(&store).await;
    store.save_token(&token("ada")).await.unwrap();
    assert!(text(&path).contains(&format!("\n{row},\n")), "{}", text(&path));
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

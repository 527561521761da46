//! What official SDKs leave behind: found, told, and mended without losing anything.

#![cfg(unix)]

use std::path::{Path, PathBuf};
use std::time::Duration;

use zoho_oauth::OAuthToken;
use zoho_oauth::store::coordination::Coordination;
use zoho_oauth::store::{
    self, AnyStore, CheckReport, FileStore, Finding, FindingKind, MemoryStore, RepairReport, SqliteStore,
    StoreErrorKind, StoredToken, TokenStore,
};

use crate::file::support::{PYTHON_HEADER, files_beside, rows, store_with, text, token};
use crate::sqlite::support::{OFFICIAL_TABLE, folder};

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden");

/// A store as an official SDK left it: two rows for ada, a row without a token, an id that is a word, an expiry
/// that is no number, a refresh token without its client app, and bob, with whom all is well.
const LEFT_BEHIND: [[&str; 10]; 7] = [
    ["1", "ada", "c", "s", "1000.r.ada", "1000.a.old", "", "1795298101000", "", "https://www.zohoapis.eu"],
    ["2", "bob", "c", "s", "1000.r.bob", "1000.a.bob", "", "1795298101000", "", "https://www.zohoapis.eu"],
    ["3", "ada", "c", "s", "", "1000.a.new", "", "1795298109000", "", "https://www.zohoapis.eu"],
    ["4", "eve", "c", "s", "", "", "", "", "", ""],
    ["python_legacy_1", "zoe", "c", "s", "1000.r.zoe", "1000.a.zoe", "", "", "", ""],
    ["5", "kim", "c", "s", "", "1000.a.kim", "", "0", "", ""],
    ["6", "lee", "c", "", "1000.r.lee", "", "", "", "", ""],
];

fn stored(values: [&str; 10]) -> StoredToken {
    StoredToken::from_values(values.map(|value| (!value.is_empty()).then(|| value.to_owned())))
}

fn csv_of(rows: &[[&str; 10]]) -> String {
    PYTHON_HEADER.to_owned() + &rows.iter().map(|row| row.join(",") + "\r\n").collect::<String>()
}

fn database_of(path: &Path, rows: &[[&str; 10]]) {
    let connection = rusqlite::Connection::open(path).unwrap();
    connection.execute_batch(OFFICIAL_TABLE).unwrap();
    for row in rows {
        let insert = "insert into oauthtoken values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
        let values = row.map(|value| (!value.is_empty()).then_some(value));
        connection.execute(insert, rusqlite::params_from_iter(values)).unwrap();
    }
}

/// A store in memory with these rows.
async fn memory_of(rows: &[[&str; 10]]) -> MemoryStore {
    let store = MemoryStore::new();
    for row in rows {
        // A look-up by the id finds nothing, so that each becomes a row of its own.
        store.save_token(&stored(*row).into()).await.unwrap();
    }
    store
}

fn private(path: &Path) {
    set_mode(path, 0o600);
}

fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata(path).unwrap().mode() & 0o777
}

/// A file store whose file only its owner can read.
fn file_with(content: impl AsRef<[u8]>) -> (AnyStore, PathBuf) {
    let (store, path) = store_with(content);
    private(&path);
    (store.into(), path)
}

async fn checked(store: &AnyStore) -> CheckReport {
    store::check(store).await.unwrap()
}

async fn repaired(store: &AnyStore) -> RepairReport {
    store::repair(store, None).await.unwrap()
}

fn kinds(findings: &[Finding]) -> Vec<FindingKind> {
    findings.iter().map(|finding| finding.kind).collect()
}

/// What is right after the repair of [`LEFT_BEHIND`], whatever the store.
async fn assert_all_but_the_reported_is_repaired(store: &AnyStore, repair: &RepairReport) {
    let left = kinds(&repair.remaining.findings);
    assert_eq!(left, [FindingKind::NonNumericExpiry, FindingKind::MissingClient], "{repair:#?}");
    let user = |name: &str| OAuthToken::new().with_user(name);
    let found =
        |token| async move { store.find_token(&token).await.unwrap().map(|row| StoredToken::from(&row)) };
    let ada = found(user("ada")).await.unwrap();
    assert_eq!((ada.id.as_deref(), ada.access_token.as_deref()), (Some("3"), Some("1000.a.new")));
    assert_eq!(ada.refresh_token.as_deref(), Some("1000.r.ada"), "what it lacked came from the other");
    assert_eq!(found(user("bob")).await.unwrap(), stored(LEFT_BEHIND[1]));
    let zoe = found(user("zoe")).await.unwrap();
    assert!(zoe.id.as_deref().unwrap().parse::<u64>().unwrap() > 6, "{zoe:?}");
    assert_eq!(zoe.refresh_token.as_deref(), Some("1000.r.zoe"));
    assert!(store.find_token_by_id("1").await.unwrap().is_none());
    assert_eq!(store.get_tokens().await.unwrap().len(), 5);
    let again = repaired(store).await;
    assert!(again.repaired.is_empty() && again.backup.is_none(), "nothing is left to do: {again:#?}");
}

#[tokio::test]
async fn files_that_official_sdks_wrote_well_have_nothing_to_find() {
    for (name, findings) in [
        ("sdk_tokens.txt", vec![]),
        ("sdk_tokens_flow.txt", vec![]),
        ("legacy9_sdk_tokens.txt", vec![FindingKind::NonNumericId; 3]),
        ("legacy9_upgraded_by_7.0.0.txt", vec![FindingKind::NonNumericId; 3]),
    ] {
        let content = text(&Path::new(GOLDEN).join(name));
        let (store, path) = file_with(&content);
        let report = checked(&store).await;
        let lone: Vec<_> =
            kinds(&report.findings).into_iter().filter(|kind| *kind != FindingKind::MissingClient).collect();
        assert_eq!(lone, findings, "{name}: {report:#?}");
        assert_eq!(text(&path), content, "a check writes nothing");
    }
}

#[tokio::test]
async fn old_ids_that_are_words_become_numbers_and_the_rows_stay() {
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
    assert_all_but_the_reported_is_repaired(&store, &repair).await;
    let backup = repair.backup.unwrap();
    assert_eq!(std::fs::read(&backup).unwrap(), original.as_bytes());
    assert_eq!((mode(&backup), mode(&path)), (0o600, 0o600));
    let zoe = store.find_token(&OAuthToken::new().with_user("zoe")).await.unwrap().unwrap();
    assert_eq!(zoe.id(), Some("8"), "the id of the torn row is not given out again");
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
    assert_all_but_the_reported_is_repaired(&store, &repair).await;
    let backup = repair.backup.unwrap();
    assert_eq!(mode(&backup), 0o600);
    let before = rows(&SqliteStore::open(&backup).unwrap()).await;
    assert_eq!(before.len(), LEFT_BEHIND.len());
    for row in LEFT_BEHIND {
        assert!(before.contains(&stored(row)), "{row:?}");
    }
}

#[tokio::test]
async fn any_other_store_is_repaired_by_the_contract_and_backed_up_as_csv() {
    let rows_it_takes: Vec<_> = LEFT_BEHIND.into_iter().filter(|row| row[1] != "eve").collect();
    let store = AnyStore::from(memory_of(&rows_it_takes).await);
    let before = rows(&store).await;
    let folder = folder();
    let backup = folder.path().join("backup.csv");
    let repair = store::repair(&store, Some(&backup)).await.unwrap();
    assert_eq!(repair.backup.as_deref(), Some(backup.as_path()));
    assert_eq!(mode(&backup), 0o600);
    assert_eq!(rows(&FileStore::open(&backup).unwrap()).await, before);
    assert_all_but_the_reported_is_repaired(&store, &repair).await;
}

#[tokio::test]
async fn a_file_that_was_cut_in_the_middle_keeps_its_whole_rows() {
    let whole = text(&Path::new(GOLDEN).join("sdk_tokens.txt"));
    let expected = rows(&store_with(&whole).0).await;
    let mut cuts = tokio::task::JoinSet::new();
    for cut in (1..whole.len()).step_by(97).filter(|cut| whole.is_char_boundary(*cut)) {
        let (part, expected) = (whole[..cut].to_owned(), expected.clone());
        cuts.spawn(async move {
            let (store, path) = file_with(&part);
            repaired(&store).await;
            let kept = rows(&store).await;
            let whole_rows = part.matches("\r\n").count().saturating_sub(1);
            let last = kept.len();
            assert!(last == whole_rows || last == whole_rows + 1, "{last} of {whole_rows} rows at {cut}");
            // Of a row that lacks a part of its last value alone nobody can tell that it does.
            assert_eq!(kept[..whole_rows], expected[..whole_rows], "cut at {cut}");
            std::fs::remove_dir_all(path.parent().unwrap()).unwrap();
        });
    }
    cuts.join_all().await;
}

#[tokio::test]
async fn an_empty_file_and_one_without_a_header_get_one() {
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
async fn the_word_null_is_no_token_and_no_expiry() {
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
async fn a_table_without_a_key_is_told_and_not_touched() {
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
async fn rows_of_other_apps_environments_and_users_are_no_copies() {
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
    assert_eq!(files_beside(&path), ["sdk_tokens.txt", "sdk_tokens.txt.lock"], "nothing was to be kept");
}

#[tokio::test]
async fn nameless_rows_of_one_token_are_copies() {
    let row = |id, refresh| [id, "", "app", "s", refresh, "1000.a", "", "", "", ""];
    let (store, _) = file_with(csv_of(&[row("1", "1000.r"), row("2", "1000.other"), row("3", "1000.r")]));
    let report = checked(&store).await;
    assert_eq!(kinds(&report.findings), [FindingKind::DuplicateRows]);
    assert_eq!(report.findings[0].ids, ["1", "3"]);
    assert!(!report.findings[0].to_string().contains("1000."), "{report:#?}");
}

#[tokio::test]
async fn files_that_others_can_read_are_closed_to_them() {
    let (store, path) = file_with(csv_of(&LEFT_BEHIND[1..2]));
    store.save_token(&token("zoe")).await.unwrap();
    store.delete_token("7").await.unwrap();
    let state = path.with_extension("txt.state");
    let backup = path.with_extension("txt.backup-old");
    let foreign = path.with_extension("txt.notes");
    for other in [&backup, &foreign, &state] {
        std::fs::write(other, "{}").unwrap();
    }
    for file in [&path, &state, &backup, &foreign] {
        set_mode(file, 0o640);
    }
    let report = checked(&store).await;
    assert_eq!(kinds(&report.findings), [FindingKind::OpenToOthers; 3], "{report:#?}");
    assert!(report.findings[0].text.contains("0640"));
    let repair = repaired(&store).await;
    assert!(repair.backup.is_none(), "no row was touched");
    assert_eq!((repair.repaired.len(), repair.remaining.findings.len()), (3, 0));
    assert_eq!([&path, &state, &backup, &foreign].map(|file| mode(file)), [0o600, 0o600, 0o600, 0o640]);
}

#[cfg(unix)]
#[tokio::test]
async fn the_mode_of_what_a_link_beside_the_store_leads_to_is_not_changed() {
    let (store, path) = file_with(csv_of(&LEFT_BEHIND[1..2]));
    let foreign = path.with_extension("notes");
    std::fs::write(&foreign, "{}").unwrap();
    set_mode(&foreign, 0o644);
    std::os::unix::fs::symlink(&foreign, path.with_extension("txt.backup-1")).unwrap();
    let repair = repaired(&store).await;
    assert_eq!((repair.repaired.len(), mode(&foreign)), (0, 0o644), "{repair:#?}");
}

#[tokio::test]
async fn a_file_in_which_nothing_can_be_read_is_told_and_left_as_it_is() {
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
async fn a_backup_that_cannot_be_made_leaves_the_store_as_it_was() {
    let original = csv_of(&LEFT_BEHIND) + "torn";
    let (store, path) = file_with(&original);
    let taken = path.with_file_name("taken");
    std::fs::write(&taken, "something else").unwrap();
    for (backup, kind) in
        [(taken.clone(), StoreErrorKind::Rejected), (path.join("under a file"), StoreErrorKind::Other)]
    {
        let error = store::repair(&store, Some(&backup)).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(&backup.display().to_string()), "{error}");
    }
    assert_eq!((text(&path), text(&taken)), (original, "something else".to_owned()));
}

#[tokio::test]
async fn a_row_that_is_being_renewed_is_waited_for() {
    let store = AnyStore::from(memory_of(&LEFT_BEHIND[4..5]).await);
    let key = zoho_oauth::store::coordination::LeaseKey::refresh(&"1000.r.zoe".into());
    let zoho_oauth::store::coordination::Acquired::Granted(lease) =
        store.acquire(&key, "somebody", Duration::from_secs(30)).await.unwrap()
    else {
        panic!("nobody else has it");
    };
    let folder = folder();
    let backup = folder.path().join("backup");
    let renewal = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        let mut renewed = stored(LEFT_BEHIND[4]);
        renewed.access_token = Some("1000.a.renewed".into());
        store.save_and_release(&lease, &renewed.into()).await.unwrap();
    };
    let (repair, ()) = tokio::join!(store::repair(&store, Some(&backup)), renewal);
    assert_eq!(repair.unwrap().repaired.len(), 1);
    let rows = rows(&store).await;
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].access_token.as_deref(), Some("1000.a.renewed"));
}

/// Savers that go on while the store is repaired; afterwards each of their tokens is there.
async fn assert_savers_lose_nothing(stores: Vec<AnyStore>, backup: Option<&Path>) {
    const SAVERS: usize = 4;
    const SAVES: usize = 20;
    let savers: Vec<_> = (0..SAVERS)
        .map(|saver| {
            let store = stores[saver % stores.len()].clone();
            tokio::spawn(async move {
                for save in 0..SAVES {
                    loop {
                        match store.save_token(&token(&format!("user {saver} {save}"))).await {
                            Ok(_) => break,
                            // Until the repair has taken the torn rows out.
                            Err(error) if error.kind() == StoreErrorKind::Damaged => {}
                            Err(error) => panic!("{error}"),
                        }
                    }
                }
            })
        })
        .collect();
    let repair = store::repair(&stores[0], backup).await.unwrap();
    assert!(!repair.repaired.is_empty());
    for saver in savers {
        saver.await.unwrap();
    }
    let names: Vec<_> = rows(&stores[0]).await.into_iter().filter_map(|row| row.user_name).collect();
    assert_eq!(names.len(), SAVERS * SAVES + 5, "{names:?}");
    let ids: std::collections::HashSet<_> =
        rows(&stores[0]).await.into_iter().filter_map(|row| row.id).collect();
    assert_eq!(ids.len(), names.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn savers_beside_the_repair_of_a_csv_file_lose_nothing() {
    for torn in ["", "torn\r\n"] {
        let (store, path) = file_with(csv_of(&LEFT_BEHIND) + torn);
        let other = AnyStore::from(FileStore::open(&path).unwrap());
        assert_savers_lose_nothing(vec![store, other], None).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn savers_beside_the_repair_of_a_database_lose_nothing() {
    let folder = folder();
    let path = folder.path().join("zohooauth.db");
    database_of(&path, &LEFT_BEHIND);
    let open = || AnyStore::from(SqliteStore::open(&path).unwrap());
    assert_savers_lose_nothing(vec![open(), open()], None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn savers_beside_the_repair_of_any_other_store_lose_nothing() {
    let folder = folder();
    let rows_it_takes: Vec<_> = LEFT_BEHIND.into_iter().filter(|row| row[1] != "eve").collect();
    let store = AnyStore::from(memory_of(&rows_it_takes).await);
    assert_savers_lose_nothing(vec![store], Some(&folder.path().join("backup.csv"))).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_that_takes_no_lock_is_not_overwritten_by_a_repair() {
    let (store, path) = file_with(csv_of(&LEFT_BEHIND) + "torn\r\n");
    let written = csv_of(&LEFT_BEHIND[1..2]).replace("bob", "written by another program");
    let writer = {
        let (path, written) = (path.clone(), written.clone());
        tokio::task::spawn_blocking(move || {
            std::thread::sleep(Duration::from_millis(200));
            std::fs::write(path, written).unwrap();
        })
    };
    // A damaged file is given half a second to become whole; the other program writes meanwhile.
    let repair = repaired(&store).await;
    writer.await.unwrap();
    assert!(repair.backup.is_none(), "{repair:#?}");
    assert_eq!(text(&path), written);
}

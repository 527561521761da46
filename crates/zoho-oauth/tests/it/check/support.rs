//! Damaged stores, and shorthands to check and repair them.

use std::path::{Path, PathBuf};

use zoho_oauth::OAuthToken;
use zoho_oauth::store::{
    self, AnyStore, CheckReport, Finding, FindingKind, MemoryStore, RepairReport, StoredToken, TokenStore,
};

use crate::file::support::{PYTHON_HEADER, store_with};
use crate::sqlite::support::OFFICIAL_TABLE;

pub(super) const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden");

/// A store that an official SDK damaged: two rows for ada, a row without a token, a non-numeric id, an expiry
/// of 0, a refresh token without its client app, and an intact row for bob.
pub(super) const LEFT_BEHIND: [[&str; 10]; 7] = [
    ["1", "ada", "c", "s", "1000.r.ada", "1000.a.old", "", "1795298101000", "", "https://www.zohoapis.eu"],
    ["2", "bob", "c", "s", "1000.r.bob", "1000.a.bob", "", "1795298101000", "", "https://www.zohoapis.eu"],
    ["3", "ada", "c", "s", "", "1000.a.new", "", "1795298109000", "", "https://www.zohoapis.eu"],
    ["4", "eve", "c", "s", "", "", "", "", "", ""],
    ["python_legacy_1", "zoe", "c", "s", "1000.r.zoe", "1000.a.zoe", "", "", "", ""],
    ["5", "kim", "c", "s", "", "1000.a.kim", "", "0", "", ""],
    ["6", "lee", "c", "", "1000.r.lee", "", "", "", "", ""],
];

pub(super) fn stored(values: [&str; 10]) -> StoredToken {
    StoredToken::from_values(values.map(|value| (!value.is_empty()).then(|| value.to_owned())))
}

pub(super) fn csv_of(rows: &[[&str; 10]]) -> String {
    PYTHON_HEADER.to_owned() + &rows.iter().map(|row| row.join(",") + "\r\n").collect::<String>()
}

pub(super) fn database_of(path: &Path, rows: &[[&str; 10]]) {
    let connection = rusqlite::Connection::open(path).unwrap();
    connection.execute_batch(OFFICIAL_TABLE).unwrap();
    for row in rows {
        let insert = "insert into oauthtoken values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
        let values = row.map(|value| (!value.is_empty()).then_some(value));
        connection.execute(insert, rusqlite::params_from_iter(values)).unwrap();
    }
}

/// A memory store with these rows.
pub(super) async fn memory_of(rows: &[[&str; 10]]) -> MemoryStore {
    let store = MemoryStore::new();
    for row in rows {
        // Each row has its own id, so that no two are merged.
        store.save_token(&stored(*row).into()).await.unwrap();
    }
    store
}

pub(super) fn private(path: &Path) {
    set_mode(path, 0o600);
}

pub(super) fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

pub(super) fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata(path).unwrap().mode() & 0o777
}

/// A file store with a private file.
pub(super) fn file_with(content: impl AsRef<[u8]>) -> (AnyStore, PathBuf) {
    let (store, path) = store_with(content);
    private(&path);
    (store.into(), path)
}

pub(super) async fn checked(store: &AnyStore) -> CheckReport {
    store::check(store).await.unwrap()
}

pub(super) async fn repaired(store: &AnyStore) -> RepairReport {
    store::repair(store, None).await.unwrap()
}

pub(super) fn kinds(findings: &[Finding]) -> Vec<FindingKind> {
    findings.iter().map(|finding| finding.kind).collect()
}

/// Checks the content of any store after the repair of [`LEFT_BEHIND`].
pub(super) async fn assert_only_unrepairable_damage_remains(store: &AnyStore, repair: &RepairReport) {
    let left = kinds(&repair.remaining.findings);
    assert_eq!(left, [FindingKind::NonNumericExpiry, FindingKind::MissingClient], "{repair:#?}");
    let user = |name: &str| OAuthToken::new().with_user(name);
    let found =
        |token| async move { store.find_token(&token).await.unwrap().map(|row| StoredToken::from(&row)) };
    let ada = found(user("ada")).await.unwrap();
    assert_eq!((ada.id.as_deref(), ada.access_token.as_deref()), (Some("3"), Some("1000.a.new")));
    assert_eq!(
        ada.refresh_token.as_deref(),
        Some("1000.r.ada"),
        "its missing value comes from the other row"
    );
    assert_eq!(found(user("bob")).await.unwrap(), stored(LEFT_BEHIND[1]));
    let zoe = found(user("zoe")).await.unwrap();
    assert!(zoe.id.as_deref().unwrap().parse::<u64>().unwrap() > 6, "{zoe:?}");
    assert_eq!(zoe.refresh_token.as_deref(), Some("1000.r.zoe"));
    assert!(store.find_token_by_id("1").await.unwrap().is_none());
    assert_eq!(store.get_tokens().await.unwrap().len(), 5);
    let again = repaired(store).await;
    assert!(
        again.repaired.is_empty() && again.backup.is_none(),
        "a second repair changes nothing: {again:#?}"
    );
}

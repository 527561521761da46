//! File modes that let other users read tokens.

use zoho_oauth::store::{FindingKind, TokenStore};

use super::support::{LEFT_BEHIND, checked, csv_of, file_with, kinds, mode, repaired, set_mode};
use crate::file::support::token;

#[tokio::test]
async fn files_that_others_can_read_become_private() {
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

#[tokio::test]
async fn the_target_of_a_symlink_beside_the_store_keeps_its_mode() {
    let (store, path) = file_with(csv_of(&LEFT_BEHIND[1..2]));
    let foreign = path.with_extension("notes");
    std::fs::write(&foreign, "{}").unwrap();
    set_mode(&foreign, 0o644);
    std::os::unix::fs::symlink(&foreign, path.with_extension("txt.backup-1")).unwrap();
    let repair = repaired(&store).await;
    assert_eq!((repair.repaired.len(), mode(&foreign)), (0, 0o644), "{repair:#?}");
}

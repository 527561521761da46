//! Repairs while other programs use the store.

use std::path::Path;
use std::time::{Duration, Instant};

use zoho_oauth::store::coordination::Coordination;
use zoho_oauth::store::{self, AnyStore, FileStore, SqliteStore, StoreErrorKind, TokenStore};

use super::support::{LEFT_BEHIND, csv_of, database_of, file_with, memory_of, repaired, stored};
use crate::file::support::{rows, text, token};
use crate::sqlite::support::folder;

#[tokio::test]
async fn a_repair_waits_for_a_row_that_is_being_renewed() {
    let store = AnyStore::from(memory_of(&LEFT_BEHIND[4..5]).await);
    let key = zoho_oauth::store::coordination::LeaseKey::refresh(&"1000.r.zoe".into());
    let zoho_oauth::store::coordination::Acquired::Granted(lease) =
        store.acquire(&key, "another program", Duration::from_secs(30)).await.unwrap()
    else {
        panic!("another holder has the lease");
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

/// Saves tokens during a repair and checks that all of them are stored.
async fn assert_concurrent_saves_are_not_lost(stores: Vec<AnyStore>, backup: Option<&Path>) {
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
                            // The repair has not removed the torn rows yet.
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
async fn saves_during_the_repair_of_a_csv_file_are_not_lost() {
    for torn in ["", "torn\r\n"] {
        let (store, path) = file_with(csv_of(&LEFT_BEHIND) + torn);
        let other = AnyStore::from(FileStore::open(&path).unwrap());
        assert_concurrent_saves_are_not_lost(vec![store, other], None).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn saves_during_the_repair_of_a_database_are_not_lost() {
    let folder = folder();
    let path = folder.path().join("zohooauth.db");
    database_of(&path, &LEFT_BEHIND);
    let open = || AnyStore::from(SqliteStore::open(&path).unwrap());
    assert_concurrent_saves_are_not_lost(vec![open(), open()], None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn saves_during_the_repair_of_any_other_store_are_not_lost() {
    let folder = folder();
    let valid_rows: Vec<_> = LEFT_BEHIND.into_iter().filter(|row| row[1] != "eve").collect();
    let store = AnyStore::from(memory_of(&valid_rows).await);
    assert_concurrent_saves_are_not_lost(vec![store], Some(&folder.path().join("backup.csv"))).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repair_does_not_overwrite_a_program_that_takes_no_lock() {
    let written = csv_of(&LEFT_BEHIND[1..2]).replace("bob", "written by another program");
    loop {
        let (store, path) = file_with(csv_of(&LEFT_BEHIND) + "torn\r\n");
        let started = Instant::now();
        let writer = {
            let (path, written) = (path.clone(), written.clone());
            tokio::task::spawn_blocking(move || {
                std::thread::sleep(Duration::from_millis(200));
                std::fs::write(path, written).unwrap();
                started.elapsed()
            })
        };
        // The repair waits half a second for a damaged file to become complete. The other program writes in that time,
        // unless the machine is busy.
        let repair = repaired(&store).await;
        if writer.await.unwrap() < Duration::from_millis(450) {
            assert!(repair.backup.is_none(), "{repair:#?}");
            assert_eq!(text(&path), written);
            return;
        }
    }
}

//! Damage, full disks, missing permissions: the error says what to do and the content is unchanged.

use std::time::{Duration, Instant};

use zoho_oauth::OAuthToken;
use zoho_oauth::store::{FileStore, StoreErrorKind, TokenStore};

use super::support::{PYTHON_HEADER, files_beside, fresh_path, open, rows, store_with, text, token};

#[tokio::test]
async fn a_damaged_file_is_an_error_and_is_never_overwritten() {
    let row = "1,ada,c,top-1,r,a,,1,https://x/cb,https://d\r\n";
    let damaged = [
        String::new(),
        "id,user_na".into(),
        format!("{PYTHON_HEADER}{row}2,bob,c,s"),
        format!("{PYTHON_HEADER}{row}2,\"bob,c,s,r,a,,\r\n"),
        format!("{PYTHON_HEADER}{row}2,bob,c,s,r,a,,1,https://x"),
    ];
    for content in damaged {
        let (store, path) = store_with(&content);
        let read = store.find_token(&OAuthToken::new().with_user("ada")).await.expect_err("damaged");
        let saved = store.save_token(&token("eve")).await.expect_err("damaged");
        let deleted = store.delete_tokens().await.expect_err("damaged");
        for error in [read, saved, deleted] {
            assert_eq!(error.kind(), StoreErrorKind::Damaged, "{content:?}");
            let message = error.to_string();
            assert!(message.contains(&path.display().to_string()) && message.contains("line "), "{message}");
            assert!(message.contains("restore a copy") && !message.contains("top-1"), "{message}");
        }
        assert_eq!(text(&path), content);
    }
}

#[tokio::test]
async fn an_unknown_encoding_is_named() {
    let row = [PYTHON_HEADER.as_bytes(), b"1,\x81\x8d,,,r,,,,,\r\n"].concat();
    let utf32: Vec<u8> = PYTHON_HEADER.chars().flat_map(|one| u32::from(one).to_le_bytes()).collect();
    let half: Vec<u8> = PYTHON_HEADER.encode_utf16().flat_map(u16::to_le_bytes).skip(2).chain([1]).collect();
    for (content, line, what) in [
        (row, "line 2", "neither UTF-8 nor Windows-1252"),
        (utf32, "line 1", "UTF-32"),
        (half, "line 1", "UTF-16"),
    ] {
        let (store, path) = store_with(&content);
        let error = store.save_token(&token("eve")).await.expect_err("damaged");
        assert_eq!(error.kind(), StoreErrorKind::Damaged);
        assert!(error.to_string().contains(line) && error.to_string().contains(what), "{error}");
        assert_eq!(std::fs::read(path).unwrap(), content);
    }
}

#[tokio::test]
async fn a_read_waits_for_a_file_that_is_briefly_truncated() {
    loop {
        let (store, path) = store_with("");
        let started = Instant::now();
        let writer = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(150));
            std::fs::write(path, format!("{PYTHON_HEADER}1,ada,,,r,,,,,\r\n")).unwrap();
            started.elapsed()
        });
        let found = store.find_token(&OAuthToken::new().with_user("ada")).await;
        // On a busy machine the writer may come later than a read waits.
        if writer.join().unwrap() < Duration::from_millis(450) {
            assert!(found.unwrap().is_some());
            return;
        }
    }
}

#[tokio::test]
async fn damage_is_reported_after_about_half_a_second() {
    let (store, _) = store_with("");
    let started = Instant::now();
    store.get_tokens().await.expect_err("damaged");
    let waited = started.elapsed();
    assert!(waited > Duration::from_millis(400) && waited < Duration::from_secs(3), "{waited:?}");
}

#[test]
fn a_missing_folder_and_a_folder_instead_of_the_file_are_clear_errors() {
    let path = fresh_path();
    let missing =
        FileStore::open(path.with_file_name("missing").join("sdk_tokens.txt")).expect_err("no folder");
    assert!(missing.to_string().contains("create the folder"), "{missing}");
    let folder = FileStore::open(path.parent().expect("a folder")).expect_err("a folder");
    assert!(folder.to_string().contains("not of a folder"), "{folder}");
}

#[tokio::test]
async fn a_missing_file_is_an_empty_store_and_a_read_does_not_create_it() {
    let path = fresh_path();
    let store = open(&path);
    assert!(rows(&store).await.is_empty());
    assert!(!store.delete_token("1").await.expect("the call succeeds"));
    assert!(!path.exists());
}

#[tokio::test]
async fn a_damaged_state_file_is_set_aside_and_no_id_is_reused() {
    let path = fresh_path();
    let store = open(&path);
    store.save_token(&token("ada")).await.unwrap();
    store.save_token(&token("bob")).await.unwrap();
    let state = path.with_file_name("sdk_tokens.txt.state");
    std::fs::write(&state, "{\"highest_id\": 7, \"lea").unwrap();
    let saved = open(&path).save_token(&token("eve")).await.unwrap();
    assert_eq!(saved.id(), Some("3"));
    assert_eq!(text(&path.with_file_name("sdk_tokens.txt.state.damaged")), "{\"highest_id\": 7, \"lea");
    assert!(!state.exists());
}

#[tokio::test]
async fn leftovers_of_a_killed_process_are_removed_unless_another_process_is_writing() {
    let path = fresh_path();
    let leftover = path.with_file_name(".sdk_tokens.txt.unfinished");
    std::fs::write(&leftover, "half").unwrap();
    let lock = std::fs::File::create(path.with_file_name("sdk_tokens.txt.lock")).unwrap();
    lock.lock().unwrap();
    open(&path);
    assert!(leftover.exists());
    lock.unlock().unwrap();
    let store = open(&path);
    assert!(!leftover.exists());
    std::fs::write(&leftover, "half").unwrap();
    store.save_token(&token("ada")).await.expect("a leftover blocks no save");
    assert_eq!(files_beside(&path), ["sdk_tokens.txt", "sdk_tokens.txt.lock"]);
}

#[tokio::test]
#[cfg(unix)]
async fn a_lock_that_is_never_released_is_overtaken_after_five_seconds() {
    let (store, path) = store_with(format!("{PYTHON_HEADER}1,ada,,,r,,,,,\r\n"));
    let lock = std::fs::File::create(path.with_file_name("sdk_tokens.txt.lock")).unwrap();
    lock.lock().unwrap();
    assert_eq!(rows(&store).await.len(), 1, "a reader needs no lock");
    let started = Instant::now();
    store.save_token(&token("bob")).await.unwrap();
    let waited = started.elapsed();
    assert!(waited >= Duration::from_secs(5) && waited < Duration::from_secs(9), "{waited:?}");
    store.save_token(&token("eve")).await.unwrap();
    assert!(started.elapsed() < waited + Duration::from_secs(2), "others do not wait again");
    drop(lock);
    open(&path).save_token(&token("mallory")).await.unwrap();
    assert_eq!(rows(&store).await.len(), 4);
}

#[cfg(unix)]
mod permissions {
    use std::fs::Permissions;
    use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
    use std::os::unix::process::CommandExt;

    use super::super::support::{child, child_path, child_under, succeeds};
    use super::*;

    const NOBODY: u32 = 65_534;

    #[tokio::test]
    async fn a_symlink_is_followed_and_kept() {
        let path = fresh_path();
        let link = path.with_file_name("link.txt");
        symlink("sdk_tokens.txt", &link).unwrap();
        let store = open(&link);
        store.save_token(&token("ada")).await.unwrap();
        open(&path).save_token(&token("bob")).await.unwrap();
        assert_eq!(rows(&store).await.len(), 2);
        assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(files_beside(&path), ["link.txt", "sdk_tokens.txt", "sdk_tokens.txt.lock"], "one lock");
    }

    #[test]
    fn every_file_is_private_to_its_owner_under_any_umask() {
        for umask in ["umask 022", "umask 000", "umask 0277"] {
            let path = fresh_path();
            std::fs::write(&path, format!("{PYTHON_HEADER}1,ada,,,r,,,,,\r\n")).unwrap();
            std::fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
            succeeds(child_under(umask, "file::faults::permissions::child_saves_and_deletes", &path));
            let names = files_beside(&path);
            assert_eq!(names, ["sdk_tokens.txt", "sdk_tokens.txt.lock", "sdk_tokens.txt.state"]);
            for name in names {
                let metadata = std::fs::metadata(path.with_file_name(&name)).unwrap();
                assert_eq!(metadata.mode() & 0o777, 0o600, "{name} under {umask}");
            }
        }
    }

    #[tokio::test]
    #[ignore = "another test runs it, in a separate process"]
    async fn child_saves_and_deletes() {
        let path = child_path();
        let store = open(&path);
        store.save_token(&token("bob")).await.unwrap();
        assert!(store.delete_token("1").await.unwrap());
    }

    #[test]
    fn a_file_that_would_exceed_the_size_limit_is_left_unchanged() {
        let rows: String =
            (1..60).map(|id| format!("{id},user {id},c,s,refresh {id},access,,1,u,d\r\n")).collect();
        let content = format!("{PYTHON_HEADER}{rows}");
        let (_, path) = store_with(&content);
        // The limit counts blocks. Without the trap, SIGXFSZ would kill the child.
        succeeds(child_under(
            "trap '' XFSZ; ulimit -f 1",
            "file::faults::permissions::child_runs_out_of_space",
            &path,
        ));
        assert_eq!(text(&path), content);
        assert_eq!(files_beside(&path), ["sdk_tokens.txt", "sdk_tokens.txt.lock"]);
    }

    #[tokio::test]
    #[ignore = "another test runs it, in a separate process"]
    async fn child_runs_out_of_space() {
        let path = child_path();
        let store = open(&path);
        let error = store.save_token(&token("eve")).await.expect_err("the disk is full");
        assert_eq!(error.kind(), StoreErrorKind::Full, "{error}");
        assert!(error.to_string().contains(&path.display().to_string()), "{error}");
        let found = store.find_token(&OAuthToken::new().with_user("eve")).await.unwrap();
        assert!(found.is_none(), "the failed save is not visible");
    }

    #[test]
    fn in_a_read_only_folder_reads_work_and_saves_are_rejected() {
        let (_, path) = store_with(format!("{PYTHON_HEADER}1,ada,,,r,,,,,\r\n"));
        let folder = path.parent().expect("a folder");
        let mut command = child("file::faults::permissions::child_without_write_permission", &path);
        if std::fs::metadata(&path).unwrap().uid() == 0 {
            // File permissions do not restrict root.
            chown(&path, Some(NOBODY), Some(NOBODY)).expect("given away");
            command.uid(NOBODY).gid(NOBODY);
        }
        std::fs::set_permissions(folder, Permissions::from_mode(0o555)).unwrap();
        succeeds(command);
        std::fs::set_permissions(folder, Permissions::from_mode(0o755)).unwrap();
    }

    #[tokio::test]
    #[ignore = "another test runs it, in a separate process"]
    async fn child_without_write_permission() {
        let path = child_path();
        let store = open(&path);
        assert_eq!(rows(&store).await.len(), 1);
        for error in [
            store.save_token(&token("eve")).await.expect_err("no permission"),
            store.delete_token("1").await.expect_err("no permission"),
        ] {
            assert_eq!(error.kind(), StoreErrorKind::Permission, "{error}");
            assert!(error.to_string().contains("allow this account"), "{error}");
        }
        assert_eq!(rows(&store).await.len(), 1);
    }

    #[test]
    fn reading_a_file_without_permission_is_a_permission_error() {
        let (_, path) = store_with(format!("{PYTHON_HEADER}1,ada,,,r,,,,,\r\n"));
        std::fs::set_permissions(&path, Permissions::from_mode(0o000)).unwrap();
        let mut command = child("file::faults::permissions::child_without_read_permission", &path);
        if std::fs::metadata(&path).unwrap().uid() == 0 {
            command.uid(NOBODY).gid(NOBODY);
        }
        succeeds(command);
    }

    #[tokio::test]
    #[ignore = "another test runs it, in a separate process"]
    async fn child_without_read_permission() {
        let error = open(&child_path()).get_tokens().await.expect_err("no permission");
        assert_eq!(error.kind(), StoreErrorKind::Permission, "{error}");
    }
}

#[test]
fn debug_shows_no_secret() {
    let (store, path) = store_with(format!("{PYTHON_HEADER}1,ada,c,top-1,top-2,top-3,,,,\r\n"));
    let shown = format!("{store:?}");
    assert!(shown.contains(&path.display().to_string()) && !shown.contains("top-"), "{shown}");
}

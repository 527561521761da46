//! If its file cannot be used, the SQLite store returns a clear error and leaves the content intact.

use std::fs;
use std::path::Path;

use rusqlite::Connection;
use zoho_oauth::OAuthToken;
use zoho_oauth::store::{SqliteStore, StoreError, StoreErrorKind, TokenStore};

use super::support::{folder, fresh_path, open, open_with_short_timeout, open_with_tables, token, users};

#[test]
fn a_missing_folder_is_named_and_not_created() {
    let folder = folder();
    let path = folder.path().join("missing").join("zohooauth.db");
    let error = clear_error(SqliteStore::open(&path), &path);
    assert_eq!(error.kind(), StoreErrorKind::Other);
    assert!(error.to_string().contains("create the folder first"), "{error}");
    assert!(!folder.path().join("missing").exists());
}

#[test]
fn a_folder_and_an_empty_path_are_rejected() {
    let folder = folder();
    clear_error(SqliteStore::open(folder.path()), folder.path());
    clear_error(SqliteStore::open(""), Path::new(""));
}

#[test]
fn a_file_that_is_not_a_database_is_left_unchanged() {
    let path = fresh_path();
    let csv = "id,user_name\n1,ada\n".repeat(100);
    fs::write(&path, &csv).unwrap();
    let error = clear_error(SqliteStore::open(&path), &path);
    assert_eq!(error.kind(), StoreErrorKind::Damaged);
    assert_eq!(fs::read_to_string(&path).unwrap(), csv);
}

#[tokio::test]
async fn a_truncated_database_is_reported_as_damaged_and_left_unchanged() {
    let path = fresh_path();
    let store = open(&path);
    for number in 0..200 {
        store.save_token(&token(&format!("user {number}"))).await.unwrap();
    }
    drop(store);
    let complete = fs::read(&path).unwrap();
    fs::write(&path, &complete[..complete.len() / 2]).unwrap();
    let error = match SqliteStore::open(&path) {
        Ok(store) => store.get_tokens().await.expect_err("the rows are gone"),
        Err(error) => error,
    };
    assert_eq!(error.kind(), StoreErrorKind::Damaged, "{error}");
    assert_eq!(fs::read(&path).unwrap(), complete[..complete.len() / 2]);
}

#[tokio::test]
async fn an_empty_file_becomes_a_database() {
    let path = fresh_path();
    fs::write(&path, "").unwrap();
    open(&path).save_token(&token("ada")).await.unwrap();
    assert_eq!(users(&open(&path)).await, ["ada"]);
}

#[tokio::test]
async fn a_locked_database_is_busy_after_the_timeout_but_can_be_read() {
    let path = fresh_path();
    let store = open_with_short_timeout(&path);
    store.save_token(&token("ada")).await.unwrap();
    let other = Connection::open(&path).unwrap();
    other.execute_batch("begin immediate").unwrap();

    let error = store.save_token(&token("bob")).await.expect_err("locked");
    assert_eq!(error.kind(), StoreErrorKind::Busy, "{error}");
    assert!(error.is_transient());
    assert_eq!(users(&store).await, ["ada"]);
    assert_eq!(users(&open_with_short_timeout(&path)).await, ["ada"]);

    other.execute_batch("rollback").unwrap();
    store.save_token(&token("bob")).await.unwrap();
}

#[tokio::test]
async fn a_save_waits_for_a_lock_that_is_released_in_time() {
    let path = fresh_path();
    let store = open_with_tables(&path).await;
    let other = Connection::open(&path).unwrap();
    other.execute_batch("begin immediate").unwrap();
    let saving = tokio::spawn({
        let store = store.clone();
        async move { store.save_token(&token("ada")).await }
    });
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    assert!(!saving.is_finished());
    other.execute_batch("commit").unwrap();
    saving.await.expect("no panic").unwrap();
}

/// SQLite itself would keep writing to the unlinked file.
#[tokio::test]
#[cfg(unix)]
async fn a_save_to_a_deleted_file_is_rejected_and_one_after_it_was_replaced_is_not() {
    let path = fresh_path();
    let store = open(&path);
    store.save_token(&token("ada")).await.unwrap();
    fs::remove_file(&path).unwrap();
    clear_error(store.save_token(&token("bob")).await, &path);
    fs::write(&path, "").expect("another file");
    store.save_token(&token("bob")).await.unwrap();
    assert_eq!(users(&open(&path)).await, ["bob"]);
}

/// Saves share a transaction, but a failed one must not roll back the others.
#[tokio::test]
async fn a_failed_save_does_not_affect_the_others() {
    let path = fresh_path();
    let store = open_with_tables(&path).await;
    let guarded = "create trigger guard before insert on oauthtoken when new.user_name = 'mallory' \
        begin select raise(abort, 'rejected'); end;
        create trigger bomb before insert on oauthtoken when new.user_name = 'trudy' \
        begin select raise(rollback, 'rejected'); end;";
    Connection::open(&path).unwrap().execute_batch(guarded).unwrap();
    let savers: Vec<_> = (0..60)
        .map(|number| {
            let user = match number % 10 {
                3 => "mallory".to_owned(),
                7 => "trudy".to_owned(),
                _ => format!("user {number}"),
            };
            let store = store.clone();
            tokio::spawn(async move { store.save_token(&token(&user)).await })
        })
        .collect();
    let mut saved = 0;
    for saver in savers {
        match saver.await.expect("no panic") {
            Ok(_) => saved += 1,
            Err(error) => assert_eq!(error.kind(), StoreErrorKind::Rejected, "{error}"),
        }
    }
    assert_eq!(saved, 48);
    assert_eq!(users(&store).await.len(), 48);
}

#[tokio::test]
async fn an_error_shows_no_secret() {
    let path = fresh_path();
    let store = open_with_tables(&path).await;
    let guarded = "create trigger guard before insert on oauthtoken begin select raise(abort, 'no'); end";
    Connection::open(&path).unwrap().execute_batch(guarded).unwrap();
    let error = store.save_token(&token("ada")).await.expect_err("rejected");
    assert!(!format!("{error} {error:?} {store:?}").contains("top-secret"));
}

/// Folders and files without permission. A test that runs as root switches to another account, since permissions
/// do not restrict root.
#[cfg(unix)]
mod permissions {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
    use std::os::unix::process::CommandExt;

    use super::*;
    use crate::sqlite::support::{path_from_parent, process, succeeded, with_suffix};

    #[tokio::test]
    async fn a_read_only_database_can_be_read() {
        let folder = folder();
        let path = with_one_token(folder.path()).await;
        set_mode(&path, 0o444);
        as_another_account("sqlite::faults::permissions::child_reads_but_cannot_save", folder.path(), &path);
    }

    #[tokio::test]
    async fn a_database_in_a_read_only_folder_can_be_read() {
        let folder = folder();
        let path = with_one_token(folder.path()).await;
        set_mode(folder.path(), 0o555);
        as_another_account("sqlite::faults::permissions::child_reads_but_cannot_save", folder.path(), &path);
        set_mode(folder.path(), 0o755);
    }

    #[tokio::test]
    async fn a_read_only_table_of_an_official_sdk_can_be_read() {
        let folder = folder();
        let path = folder.path().join("zohooauth.db");
        let official = Connection::open(&path).unwrap();
        official.execute_batch(crate::sqlite::support::OFFICIAL_TABLE).unwrap();
        official.execute_batch("insert into oauthtoken (id, user_name) values ('1', 'ada')").unwrap();
        drop(official);
        set_mode(&path, 0o444);
        set_mode(folder.path(), 0o555);
        as_another_account("sqlite::faults::permissions::child_reads_but_cannot_save", folder.path(), &path);
        set_mode(folder.path(), 0o755);
    }

    #[tokio::test]
    async fn missing_permissions_are_distinguished_from_damage() {
        let folder = folder();
        let path = with_one_token(folder.path()).await;
        set_mode(&path, 0o000);
        as_another_account("sqlite::faults::permissions::child_cannot_open", folder.path(), &path);
        set_mode(folder.path(), 0o555);
        let missing = folder.path().join("another.db");
        as_another_account("sqlite::faults::permissions::child_cannot_create", folder.path(), &missing);
        set_mode(folder.path(), 0o755);
    }

    #[tokio::test]
    #[ignore = "other tests run it, in a separate process"]
    async fn child_reads_but_cannot_save() {
        let Some(path) = path_from_parent() else { return };
        let before = fs::read(&path).unwrap();
        let store = open(&path);
        assert_eq!(users(&store).await, ["ada"]);
        let found = store.find_token(&OAuthToken::new().with_user("ada")).await.unwrap();
        assert_eq!(found.and_then(|token| token.id().map(str::to_owned)).as_deref(), Some("1"));
        let error = store.save_token(&token("bob")).await.expect_err("not permitted");
        assert_eq!(error.kind(), StoreErrorKind::Permission, "{error}");
        clear_error(Err::<(), _>(error), &path);
        assert_eq!(users(&store).await, ["ada"]);
        drop(store);
        assert_eq!(fs::read(&path).unwrap(), before);
    }

    #[test]
    #[ignore = "other tests run it, in a separate process"]
    fn child_cannot_open() {
        let Some(path) = path_from_parent() else { return };
        let error = clear_error(SqliteStore::open(&path), &path);
        assert_eq!(error.kind(), StoreErrorKind::Permission, "{error}");
    }

    #[tokio::test]
    #[ignore = "other tests run it, in a separate process"]
    async fn child_cannot_create() {
        let Some(path) = path_from_parent() else { return };
        let store = open(&path);
        assert!(users(&store).await.is_empty());
        let error = clear_error(store.save_token(&token("ada")).await, &path);
        assert_eq!(error.kind(), StoreErrorKind::Permission, "{error}");
    }

    #[tokio::test]
    async fn a_new_database_is_private_to_its_owner_under_any_umask() {
        for umask in ["000", "022", "777"] {
            let folder = folder();
            let path = folder.path().join("zohooauth.db");
            let test = process("sqlite::faults::permissions::child_creates_a_database", &path);
            let mut shell = std::process::Command::new("sh");
            shell.args(["-c", "umask $0; exec \"$@\"", umask]).arg(test.get_program()).args(test.get_args());
            shell.envs(test.get_envs().filter_map(|(name, value)| Some((name, value?))));
            shell.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
            succeeded(shell.spawn().expect("a shell starts"));
        }
    }

    #[tokio::test]
    #[ignore = "another test runs it, in a separate process"]
    async fn child_creates_a_database() {
        let Some(path) = path_from_parent() else { return };
        let store = open(&path);
        store.save_token(&token("ada")).await.unwrap();
        for file in ["", "-wal", "-shm"] {
            assert_eq!(mode(&with_suffix(&path, file)), 0o600, "the file {file:?}");
        }
    }

    #[test]
    fn the_mode_of_an_existing_file_is_left_unchanged() {
        let path = fresh_path();
        fs::write(&path, "").unwrap();
        set_mode(&path, 0o640);
        drop(open(&path));
        assert_eq!(mode(&path), 0o640);
    }

    async fn with_one_token(folder: &Path) -> std::path::PathBuf {
        let path = folder.join("zohooauth.db");
        open(&path).save_token(&token("ada")).await.unwrap();
        path
    }

    fn as_another_account(test: &str, folder: &Path, path: &Path) {
        const NOBODY: u32 = 65_534;
        let mut command = process(test, path);
        let this_account = fs::metadata(super::folder().path()).unwrap().uid();
        if this_account == 0 {
            for file in [folder, path].into_iter().filter(|file| file.exists()) {
                chown(file, Some(NOBODY), Some(NOBODY)).expect("root gives files away");
            }
            command.uid(NOBODY).gid(NOBODY);
        }
        succeeded(command.spawn().expect("another account may run this program"));
    }

    fn set_mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("the mode can be set");
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }
}

/// A full disk: a small tmpfs that the test mounts if it has the permission.
#[cfg(target_os = "linux")]
mod full_disk {
    use std::process::{Command, Stdio};

    use super::*;
    use crate::sqlite::support::{path_from_parent, process, succeeded};

    #[test]
    #[ignore = "needs a small disk: root, or `unshare`"]
    fn a_full_disk_is_reported_and_stored_tokens_stay() {
        let folder = folder();
        let may_mount = on_a_small_disk(folder.path(), &Command::new("true")).status();
        if !may_mount.is_ok_and(|status| status.success()) {
            return servers::skip("`unshare` has no permission to mount a small disk");
        }
        let tests = [
            "child_fills_the_disk",
            "child_renews_tokens_on_a_nearly_full_disk",
            "child_reads_a_table_of_an_official_sdk_on_a_full_disk",
        ];
        for test in tests {
            let test = format!("sqlite::faults::full_disk::{test}");
            let test = process(&test, &folder.path().join("zohooauth.db"));
            succeeded(on_a_small_disk(folder.path(), &test).spawn().expect("the disk is mounted"));
        }
    }

    fn on_a_small_disk(folder: &Path, program: &Command) -> Command {
        const MOUNT: &str = "mount -t tmpfs -o size=512k none \"$0\" && exec \"$@\"";
        let mut command = Command::new("unshare");
        command.args(["--map-root-user", "--mount", "sh", "-c", MOUNT]).arg(folder);
        command.arg(program.get_program()).args(program.get_args());
        command.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    #[tokio::test]
    #[ignore = "another test runs it, in a separate process, on a small disk"]
    async fn child_fills_the_disk() {
        let Some(path) = path_from_parent() else { return };
        let store = open(&path);
        let mut saved = Vec::new();
        let error = loop {
            let user = format!("user {:04}", saved.len());
            match store.save_token(&token(&user).with_redirect_url("x".repeat(2_000))).await {
                Ok(_) => saved.push(user),
                Err(error) => break error,
            }
        };
        assert_eq!(error.kind(), StoreErrorKind::Full, "{error}");
        clear_error(Err::<(), _>(error), &path);
        assert!(!saved.is_empty());
        assert_eq!(users(&store).await, saved);
        drop(store);
        assert_eq!(users(&open(&path)).await, saved);
    }

    /// An unbounded write-ahead log alone would fill the disk.
    #[tokio::test]
    #[ignore = "another test runs it, in a separate process, on a small disk"]
    async fn child_renews_tokens_on_a_nearly_full_disk() {
        let Some(path) = path_from_parent() else { return };
        let store = open(&path);
        for round in 0..1_000 {
            let renewed = token("ada").with_access_token(format!("access {round}"));
            store.save_token(&renewed).await.expect("the row still fits");
        }
    }

    #[tokio::test]
    #[ignore = "another test runs it, in a separate process, on a small disk"]
    async fn child_reads_a_table_of_an_official_sdk_on_a_full_disk() {
        let Some(path) = path_from_parent() else { return };
        let official = Connection::open(&path).unwrap();
        official.execute_batch(crate::sqlite::support::OFFICIAL_TABLE).unwrap();
        official.execute_batch("insert into oauthtoken (id, user_name) values ('1', 'ada')").unwrap();
        drop(official);
        fs::write(path.with_extension("filler"), vec![0; 1 << 20]).expect_err("it does not fit");
        let store = open(&path);
        assert_eq!(users(&store).await, ["ada"]);
        let error = store.save_token(&token("bob")).await.expect_err("the disk is full");
        assert_eq!(error.kind(), StoreErrorKind::Full, "{error}");
        let new = path.with_extension("new");
        let error = clear_error(open(&new).save_token(&token("bob")).await, &new);
        assert_eq!(error.kind(), StoreErrorKind::Full, "{error}");
        fs::remove_file(path.with_extension("filler")).unwrap();
        store.save_token(&token("bob")).await.unwrap();
    }
}

/// Returns the error after checking that it names the file and the next step.
fn clear_error<T>(result: Result<T, StoreError>, path: &Path) -> StoreError {
    let Err(error) = result else { panic!("{} was accepted", path.display()) };
    let text = error.to_string();
    assert!(text.contains(&path.display().to_string()) && text.contains("; "), "{text}");
    error
}

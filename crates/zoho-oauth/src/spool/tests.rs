use std::fs::{self, File};
use std::path::Path;
use std::time::Duration;

use super::*;
use crate::machine::this_machine::ThisMachine;
use crate::store::{MemoryStore, StoreErrorKind};

fn machine() -> Arc<dyn Machine> {
    Arc::new(ThisMachine::new(Duration::from_secs(1)))
}

/// A spool of a store at `address` that holds this identity.
fn spool_of(folders: &[&Path], address: &str, identity: Option<&str>) -> Spool {
    let known = KnownIdentity::default();
    known.set(identity.map(StoreIdentity::new)).unwrap();
    let folders = folders.iter().map(|folder| (*folder).to_owned()).collect();
    Spool {
        folders: Folders::new(machine(), folders),
        address: address.to_owned(),
        identity: known,
        in_use: Mutex::default(),
    }
}

fn spool(folder: &Path) -> Spool {
    spool_of(&[folder], "a", None)
}

/// A token of ada's refresh token that expires at this second.
fn token(access_token: &str, second: u64) -> StoredToken {
    StoredToken {
        id: Some("1".into()),
        user_name: Some("ada".into()),
        refresh_token: Some("1000.refresh".into()),
        access_token: Some(access_token.into()),
        expiry_time: Some((second * 1_000).to_string()),
        ..StoredToken::default()
    }
}

fn put(spool: &Spool, token: StoredToken, origin: Origin) -> PathBuf {
    let entry = spool.put(token, origin, LoginFacts::default()).unwrap();
    entry.path().unwrap().to_owned()
}

/// The access tokens in the spool.
fn access_tokens(spool: &Spool) -> Vec<String> {
    spool.entries().into_iter().filter_map(|entry| entry.token.access_token).collect()
}

fn files_in(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect()
}

fn rejected() -> StoreError {
    StoreError::of(StoreErrorKind::Full, "save a token")
}

#[test]
fn a_spooled_token_is_there_until_it_is_removed() {
    let folder = tempfile::tempdir().unwrap();
    let spool = spool(folder.path());
    put(&spool, token("one", 1), Origin::Renewal);
    let entries = spool.entries();
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0].token, token("one", 1));
    spool.remove(&entries[0]);
    assert!(spool.entries().is_empty());
    assert!(files_in(folder.path()).is_empty());
}

#[test]
fn the_next_folder_is_used_when_the_first_fails() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("not a folder");
    fs::write(&file, "").unwrap();
    let spool = spool_of(&[&file, &folder.path().join("second")], "a", None);
    put(&spool, token("one", 1), Origin::Renewal);
    assert_eq!(access_tokens(&spool), ["one"]);
}

#[test]
fn a_store_without_a_file_spools_under_the_home_folder_and_a_store_in_memory_does_not_spool() {
    let folders = |store: &AnyStore| {
        let spool = Spool::new(machine(), store, KnownIdentity::default(), None);
        format!("{:?}", spool.folders)
    };
    let home = home_folder().unwrap();
    assert!(folders(&AnyStore::new(MemoryStore::new())).contains(&format!("paths: [{home:?}]")));
    assert!(folders(&MemoryStore::new().into()).contains("paths: []"));
}

#[test]
fn there_is_one_file_for_each_refresh_token() {
    let folder = tempfile::tempdir().unwrap();
    let spool = spool(folder.path());
    for second in 1..10 {
        put(&spool, token(&format!("token {second}"), second), Origin::Renewal);
    }
    let other = StoredToken { refresh_token: Some("1000.other".into()), ..token("other", 1) };
    put(&spool, other.clone(), Origin::Renewal);
    assert_eq!(files_in(folder.path()).len(), 2);
    let of_ada = spool.of_credential(&token("", 0));
    assert_eq!(of_ada.len(), 1);
    assert_eq!(of_ada[0].token, token("token 9", 9));
    assert_eq!(spool.of_credential(&other)[0].token, other);
}

#[test]
fn a_newer_token_in_the_next_folder_replaces_an_older_one_in_the_first() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (folder.path().join("first"), folder.path().join("second"));
    put(&spool(&first), token("one", 1), Origin::Renewal);
    put(&spool_of(&[&second, &first], "a", None), token("two", 2), Origin::Renewal);
    assert!(files_in(&first).is_empty());
    assert_eq!(access_tokens(&spool(&second)), ["two"]);
}

#[test]
fn a_process_that_was_paused_does_not_replace_a_newer_token() {
    let folder = tempfile::tempdir().unwrap();
    let spool = spool(folder.path());
    put(&spool, token("two", 2), Origin::Renewal);
    put(&spool, token("one", 1), Origin::Renewal);
    assert_eq!(spool.of_credential(&token("", 0))[0].token, token("two", 2));
}

#[test]
fn the_same_token_spooled_twice_is_one_file() {
    let folder = tempfile::tempdir().unwrap();
    let spool = spool(folder.path());
    let unnamed = StoredToken { user_name: None, ..token("one", 1) };
    put(&spool, unnamed, Origin::Login);
    put(&spool, token("one", 1), Origin::Login);
    assert_eq!(files_in(folder.path()).len(), 1);
    assert_eq!(spool.entries()[0].token, token("one", 1));
}

#[test]
fn a_login_that_was_never_stored_stays_a_login_when_its_token_is_renewed() {
    let folder = tempfile::tempdir().unwrap();
    let spool = spool(folder.path());
    put(&spool, token("one", 1), Origin::Login);
    put(&spool, token("two", 2), Origin::Renewal);
    let entries = spool.entries();
    assert_eq!(entries.len(), 1);
    assert_eq!((entries[0].origin, &entries[0].token), (Origin::Login, &token("two", 2)));
}

#[test]
fn a_file_without_its_final_name_counts_like_any_other() {
    let folder = tempfile::tempdir().unwrap();
    let spool = spool(folder.path());
    let path = put(&spool, token("one", 1), Origin::Login);
    let temporary = path.with_extension("tmp");
    fs::rename(&path, &temporary).unwrap();
    let entries = spool.entries();
    assert_eq!(entries.len(), 1);
    assert_eq!(spool.of_credential(&token("", 0)).len(), 1);
    assert_eq!(entries[0].path(), Some(temporary.as_path()));
    spool.remove(&entries[0]);
    assert!(files_in(folder.path()).is_empty());
}

#[test]
fn what_a_killed_process_has_left_of_a_file_is_removed() {
    let folder = tempfile::tempdir().unwrap();
    let spool = spool(folder.path());
    let path = put(&spool, token("one", 1), Origin::Login);
    let content = fs::read(&path).unwrap();
    for length in [0, 1, content.len() / 2, content.len() - 1] {
        let torn = folder.path().join(format!("{}-{length}.tmp", path.file_stem().unwrap().display()));
        fs::write(torn, &content[..length]).unwrap();
    }
    assert_eq!(access_tokens(&spool), ["one"]);
    assert_eq!(files_in(folder.path()), [path]);
}

#[test]
fn a_file_that_another_process_is_writing_is_not_removed() {
    let folder = tempfile::tempdir().unwrap();
    let spool = spool(folder.path());
    let path = put(&spool, token("one", 1), Origin::Login).with_extension("tmp");
    fs::write(&path, "{").unwrap();
    let writer = File::options().write(true).open(&path).unwrap();
    writer.lock().unwrap();
    assert_eq!(access_tokens(&spool), ["one"]);
    assert!(path.exists());
    drop(writer);
    spool.entries();
    assert!(!path.exists());
}

#[test]
fn a_file_that_was_completed_in_the_meantime_is_not_removed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("spooled.tmp");
    fs::write(&path, "complete").unwrap();
    assert!(!machine().remove_abandoned(&path, b"comp").unwrap());
    assert!(path.exists());
    assert!(machine().remove_abandoned(&path, b"complete").unwrap());
    assert!(!path.exists());
}

#[test]
fn tokens_belong_to_the_identity_of_the_store_and_not_to_its_address() {
    let folder = tempfile::tempdir().unwrap();
    put(&spool_of(&[folder.path()], "127.0.0.1", Some("store 1")), token("one", 1), Origin::Renewal);
    let elsewhere = spool_of(&[folder.path()], "localhost", Some("store 1"));
    assert_eq!(access_tokens(&elsewhere), ["one"]);
    for (address, identity) in [("127.0.0.1", Some("store 2")), ("127.0.0.1", None), ("localhost", None)] {
        let other = spool_of(&[folder.path()], address, identity);
        assert_eq!(access_tokens(&other), [""; 0], "{address}, {identity:?}");
        assert!(other.of_credential(&token("", 0)).is_empty(), "{address}, {identity:?}");
    }
}

#[test]
fn tokens_of_a_store_without_an_identity_belong_to_its_address_also_once_it_has_one() {
    let folder = tempfile::tempdir().unwrap();
    put(&spool_of(&[folder.path()], "a", None), token("one", 1), Origin::Renewal);
    assert_eq!(access_tokens(&spool_of(&[folder.path()], "a", Some("store 1"))), ["one"]);
    assert_eq!(access_tokens(&spool_of(&[folder.path()], "b", None)), [""; 0]);
}

#[test]
fn the_spool_is_empty_until_the_identity_of_the_store_is_known() {
    let folder = tempfile::tempdir().unwrap();
    put(&spool(folder.path()), token("one", 1), Origin::Renewal);
    let unknown = Spool { identity: KnownIdentity::default(), ..spool(folder.path()) };
    assert!(unknown.may_hold_tokens());
    assert_eq!(access_tokens(&unknown), [""; 0]);
    unknown.identity.set(None).unwrap();
    assert_eq!(access_tokens(&unknown), ["one"]);
}

#[test]
fn a_token_that_no_folder_accepts_is_in_memory_until_it_is_settled() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("not a folder");
    fs::write(&file, "").unwrap();
    let spool = spool(&file);
    let unsaved = spool.keep(&token("one", 1).into(), Origin::Renewal, LoginFacts::default(), rejected());
    assert!(matches!(unsaved.persistence, Persistence::InMemory { .. }));
    assert_eq!(access_tokens(&spool), ["one"]);
    assert_eq!(spool.of_credential(&token("", 0)).len(), 1);
    assert!(!unsaved.is_settled());
    spool.remove_older_than(&token("two", 2).into());
    assert!(unsaved.is_settled() && !spool.is_in_use());
}

#[test]
fn a_token_in_use_is_settled_when_a_newer_one_replaces_it() {
    let folder = tempfile::tempdir().unwrap();
    let spool = spool(folder.path());
    let keep =
        |token: StoredToken| spool.keep(&token.into(), Origin::Renewal, LoginFacts::default(), rejected());
    let (one, two) = (keep(token("one", 1)), keep(token("two", 2)));
    assert!(one.is_settled() && !two.is_settled());
    assert_eq!(access_tokens(&spool), ["two"]);
}

#[test]
fn the_tokens_of_a_deleted_row_are_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let spool = spool(folder.path());
    put(&spool, token("one", 1), Origin::Renewal);
    let other =
        StoredToken { id: Some("2".into()), refresh_token: Some("1000.other".into()), ..token("x", 1) };
    put(&spool, other, Origin::Renewal);
    spool.forget(&OAuthToken::new().with_id("1"));
    assert_eq!(access_tokens(&spool), ["x"]);
}

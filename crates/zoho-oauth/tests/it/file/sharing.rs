//! One token file with several users: our own processes, and official SDKs that take no lock.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{JoinHandle, sleep};
use std::time::Duration;

use zoho_oauth::OAuthToken;
use zoho_oauth::store::coordination::{Acquired, Coordination, Fenced, Lease, LeaseKey};
use zoho_oauth::store::{AnyStore, FileStore, TokenStore};

use super::support::{
    PYTHON_HEADER, child, child_path, files_beside, fresh_path, open, rows, store_with, text, token,
};

/// Repeatedly rewrites a file in place as Python does: truncate, then write piece by piece. The pieces end
/// with whole rows, which is the hardest case: a partial file is valid but lacks tokens.
struct Official {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Official {
    fn rewrites(path: &Path, pause: Duration) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let thread = std::thread::spawn({
            let (path, stop, content) = (path.to_owned(), stop.clone(), text(path));
            move || {
                let lines: Vec<&str> = content.split_inclusive('\n').collect();
                while !stop.load(Ordering::Relaxed) {
                    let mut file = File::create(&path).unwrap();
                    for piece in lines.chunks(60) {
                        file.write_all(piece.concat().as_bytes()).unwrap();
                        sleep(Duration::from_millis(1));
                    }
                    drop(file);
                    sleep(pause);
                }
            }
        });
        Self { stop, thread: Some(thread) }
    }
}

impl Drop for Official {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        let joined = self.thread.take().map(JoinHandle::join);
        assert!(std::thread::panicking() || joined.is_none_or(|result| result.is_ok()));
    }
}

fn file_with_users(count: usize) -> (FileStore, PathBuf) {
    let domain = "https://www.zohoapis.com";
    let row = |id: usize| {
        format!(
            "{id},user {id},1000.CLIENT,secret,refresh of {id},access of {id},,1795298101001,https://a/cb,{domain}\r\n"
        )
    };
    store_with(PYTHON_HEADER.to_owned() + &(1..=count).map(row).collect::<String>())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_never_miss_a_token_while_an_official_sdk_rewrites_the_file() {
    let (store, path) = file_with_users(300);
    rows(&store).await;
    let official = Official::rewrites(&path, Duration::from_millis(5));
    let readers = (0..4).map(|_| {
        let store = store.clone();
        tokio::spawn(async move {
            for n in 0..150 {
                let user = if n % 2 == 0 { "user 300" } else { "user 1" };
                let found = store.find_token(&OAuthToken::new().with_user(user)).await.unwrap();
                assert!(
                    found.is_some_and(|token| token.api_domain() == Some("https://www.zohoapis.com")),
                    "{n}"
                );
            }
        })
    });
    for reader in readers.collect::<Vec<_>>() {
        reader.await.expect("found every time");
    }
    drop(official);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_opened_while_an_official_sdk_rewrites_the_file_misses_no_token() {
    for pause in [Duration::from_millis(2), Duration::from_millis(40)] {
        let (_, path) = file_with_users(300);
        let official = Official::rewrites(&path, pause);
        for n in 0..4 {
            let found = open(&path).find_token(&OAuthToken::new().with_user("user 300")).await.unwrap();
            assert!(found.is_some(), "{n} with {pause:?}");
        }
        drop(official);
    }
}

#[tokio::test]
async fn changes_by_an_official_sdk_are_seen_immediately() {
    let (store, path) = file_with_users(2);
    let mut versions = vec![store.version().await.unwrap()];
    for n in 0..30 {
        // The length stays the same, so that only the modification time shows the change.
        let access = format!("changed {n:04}");
        let content = text(&path);
        let old = if n == 0 { "access of 1".into() } else { format!("changed {:04}", n - 1) };
        std::fs::write(&path, content.replace(&old, &access)).unwrap();
        let found = store.find_token_by_id("1").await.unwrap().unwrap();
        let expected = OAuthToken::new().with_access_token(access);
        assert_eq!(format!("{n} {}", secret(&found)), format!("{n} {}", secret(&expected)));
    }
    sleep(Duration::from_millis(30));
    versions.push(store.version().await.unwrap());
    store.save_token(&token("new")).await.unwrap();
    versions.push(store.version().await.unwrap());
    assert!(versions[0] != versions[1] && versions[1] != versions[2], "{versions:?}");
    assert_eq!(store.version().await.unwrap(), versions[2]);
}

fn secret(token: &OAuthToken) -> String {
    use zoho_oauth::ExposeSecret;

    token.access_token().map(|secret| secret.expose_secret().to_owned()).unwrap_or_default()
}

const PROCESSES: usize = 8;
const USERS_EACH: usize = 250;

#[tokio::test]
async fn eight_processes_saving_new_users_concurrently_lose_none() {
    let path = fresh_path();
    let children: Vec<_> = (0..PROCESSES)
        .map(|number| {
            child("file::sharing::child_saves_new_users", &path)
                .env("ZOHO_TEST_CHILD", number.to_string())
                .stdout(Stdio::null())
                .spawn()
                .expect("the test binary runs")
        })
        .collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    let rows = rows(&open(&path)).await;
    let distinct = |values: Vec<Option<String>>| {
        let set: std::collections::BTreeSet<_> = values.into_iter().flatten().collect();
        set.len()
    };
    assert_eq!(rows.len(), PROCESSES * USERS_EACH);
    assert_eq!(distinct(rows.iter().map(|row| row.id.clone()).collect()), rows.len());
    assert_eq!(distinct(rows.iter().map(|row| row.user_name.clone()).collect()), rows.len());
    assert_eq!(files_beside(&path), ["sdk_tokens.txt", "sdk_tokens.txt.lock"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "another test runs it, in a separate process"]
async fn child_saves_new_users() {
    let path = child_path();
    let number = std::env::var("ZOHO_TEST_CHILD").unwrap();
    let store = open(&path);
    for wave in 0..USERS_EACH / 25 {
        let savers = (0..25).map(|n| {
            let (store, user) = (store.clone(), format!("user {number} {wave} {n}"));
            tokio::spawn(async move { store.save_token(&token(&user)).await.unwrap() })
        });
        for saver in savers.collect::<Vec<_>>() {
            saver.await.expect("no saver panics");
        }
    }
}

#[tokio::test]
async fn two_stores_on_one_file_see_each_others_saves() {
    let path = fresh_path();
    let (one, other) = (open(&path), open(&path));
    for n in 0..20 {
        let saved = one.save_token(&token("ada").with_access_token(format!("{n}"))).await.unwrap();
        let found = other.find_token(&OAuthToken::new().with_user("ada")).await.unwrap().unwrap();
        assert_eq!(secret(&found), n.to_string());
        assert!(other.delete_token(saved.id().expect("an id")).await.unwrap());
        assert!(one.find_token(&OAuthToken::new().with_user("ada")).await.unwrap().is_none());
        assert_eq!(saved.id(), Some((n + 1).to_string().as_str()), "no id is reused");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_aborted_save_does_not_block_the_next_save() {
    let path = fresh_path();
    let store = open(&path);
    let saver = tokio::spawn({
        let store = store.clone();
        async move { store.save_token(&token("ada")).await }
    });
    tokio::task::yield_now().await;
    saver.abort();
    store.save_token(&token("bob")).await.unwrap();
    assert!(matches!(rows(&store).await.len(), 1 | 2));
}

fn key() -> LeaseKey {
    LeaseKey::refresh(&"refresh of ada".to_owned().into())
}

async fn lease(store: &impl Coordination, holder: &str) -> Lease {
    match store.acquire(&key(), holder, Duration::from_secs(30)).await.expect("the call succeeds") {
        Acquired::Granted(lease) => lease,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_lease_has_one_holder_across_all_stores_on_the_file() {
    let path = fresh_path();
    let (one, other): (AnyStore, AnyStore) = (open(&path).into(), open(&path).into());
    let first = lease(&one, "a").await;
    let held = other.acquire(&key(), "b", Duration::from_secs(30)).await.expect("the call succeeds");
    assert!(matches!(held, Acquired::Held(state) if state.epoch == first.epoch));
    assert!(other.lease_state(&key()).await.unwrap().remaining > Duration::from_secs(20));
    assert!(one.renew(&first, Duration::from_secs(60)).await.unwrap());
    assert!(one.release(&first).await.unwrap());
    let second = lease(&other, "b").await;
    assert!(second.epoch > first.epoch);
    assert!(
        !one.renew(&first, Duration::from_secs(60)).await.expect("the call succeeds"),
        "another holder has it"
    );
    assert!(!path.exists(), "a lease is stored beside the token file");
}

#[tokio::test]
async fn a_save_under_a_lease_happens_once_and_releases_the_lease() {
    let path = fresh_path();
    let store = open(&path);
    let saved = store.save_token(&token("ada")).await.unwrap();
    let mut first = lease(&store, "a").await;
    first.row = saved.id().map(str::to_owned);
    let renewed = OAuthToken::new().with_id("1").with_access_token("renewed");
    let done = store.save_and_release(&first, &renewed).await.unwrap();
    assert!(matches!(done, Fenced::Saved(token) if secret(&token) == "renewed"));
    assert_eq!(open(&path).lease_state(&key()).await.unwrap().remaining, Duration::ZERO);

    let late = OAuthToken::new().with_id("1").with_access_token("late");
    let done = store.save_and_release(&first, &late).await.expect("the call succeeds");
    assert!(matches!(done, Fenced::Superseded));

    let mut second = lease(&store, "b").await;
    second.row = saved.id().map(str::to_owned);
    store.delete_token("1").await.unwrap();
    let done = store.save_and_release(&second, &late).await.expect("the call succeeds");
    assert!(matches!(done, Fenced::Superseded), "a deleted token stays deleted");
    assert_eq!(rows(&store).await, []);
    assert_eq!(store.lease_state(&key()).await.unwrap().remaining, Duration::ZERO);
}

#[test]
fn the_store_name_contains_the_path() {
    let path = fresh_path();
    let store: AnyStore = open(&path).into();
    assert_eq!(store.name(), format!("the token file {}", path.display()));
    assert_eq!(store.place(), Some(path.as_path()));
}

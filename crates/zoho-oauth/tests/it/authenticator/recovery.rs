//! Spooled tokens are found, stored and removed, and nobody waits for them without need.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use zoho_emulator::{Emulator, Fault};
use zoho_oauth::store::{SqliteStore, TokenStore};
use zoho_oauth::{Authenticator, ExposeSecret, Grant, OAuthToken, Persistence};

use super::support::*;

const LOOK_UP: &str = "GET /crm/v8/users";

/// A database that several programs share.
struct Shared {
    zoho: Emulator,
    folder: tempfile::TempDir,
}

impl Shared {
    async fn new() -> Self {
        Self { zoho: Emulator::start().await, folder: tempfile::tempdir().unwrap() }
    }

    /// As a program that has just been started.
    fn start(&self) -> Authenticator {
        authenticator(&self.zoho, SqliteStore::open(self.folder.path().join("zohooauth.db")).unwrap())
    }

    /// Stores a row that is valid for as long as this.
    async fn save_row(&self, user: &str, life: Duration) {
        let app = self.zoho.default_client();
        let row = OAuthToken::new()
            .with_user(user)
            .with_client(app.id(), app.secret())
            .with_refresh_token(self.zoho.grant_refresh_token(app.id(), "ada@example.com"))
            .with_access_token(format!("1000.{user}"))
            .with_expires_at(std::time::SystemTime::now() + life)
            .with_api_domain(self.zoho.base_url());
        self.start().store().save_token(&row).await.unwrap();
    }

    /// A login of ada whose process is still looking up her name, until the faults are cleared.
    async fn unfinished_login(&self) -> tokio::task::JoinHandle<()> {
        self.zoho.fault(Fault::on(LOOK_UP).hold());
        let (program, code) = (self.start(), self.zoho.self_client_code("ada@example.com"));
        let login = tokio::spawn(async move {
            program.exchange(Grant::from_self_client(code)).await.unwrap();
        });
        while self.spooled_files().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        login
    }

    /// The code of a login of ada whose process is killed while it looks up her name.
    async fn killed_login(&self) -> String {
        self.zoho.fault(Fault::on(LOOK_UP).hold());
        let (program, code) = (self.start(), self.zoho.self_client_code("ada@example.com"));
        let process =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let grant = Grant::from_self_client(code.clone());
        process.spawn(async move { program.exchange(grant).await });
        while self.spooled_files().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        process.shutdown_background();
        self.zoho.clear_faults();
        code
    }

    fn spooled_files(&self) -> Vec<PathBuf> {
        files_in(&self.folder.path().join("zohooauth.db.spool"))
    }
}

fn files_in(folder: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(folder).into_iter().flatten().map(|file| file.unwrap().path()).collect()
}

/// The file of a token that ada's renewal has left in `folder`, because the store rejected it.
async fn spool_a_renewal(zoho: &Emulator, store: &FailingStore, folder: &Path) -> PathBuf {
    with_a_stale_token(zoho, store).await;
    store.fail(true);
    program(zoho, store, folder).access_token(&ada(zoho)).await.unwrap();
    store.fail(false);
    files_in(folder).pop().unwrap()
}

fn program(zoho: &Emulator, store: &FailingStore, folder: &Path) -> Authenticator {
    builder(zoho, store.clone()).spool_folder(folder).build().unwrap()
}

#[tokio::test]
async fn a_valid_token_is_not_delayed_by_the_login_of_another_user() {
    let shared = Shared::new().await;
    shared.save_row("bob", Duration::from_secs(3_600)).await;
    let login = shared.unfinished_login().await;
    let started = Instant::now();
    let token = shared.start().access_token(&"bob".into()).await.unwrap();
    assert_eq!(token.expose_secret(), "1000.bob");
    assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
    assert!(!login.is_finished());
    login.abort();
}

#[tokio::test]
async fn a_renewal_is_not_delayed_by_the_login_of_another_user() {
    let shared = Shared::new().await;
    shared.save_row("bob", Duration::ZERO).await;
    let login = shared.unfinished_login().await;
    let started = Instant::now();
    let token = shared.start().access_token(&"bob".into()).await.unwrap();
    assert!(shared.zoho.is_access_token_valid(token.expose_secret()));
    assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
    assert!(!login.is_finished());
    login.abort();
}

#[tokio::test]
async fn the_first_token_of_a_user_waits_for_the_login_that_another_process_is_finishing() {
    let shared = Shared::new().await;
    let login = shared.unfinished_login().await;
    let (program, user) = (shared.start(), ada(&shared.zoho));
    let (token, ()) = tokio::join!(program.access_token(&user), async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        shared.zoho.clear_faults();
    });
    let token = token.unwrap();
    assert!(shared.zoho.is_access_token_valid(token.expose_secret()));
    assert!(matches!(token.persistence(), Persistence::Stored), "{token:?}");
    login.await.unwrap();
    assert_eq!(token_requests(&shared.zoho), 1);
    assert_eq!(shared.start().store().get_tokens().await.unwrap().len(), 1, "one login, one row");
}

#[tokio::test]
async fn a_token_whose_row_was_deleted_is_not_handed_out_during_the_login_of_another_user() {
    let shared = Shared::new().await;
    shared.save_row("bob", Duration::from_secs(3_600)).await;
    let program = shared.start();
    program.access_token(&"bob".into()).await.unwrap();
    let login = shared.unfinished_login().await;
    let elsewhere = shared.start();
    let row = elsewhere.store().get_tokens().await.unwrap().remove(0);
    assert!(elsewhere.store().delete_token(row.id().unwrap()).await.unwrap());
    // By then, a change of another process is visible.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let error = program.access_token(&"bob".into()).await.unwrap_err();
    assert!(error.needs_login(), "{error}");
    assert!(!login.is_finished());
    login.abort();
}

#[tokio::test]
async fn an_unknown_user_does_not_wait_longer_for_a_login_than_a_killed_process_keeps_its_lease() {
    let shared = Shared::new().await;
    let login = shared.unfinished_login().await;
    let store = SqliteStore::open(shared.folder.path().join("zohooauth.db")).unwrap();
    let program = builder(&shared.zoho, store).build().unwrap();
    let started = Instant::now();
    let error = program.access_token(&"nobody".into()).await.unwrap_err();
    assert!(error.needs_login(), "{error}");
    assert!(started.elapsed() < Duration::from_secs(8), "{:?}", started.elapsed());
    // An id is never that of a login without a row.
    let started = Instant::now();
    let by_id = OAuthToken::new().with_id("4711");
    program.access_token_for(&by_id).await.unwrap_err();
    assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
    login.abort();
}

#[tokio::test]
async fn a_login_whose_process_was_killed_before_it_named_its_file_is_stored_and_the_file_removed() {
    let shared = Shared::new().await;
    let app = shared.zoho.default_client();
    shared.killed_login().await;
    let [spooled] = &shared.spooled_files()[..] else { panic!("{:?}", shared.spooled_files()) };
    std::fs::rename(spooled, spooled.with_extension("tmp")).unwrap();
    let program = shared.start();
    let error = program.access_token(&"nobody".into()).await.unwrap_err();
    assert!(error.needs_login(), "{error}");
    let rows = program.store().get_tokens().await.unwrap();
    let [row] = &rows[..] else { panic!("{rows:?}") };
    assert_eq!(row.client_id(), Some(app.id()));
    assert!(shared.zoho.is_refresh_token_valid(row.refresh_token().unwrap().expose_secret()));
    assert_eq!(shared.spooled_files(), Vec::<PathBuf>::new());
    assert_eq!(token_requests(&shared.zoho), 1);
}

#[tokio::test]
async fn the_code_of_a_login_that_was_killed_is_not_spent_again() {
    let shared = Shared::new().await;
    let code = shared.killed_login().await;
    let login = shared.start().exchange(Grant::from_self_client(code)).await.unwrap();
    let refresh_token = login.token().refresh_token().unwrap().expose_secret();
    assert!(shared.zoho.is_refresh_token_valid(refresh_token));
    assert_eq!(token_requests(&shared.zoho), 1);
}

#[tokio::test]
async fn a_renewal_whose_process_was_killed_before_it_named_its_file_is_stored() {
    let zoho = Emulator::start().await;
    let (store, folder) = (FailingStore::default(), tempfile::tempdir().unwrap());
    let file = spool_a_renewal(&zoho, &store, folder.path()).await;
    std::fs::rename(&file, file.with_extension("tmp")).unwrap();
    // What a process left that was killed while it wrote.
    let content = std::fs::read(file.with_extension("tmp")).unwrap();
    std::fs::write(file.with_extension("torn.tmp"), &content[..content.len() / 2]).unwrap();
    let next = program(&zoho, &store, folder.path());
    let token = next.access_token(&ada(&zoho)).await.unwrap();
    assert!(zoho.is_access_token_valid(token.expose_secret()));
    assert!(matches!(token.persistence(), Persistence::Stored), "{token:?}");
    assert_eq!(files_in(folder.path()), Vec::<PathBuf>::new());
    assert_eq!(token_requests(&zoho), 1);
}

#[tokio::test]
async fn a_token_that_two_programs_recover_at_the_same_time_is_stored_once() {
    let zoho = Emulator::start().await;
    let (store, folder) = (FailingStore::default(), tempfile::tempdir().unwrap());
    let file = spool_a_renewal(&zoho, &store, folder.path()).await;
    let content = std::fs::read(&file).unwrap();
    let programs: Vec<_> = (0..8).map(|_| program(&zoho, &store, folder.path())).collect();
    let recoveries = programs.iter().map(Authenticator::recover);
    let recovered = futures_util::future::join_all(recoveries).await;
    assert!(recovered.iter().all(Result::is_ok), "{recovered:?}");
    assert_eq!(files_in(folder.path()), Vec::<PathBuf>::new());
    // As after a kill between the save and the removal.
    std::fs::write(&file, content).unwrap();
    assert_eq!(programs[0].recover().await.unwrap(), 0);
    assert_eq!(files_in(folder.path()), Vec::<PathBuf>::new());
    assert_eq!(store.get_tokens().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_file_that_cannot_be_read_does_not_hold_up_the_others() {
    let zoho = Emulator::start().await;
    let (store, folder) = (FailingStore::default(), tempfile::tempdir().unwrap());
    let file = spool_a_renewal(&zoho, &store, folder.path()).await;
    let named = |end: &str| folder.path().join(format!("{}{end}.json", file.file_stem().unwrap().display()));
    std::fs::write(named("-text"), "not a token").unwrap();
    std::fs::create_dir(named("-folder")).unwrap();
    std::os::unix::fs::symlink("nowhere", named("-link")).unwrap();
    assert_eq!(program(&zoho, &store, folder.path()).recover().await.unwrap(), 1);
    assert!(!file.exists() && named("-text").exists());
}

#[tokio::test]
async fn many_spooled_tokens_do_not_delay_a_valid_one() {
    let zoho = Emulator::start().await;
    let (store, folder) = (FailingStore::default(), tempfile::tempdir().unwrap());
    let file = spool_a_renewal(&zoho, &store, folder.path()).await;
    let content: serde_json::Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    for number in 0..500 {
        let mut content = content.clone();
        content["origin"] = "login".into();
        content["token"]["id"] = serde_json::Value::Null;
        content["token"]["user_name"] = format!("user {number}").into();
        content["token"]["refresh_token"] = format!("1000.refresh {number}").into();
        content["token"]["access_token"] = format!("1000.access {number}").into();
        let name = format!("{}-{number}.json", file.file_stem().unwrap().display());
        std::fs::write(folder.path().join(name), content.to_string()).unwrap();
    }
    let slow = store.clone().with_delay(Duration::from_millis(10));
    let bob = OAuthToken::new().with_user("bob").with_access_token("1000.bob");
    store.save_token(&bob).await.unwrap();
    let next = builder(&zoho, slow).spool_folder(folder.path()).build().unwrap();
    let started = Instant::now();
    assert_eq!(next.access_token(&"bob".into()).await.unwrap().expose_secret(), "1000.bob");
    assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
    assert!(files_in(folder.path()).len() > 400, "they are still being stored");
}

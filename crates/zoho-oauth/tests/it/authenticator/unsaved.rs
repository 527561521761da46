//! No token is lost when a store fails after Zoho has responded.

use std::path::Path;

use zoho_emulator::{Emulator, Fault};
use zoho_oauth::store::{AnyStore, TokenStore};
use zoho_oauth::{Authenticator, Error, Grant, Persistence};

use super::support::*;

fn with_spool(zoho: &Emulator, store: &FailingStore, folder: &Path) -> Authenticator {
    builder(zoho, store.clone()).spool_folder(folder).build().unwrap()
}

#[tokio::test]
async fn a_code_is_not_spent_when_the_store_cannot_be_written() {
    let zoho = Emulator::start().await;
    let (store, folder) = (FailingStore::default(), tempfile::tempdir().unwrap());
    store.fail(true);
    let code = zoho.self_client_code("ada@example.com");
    let authenticator = with_spool(&zoho, &store, folder.path());
    let error = authenticator.exchange(Grant::from_self_client(code.as_str())).await.unwrap_err();
    assert!(matches!(error, Error::Store(_)), "{error}");
    assert_eq!(token_requests(&zoho), 0);
    store.fail(false);
    assert!(authenticator.exchange(Grant::from_self_client(code)).await.is_ok());
    assert_eq!(store.get_tokens().await.unwrap().len(), 1, "the write check leaves nothing behind");
}

#[tokio::test]
async fn a_renewed_token_that_cannot_be_saved_is_handed_out_spooled_and_stored_later() {
    let zoho = Emulator::start().await;
    let (store, folder) = (FailingStore::default(), tempfile::tempdir().unwrap());
    with_a_stale_token(&zoho, &store).await;
    store.fail(true);
    let authenticator = with_spool(&zoho, &store, folder.path());
    let served = authenticator.access_token(&ada(&zoho)).await.unwrap();
    assert!(zoho.is_access_token_valid(served.expose_secret()));
    let Persistence::Spooled { path, error, .. } = served.persistence() else { panic!("{served:?}") };
    assert!(path.starts_with(folder.path()) && path.exists(), "{}", path.display());
    assert!(error.to_string().contains("the failing store"), "{error}");
    let message = served.persistence().to_string();
    assert!(message.contains("will be stored at the next start"), "{message}");
    assert!(!message.contains(served.expose_secret()));

    for _ in 0..10 {
        assert_eq!(
            authenticator.access_token(&ada(&zoho)).await.unwrap().expose_secret(),
            served.expose_secret()
        );
    }
    assert_eq!(token_requests(&zoho), 1, "the unsaved token is used, not renewed again");

    store.fail(false);
    let restarted = with_spool(&zoho, &store, folder.path());
    let again = restarted.access_token(&ada(&zoho)).await.unwrap();
    assert_eq!(again.expose_secret(), served.expose_secret());
    assert!(matches!(again.persistence(), Persistence::Stored));
    assert_eq!(token_requests(&zoho), 1);
    assert_eq!(restarted.recover().await.unwrap(), 0, "the spool is empty");
}

#[tokio::test]
async fn a_login_whose_save_fails_comes_back_at_the_next_start() {
    let zoho = Emulator::start().await;
    let (store, folder) = (FailingStore::default(), tempfile::tempdir().unwrap());
    let authenticator = with_spool(&zoho, &store, folder.path());
    let login = login_while_the_store_fails(&zoho, &store, &authenticator).await;
    assert!(matches!(login.persistence(), Persistence::Spooled { .. }), "{login:?}");
    assert!(login.token().refresh_token().is_some());
    assert!(store.get_tokens().await.unwrap().is_empty());
    assert!(store.saves() > 1, "the save is retried");

    store.fail(false);
    let restarted = with_spool(&zoho, &store, folder.path());
    let served = restarted.access_token(&ada(&zoho)).await.unwrap();
    assert!(zoho.is_access_token_valid(served.expose_secret()));
    assert_eq!(token_requests(&zoho), 1, "the user did not have to log in again");
}

#[tokio::test]
async fn an_old_spooled_token_does_not_overwrite_a_newer_one() {
    let zoho = Emulator::start().await;
    let (store, folder) = (FailingStore::default(), tempfile::tempdir().unwrap());
    with_a_stale_token(&zoho, &store).await;
    store.fail(true);
    with_spool(&zoho, &store, folder.path()).access_token(&ada(&zoho)).await.unwrap();
    store.fail(false);
    let newer = store.get_tokens().await.unwrap().remove(0).with_access_token("1000.newer");
    let newer = newer.with_expires_at(std::time::SystemTime::now() + std::time::Duration::from_secs(7_200));
    store.save_token(&newer).await.unwrap();
    let served = with_spool(&zoho, &store, folder.path()).access_token(&ada(&zoho)).await.unwrap();
    assert_eq!(served.expose_secret(), "1000.newer");
}

#[tokio::test]
async fn a_token_that_was_deleted_while_it_was_renewed_stays_deleted() {
    let zoho = Emulator::start().await;
    let store = zoho_oauth::store::SqliteStore::in_memory().unwrap();
    let row = with_a_stale_token(&zoho, &store).await;
    zoho.fault(Fault::on(TOKEN_REQUEST).hold());
    let authenticator = authenticator(&zoho, store.clone());
    let user = ada(&zoho);
    let (outcome, ()) = tokio::join!(authenticator.access_token(&user), async {
        until_faults_applied(&zoho).await;
        assert!(store.delete_token(row.id().unwrap()).await.unwrap());
        zoho.clear_faults();
    });
    assert!(outcome.unwrap_err().needs_login());
    assert!(store.get_tokens().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_new_login_while_the_old_token_is_renewed_wins() {
    let zoho = Emulator::start().await;
    let store = zoho_oauth::store::SqliteStore::in_memory().unwrap();
    with_a_stale_token(&zoho, &store).await;
    zoho.fault(Fault::on(TOKEN_REQUEST).hold());
    let (renewing, logging_in) = (authenticator(&zoho, store.clone()), authenticator(&zoho, store.clone()));
    let user = ada(&zoho);
    let code = zoho.self_client_code("ada@example.com");
    let (served, login) = tokio::join!(renewing.access_token(&user), async {
        until_faults_applied(&zoho).await;
        let login = logging_in.exchange(Grant::from_self_client(code)).await.unwrap();
        zoho.clear_faults();
        login
    });
    let stored = store.get_tokens().await.unwrap();
    assert_eq!(stored.len(), 1);
    let secret = |token: &zoho_oauth::OAuthToken| {
        zoho_oauth::ExposeSecret::expose_secret(token.access_token().unwrap()).to_owned()
    };
    assert_eq!(secret(&stored[0]), secret(login.token()));
    assert_eq!(served.unwrap().expose_secret(), secret(login.token()));
}

#[tokio::test]
async fn a_spooled_token_does_not_bring_a_deleted_row_back() {
    let zoho = Emulator::start().await;
    let (store, folder) = (FailingStore::default(), tempfile::tempdir().unwrap());
    let row = with_a_stale_token(&zoho, &store).await;
    store.fail(true);
    with_spool(&zoho, &store, folder.path()).access_token(&ada(&zoho)).await.unwrap();
    store.fail(false);
    assert!(store.delete_token(row.id().unwrap()).await.unwrap());
    assert_eq!(with_spool(&zoho, &store, folder.path()).recover().await.unwrap(), 0);
    assert!(store.get_tokens().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_token_in_memory_only_is_served_and_saved_once_the_store_works_again() {
    let zoho = Emulator::start().await;
    let (store, folder) = (FailingStore::default(), tempfile::tempdir().unwrap());
    let no_folder = folder.path().join("file");
    std::fs::write(&no_folder, "not a folder").unwrap();
    with_a_stale_token(&zoho, &store).await;
    store.fail(true);
    let authenticator = builder(&zoho, AnyStore::new(store.clone()).in_memory())
        .spool_folder(no_folder.join("spool"))
        .build()
        .unwrap();
    let served = authenticator.access_token(&ada(&zoho)).await.unwrap();
    assert!(matches!(served.persistence(), Persistence::InMemory { .. }), "{served:?}");
    for _ in 0..4 {
        tokio::time::sleep(std::time::Duration::from_millis(600)).await;
        let again = authenticator.access_token(&ada(&zoho)).await.unwrap();
        assert_eq!(again.expose_secret(), served.expose_secret());
    }
    store.fail(false);
    until("the token is stored", async || {
        let again = authenticator.access_token(&ada(&zoho)).await.unwrap();
        assert_eq!(again.expose_secret(), served.expose_secret());
        matches!(again.persistence(), Persistence::Stored)
    })
    .await;
    assert_eq!(token_requests(&zoho), 1);
}

#[tokio::test]
async fn a_login_that_could_not_be_saved_is_served_by_the_same_process() {
    let zoho = Emulator::start().await;
    let (store, folder) = (FailingStore::default(), tempfile::tempdir().unwrap());
    let authenticator = with_spool(&zoho, &store, folder.path());
    let login = login_while_the_store_fails(&zoho, &store, &authenticator).await;
    assert!(matches!(login.persistence(), Persistence::Spooled { .. }), "{login:?}");
    assert!(authenticator.access_token(&ada(&zoho)).await.is_ok());
    assert_eq!(token_requests(&zoho), 1);
}

#[tokio::test]
async fn a_spooled_token_that_cannot_be_saved_does_not_hold_up_the_others() {
    let zoho = Emulator::start().await;
    let (store, folder) = (FailingStore::default(), tempfile::tempdir().unwrap());
    with_a_stale_token(&zoho, &store).await;
    store.fail(true);
    with_spool(&zoho, &store, folder.path()).access_token(&ada(&zoho)).await.unwrap();
    store.fail(false);
    // This entry identifies two different rows, so it cannot be saved.
    for (id, client) in [("71", "1000.A"), ("72", "1000.B")] {
        let row = zoho_oauth::OAuthToken::new().with_user("amb").with_id(id).with_client(client, "s");
        store.save_token(&row.with_refresh_token(format!("r{id}"))).await.unwrap();
    }
    let entry = std::fs::read_dir(folder.path()).unwrap().next().unwrap().unwrap().path();
    let mut content: serde_json::Value = serde_json::from_slice(&std::fs::read(&entry).unwrap()).unwrap();
    content["origin"] = "login".into();
    content["token"] = serde_json::json!({"user_name": "amb", "access_token": "a", "refresh_token": "r"});
    let name = entry.file_name().unwrap().to_string_lossy().replace(".json", "0.json");
    std::fs::write(folder.path().join(name), content.to_string()).unwrap();

    let restarted = with_spool(&zoho, &store, folder.path());
    let error = restarted.recover().await.unwrap_err();
    assert!(error.to_string().contains("1000.A") || error.to_string().contains("client_id"), "{error}");
    let served = restarted.access_token(&ada(&zoho)).await.unwrap();
    assert!(matches!(served.persistence(), Persistence::Stored), "{served:?}");
    assert_eq!(token_requests(&zoho), 1);
}

#[tokio::test]
async fn a_valid_token_is_not_withheld_because_the_store_cannot_be_written() {
    let zoho = Emulator::start().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("zohooauth.db");
    let store = zoho_oauth::store::SqliteStore::open(&path).unwrap();
    let row = with_a_stale_token(&zoho, &store).await;
    let ending = std::time::SystemTime::now() + std::time::Duration::from_secs(30);
    store.save_token(&row.with_access_token("1000.ending").with_expires_at(ending)).await.unwrap();
    let holder = rusqlite::Connection::open(&path).unwrap();
    holder.execute_batch("begin immediate").unwrap();
    let options =
        zoho_oauth::store::SqliteOptions::new().with_busy_timeout(std::time::Duration::from_millis(200));
    let locked = zoho_oauth::store::SqliteStore::open_with(&path, options).unwrap();
    let served = authenticator(&zoho, locked).access_token(&ada(&zoho)).await.unwrap();
    assert_eq!(served.expose_secret(), "1000.ending");
    assert_eq!(token_requests(&zoho), 0);
}

#[tokio::test]
async fn a_login_that_another_process_is_finishing_is_not_recovered_by_this_one() {
    let zoho = Emulator::start().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("zohooauth.db");
    let open = || authenticator(&zoho, zoho_oauth::store::SqliteStore::open(&path).unwrap());
    let (one, other) = (open(), open());
    zoho.fault(Fault::on("GET /crm/v8/users").hold());
    let code = zoho.self_client_code("ada@example.com");
    let (login, brought) = tokio::join!(one.exchange(Grant::from_self_client(code)), async {
        until_faults_applied(&zoho).await;
        let brought = other.recover().await.unwrap();
        zoho.clear_faults();
        brought
    });
    assert_eq!(brought, 0);
    let rows = one.store().get_tokens().await.unwrap();
    assert_eq!(rows.len(), 1, "one login, one row");
    assert_eq!(rows[0].user_signature(), login.unwrap().token().user_signature());
    assert_eq!(other.recover().await.unwrap(), 0);
}

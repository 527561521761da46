//! Warnings of the Redis store on its first connection to a server that can lose tokens.

use servers::{Kind, Server, private, private_with};
use tracing::Level;
use zoho_oauth::store::TokenStore;

use super::support::{Namespace, token};
use crate::log::Log;

#[tokio::test]
#[ignore = "needs Redis"]
async fn a_server_without_an_append_only_file_causes_one_warning_per_store() {
    let Some(mut server) = with(&["--appendonly=no"]) else { return };
    let namespace = Namespace::on(&server);
    let (log, _guard) = Log::start(Level::WARN);
    let store = namespace.store();
    assert_eq!(log.text(), "", "the store does not connect before it is used");
    store.save_token(&token("ada")).await.unwrap();
    server.restart().unwrap();
    store.save_token(&token("ada")).await.unwrap();
    let warnings = log.text();
    assert_eq!(warnings.matches("WARN").count(), 1, "{warnings}");
    assert!(
        warnings.contains("appendfsync always") && warnings.contains("the Redis token store"),
        "{warnings}"
    );
    assert!(!warnings.contains("top-secret"), "{warnings}");
}

#[tokio::test]
#[ignore = "needs Redis"]
async fn a_server_that_responds_before_it_syncs_to_disk_causes_a_warning() {
    let Some(server) = with(&["--appendfsync=everysec"]) else { return };
    assert!(warnings_of(&Namespace::on(&server)).await.contains("power failure"));
}

#[tokio::test]
#[ignore = "needs Redis"]
async fn a_server_that_evicts_keys_causes_a_warning() {
    let Some(server) = with(&["--maxmemory=1gb", "--maxmemory-policy=volatile-lru"]) else { return };
    let warnings = warnings_of(&Namespace::on(&server)).await;
    assert!(warnings.contains("noeviction"), "{warnings}");
}

#[tokio::test]
#[ignore = "needs Redis"]
async fn a_server_that_hides_its_settings_is_checked_for_an_append_only_file() {
    let Some(server) = with(&["--appendonly=no", "--rename-command=CONFIG "]) else { return };
    assert!(warnings_of(&Namespace::on(&server)).await.contains("appendonly yes"));
}

#[tokio::test]
#[ignore = "needs Redis"]
async fn a_durable_server_causes_no_warning() {
    let Some(server) = private(Kind::Redis) else { return };
    assert_eq!(warnings_of(&Namespace::on(&server)).await, "");
}

fn with(options: &[&str]) -> Option<Server> {
    private_with(Kind::Redis, options)
}

async fn warnings_of(namespace: &Namespace) -> String {
    let (log, _guard) = Log::start(Level::WARN);
    namespace.store().save_token(&token("ada")).await.unwrap();
    log.text()
}

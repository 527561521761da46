//! No log line, debug output or error contains a secret.

use std::io::Write;
use std::sync::{Arc, Mutex};

use tracing_subscriber::layer::SubscriberExt;
use zoho_emulator::{Emulator, Fault};
use zoho_oauth::store::MemoryStore;
use zoho_oauth::{ExposeSecret, Grant, OAuthToken};

use super::support::*;

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_whole_life_at_trace_level_shows_no_secret() {
    let lines = Lines::default();
    let writer = lines.clone();
    let layer = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(move || writer.clone());
    let subscriber = tracing_subscriber::registry().with(layer);
    tracing::subscriber::set_global_default(subscriber)
        .expect("this is the only test that sets a subscriber");

    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let (secrets, shown) = runtime.block_on(live());
    let logged = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    assert!(logged.contains("TRACE") || logged.contains("DEBUG"), "the log is captured");
    assert!(logged.contains("renewing"), "the log contains this crate's lines");
    for secret in secrets {
        assert!(!logged.contains(&secret), "a secret is in the log");
        assert!(!shown.contains(&secret), "a secret is in a debug output or an error");
    }
}

/// Logs in, renews, fails in every way and revokes. Returns every secret, and every message and debug output.
async fn live() -> (Vec<String>, String) {
    let zoho = Emulator::start().await;
    let store = MemoryStore::new();
    let authenticator = builder(&zoho, store.clone()).attempts(2).build().unwrap();
    let code = zoho.self_client_code("ada@example.com");
    let mut secrets = vec![code.clone(), zoho.default_client().secret().to_owned()];
    let mut shown = String::new();

    let login = authenticator.exchange(Grant::from_self_client(code.as_str())).await.unwrap();
    shown += &format!("{login:?} {authenticator:?} {store:?} {:?}", Grant::from_self_client(code.as_str()));
    let token: &OAuthToken = login.token();
    let values = [token.access_token(), token.refresh_token(), token.grant_token(), token.client_secret()];
    secrets.extend(values.into_iter().flatten().map(|secret| secret.expose_secret().to_owned()));

    let user = ada(&zoho);
    for fault in [
        Fault::on(TOKEN_REQUEST).times(2).status_500(),
        Fault::on(TOKEN_REQUEST).times(2).html(),
        Fault::on(TOKEN_REQUEST).times(2).drop_before(),
        Fault::on(TOKEN_REQUEST).respond(200, r#"{"error":"invalid_client"}"#),
        Fault::on(TOKEN_REQUEST).times(2).respond(200, "{\"error\":{\"nested\":1}}"),
    ] {
        zoho.fault(fault);
        let error = authenticator.refresh(&user).await.unwrap_err();
        shown += &format!("{error} {error:?}");
        let mut source = std::error::Error::source(&error);
        while let Some(cause) = source {
            shown += &format!("{cause} {cause:?}");
            source = cause.source();
        }
        zoho.clear_faults();
        tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
    }
    assert!(authenticator.forget_rejections(&OAuthToken::new().with_user(&user)).await.unwrap());
    let renewed = authenticator.refresh(&user).await.unwrap();
    shown += &format!("{renewed:?}");
    secrets.push(renewed.expose_secret().to_owned());
    let unknown = authenticator.exchange(Grant::from_self_client("1000.secret-code")).await.unwrap_err();
    shown += &format!("{unknown} {unknown:?}");
    secrets.push("1000.secret-code".to_owned());
    authenticator.revoke(&OAuthToken::new().with_user(&user)).await.unwrap();
    let gone = authenticator.access_token(&user).await.unwrap_err();
    shown += &format!("{gone} {gone:?}");
    (secrets, shown)
}

//! What a program sees at INFO: one event for each repetition and pause, without secrets.

use std::io::Write;
use std::sync::{Arc, Mutex};

use tracing::Dispatch;
use tracing::subscriber::{DefaultGuard, NoSubscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use zoho_emulator::Fault;
use zohocrm::{Error, Method};

use crate::support::{crm, logged_in};

/// The lines that this project's crates log on this thread at INFO and above.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

type Guard = (DefaultGuard, Dispatch);

impl Log {
    fn start() -> (Self, Guard) {
        let log = Self::default();
        // As long as there is one dispatcher, `tracing` asks the thread that logs a line first whether any thread wants it.
        let second = Dispatch::new(NoSubscriber::default());
        let writer = log.clone();
        let lines = tracing_subscriber::fmt::layer().with_ansi(false).without_time();
        let lines = lines.with_writer(move || writer.clone());
        let ours = Targets::new().with_target("zoho", LevelFilter::INFO);
        let subscriber = tracing_subscriber::registry().with(lines.with_filter(ours));
        (log, (tracing::subscriber::set_default(subscriber), second))
    }

    /// The lines since the last call.
    fn take(&self) -> Vec<String> {
        let bytes = std::mem::take(&mut *self.0.lock().unwrap());
        String::from_utf8(bytes).unwrap().lines().map(|line| line.trim().to_owned()).collect()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[track_caller]
fn assert_event(line: &str, parts: &[&str]) {
    assert!(line.starts_with("INFO zoho"), "{line}");
    for part in parts.iter().chain(&["operation=", "reason=", "duration="]) {
        assert!(line.contains(part), "`{part}` is missing: {line}");
    }
}

#[tokio::test]
async fn a_call_without_trouble_is_no_event() {
    let ada = logged_in().await;
    ada.crm.current_user().await.unwrap();
    let (log, _guard) = Log::start();
    ada.crm.current_user().await.unwrap();
    assert_eq!(log.take(), [""; 0]);
}

#[tokio::test]
async fn a_call_that_is_repeated_with_another_token_is_one_event() {
    let ada = logged_in().await;
    ada.zoho.invalidate_access_token(&ada.access_token().await);
    let (log, _guard) = Log::start();
    ada.crm.current_user().await.unwrap();
    let lines = log.take();
    assert_eq!(lines.len(), 2, "{lines:#?}");
    let renewal =
        ["renewed an access token", "operation=\"renewal\"", "Zoho rejected it", "leader=this process"];
    assert_event(&lines[0], &renewal);
    let call = ["repeating the call", "operation=GET /crm/v8/users", "HTTP 401 INVALID_TOKEN"];
    assert_event(&lines[1], &call);
}

#[tokio::test]
async fn a_rejected_token_that_cannot_be_replaced_is_one_event() {
    let ada = logged_in().await;
    ada.zoho.invalidate_access_token(&ada.access_token().await);
    ada.zoho.evict_refresh_token(&ada.refresh_token);
    let (log, _guard) = Log::start();
    let error = ada.crm.current_user().await.unwrap_err();
    assert!(error.needs_login(), "{error:?}");
    let lines = log.take();
    assert_eq!(lines.len(), 2, "{lines:#?}");
    assert_event(&lines[0], &["could not renew an access token", "error="]);
    assert_event(&lines[1], &["there is no other access token", "error="]);
}

#[tokio::test]
async fn a_pause_after_too_many_calls_is_one_event() {
    let ada = logged_in().await;
    let crm = crm(&ada, |crm| crm);
    crm.current_user().await.unwrap();
    ada.zoho.fault(Fault::on("GET /crm/v8/org").throttle());
    let (log, _guard) = Log::start();
    crm.organization().await.unwrap();
    let lines = log.take();
    assert_eq!(lines.len(), 1, "{lines:#?}");
    assert_event(&lines[0], &["pausing all calls", "operation=GET /crm/v8/org", "HTTP 429", "attempt=1"]);
}

#[tokio::test]
async fn every_retry_is_one_event() {
    let ada = logged_in().await;
    let crm = crm(&ada, |crm| crm);
    crm.current_user().await.unwrap();
    for (fault, reason) in [
        (Fault::on("GET /crm/v8/org").status_500(), "HTTP 500"),
        (Fault::on("GET /crm/v8/org").drop_before(), "no response from 127.0.0.1"),
    ] {
        ada.zoho.fault(fault);
        let (log, _guard) = Log::start();
        crm.organization().await.unwrap();
        let lines = log.take();
        assert_eq!(lines.len(), 1, "{lines:#?}");
        assert_event(&lines[0], &["retrying the call", "operation=GET /crm/v8/org", reason]);
    }
}

#[tokio::test]
async fn no_event_contains_a_token_or_a_query() {
    let ada = logged_in().await;
    let crm = crm(&ada, |crm| crm);
    let rejected = ada.access_token().await;
    ada.zoho.invalidate_access_token(&rejected);
    let (log, _guard) = Log::start();
    for fault in [Fault::on("GET /crm/v8/org").throttle(), Fault::on("GET /crm/v8/org").drop_after()] {
        ada.zoho.fault(fault);
        let path = "/crm/v8/org?email=grace@example.com";
        let outcome = crm.request(Method::Get, path).query("phone", "5550100").send().await;
        assert!(!matches!(outcome, Err(Error::Request(_))), "{outcome:?}");
    }
    let lines = log.take().concat();
    assert!(lines.contains("pausing all calls") && lines.contains("repeating the call"), "{lines}");
    let secrets = [&rejected, &ada.access_token().await, &ada.refresh_token];
    for secret in secrets.map(String::as_str).into_iter().chain(["grace", "5550100"]) {
        assert!(!lines.contains(secret), "`{secret}` is in the log: {lines}");
    }
}

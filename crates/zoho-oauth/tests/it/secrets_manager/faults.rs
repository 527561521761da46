//! AWS Secrets Manager in trouble: what the store says, and that it recovers.

use std::io::Write;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use zoho_oauth::OAuthToken;
use zoho_oauth::store::coordination::{Coordination, LeaseKey};
use zoho_oauth::store::{SecretsManagerOptions, SecretsManagerStore, StoreError, StoreErrorKind, TokenStore};

use super::support::{Gate, Place};

#[tokio::test]
#[ignore = "needs moto"]
async fn a_value_that_is_too_large_is_rejected_before_anything_is_written() {
    let Some(place) = Place::new() else { return };
    let store = place.open();
    let error = store.save_token(&ada().with_grant_token("g".repeat(66_000))).await.expect_err("no room");
    assert_eq!(error.kind(), StoreErrorKind::Rejected, "{error}");
    assert!(error.to_string().contains("65536"), "{error}");
    assert!(place.names().await.is_empty());
    store.save_token(&ada()).await.expect("saved");
    store.save_token(&ada().with_grant_token("g".repeat(66_000))).await.expect_err("no room");
    let rows = store.get_tokens().await.expect("read");
    assert!(matches!(&rows[..], [row] if row.grant_token().is_none()), "{rows:?}");
}

#[tokio::test]
#[ignore = "needs moto"]
async fn an_unreachable_endpoint_is_a_transient_error_that_says_what_to_check() {
    let Some(place) = Place::new() else { return };
    let free = TcpListener::bind("127.0.0.1:0").await.expect("a port").local_addr().expect("an address");
    let store =
        SecretsManagerStore::open(&place.url().replacen(&place.host, &free.to_string(), 1)).expect("opened");
    let error = store.get_tokens().await.expect_err("nobody is there");
    assert!(error.is_transient(), "{error}");
    assert!(error.to_string().contains("refused") && error.to_string().contains("endpoint"), "{error}");
}

#[tokio::test]
#[ignore = "needs moto"]
async fn an_endpoint_that_is_not_aws_is_not_mistaken_for_an_empty_store() {
    let Some(place) = Place::new() else { return };
    let host = answering("200 OK", "<html>It works!</html>").await;
    let store = SecretsManagerStore::open(&place.url().replacen(&place.host, &host, 1)).expect("opened");
    let error = store.find_token(&ada()).await.expect_err("no Secrets Manager");
    assert!(error.to_string().contains("check that the endpoint"), "{error}");
}

#[tokio::test]
#[ignore = "needs moto"]
async fn a_call_times_out_and_the_store_recovers_when_aws_does() {
    let Some(place) = Place::new() else { return };
    place.open().save_token(&ada()).await.expect("saved");
    let gate = Gate::before(&place, "GetSecretValue", 0).await;
    let url = place.url().replacen(&place.host, gate.host(), 1);
    let store = SecretsManagerStore::open(&format!("{url}&timeout=1")).expect("opened");
    let begun = Instant::now();
    let error = store.find_token(&ada()).await.expect_err("no answer");
    assert!(begun.elapsed() < Duration::from_secs(5));
    assert!(error.is_transient(), "{error}");
    gate.open();
    assert!(store.find_token(&ada()).await.expect("read").is_some());
}

#[tokio::test]
#[ignore = "needs moto"]
async fn error_responses_of_aws_are_reported_with_advice() {
    let Some(place) = Place::new() else { return };
    let answers = [
        ("AccessDeniedException", StoreErrorKind::Permission, "secretsmanager:GetSecretValue"),
        ("ExpiredTokenException", StoreErrorKind::Permission, "credentials"),
        ("DecryptionFailure", StoreErrorKind::Permission, "KMS key"),
        ("ThrottlingException", StoreErrorKind::Busy, "try again"),
        ("InternalServiceError", StoreErrorKind::Busy, "try again"),
        ("LimitExceededException", StoreErrorKind::Full, "100 versions"),
    ];
    for (code, kind, advice) in answers {
        let body = format!(r#"{{"__type": "{code}", "message": "no, said AWS"}}"#);
        let host = answering("400 Bad Request", body).await;
        let store = SecretsManagerStore::open(&place.url().replacen(&place.host, &host, 1)).expect("opened");
        let token = store.find_token(&ada()).await.expect_err("refused");
        let lease = store.lease_state(&LeaseKey::refresh(&"r".into())).await.expect_err("refused");
        let page = store.get_token_page(None).await.expect_err("refused");
        for error in [token, lease, page] {
            let text = error.to_string();
            assert_eq!(error.kind(), kind, "{text}");
            assert!(text.contains(code) && text.contains("no, said AWS") && text.contains(advice), "{text}");
        }
    }
}

#[tokio::test]
#[ignore = "needs moto"]
async fn a_name_scheduled_for_deletion_is_retried_and_then_reported() {
    let Some(place) = Place::new() else { return };
    let message =
        "You can't create this secret because a secret with this name is already scheduled for deletion.";
    let body = json!({"__type": "InvalidRequestException", "message": message}).to_string();
    let host = answering("400 Bad Request", body).await;
    let url = place.url().replacen(&place.host, &host, 1);
    let store = SecretsManagerStore::open(&format!("{url}&timeout=30")).expect("opened");
    let token = OAuthToken::new().with_id("chosen").with_access_token("a");
    let error = store.save_token(&token).await.expect_err("the name is taken");
    assert!(error.is_transient(), "{error}");
    assert!(
        error.to_string().contains("token/chosen") && error.to_string().contains("restore it"),
        "{error}"
    );
}

#[tokio::test]
#[ignore = "needs moto"]
async fn an_unreadable_row_is_never_left_out_of_a_page() {
    let Some(place) = Place::new() else { return };
    let error = r#"{"ErrorCode": "DecryptionFailure", "Message": "the key is disabled", "SecretId": "x"}"#;
    let host = answering("200 OK", format!(r#"{{"SecretValues": [], "Errors": [{error}]}}"#)).await;
    let store = SecretsManagerStore::open(&place.url().replacen(&place.host, &host, 1)).expect("opened");
    let error = store.get_tokens().await.expect_err("a row is missing");
    assert_eq!(error.kind(), StoreErrorKind::Permission, "{error}");
}

#[tokio::test]
#[ignore = "needs moto"]
async fn invalid_content_is_damage_and_is_not_shown() {
    let Some(place) = Place::new() else { return };
    let store = place.open();
    let row = store.save_token(&ada()).await.expect("saved");
    let secret = format!("{}/token/{}", place.prefix, row.id().unwrap_or_default());
    place
        .ask(
            "PutSecretValue",
            json!({"SecretId": secret, "SecretString": "\"1000.by-hand\"",
        "ClientRequestToken": "00000000-0000-0000-0000-000000000000"}),
        )
        .await;
    for error in
        [store.find_token(&ada()).await.expect_err("damaged"), store.get_tokens().await.expect_err("damaged")]
    {
        assert_eq!(error.kind(), StoreErrorKind::Damaged, "{error}");
        assert!(
            error.to_string().contains(&secret) && !format!("{error:?}").contains("by-hand"),
            "{error:?}"
        );
    }
    let value = place.ask("GetSecretValue", json!({"SecretId": secret})).await;
    assert_eq!(value["SecretString"], Value::from("\"1000.by-hand\""), "it was left as it is");
}

#[tokio::test]
#[ignore = "needs moto"]
async fn a_trace_of_all_requests_shows_no_secret() {
    let Some(place) = Place::new() else { return };
    let lines = Lines::default();
    let writer = lines.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    {
        let _listening = tracing::subscriber::set_default(subscriber);
        let store = place.open();
        let row = store.save_token(&ada()).await.expect("saved");
        store.save_token(&row.clone().with_access_token("the-newer-token")).await.expect("saved");
        store.get_tokens().await.expect("read");
        store.find_token(&OAuthToken::new().with_access_token("the-newer-token")).await.expect("read");
    }
    let logged = String::from_utf8(lines.0.lock().expect("lines").clone()).expect("text");
    assert!(logged.contains("PutSecretValue"), "the SDK is listened to");
    for secret in ["the-refresh-token", "the-access-token", "the-newer-token", "the-client-secret"] {
        assert!(!logged.contains(secret), "{secret} is in the log");
    }
}

#[test]
fn without_credentials_or_a_region_the_store_says_what_to_provide() {
    let (error, region) = (in_an_empty_environment("credentials"), in_an_empty_environment("region"));
    assert!(error.contains("Permission") && error.contains("AWS_ACCESS_KEY_ID"), "{error}");
    assert!(region.contains("no AWS region is set") && region.contains("AWS_REGION"), "{region}");
}

#[tokio::test]
#[ignore = "another test runs it, in a process without credentials"]
#[allow(clippy::print_stdout, reason = "that test reads it")]
async fn child_reports_what_is_missing() {
    let options = SecretsManagerOptions::new().with_endpoint("http://127.0.0.1:9");
    let options = match std::env::var("ZOHO_TEST_MISSING").as_deref() {
        Ok("credentials") => options.with_region("us-east-1"),
        _ => options,
    };
    let store = SecretsManagerStore::new(options).expect("opened");
    let error: StoreError = store.find_token(&ada()).await.expect_err("it cannot be asked");
    println!("{:?}: {error}", error.kind());
}

/// What a process says that has nothing to sign requests with. It is kept from asking the machine's role.
fn in_an_empty_environment(missing: &str) -> String {
    let test = "secrets_manager::faults::child_reports_what_is_missing";
    let output = Command::new(std::env::current_exe().expect("this test"))
        .args(["--exact", "--ignored", "--nocapture", test])
        .env_clear()
        .envs([
            ("AWS_EC2_METADATA_DISABLED", "true"),
            ("AWS_CONFIG_FILE", "/dev/null"),
            ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"),
            ("ZOHO_TEST_MISSING", missing),
        ])
        .output()
        .expect("a process starts");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("text")
}

/// Something that gives every request the same answer.
async fn answering(status: &'static str, body: impl Into<String>) -> String {
    let body = body.into();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let host = listener.local_addr().expect("an address").to_string();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let length = body.len();
            let answer =
                format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}");
            tokio::spawn(async move {
                let _ = stream.read(&mut [0; 16_384]).await;
                let _ = stream.write_all(answer.as_bytes()).await;
            });
        }
    });
    host
}

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("lines").extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn ada() -> OAuthToken {
    OAuthToken::new()
        .with_user("ada@example.com")
        .with_client("1000.CLIENT", "the-client-secret")
        .with_refresh_token("the-refresh-token")
        .with_access_token("the-access-token")
}

//! Failures of AWS Secrets Manager: the errors of the store and its recovery.

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

use super::support::{Gate, Namespace};

#[tokio::test]
#[ignore = "needs moto"]
async fn a_value_that_is_too_large_is_rejected_before_anything_is_written() {
    let Some(namespace) = Namespace::new() else { return };
    let store = namespace.open();
    let error = store.save_token(&ada().with_grant_token("g".repeat(66_000))).await.expect_err("too large");
    assert_eq!(error.kind(), StoreErrorKind::Rejected, "{error}");
    assert!(error.to_string().contains("65536"), "{error}");
    assert!(namespace.names().await.is_empty());
    store.save_token(&ada()).await.unwrap();
    store.save_token(&ada().with_grant_token("g".repeat(66_000))).await.expect_err("too large");
    let rows = store.get_tokens().await.unwrap();
    assert!(matches!(&rows[..], [row] if row.grant_token().is_none()), "{rows:?}");
}

#[tokio::test]
#[ignore = "needs moto"]
async fn an_unreachable_endpoint_is_a_transient_error_that_says_what_to_check() {
    let Some(namespace) = Namespace::new() else { return };
    let free = TcpListener::bind("127.0.0.1:0").await.expect("a port").local_addr().expect("an address");
    let url = namespace.url().replacen(&namespace.host, &free.to_string(), 1);
    let store = SecretsManagerStore::open(&format!("{url}&timeout=4")).unwrap();
    let error = store.get_tokens().await.expect_err("the port is closed");
    assert!(error.is_transient(), "{error}");
    assert!(error.to_string().contains("refused") && error.to_string().contains("endpoint"), "{error}");
}

#[tokio::test]
#[ignore = "needs moto"]
async fn an_endpoint_that_is_not_aws_is_not_mistaken_for_an_empty_store() {
    let Some(namespace) = Namespace::new() else { return };
    let host = respond_with("200 OK", "<html>It works!</html>").await;
    let store = SecretsManagerStore::open(&namespace.url().replacen(&namespace.host, &host, 1)).unwrap();
    let error = store.find_token(&ada()).await.expect_err("no Secrets Manager");
    assert!(error.to_string().contains("check that the endpoint"), "{error}");
}

#[tokio::test]
#[ignore = "needs moto"]
async fn a_call_times_out_and_the_store_recovers_when_aws_does() {
    let Some(namespace) = Namespace::new() else { return };
    namespace.open().save_token(&ada()).await.unwrap();
    let gate = Gate::before(&namespace, "GetSecretValue", 0).await;
    let url = namespace.url().replacen(&namespace.host, gate.host(), 1);
    let store = SecretsManagerStore::open(&format!("{url}&timeout=1")).unwrap();
    let start = Instant::now();
    let error = store.find_token(&ada()).await.expect_err("no response");
    assert!(start.elapsed() < Duration::from_secs(5));
    assert!(error.is_transient(), "{error}");
    gate.open();
    assert!(store.find_token(&ada()).await.unwrap().is_some());
}

#[tokio::test]
#[ignore = "needs moto"]
async fn error_responses_of_aws_are_reported_with_advice() {
    let Some(namespace) = Namespace::new() else { return };
    let responses = [
        ("AccessDeniedException", StoreErrorKind::Permission, "secretsmanager:GetSecretValue"),
        ("ExpiredTokenException", StoreErrorKind::Permission, "credentials"),
        ("DecryptionFailure", StoreErrorKind::Permission, "KMS key"),
        ("ThrottlingException", StoreErrorKind::Busy, "try again"),
        ("InternalServiceError", StoreErrorKind::Busy, "try again"),
        ("LimitExceededException", StoreErrorKind::Full, "100 versions"),
    ];
    for (code, kind, advice) in responses {
        let body = format!(r#"{{"__type": "{code}", "message": "no, said AWS"}}"#);
        let host = respond_with("400 Bad Request", body).await;
        let url = namespace.url().replacen(&namespace.host, &host, 1);
        let store = SecretsManagerStore::open(&format!("{url}&timeout=4")).unwrap();
        let token = store.find_token(&ada()).await.expect_err("rejected");
        let lease = store.lease_state(&LeaseKey::refresh(&"r".into())).await.expect_err("rejected");
        let page = store.get_token_page(None).await.expect_err("rejected");
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
    let Some(namespace) = Namespace::new() else { return };
    let message =
        "You can't create this secret because a secret with this name is already scheduled for deletion.";
    let body = json!({"__type": "InvalidRequestException", "message": message}).to_string();
    let host = respond_with("400 Bad Request", body).await;
    let url = namespace.url().replacen(&namespace.host, &host, 1);
    let store = SecretsManagerStore::open(&format!("{url}&timeout=30")).unwrap();
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
    let Some(namespace) = Namespace::new() else { return };
    let error = r#"{"ErrorCode": "DecryptionFailure", "Message": "the key is disabled", "SecretId": "x"}"#;
    let host = respond_with("200 OK", format!(r#"{{"SecretValues": [], "Errors": [{error}]}}"#)).await;
    let store = SecretsManagerStore::open(&namespace.url().replacen(&namespace.host, &host, 1)).unwrap();
    let error = store.get_tokens().await.expect_err("a row is missing");
    assert_eq!(error.kind(), StoreErrorKind::Permission, "{error}");
}

#[tokio::test]
#[ignore = "needs moto"]
async fn invalid_content_is_damage_and_is_not_shown() {
    let Some(namespace) = Namespace::new() else { return };
    let store = namespace.open();
    let row = store.save_token(&ada()).await.unwrap();
    let secret = format!("{}/token/{}", namespace.prefix, row.id().unwrap_or_default());
    namespace
        .call(
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
    let value = namespace.call("GetSecretValue", json!({"SecretId": secret})).await;
    assert_eq!(value["SecretString"], Value::from("\"1000.by-hand\""), "the secret is unchanged");
}

#[tokio::test]
#[ignore = "needs moto"]
async fn a_trace_of_all_requests_shows_no_secret() {
    let Some(namespace) = Namespace::new() else { return };
    let lines = Lines::default();
    let writer = lines.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    {
        let _listening = tracing::subscriber::set_default(subscriber);
        let store = namespace.open();
        let row = store.save_token(&ada()).await.unwrap();
        store.save_token(&row.clone().with_access_token("the-newer-token")).await.unwrap();
        store.get_tokens().await.unwrap();
        store.find_token(&OAuthToken::new().with_access_token("the-newer-token")).await.unwrap();
    }
    let logged = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    assert!(logged.contains("PutSecretValue"), "the log includes the SDK");
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
    let store = SecretsManagerStore::new(options).unwrap();
    let error: StoreError = store.find_token(&ada()).await.expect_err("a setting is missing");
    println!("{:?}: {error}", error.kind());
}

/// The output of a process without credentials. It must not use the role of the machine either.
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
    String::from_utf8(output.stdout).unwrap()
}

/// Starts a server that sends the same response to every request.
async fn respond_with(status: &'static str, body: impl Into<String>) -> String {
    let body = body.into();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let host = listener.local_addr().expect("an address").to_string();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let length = body.len();
            let response =
                format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}");
            tokio::spawn(async move {
                let _ = stream.read(&mut [0; 16_384]).await;
                let _ = stream.write_all(response.as_bytes()).await;
            });
        }
    });
    host
}

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
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

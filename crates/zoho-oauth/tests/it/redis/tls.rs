//! The Redis store over TLS, with a certificate that only the test trusts.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;

use servers::{Kind, Server, private, private_with, sentinel};
use zoho_oauth::store::{RedisOptions, RedisStore, StoreErrorKind, TokenStore};

use super::support::{redis_cli, token, users, wait_for};

#[tokio::test]
#[ignore = "needs Redis"]
async fn a_certificate_file_is_trusted_only_for_its_own_host() {
    let Some(server) = Encrypted::start(Kind::Redis, &[]) else { return };
    let store = server.store("127.0.0.1", Some(&server.certificate));
    store.save_token(&token("ada")).await.unwrap();
    assert_eq!(users(&store).await, ["ada"]);
    let url = format!("rediss://127.0.0.1:{}?ca={}", server.server.port(), server.certificate.display());
    assert_eq!(users(&RedisStore::open(&url).unwrap()).await, ["ada"]);

    let error = server.store("localhost", Some(&server.certificate)).get_tokens().await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Other, "the certificate is for 127.0.0.1: {error}");
}

#[tokio::test]
#[ignore = "needs Redis"]
async fn an_untrusted_certificate_is_rejected_with_advice_on_how_to_trust_it() {
    let Some(server) = Encrypted::start(Kind::Redis, &[]) else { return };
    let error = server.store("127.0.0.1", None).save_token(&token("ada")).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Other, "{error}");
    assert!(error.to_string().contains("certificate") && error.to_string().contains("ca="), "{error}");
}

#[tokio::test]
#[ignore = "needs Redis"]
async fn an_unreadable_certificate_file_is_named() {
    let Some(server) = Encrypted::start(Kind::Redis, &[]) else { return };
    let missing = server.certificate.with_file_name("missing.pem");
    let error = server.store("127.0.0.1", Some(&missing)).get_tokens().await.unwrap_err();
    assert!(error.to_string().contains("missing.pem"), "{error}");
    std::fs::write(&missing, "nonsense").unwrap();
    let error = server.store("127.0.0.1", Some(&missing)).get_tokens().await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Other, "{error}");
    std::fs::copy(&server.certificate, &missing).unwrap();
    server.store("127.0.0.1", Some(&missing)).get_tokens().await.expect("the file is read on connecting");
}

#[tokio::test]
#[ignore = "needs Redis"]
async fn plain_and_tls_connections_reject_each_other() {
    let Some(encrypted) = Encrypted::start(Kind::Redis, &[]) else { return };
    let plain =
        RedisStore::open(&format!("redis://127.0.0.1:{}?timeout=2", encrypted.server.port())).unwrap();
    assert_eq!(plain.get_tokens().await.unwrap_err().kind(), StoreErrorKind::Busy);
    let Some(server) = private(Kind::Redis) else { return };
    let options = RedisOptions::new().with_host("127.0.0.1").with_port(server.port()).with_tls();
    RedisStore::new(options).unwrap().get_tokens().await.unwrap_err();
}

#[tokio::test]
#[ignore = "needs Redis"]
async fn a_cluster_works_over_tls() {
    let Some(encrypted) = Encrypted::start(Kind::RedisCluster, &["--tls-cluster=yes"]) else { return };
    wait_for("the cluster is complete", || {
        encrypted.redis_cli(&["CLUSTER", "INFO"]).contains("cluster_state:ok")
    });
    let options = RedisOptions::new().with_host("127.0.0.1").with_port(encrypted.server.port());
    let store = RedisStore::new(options.with_ca(&encrypted.certificate).with_cluster()).unwrap();
    store.save_token(&token("ada")).await.unwrap();
    assert_eq!(users(&store).await, ["ada"]);
}

#[tokio::test]
#[ignore = "needs Redis"]
async fn a_server_that_requires_a_client_certificate_gets_one() {
    let Some(server) = Encrypted::start(Kind::Redis, &["--tls-auth-clients=yes"]) else { return };
    let Encrypted { certificate, key, .. } = &server;
    let url = format!("rediss://127.0.0.1:{}?timeout=2&ca={}", server.server.port(), certificate.display());
    let with = RedisStore::open(&format!("{url}&cert={}&key={}", certificate.display(), key.display()));
    with.unwrap().save_token(&token("ada")).await.unwrap();
    RedisStore::open(&url).unwrap().save_token(&token("ada")).await.unwrap_err();
    let missing = format!("{url}&cert={}&key=/nowhere/key.pem", certificate.display());
    let error = RedisStore::open(&missing).unwrap().save_token(&token("ada")).await.unwrap_err();
    assert!(error.to_string().contains("/nowhere/key.pem"), "{error}");
}

#[tokio::test]
#[ignore = "needs Redis"]
async fn the_nodes_of_a_cluster_that_require_a_client_certificate_get_one() {
    let settings = ["--tls-cluster=yes", "--tls-auth-clients=yes"];
    let Some(node) = Encrypted::start(Kind::RedisCluster, &settings) else { return };
    wait_for("the cluster is complete", || node.redis_cli(&["CLUSTER", "INFO"]).contains("cluster_state:ok"));
    let options = RedisOptions::new().with_host("127.0.0.1").with_port(node.server.port()).with_cluster();
    let without = options.with_ca(&node.certificate);
    let with = without.clone().with_client_certificate(&node.certificate, &node.key);
    let store = RedisStore::new(with).unwrap();
    store.save_token(&token("ada")).await.unwrap();
    assert_eq!(users(&store).await, ["ada"]);
    RedisStore::new(without).unwrap().get_tokens().await.expect_err("no client certificate");
}

#[tokio::test]
#[ignore = "needs Redis"]
async fn sentinels_and_their_primary_are_reached_over_tls() {
    let Some(primary) = Encrypted::start(Kind::Redis, &["--tls-auth-clients=yes"]) else { return };
    let [certificate, key] = [&primary.certificate, &primary.key].map(|path| path.display().to_string());
    let port = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
    let settings = [
        format!("tls-port {port}"),
        format!("tls-cert-file {certificate}"),
        format!("tls-key-file {key}"),
        format!("tls-ca-cert-file {certificate}"),
        "tls-auth-clients yes".to_owned(),
        "tls-replication yes".to_owned(),
    ];
    let settings = settings.each_ref().map(String::as_str);
    let Some(_sentinel) = sentinel(&primary.server, &settings) else { return };
    let place = format!("127.0.0.1:{port}/main?timeout=5");
    let with = format!("ca={certificate}&cert={certificate}&key={key}");
    let store = RedisStore::open(&format!("rediss+sentinel://{place}&{with}")).unwrap();
    store.save_token(&token("ada")).await.unwrap();
    assert_eq!(users(&store).await, ["ada"]);
    for url in [
        // No client certificate, no authority, no TLS.
        format!("rediss+sentinel://{place}&ca={certificate}"),
        format!("rediss+sentinel://{place}&cert={certificate}&key={key}"),
        format!("redis+sentinel://{place}"),
    ] {
        RedisStore::open(&url).unwrap().get_tokens().await.expect_err(&url);
    }
}

/// A server that accepts TLS only.
struct Encrypted {
    server: Server,
    certificate: PathBuf,
    key: PathBuf,
    _folder: tempfile::TempDir,
}

impl Encrypted {
    fn start(kind: Kind, settings: &[&str]) -> Option<Self> {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let (certificate, key) = make_certificate(folder.path())?;
        let file = |setting: &str, path: &Path| format!("--{setting}={}", path.display());
        let own = [
            file("tls-cert-file", &certificate),
            file("tls-key-file", &key),
            file("tls-ca-cert-file", &certificate),
            "--tls-auth-clients=no".to_owned(),
        ];
        let own = own.each_ref().map(String::as_str);
        let server = private_with(kind, &[&own[..], settings].concat())?;
        // The readiness check needs the plain port, so TLS is switched on afterwards.
        let port = server.port().to_string();
        redis_cli(
            server.port(),
            &["CONFIG", "SET", "port", "0", "tls-port", &port, "cluster-announce-tls-port", &port],
        );
        Some(Self { server, certificate, key, _folder: folder })
    }

    fn store(&self, host: &str, ca: Option<&Path>) -> RedisStore {
        let options = RedisOptions::new().with_host(host).with_port(self.server.port());
        RedisStore::new(match ca {
            Some(ca) => options.with_ca(ca),
            None => options.with_tls(),
        })
        .unwrap()
    }

    fn redis_cli(&self, command: &[&str]) -> String {
        let [certificate, key] = [&self.certificate, &self.key].map(|path| path.to_str().unwrap());
        let tls = ["--tls", "--cacert", certificate, "--cert", certificate, "--key", key];
        redis_cli(self.server.port(), &[&tls[..], command].concat()).concat()
    }
}

/// A self-signed certificate for 127.0.0.1 and its key, or `None` without `openssl`.
fn make_certificate(folder: &Path) -> Option<(PathBuf, PathBuf)> {
    let (certificate, key) = (folder.join("certificate.pem"), folder.join("key.pem"));
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"])
        .args(["-days", "2", "-subj", "/CN=a test", "-addext", "subjectAltName=IP:127.0.0.1"])
        .args(["-addext", "basicConstraints=critical,CA:FALSE"])
        .arg("-keyout")
        .arg(&key)
        .arg("-out")
        .arg(&certificate)
        .output();
    match made {
        Ok(output) => {
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            Some((certificate, key))
        }
        Err(_) => {
            servers::skip("openssl, which makes the certificate, is not installed");
            None
        }
    }
}

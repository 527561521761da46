//! Encrypted connections to database servers.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use servers::{Kind, Server, private, private_with};
use zoho_oauth::store::{StoreErrorKind, TokenStore};

use super::support::{TestTable, token};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MariaDB"]
async fn a_mysql_connection_is_encrypted_and_verified_on_request() {
    let Some(keys) = Keys::make() else { return };
    let options = [
        format!("--ssl-cert={}", keys.path("server.pem").display()),
        format!("--ssl-key={}", keys.path("server.key").display()),
    ];
    let Some(server) = private_with(Kind::MariaDb, &options.each_ref().map(String::as_str)) else { return };
    let table = TestTable::on(Kind::MariaDb, &server);
    table.for_administrator(&server).run("set global require_secure_transport = on").await;
    let error = table.setting("ssl-mode=DISABLED").open().get_tokens().await.expect_err("not encrypted");
    assert!(!error.to_string().is_empty());
    for mode in ["PREFERRED", "REQUIRED"] {
        table.setting(&format!("ssl-mode={mode}")).open().save_token(&token("ada")).await.unwrap();
    }
    for mode in ["VERIFY_CA", "VERIFY_IDENTITY"] {
        let table = table.setting(&format!("ssl-mode={mode}"));
        let error = table.open().get_tokens().await.expect_err("the authority is not trusted");
        assert_eq!(error.kind(), StoreErrorKind::Other, "{error}");
        let table = table.setting(&format!("ssl-ca={}", keys.path("authority.pem").display()));
        table.open().save_token(&token("ada")).await.expect("encrypted and verified");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL"]
async fn a_postgres_connection_is_encrypted_and_verified_on_request() {
    let Some(keys) = Keys::make() else { return };
    let Some(server) = private(Kind::Postgres) else { return };
    let table = TestTable::on(Kind::Postgres, &server);
    let administrator = table.for_administrator(&server);
    for (setting, file) in [("ssl_cert_file", "server.pem"), ("ssl_key_file", "server.key")] {
        let path = keys.hand_over(file, &server);
        administrator.run(&format!("alter system set {setting} = '{}'", path.display())).await;
    }
    administrator.run("alter system set ssl = on").await;
    administrator.run("select cast(pg_reload_conf() as text)").await;
    let verified = format!("sslmode=verify-full&sslrootcert={}", keys.path("authority.pem").display());
    let store = table.setting(&verified).open();
    while let Err(error) = store.save_token(&token("ada")).await {
        // The server reloads its settings asynchronously.
        assert!(error.to_string().contains("TLS"), "{error}");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let encrypted = "select cast(bool_and(ssl) as text) from pg_stat_ssl join pg_stat_activity using (pid) \
        where usename = 'zoho'";
    assert_eq!(administrator.run(encrypted).await, [Some("true".to_owned())]);
    table.setting("sslmode=require").open().get_tokens().await.unwrap();
    let error = table.setting("sslmode=verify-full").open().get_tokens().await.expect_err("not trusted");
    assert_eq!(error.kind(), StoreErrorKind::Other, "{error}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MariaDB and PostgreSQL"]
async fn a_server_without_encryption_is_rejected_if_it_is_required() {
    for (kind, off, mode) in
        [(Kind::MariaDb, "--ssl=off", "ssl-mode=REQUIRED"), (Kind::Postgres, "--ssl=off", "sslmode=require")]
    {
        let Some(server) = private_with(kind, &[off]) else { continue };
        let table = TestTable::on(kind, &server);
        table.open().get_tokens().await.expect("it is not required");
        let error = table.setting(mode).open().get_tokens().await.expect_err("required");
        assert_eq!(error.kind(), StoreErrorKind::Other, "{error}");
        assert!(error.to_string().contains("TLS"), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MariaDB and PostgreSQL"]
async fn an_account_that_needs_a_certificate_signs_in_with_it() {
    let Some(keys) = Keys::make() else { return };
    for kind in [Kind::MariaDb, Kind::Postgres] {
        let path = |file: &str| keys.path(file).display().to_string();
        let options =
            [("--ssl-cert", "server.pem"), ("--ssl-key", "server.key"), ("--ssl-ca", "authority.pem")]
                .map(|(name, file)| format!("{name}={}", path(file)));
        let options = options.each_ref().map(String::as_str);
        let Some(server) = private_with(kind, if kind == Kind::MariaDb { &options } else { &[] }) else {
            continue;
        };
        let table = TestTable::on(kind, &server);
        let administrator = table.for_administrator(&server);
        let (certificate, key) = match kind {
            Kind::Postgres => {
                for (setting, file) in [
                    ("ssl_cert_file", "server.pem"),
                    ("ssl_key_file", "server.key"),
                    ("ssl_ca_file", "authority.pem"),
                ] {
                    let path = keys.hand_over(file, &server);
                    administrator.run(&format!("alter system set {setting} = '{}'", path.display())).await;
                }
                administrator.run("alter system set ssl = on").await;
                allow(&server, "hostssl all zoho all scram-sha-256 clientcert=verify-ca");
                administrator.run("select cast(pg_reload_conf() as text)").await;
                ("sslcert", "sslkey")
            }
            _ => {
                administrator.run("alter user zoho require x509").await;
                ("ssl-cert", "ssl-key")
            }
        };
        let signed =
            table.setting(&format!("{certificate}={}&{key}={}", path("client.pem"), path("client.key")));
        let store = signed.open();
        let start = std::time::Instant::now();
        while let Err(error) = store.save_token(&token("ada")).await {
            // PostgreSQL reloads its settings asynchronously.
            assert!(start.elapsed() < std::time::Duration::from_secs(20), "{error}");
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        let error = table.open().get_tokens().await.expect_err("no certificate");
        assert_eq!(error.kind(), StoreErrorKind::Permission, "{error}");
    }
}

/// Inserts a first line into the file that says who may connect to a PostgreSQL server.
pub(super) fn allow(server: &Server, rule: &str) {
    let path = server.folder().join("data/pg_hba.conf");
    let rules = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, format!("{rule}\n{rules}")).unwrap();
}

/// A certificate authority, and certificates of a server and a client that it signed, for a single test.
struct Keys(tempfile::TempDir);

impl Keys {
    fn make() -> Option<Self> {
        let keys = Self(tempfile::tempdir().expect("a folder"));
        std::fs::write(keys.path("names"), "subjectAltName=DNS:localhost,IP:127.0.0.1\n").unwrap();
        let steps = [
            "req -x509 -newkey rsa:2048 -nodes -days 2 -keyout authority.key -out authority.pem -subj /CN=authority",
            "req -newkey rsa:2048 -nodes -keyout server.key -out server.csr -subj /CN=localhost",
            "x509 -req -in server.csr -CA authority.pem -CAkey authority.key -CAcreateserial -days 2 -out server.pem -extfile names",
            "req -newkey rsa:2048 -nodes -keyout client.key -out client.csr -subj /CN=zoho",
            "x509 -req -in client.csr -CA authority.pem -CAkey authority.key -CAcreateserial -days 2 -out client.pem -extfile names",
        ];
        for step in steps {
            let mut command = Command::new("openssl");
            command.args(step.split(' ')).current_dir(keys.0.path()).stderr(Stdio::null());
            match command.status() {
                Ok(status) => assert!(status.success(), "openssl {step}"),
                Err(error) => {
                    servers::skip(&format!("openssl cannot be run: {error}"));
                    return None;
                }
            }
        }
        Some(keys)
    }

    fn path(&self, file: &str) -> PathBuf {
        self.0.path().join(file)
    }

    /// Copies a file into the server's folder and makes the server's user its owner.
    fn hand_over(&self, file: &str, server: &Server) -> PathBuf {
        use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};

        let folder = server.folder();
        let path = folder.join(file);
        std::fs::copy(self.path(file), &path).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        let owner = folder.metadata().unwrap().uid();
        chown(&path, Some(owner), None).expect("handed over");
        path
    }
}

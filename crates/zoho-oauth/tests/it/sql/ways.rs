//! Ways to a server: several hosts, sockets, passwords that change, and environment variables.

use std::env;
use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use servers::{Kind, Server, private, private_with};
use zoho_oauth::SecretString;
use zoho_oauth::store::{
    AnyStore, MySqlOptions, MySqlStore, PostgresOptions, PostgresStore, StoreErrorKind, TokenStore,
};

use super::support::{TestTable, found, token, users};
use super::tls::allow;

const SERVERS: [Kind; 2] = [Kind::MariaDb, Kind::Postgres];

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL"]
async fn of_several_hosts_the_one_that_accepts_writes_is_used() {
    let Some((standby, primary)) = standby_and_primary().await else { return };
    let [on_standby, on_primary] =
        [&standby, &primary].map(|server| TestTable::on(Kind::Postgres, &standby).at(server.port()));
    // Nothing listens on port 1.
    let hosts = format!("127.0.0.1:1,127.0.0.1:{},127.0.0.1:{}", standby.port(), primary.port());
    let several = |setting: &str| {
        let url = on_standby.url().replace(&format!("127.0.0.1:{}", standby.port()), &hosts);
        AnyStore::from(PostgresStore::open(&format!("{url}{setting}")).expect("the URL is valid"))
    };
    several("").save_token(&token("bob")).await.unwrap();
    assert_eq!(users(&on_primary.open()).await, ["ada", "bob"]);
    for (setting, expected) in [
        ("&target_session_attrs=read-write", &["ada", "bob"][..]),
        ("&target_session_attrs=primary", &["ada", "bob"]),
        ("&target_session_attrs=standby", &["ada"]),
        ("&target_session_attrs=read-only", &["ada"]),
        ("&target_session_attrs=prefer-standby", &["ada"]),
        ("&target_session_attrs=any", &["ada"]),
    ] {
        assert_eq!(users(&several(setting)).await, expected, "{setting}");
    }
    let alone = on_standby.setting("target_session_attrs=read-write&timeout=1").open();
    alone.get_tokens().await.expect_err("a standby");
    // This call does not wait again. The last attempt of the first one may have had too little time.
    let error = alone.get_tokens().await.expect_err("a standby");
    assert_eq!(error.kind(), StoreErrorKind::Busy, "{error}");
    assert!(error.to_string().contains("no host is read-write"), "{error}");
    // A password does not become right on another host.
    let url = on_standby.url().replace(&on_standby.password(), "wrong");
    let error = PostgresStore::open(&url).unwrap().get_tokens().await.expect_err("a wrong password");
    assert_eq!(error.kind(), StoreErrorKind::Permission, "{error}");
}

/// A standby with the row of `ada`, and another server with the same row and the same account.
async fn standby_and_primary() -> Option<(Server, Server)> {
    let (mut standby, primary) = (private(Kind::Postgres)?, private(Kind::Postgres)?);
    let on_standby = TestTable::on(Kind::Postgres, &standby);
    let password = format!("alter role zoho password '{}'", on_standby.password());
    TestTable::on(Kind::Postgres, &primary).for_administrator(&primary).run(&password).await;
    for table in [&on_standby, &on_standby.at(primary.port())] {
        table.open().save_token(&token("ada")).await.unwrap();
    }
    standby.kill();
    File::create(standby.folder().join("data/standby.signal")).unwrap();
    tokio::task::block_in_place(|| standby.restart()).expect("it is a standby now");
    Some((standby, primary))
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MariaDB and PostgreSQL"]
async fn a_server_is_reached_through_its_socket() {
    for kind in SERVERS {
        let Some(server) = private(kind) else { continue };
        let table = TestTable::on(kind, &server);
        let folder = server.folder().display().to_string();
        // Encryption is not required of a socket.
        let urls = match kind {
            Kind::Postgres => {
                allow(&server, "local all zoho scram-sha-256");
                table.for_administrator(&server).run("select cast(pg_reload_conf() as text)").await;
                let host = table.url().replace("127.0.0.1", &folder.replace('/', "%2F"));
                vec![format!("{host}&sslmode=verify-full"), format!("{}&host={folder}", table.url())]
            }
            _ => vec![format!("{}&socket={folder}/socket&ssl-mode=VERIFY_IDENTITY", table.url())],
        };
        for url in urls {
            let store = zoho_oauth::store::connect(&url).unwrap();
            let start = std::time::Instant::now();
            while let Err(error) = store.save_token(&token("ada")).await {
                // PostgreSQL reloads its settings asynchronously.
                assert!(start.elapsed() < std::time::Duration::from_secs(20), "{error}");
            }
            assert_eq!(users(&table.open()).await, ["ada"]);
            assert!(store.name().contains(&folder), "{}", store.name());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MariaDB and PostgreSQL"]
async fn a_password_that_changes_is_read_for_every_new_connection() {
    for kind in SERVERS {
        let Some(mut server) = private(kind) else { continue };
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("password");
        let table = TestTable::on(kind, &server);
        let without = table.with(|url| url.set_password(None).expect("the URL has a host"));
        let path = file.display();
        let provided = Arc::new(AtomicU32::new(0));
        let stores = [
            without.setting(&format!("password_file={path}")).open(),
            without.setting(&format!("password_command=cat {path}")).open(),
            with_provider(&without, {
                let (file, provided) = (file.clone(), provided.clone());
                move || {
                    provided.fetch_add(1, Ordering::Relaxed);
                    Ok(fs::read_to_string(&file)?.into())
                }
            }),
        ];
        for password in [table.password(), "another one".to_owned()] {
            let change = match kind {
                Kind::Postgres => format!("alter role zoho password '{password}'"),
                _ => format!("alter user zoho identified by '{password}'"),
            };
            table.for_administrator(&server).run(&change).await;
            fs::write(&file, &password).unwrap();
            // Every connection is a new one after this.
            tokio::task::block_in_place(|| server.restart()).unwrap();
            for store in &stores {
                store.save_token(&token("ada").with_access_token(&*password)).await.unwrap();
                found(store, "ada").await;
            }
        }
        assert!(provided.load(Ordering::Relaxed) >= 2);
        fs::remove_file(&file).unwrap();
        tokio::task::block_in_place(|| server.restart()).unwrap();
        for (store, evidence) in stores.iter().zip([
            "the password file `",
            "the password command ended with",
            "the password provider failed",
        ]) {
            let error = store.get_tokens().await.expect_err("no password");
            assert_eq!(error.kind(), StoreErrorKind::Permission, "{error}");
            assert!(error.to_string().contains(evidence), "{error}");
        }
    }
}

type Provided = Result<SecretString, Box<dyn std::error::Error + Send + Sync>>;

fn with_provider(table: &TestTable, password: impl Fn() -> Provided + Send + Sync + 'static) -> AnyStore {
    let provider = move || {
        let password = password();
        async move { password }
    };
    match table.kind {
        Kind::Postgres => {
            let options = PostgresOptions::new().with_host("127.0.0.1").with_port(table.port());
            let options = options.with_user("zoho").with_table(table.name()).with_password_provider(provider);
            PostgresStore::new(options).unwrap().into()
        }
        _ => {
            let options = MySqlOptions::new().with_host("127.0.0.1").with_port(table.port());
            let options = options.with_user("zoho").with_table(table.name()).with_password_provider(provider);
            MySqlStore::new(options).unwrap().into()
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MariaDB and PostgreSQL"]
async fn a_store_opens_one_connection_for_calls_in_sequence_and_at_most_eight() {
    for kind in SERVERS {
        let Some(server) = private(kind) else { continue };
        let table = TestTable::on(kind, &server);
        let administrator = table.for_administrator(&server);
        let connections = match kind {
            Kind::Postgres => "select count(*)::text from pg_stat_activity where usename = 'zoho'",
            _ => "select cast(count(*) as char) from information_schema.processlist where user = 'zoho'",
        };
        let store = table.open();
        for _ in 0..20 {
            store.save_token(&token("ada")).await.unwrap();
            found(&store, "ada").await;
        }
        assert_eq!(administrator.run(connections).await, [Some("1".to_owned())], "{kind}");
        let calls: Vec<_> = (0..200)
            .map(|number| {
                let store = store.clone();
                tokio::spawn(
                    async move { store.save_token(&token(&format!("user {number}"))).await.unwrap() },
                )
            })
            .collect();
        for call in calls {
            call.await.expect("no call fails");
        }
        assert_eq!(administrator.run(connections).await, [Some("8".to_owned())], "{kind}");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL"]
async fn the_administrator_sees_the_name_of_the_application() {
    let Some(server) = private(Kind::Postgres) else { return };
    let table = TestTable::on(Kind::Postgres, &server);
    let (unnamed, named) = (table.open(), table.setting("application_name=billing").open());
    for store in [&unnamed, &named] {
        store.save_token(&token("ada")).await.unwrap();
    }
    let names = "select distinct application_name from pg_stat_activity where usename = 'zoho' \
        and pid != pg_backend_pid() order by 1";
    let names = table.for_administrator(&server).run(names).await;
    assert_eq!(names, [Some("billing".to_owned()), Some("zohocrm".to_owned())]);
}

/// A variable of this process would affect other tests, so a child process has them.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL"]
async fn the_environment_variables_of_postgresql_are_heeded() {
    let Some(server) = private_with(Kind::Postgres, &["--ssl=off"]) else { return };
    let table = TestTable::on(Kind::Postgres, &server);
    table.named("oauthtoken").open().save_token(&token("ada")).await.unwrap();
    let (port, password) = (table.port().to_string(), table.password());
    let variables = [
        ("PGHOST", "127.0.0.1"),
        ("PGPORT", &port),
        ("PGUSER", "zoho"),
        ("PGPASSWORD", &password),
        ("PGDATABASE", "zohooauth"),
        ("PGOPTIONS", "-c statement_timeout=9s"),
    ];
    for (more, expected) in [
        (("PGSSLMODE", "prefer"), "1 rows"),
        (("PGSSLMODE", "verify-full"), "server does not support TLS"),
        (("PGSSLMODE", "perhaps"), "the environment variable PGSSLMODE is invalid"),
        (("PGTARGETSESSIONATTRS", "read-only"), "no host is read-only"),
    ] {
        let output = rows_counted_with(&[&variables[..], &[more]].concat());
        assert!(output.contains(expected), "{more:?}: {output}");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL"]
async fn the_service_files_and_password_files_of_postgresql_are_heeded() {
    let Some(server) = private(Kind::Postgres) else { return };
    let table = TestTable::on(Kind::Postgres, &server);
    table.named("oauthtoken").open().save_token(&token("ada")).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let [services, passwords] = [".pg_service.conf", ".pgpass"].map(|name| folder.path().join(name));
    let service = format!("[crm]\nhostaddr=127.0.0.1\nport={}\ndbname=zohooauth\nuser=zoho\n", table.port());
    fs::write(&services, service).unwrap();
    fs::write(&passwords, format!("127.0.0.1:*:zohooauth:zoho:{}\n", table.password())).unwrap();
    let is_read_by_others = |is_read| {
        let mode = if is_read { 0o644 } else { 0o600 };
        fs::set_permissions(&passwords, PermissionsExt::from_mode(mode)).unwrap();
    };
    let named = [("PGSERVICEFILE", services.to_str().unwrap()), ("PGPASSFILE", passwords.to_str().unwrap())];
    let at_home = [("HOME", folder.path().to_str().unwrap())];
    for files in [&named[..], &at_home] {
        let count = |service| rows_counted_with(&[files, &[("PGSERVICE", service)]].concat());
        is_read_by_others(false);
        let output = count("crm");
        assert!(output.contains("1 rows"), "{files:?}: {output}");
        let output = count("other");
        assert!(output.contains("the service `other` of PGSERVICE is not in `"), "{files:?}: {output}");
        is_read_by_others(true);
        let output = count("crm");
        assert!(output.contains("check the password of `zoho`"), "{files:?}: {output}");
    }
}

/// What a child process with these variables says.
fn rows_counted_with(variables: &[(&str, &str)]) -> String {
    let output = Command::new(env::current_exe().unwrap())
        .args(["--exact", "sql::ways::child_that_counts_rows", "--include-ignored", "--nocapture"])
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[tokio::test]
#[ignore = "needs the variables that the tests above set"]
#[expect(clippy::print_stdout, reason = "the tests above read it")]
async fn child_that_counts_rows() {
    let count = async {
        let store = PostgresStore::open("postgres:?timeout=1")?;
        match store.get_tokens().await {
            // The last attempt of a call may have too little time to see what is wrong.
            Err(error) if error.is_transient() => store.get_tokens().await,
            result => result,
        }
    };
    match count.await {
        Ok(tokens) => println!("{} rows", tokens.len()),
        Err(error) => println!("{error}"),
    }
}

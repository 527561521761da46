//! Servers start, keep their data, and leave nothing behind.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use servers::{Kind, NoServer, Proxy, Server, private, private_with};

use crate::client::say;

const PATIENCE: Duration = Duration::from_secs(20);
/// Tells the child test which kind of server to start: the name of its variable.
const KIND: &str = "SERVERS_TEST_KIND";

#[test]
#[ignore = "needs MariaDB"]
fn mariadb_keeps_its_data_when_it_is_killed() {
    keeps_its_data(
        Kind::MariaDb,
        "CREATE TABLE t (a INT) ENGINE=InnoDB; INSERT INTO t VALUES (7)",
        "SELECT a FROM t",
        "7",
    );
}

#[test]
#[ignore = "needs PostgreSQL"]
fn postgres_keeps_its_data_when_it_is_killed() {
    keeps_its_data(Kind::Postgres, "CREATE TABLE t AS SELECT 7 AS a", "SELECT a FROM t", "7");
}

#[test]
#[ignore = "needs Redis"]
fn redis_keeps_its_data_when_it_is_killed() {
    keeps_its_data(Kind::Redis, "SET a 7", "GET a", "$1\r\n7\r\n+OK\r\n");
}

#[test]
#[ignore = "needs Redis"]
fn a_redis_cluster_keeps_its_data_when_it_is_killed() {
    keeps_its_data(Kind::RedisCluster, "SET a 7", "GET a", "$1\r\n7\r\n+OK\r\n");
}

#[test]
#[ignore = "needs moto"]
fn moto_responds_again_after_it_was_killed() {
    let Some(mut server) = private(Kind::SecretsManager) else { return };
    assert!(listed_secrets(&server).contains("SecretList"), "{}", listed_secrets(&server));
    server.kill();
    assert!(is_refused(&server), "a killed server does not answer");
    server.restart().unwrap();
    assert!(listed_secrets(&server).contains("SecretList"), "{}", listed_secrets(&server));
}

#[test]
#[ignore = "needs MariaDB, PostgreSQL, Redis and moto"]
fn a_paused_server_responds_after_it_is_resumed() {
    for_every_kind(|kind| {
        let Some(mut server) = private(kind) else { return };
        server.pause();
        // The kernel still accepts connections for it.
        let mut connection = TcpStream::connect(("127.0.0.1", server.port())).unwrap();
        connection.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
        connection.write_all(question(kind)).unwrap();
        assert!(connection.read(&mut [0]).is_err(), "{kind} is paused, and yet it answers");
        server.resume();
        connection.set_read_timeout(Some(PATIENCE)).unwrap();
        assert_eq!(connection.read(&mut [0]).unwrap(), 1, "{kind} goes on");
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
#[ignore = "needs MariaDB"]
async fn a_server_is_reached_through_a_proxy_that_counts() {
    let Some(server) = private(Kind::MariaDb) else { return };
    let proxy = Proxy::to(server.port()).await.unwrap();
    assert_eq!(say(Kind::MariaDb, &proxy.url(server.url()), "SELECT 7"), "7");
    let with_one = proxy.round_trips();
    proxy.reset_count();
    assert_eq!(say(Kind::MariaDb, &proxy.url(server.url()), "SELECT 7; SELECT 8"), "7\n8");
    assert_eq!(proxy.round_trips(), with_one + 1, "each statement is one more");
}

#[test]
#[ignore = "needs MariaDB, PostgreSQL and Redis"]
fn options_reach_the_server() {
    for (kind, option, question, answer) in [
        (Kind::MariaDb, "--max-connections=17", "SELECT @@max_connections", "17"),
        (Kind::Postgres, "--max_connections=17", "SHOW max_connections", "17"),
        (Kind::Redis, "--maxclients=17", "CONFIG GET maxclients", "\r\n17\r\n"),
        (Kind::RedisCluster, "--appendfsync=everysec", "CONFIG GET appendfsync", "everysec"),
    ] {
        let Some(server) = private_with(kind, &[option]) else { continue };
        let said = say(kind, server.url(), question);
        assert!(said.contains(answer), "{kind}: {said}");
    }
}

#[test]
#[ignore = "needs MariaDB"]
fn several_servers_of_a_kind_may_start_at_once() {
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| drop(private(Kind::MariaDb)));
        }
    });
}

#[test]
#[ignore = "needs Redis"]
fn a_server_that_does_not_start_reports_why() {
    let Err(error) = Server::start_with(Kind::Redis, &["--nonsense=1"]) else {
        panic!("it knows no such option")
    };
    if let NoServer::Failed(reason) = error {
        assert!(reason.starts_with("Redis cannot be started: it ended; the log ends with: "), "{reason}");
        assert!(reason.contains("nonsense"), "{reason}");
    }
}

#[test]
#[ignore = "needs MariaDB and PostgreSQL"]
fn the_administrator_has_rights_that_the_user_lacks() {
    for (kind, command) in
        [(Kind::MariaDb, "CREATE DATABASE other"), (Kind::Postgres, "CREATE DATABASE other")]
    {
        let Some(server) = private(kind) else { continue };
        let refused = say(kind, server.url(), command);
        assert!(refused.contains("denied"), "{kind}: {refused}");
        let done = say(kind, server.administrator_url(), command);
        assert!(!done.contains("ERROR"), "{kind}: {done}");
    }
}

#[test]
#[ignore = "needs MariaDB and PostgreSQL"]
fn a_password_is_needed() {
    for kind in [Kind::MariaDb, Kind::Postgres] {
        let Some(server) = private(kind) else { continue };
        for user in ["zoho", "root", "postgres", "administrator"] {
            let url = format!("mysql://{user}:wrong@127.0.0.1:{}/zohooauth", server.port());
            let refused = say(kind, &url, "SELECT 7");
            assert!(refused.contains("denied") || refused.contains("authentication failed"), "{refused}");
        }
    }
}

#[test]
#[ignore = "needs MariaDB, PostgreSQL, Redis and moto"]
fn nothing_is_left_of_a_server_that_was_dropped() {
    for_every_kind(|kind| {
        let Some(server) = private(kind) else { return };
        let folder = server.folder().to_path_buf();
        assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
        assert_ne!(processes_in(&folder), 0, "{kind} runs in its folder");
        drop(server);
        assert_eq!(processes_in(&folder), 0, "{kind} has ended");
        assert!(!folder.exists(), "the folder of {kind} is gone");
    });
}

#[test]
#[ignore = "needs MariaDB, PostgreSQL, Redis and moto"]
fn nothing_is_left_of_a_server_whose_test_was_killed() {
    for_every_kind(|kind| {
        let Some((mut test, folder)) = test_with_a_server(kind) else { return };
        assert_ne!(processes_in(&folder), 0, "{kind} runs in its folder");
        test.kill().unwrap();
        test.wait().unwrap();
        let deadline = Instant::now() + PATIENCE;
        while folder.exists() || processes_in(&folder) > 0 {
            assert!(Instant::now() < deadline, "{kind}: {} processes are left", processes_in(&folder));
            thread::sleep(Duration::from_millis(20));
        }
    });
}

#[test]
#[ignore = "another test runs it in a separate process"]
#[allow(clippy::print_stdout, reason = "this is how the other test learns the folder")]
fn child_that_starts_a_server_and_waits() {
    let kind = std::env::var(KIND).unwrap();
    let kind = Kind::ALL.into_iter().find(|known| known.variable() == kind).unwrap();
    let Some(server) = private(kind) else { return };
    println!("\nFOLDER {}", server.folder().display());
    thread::sleep(PATIENCE);
}

/// Runs the test above in another process until the server's folder is known.
fn test_with_a_server(kind: Kind) -> Option<(Child, PathBuf)> {
    // The child cannot report that it is skipped.
    drop(private(kind)?);
    let mut test = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "server::child_that_starts_a_server_and_waits", "--ignored", "--nocapture"])
        .env(KIND, kind.variable())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(test.stdout.take().unwrap()).lines().map_while(Result::ok);
    let folder = lines.find_map(|line| line.strip_prefix("FOLDER ").map(PathBuf::from));
    Some((test, folder.expect("it names the folder")))
}

/// Runs a test over every kind of server at once.
fn for_every_kind(test: impl Fn(Kind) + Sync) {
    thread::scope(|scope| {
        for kind in Kind::ALL {
            let test = &test;
            scope.spawn(move || test(kind));
        }
    });
}

/// Writes as the user `zoho`, kills the server, starts it, and reads.
fn keeps_its_data(kind: Kind, write: &str, read: &str, expected: &str) {
    let Some(mut server) = private(kind) else { return };
    let written = say(kind, server.url(), write);
    assert!(!written.to_lowercase().contains("err"), "{written}");
    for _ in 0..2 {
        assert_eq!(say(kind, server.url(), read), expected);
        server.kill();
        assert_eq!(processes_in(server.folder()), 0, "{kind} was killed with all of its processes");
        assert!(is_refused(&server), "a killed server does not answer");
        server.restart().unwrap();
    }
    assert_eq!(say(kind, server.url(), read), expected);
}

fn listed_secrets(server: &Server) -> String {
    say(Kind::SecretsManager, server.url(), "ListSecrets")
}

fn is_refused(server: &Server) -> bool {
    TcpStream::connect(("127.0.0.1", server.port())).is_err()
}

/// Something that a server responds to. MariaDB sends the first packet itself.
fn question(kind: Kind) -> &'static [u8] {
    match kind {
        Kind::MariaDb => b"",
        // Whether TLS may be spoken: <https://www.postgresql.org/docs/15/protocol-message-formats.html>.
        Kind::Postgres => b"\0\0\0\x08\x04\xd2\x16\x2f",
        Kind::Redis | Kind::RedisCluster => b"PING\r\n",
        Kind::SecretsManager => b"GET / HTTP/1.0\r\n\r\n",
    }
}

/// How many processes have their working directory in a folder or below it, even if it was removed. A server and its
/// children work in their own folder.
fn processes_in(folder: &Path) -> usize {
    let folder = folder.to_str().unwrap();
    let works_here = |process: &Path| {
        fs::read_link(process.join("cwd")).is_ok_and(|cwd| cwd.to_string_lossy().starts_with(folder))
    };
    let processes = fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    processes.filter(|process| works_here(&process.path())).count()
}
